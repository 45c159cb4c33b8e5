//! Files that are damaged, cut short, too large, or something else: one clear line, and nothing is changed.

use std::fs;

use serde_json::json;

use super::{ED25519, age, age_key, has_tools, hiding, knowing, sealed, ssh_key, values};
use crate::cli::masks::exports;
use crate::home::VASTENV;

#[test]
fn a_file_that_is_not_whole_is_told_from_one_for_another_key() {
    if !has_tools() {
        return;
    }
    let account = hiding();
    let home = knowing(&account);
    let public = age_key(&home, "key.txt");
    let armored = home.ok(&["export", "age", "--to", &public]).into_bytes();
    home.write("vars.age", &armored);
    let opened = age(&home, &["-d", "-i", "key.txt", "vars.age"]).run().expect(0).out;
    home.write("plain", opened);
    age(&home, &["-r", &public, "-o", "binary.age", "plain"]).run().expect(0);
    let binary = fs::read(home.path("binary.age")).expect("read");
    home.ok(&["forget", "env-var", "--all", "-y"]);
    let from = ["remember", "env-var", "--from", "bad.age", "--identity", "key.txt"];
    for whole in [&armored, &binary] {
        let mut changed = whole.clone();
        let last = changed.len() - 50;
        changed[last] = if changed[last] == b'A' { b'B' } else { b'A' };
        let mut cases: Vec<Vec<u8>> = [40, 100, whole.len() / 2, whole.len() - 40, whole.len() - 1 - 30]
            .iter()
            .map(|at| whole[..*at].to_vec())
            .collect();
        cases.push(changed);
        for bad in cases {
            home.write("bad.age", &bad);
            let said = home
                .vastenv(&from)
                .run()
                .hides("hf_hidden")
                .refuses(1, &["bad.age: the age file is damaged"]);
            assert_eq!(said.err.lines().count(), 2, "{said:?}");
        }
    }
    exports(&home, &json!({}));
    // White space around it, as mail and editors leave it, does no harm.
    home.write("bad.age", [b"\n \n", armored.as_slice(), b"\n\n"].concat());
    home.vastenv(&from).run().expect(0);
    exports(&home, &values());
}

#[test]
fn what_is_no_file_of_values_is_one_clear_line() {
    let account = hiding();
    let home = account.known_home();
    home.write("garbage", b"\x80\x00\xff\x01garbage\n".repeat(1_000));
    home.write("newer.age", "age-encryption.org/v9\n-> X\n\n--- x\n");
    home.write("newer.json", r#"{"vastenv": 9, "sealed": "hf_hidden"}"#);
    home.write("odd.json", r#"{"vastenv": 1, "variables": {"HF_TOKEN": "hf_hidden"}}"#);
    home.write("large", vec![b'\n'; 64 * 1024 * 1024]);
    home.write("folder/file", "");
    for (name, why) in [
        ("garbage", "garbage, line 1: it is not UTF-8"),
        ("newer.age", "newer.age: it needs a newer version of age"),
        ("newer.json", "newer.json: it was written by a newer vastenv"),
        ("odd.json", "odd.json: invalid contents"),
        ("large", "large is over 8 MiB"),
        ("folder", "folder is a folder"),
        ("missing", "cannot read missing: no such file"),
    ] {
        let said = home.vastenv(&["remember", "env-var", "--from", name]).run();
        let said = said.hides("hf_hidden").refuses(1, &[why, "hint: "]);
        assert_eq!(said.err.lines().count(), 2, "{said:?}");
    }
    exports(&home, &json!({}));
}

#[test]
fn a_dotenv_file_that_is_sealed_is_told_so() {
    if !has_tools() {
        return;
    }
    let account = hiding();
    let home = sealed(&account);
    let why = ["vars.age is sealed", "vastenv remember env-var --from"];
    home.vastenv(&["import", "-y", "vars.age"]).run().refuses(1, &why);
    home.vastenv(&["diff", "vars.age"]).run().refuses(1, &why);
}

#[test]
fn a_pipe_is_read_like_a_file() {
    if !has_tools() {
        return;
    }
    let account = hiding();
    let home = sealed(&account);
    home.ok(&["forget", "env-var", "--all", "-y"]);
    home.command("mkfifo", &["file", "key"]).run().expect(0);
    let script = format!(
        "cat vars.age >file & cat key.txt >key & exec '{VASTENV}' remember env-var --from file --identity key"
    );
    home.command("sh", &["-c", &script]).run().expect(0);
    exports(&home, &values());
}

#[test]
fn what_is_no_private_key_is_told_and_what_age_cannot_use() {
    if !has_tools() {
        return;
    }
    let account = hiding();
    let home = sealed(&account);
    ssh_key(&home, "id", "", ED25519);
    ssh_key(&home, "ec", "", &["-t", "ecdsa"]);
    ssh_key(&home, "pem", "pass word", &["-t", "rsa", "-b", "2048", "-m", "PEM"]);
    ssh_key(&home, "pkcs8", "", &["-t", "rsa", "-b", "2048", "-m", "PKCS8"]);
    let whole = fs::read_to_string(home.path("id")).expect("read");
    home.write("cut", &whole[..whole.len() / 2]);
    home.write("odd.txt", "AGE-SECRET-KEY-1QQQQ\n");
    home.write("plugin.txt", "AGE-PLUGIN-YUBIKEY-1QQQQ\n");
    home.write("large", vec![b'x'; 1024 * 1024]);
    home.write("text", "hf_hidden");
    for (key, why) in [
        ("id.pub", "id.pub: not a private key"),
        ("ec", "ec: age supports only Ed25519 and RSA SSH keys"),
        ("pem", "pem: this key is encrypted in an old form"),
        ("pkcs8", "pkcs8: this private key is not in a form that age reads"),
        ("cut", "cut: the private key is damaged"),
        ("odd.txt", "odd.txt: a line of it is not an age key"),
        ("plugin.txt", "plugin.txt: this key is an age plugin's"),
        ("vars.age", "vars.age: this is a sealed file, not a key"),
        ("large", "large is over 64 KiB"),
        ("text", "text: not a private key"),
        ("missing", "cannot read missing: no such file"),
    ] {
        let said = home.vastenv(&["remember", "--from", "vars.age", "--identity", key]).run();
        said.hides("hf_hidden").refuses(1, &[why]);
    }
    let both = ["remember", "--from", "-", "--identity", "-"];
    home.vastenv(&both).run().refuses(2, &["cannot both be stdin"]);
    for option in [&["--null"][..], &["--any-account"], &["--identity", "id"]] {
        let arguments = [&["remember", "env-var", "HF_TOKEN"], option].concat();
        home.vastenv(&arguments).run().refuses(2, &["--from"]);
    }
}
