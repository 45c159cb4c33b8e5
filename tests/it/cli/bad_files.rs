//! Files that are damaged, somebody else's, open to others, or something else than files.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown, symlink};
use std::path::Path;

use serde_json::json;

use super::account::TestAccount;
use crate::common::skip::can;
use crate::home::{Home, chmod, mode};
use crate::raw_server::nobody;

const KNOWN: &str = "{\n \"A\": \"known\"\n}\n";

#[test]
fn a_damaged_snapshot_is_set_aside_aloud_and_fetched_anew() {
    let account = TestAccount::with(&json!({"A": "known"}));
    let home = account.known_home();
    let path = home.snapshot().expect("a snapshot");
    let whole = fs::read_to_string(&path).expect("text");
    let half = &whole[..whole.len() / 2];
    let number = whole.replace("\"known\"", "424242");
    for damaged in ["", "{", "null", "[]", "{\"version\":1}", half, &number] {
        fs::write(&path, damaged).expect("written");
        account.forget();
        let said = home.vastenv(&["export", "json"]).run().expect(0).hides("424242");
        assert_eq!(said.out, KNOWN);
        said.mentions(&["was damaged; moved away", &home.shown(&path)]);
        assert_eq!(fs::read_to_string(path.with_extension("json.corrupt")).expect("set aside"), damaged);
        assert_eq!(account.requests(), ["GET /secrets/ 200"]);
    }
    fs::write(&path, "{\"version\": 99}").expect("written");
    assert_eq!(home.ok(&["export", "json"]), KNOWN);
}

#[test]
fn a_damaged_snapshot_offline_is_a_clear_error() {
    let account = TestAccount::with(&json!({"A": "known"}));
    let home = account.known_home();
    fs::write(home.snapshot().expect("a snapshot"), "{").expect("written");
    drop(account);
    home.vastenv(&["export", "json", "--wait", "1"]).run().refuses(1, &["was damaged", "cannot be reached"]);
}

#[test]
fn a_snapshot_open_to_others_is_fixed_or_replaced() {
    let account = TestAccount::with(&json!({"A": "known"}));
    let home = account.known_home();
    let path = home.snapshot().expect("a snapshot");
    for (open, said) in [(0o644, "fixed (chmod 600)"), (0o666, "is writable by others")] {
        chmod(&path, open);
        let ran = home.vastenv(&["export", "json"]).run().expect(0).mentions(&[said, &home.shown(&path)]);
        assert_eq!((ran.out.as_str(), mode(&path)), (KNOWN, 0o600));
    }
    chmod(path.parent().expect("a folder"), 0o777);
    home.age_snapshot(10);
    home.vastenv(&["refresh"]).run().expect(0).mentions(&["fixed (chmod 700)"]);
    assert_eq!(mode(path.parent().expect("a folder")), 0o700);
}

#[test]
fn a_link_in_the_snapshots_place_is_not_followed() {
    let account = TestAccount::with(&json!({"A": "known"}));
    let home = account.known_home();
    let path = home.snapshot().expect("a snapshot");
    let elsewhere = home.path("elsewhere");
    fs::rename(&path, &elsewhere).expect("moved");
    symlink(&elsewhere, &path).expect("linked");
    let before = fs::read(&elsewhere).expect("read");
    home.vastenv(&["export", "json"]).run().expect(0).mentions(&["is a symbolic link", "hint: rm "]);
    assert!(!path.is_symlink());
    assert_eq!(fs::read(&elsewhere).expect("read"), before);
}

#[test]
fn a_folder_in_a_files_place_is_named() {
    let account = TestAccount::with(&json!({"A": "known"}));
    let home = account.known_home();
    let path = home.snapshot().expect("a snapshot");
    fs::remove_file(&path).expect("removed");
    fs::create_dir(&path).expect("made");
    let shown = home.shown(&path);
    for arguments in [&["export", "json"][..], &["refresh"]] {
        home.vastenv(arguments).run().expect(0).mentions(&[
            "nothing is saved: ",
            &shown,
            "move it away: mv ",
        ]);
    }
}

#[test]
fn damaged_state_is_made_anew() {
    let account = TestAccount::with(&json!({"A": "known"}));
    for name in ["digest.key", "identities", "locks"] {
        let home = account.known_home();
        let path = home.path(".local/state/vastenv").join(name);
        if path.is_dir() && name == "identities" {
            for file in fs::read_dir(&path).expect("a folder") {
                fs::write(file.expect("a file").path(), "{").expect("written");
            }
        } else if path.is_dir() {
            fs::remove_dir_all(&path).expect("removed");
        } else {
            fs::write(&path, "short").expect("written");
        }
        assert_eq!(home.ok(&["export", "json"]), KNOWN, "{name}");
    }
}

