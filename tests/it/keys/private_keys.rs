//! A private key in any form is refused before anything is sent, and its bytes go nowhere.

use std::fs;
use std::path::Path;

use serde_json::json;

use super::openssh::{keygen, make_pair};
use crate::cli::account::TestAccount;
use crate::common::process::program;
use crate::home::Home;

/// Every form of a private key that the programs here write: a name and the text.
fn private_keys(home: &Home) -> Option<Vec<(String, String)>> {
    let mut made = Vec::new();
    let kinds: [(&str, &[&str]); 3] =
        [("rsa", &["-t", "rsa", "-b", "2048"]), ("ecdsa", &["-t", "ecdsa"]), ("ed25519", &["-t", "ed25519"])];
    for (kind, options) in kinds {
        for (form, more) in [("openssh", &[][..]), ("pem", &["-m", "PEM"]), ("pkcs8", &["-m", "PKCS8"])] {
            make_pair(home, &format!("{kind}-{form}"), &[options, more].concat())?;
            made.push(format!("{kind}-{form}"));
        }
    }
    keygen(home, &["-q", "-t", "ed25519", "-N", "a passphrase", "-f", "locked"])?;
    made.push("locked".to_owned());
    keygen(home, &["-q", "-t", "rsa", "-b", "2048", "-m", "PEM", "-N", "a passphrase", "-f", "locked-pem"])?;
    made.push("locked-pem".to_owned());
    if let Some(puttygen) = program("puttygen") {
        for version in ["2", "3"] {
            let name = format!("putty{version}.ppk");
            let parameter = format!("ppk-version={version}");
            let arguments = ["ed25519-openssh", "-O", "private", "--ppk-param", &parameter, "-o", &name];
            // Older ones know version 2 only, and no parameter.
            if home.command(&puttygen, &[&arguments[..3], &arguments[5..]].concat()).run().code == 0
                && home.command(&puttygen, &arguments).run().code == 0
            {
                made.push(name);
            }
        }
    }
    let read = |name: String| {
        let text = fs::read_to_string(home.path(&name)).expect("a key");
        (name, text)
    };
    Some(made.into_iter().map(read).collect())
}

/// A line from the middle of a key: what must not turn up anywhere.
fn secret_line(text: &str) -> &str {
    let lines: Vec<&str> = text.lines().filter(|line| !line.contains(['-', ':', ' '])).collect();
    lines[lines.len() / 2]
}

fn every_file(folder: &Path, found: &mut Vec<(String, Vec<u8>)>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            every_file(&path, found);
        } else {
            found.push((path.display().to_string(), fs::read(&path).expect("a file")));
        }
    }
}

#[test]
fn it_is_refused_however_it_is_given_and_sent_nowhere() {
    let keys = Home::new();
    let Some(forms) = private_keys(&keys) else { return };
    assert!(forms.len() >= 11);
    let account = TestAccount::with(&json!({}));
    let home = account.known_home();
    for (name, text) in &forms {
        let secret = secret_line(text);
        let path = keys.path(name);
        let path = path.to_str().expect("text");
        for command in [&["create", "ssh-key"][..], &["update", "ssh-key", "5"]] {
            for more in [&[][..], &["--force", "-y"], &["--curl"], &["--explain"], &["--raw"]] {
                if command[0] == "update" && more.contains(&"--force") {
                    continue;
                }
                for given in [path, text.as_str(), "-"] {
                    let call = home.vastenv(&[command, &[given], more].concat());
                    let said = call.stdin(text).run().expect(2).hides(secret);
                    assert!(said.out.is_empty() && said.err.contains("private key"), "{name}: {said:?}");
                }
            }
        }
        // The other half may stand beside it: then it is named.
        let has_public = Path::new(&format!("{path}.pub")).exists();
        let said = home.vastenv(&["create", "ssh-key", path]).run();
        assert_eq!(said.err.contains(&format!("hint: give {path}.pub instead")), has_public, "{said:?}");
    }
    assert_eq!(account.requests(), [""; 0]);
    let mut files = Vec::new();
    every_file(&home.path(""), &mut files);
    for (path, bytes) in files {
        let text = String::from_utf8_lossy(&bytes);
        for (name, key) in &forms {
            assert!(!text.contains(secret_line(key)), "{name} is in {path}");
        }
    }
}

#[test]
fn half_a_private_key_is_not_taken_for_anything_else() {
    let keys = Home::new();
    if make_pair(&keys, "key", &["-t", "ed25519"]).is_none() {
        return;
    }
    let text = fs::read_to_string(keys.path("key")).expect("a key");
    let public = fs::read_to_string(keys.path("key.pub")).expect("a key");
    let body: String = text.lines().filter(|line| !line.starts_with('-')).collect();
    let account = TestAccount::with(&json!({}));
    let home = account.known_home();
    for given in [
        body.clone(),
        format!("{public}{text}"),
        format!("{text}{public}"),
        format!("{} {text}", public.trim_end()),
        format!("ssh-ed25519 {body}"),
        format!("{} {body}", public.trim_end()),
        text.replace('\n', "\r\n"),
        text.replace('\n', "\\n"),
        text.replace("OPENSSH PRIVATE KEY", "SOMETHING"),
    ] {
        let said = home.vastenv(&["create", "ssh-key", "-"]).stdin(&given).run().expect(2);
        assert!(said.hides(secret_line(&text)).err.contains("private key"), "{given}");
    }
    assert_eq!(account.requests(), [""; 0]);
}