#[test]
fn a_file_where_a_folder_belongs_is_named() {
    let account = TestAccount::with(&json!({"A": "known"}));
    let home = account.home();
    home.write(".local", "");
    for arguments in [&["export", "json"][..], &["refresh"], &["run", "--", "true"]] {
        home.vastenv(arguments)
            .run()
            .expect(0)
            .mentions(&["saved: ", ".local/state/vastenv: not a directory (check "]);
    }
}

#[test]
fn mistakes_in_the_config_are_named_with_their_line() {
    let home = Home::at(&nobody(), "a-key-of-this-server-0001");
    for (text, parts) in [
        (&b"max_age = 300"[..], ["config.toml:1:11: max_age", "a duration like"]),
        (
            b"override = true\nmaxage = \"1h\"",
            ["config.toml:2:1: unknown key maxage", "did you mean max_age?"],
        ),
        (b"\n\nallow = \"PAGER\"", ["config.toml:3:9: allow", "a list of names"]),
        (b"max_age = \"soon\"", ["config.toml:1:11: max_age", "\"5m\""]),
        (b"= 1", ["config.toml:1:1: ", "vastenv config edit"]),
        (b"\xff", ["config.toml:1:1: ", "UTF-8"]),
    ] {
        let path = home.shown(home.write(".config/vastenv/config.toml", text));
        for arguments in [&["show", "api-keys"][..], &["export", "sh"], &["run", "--", "true"]] {
            home.vastenv(arguments).run().refuses(1, &[&path, "hint: "]).mentions(&parts);
        }
    }
    fs::remove_file(home.path(".config/vastenv/config.toml")).expect("removed");
    fs::create_dir(home.path(".config/vastenv/config.toml")).expect("made");
    home.vastenv(&["refresh"]).run().refuses(1, &["is not a plain file", "mv "]);
}

#[test]
fn the_config_is_obeyed() {
    let account = TestAccount::with(&json!({"A": "known", "PAGER": "less"}));
    let home = account.known_home();
    home.write(".config/vastenv/config.toml", "max_age = \"1h\"\nallow = [\"PAGER\"]\n");
    home.age_snapshot(1000);
    account.forget();
    assert_eq!(home.ok(&["run", "--", "sh", "-c", "echo $A $PAGER"]), "known less\n");
    assert_eq!(account.requests(), [""; 0]);
}

/// Runs `test` if this user may give files away.
fn as_root(path: &Path, test: impl FnOnce()) {
    if can(chown(path, Some(12_345), None).is_ok(), "only root gives a file to another user") {
        test();
    }
}

#[test]
fn what_belongs_to_another_user_is_named_with_the_chown() {
    let account = TestAccount::with(&json!({"A": "known"}));
    let mut home = account.known_home();
    let state = home.path(".local/state/vastenv/digest.key");
    as_root(&state, || {
        for arguments in [&["export", "json"][..], &["refresh"], &["run", "--", "true"]] {
            let mend = format!("sudo chown \"$(id -u)\" {}", home.shown(&state));
            home.vastenv(arguments).run().expect(0).mentions(&["saved: ", "belongs to another user", &mend]);
        }
        chown(&state, Some(0), None).expect("given back");
    });
    let snapshot = home.snapshot().expect("a snapshot");
    as_root(&snapshot, || {
        let status = home.ok(&["status"]);
        assert!(status.contains("belongs to another user") && status.contains("→ sudo chown "), "{status}");
        let said = home
            .vastenv(&["export", "json"])
            .run()
            .expect(0)
            .mentions(&["belongs to another user", "sudo chown "]);
        assert_eq!(said.out, KNOWN);
    });
    home.unset("VAST_API_KEY");
    let key = home.write(".config/vastai/vast_api_key", account.sandbox.key.expose());
    as_root(&key, || {
        let mend = format!("sudo chown \"$(id -u)\" {}", home.shown(&key));
        home.vastenv(&["export", "json"])
            .run()
            .refuses(1, &["vast_api_key", "belongs to another user", &mend]);
    });
}

/// The user to be for a test of permissions, which root does not feel: it gives the home to another
/// one. `None` if it cannot.
pub fn unprivileged(home: &Home) -> Option<u32> {
    const NOBODY: u32 = 65_534;
    let own = fs::metadata(home.path("")).expect("a home").uid();
    if own != 0 {
        return Some(own);
    }
    let given = home.command("chown", &["-R", &NOBODY.to_string(), "."]).run();
    can(given.code == 0, "this root cannot give a folder away").then_some(NOBODY)
}

#[test]
fn what_cannot_be_read_or_written_is_named_with_the_chmod() {
    let home = Home::new();
    let key = home.write(".config/vastai/vast_api_key", "a-key-of-this-server-0001");
    let config = home.write(".config/vastenv/config.toml", "override = true\n");
    let Some(user) = unprivileged(&home) else { return };
    for (file, mend) in [(&key, "chmod u+rwX"), (&config, "chmod u+rwX")] {
        chmod(file, 0o000);
        let shown = home.shown(file);
        for arguments in [&["why", "A"][..], &["export", "sh"], &["run", "--", "true"]] {
            let mend = format!("{mend} {shown}");
            let parts = ["cannot read", &shown, "permission denied", &mend];
            home.vastenv_as(user, arguments).run().refuses(1, &parts);
        }
        chmod(file, 0o600);
    }
    chmod(&home.path(".config/vastai"), 0o500);
    let mend = "chmod u+rwX ~/.config/vastai";
    let set = ["set", "api-key", "--no-verify", "another-key-of-mine-0042"];
    home.vastenv_as(user, &set).run().refuses(1, &["cannot write", "permission denied", mend]);
    assert_eq!(fs::read_to_string(&key).expect("a key"), "a-key-of-this-server-0001");
    chmod(&home.path(".config/vastai"), 0o700);
    chmod(&home.path(""), 0o500);
    let parts = ["cannot write", ".local/state", "chmod u+rwX ~)"];
    home.vastenv_as(user, &["export", "sh"]).run().mentions(&parts);
    chmod(&home.path(""), 0o700);
}

#[test]
fn settings_that_others_could_have_written_are_refused_with_what_mends_it() {
    let account = TestAccount::with(&json!({"LD_PRELOAD": "/evil.so"}));
    let home = account.known_home();
    let path = home.write(".config/vastenv/config.toml", "allow = [\"LD_PRELOAD\"]\n");
    let hook = ["export", "bash", "--hook", "1", "prompt", "", "", "", ""];
    for open in [0o666, 0o620, 0o602] {
        chmod(&path, open);
        let mend = format!("chmod go-w {}", home.shown(&path));
        let said = home.vastenv(&hook).run().expect(0).mentions(&["is writable by others", &mend]);
        assert!(!said.out.contains("evil"), "{said:?}");
        for arguments in
            [&["export", "json"][..], &["run", "--", "true"], &["refresh"], &["storage", "keyring"]]
        {
            home.vastenv(arguments).run().refuses(1, &["is writable by others", &mend]);
        }
    }
    // Anybody may read it, and it may be a link.
    let elsewhere = home.path("dotfiles.toml");
    fs::rename(&path, &elsewhere).expect("moved");
    symlink(&elsewhere, &path).expect("linked");
    chmod(&elsewhere, 0o644);
    assert!(home.ok(&["export", "json"]).contains("/evil.so"));
    if nix::unistd::geteuid().is_root() {
        chown(&elsewhere, Some(1234), None).expect("given");
        home.vastenv(&["export", "json"]).run().refuses(1, &["config.toml belongs to another user"]);
    }
    fs::remove_file(&elsewhere).expect("removed");
    fs::create_dir(&elsewhere).expect("made");
    home.vastenv(&["export", "json"]).run().refuses(1, &["config.toml is not a plain file"]);
}

#[test]
fn leftovers_of_killed_writers_are_seen_and_swept() {
    let account = TestAccount::with(&json!({"A": "known"}));
    let home = account.known_home();
    home.ok(&["set", "api-key", account.sandbox.key.expose()]);
    home.ok(&["remember", "env-var", "A", "B"]);
    let account_folder = |below: &str| {
        let entry = fs::read_dir(home.path(below)).expect("a folder").next().expect("an account");
        entry.expect("an entry").path()
    };
    let folders = [
        home.path(".config/vastai"),
        home.path(".local/state/vastenv"),
        home.path(".local/state/vastenv/identities"),
        account_folder(".cache/vastenv"),
        account_folder(".local/share/vastenv"),
    ];
    let litter = || {
        for folder in &folders {
            fs::write(folder.join(".tmp-abc123"), "hidden-v").expect("written");
        }
    };
    let left = || folders.iter().filter(|folder| folder.join(".tmp-abc123").exists()).count();
    litter();
    let doctor = home.vastenv(&["doctor"]).run().hides("hidden-v");
    assert!(doctor.out.contains("5 files left by interrupted writes"), "{doctor:?}");
    home.ok(&["storage", "file"]);
    assert_eq!(left(), 0);
    assert!(home.vastenv(&["doctor"]).run().out.contains("no temporary files"));
    for (arguments, stays) in [
        (&["refresh"][..], 1),
        (&["set", "api-key", account.sandbox.key.expose(), "--no-verify"], 0),
        (&["forget", "env-var", "A"], 1),
    ] {
        litter();
        home.age_snapshot(10);
        home.ok(arguments);
        assert_eq!(left(), stays, "{arguments:?}: the key's folder is only swept by who writes keys");
    }
    // A live writer holds its file.
    litter();
    let held: Vec<_> = folders
        .iter()
        .map(|folder| fs::OpenOptions::new().write(true).open(folder.join(".tmp-abc123")).expect("opened"))
        .inspect(|file| file.lock().expect("locked"))
        .collect();
    home.ok(&["storage", "file"]);
    assert_eq!(left(), held.len());
}
