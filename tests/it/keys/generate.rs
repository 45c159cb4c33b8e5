//! `create ssh-key` without a key: a new pair, and what becomes of an older one.

use std::fs;
use std::path::PathBuf;

use serde_json::json;
use vastenv::context;

use super::openssh::{described, keygen};
use crate::cli::account::TestAccount;
use crate::home::{Home, VASTENV, chmod, mode};
use crate::raw_server::{RawServer, Reply, nobody};
use crate::terminal::Terminal;

fn account() -> TestAccount {
    TestAccount::with(&json!({}))
}

/// The files in `~/.ssh`, sorted.
fn files(home: &Home) -> Vec<String> {
    let entries = fs::read_dir(home.path(".ssh")).expect("a folder");
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("text")).collect();
    names.sort();
    names
}

fn read(home: &Home, below: &str) -> String {
    fs::read_to_string(home.path(below)).expect("a file")
}

/// A home with an older pair.
fn home_with_pair(account: &TestAccount) -> Home {
    let home = account.home();
    home.write(".ssh/id_ed25519", "old private");
    home.write(".ssh/id_ed25519.pub", "old public");
    chmod(&home.path(".ssh"), 0o700);
    home
}

#[test]
fn a_new_pair_is_private_and_what_ssh_keygen_would_have_made() {
    let account = account();
    let mut home = account.home();
    home.set("USER", "so me\n");
    let said = home.vastenv(&["create", "ssh-key"]).run().expect(0);
    assert_eq!(said.out, "");
    let (private, public) = (home.path(".ssh/id_ed25519"), home.path(".ssh/id_ed25519.pub"));
    assert_eq!([mode(&home.path(".ssh")), mode(&private), mode(&public)], [0o700, 0o600, 0o644]);
    assert_eq!(files(&home), ["id_ed25519", "id_ed25519.pub"]);
    let line = read(&home, ".ssh/id_ed25519.pub");
    assert_eq!(account.state()["ssh_keys"][0]["public_key"], json!(line.trim_end()));
    assert_eq!(line.trim_end().rsplit(' ').next(), Some(format!("so-me-@{}", context::host_name()).as_str()));
    let Some(derived) = keygen(&home, &["-y", "-f", ".ssh/id_ed25519"]) else { return };
    assert_eq!(derived, line);
    let (bits, fingerprint, comment, kind) = described(&home, ".ssh/id_ed25519").expect("described");
    assert_eq!((bits.as_str(), kind.as_str()), ("256", "ED25519"));
    said.mentions(&[&fingerprint, &comment]);
}

#[test]
fn an_open_folder_is_fixed_and_another_one_left_alone() {
    let account = account();
    let home = account.home();
    fs::create_dir(home.path(".ssh")).expect("a folder");
    chmod(&home.path(".ssh"), 0o755);
    home.vastenv(&["create", "ssh-key"]).run().expect(0).mentions(&["fixed (chmod 700)"]);
    assert_eq!(mode(&home.path(".ssh")), 0o700);
    fs::create_dir(home.path("shared")).expect("a folder");
    chmod(&home.path("shared"), 0o755);
    let home_mode = mode(&home.path(""));
    for (output, folder, folder_mode) in
        [("shared/key", "shared", 0o755), ("new/deep er/key", "new/deep er", 0o700), ("key", "", home_mode)]
    {
        home.ok(&["create", "ssh-key", "--output", output]);
        assert_eq!([mode(&home.path(folder)), mode(&home.path(output))], [folder_mode, 0o600]);
        assert_eq!(mode(&home.path(&format!("{output}.pub"))), 0o644);
    }
    home.vastenv(&["create", "ssh-key", "--output", "shared"])
        .run()
        .refuses(2, &["is a folder", "hint: name the file"]);
    assert_eq!(account.state()["ssh_keys"].as_array().map(Vec::len), Some(4));
}

#[test]
fn an_older_pair_is_only_moved_with_a_yes() {
    let account = account();
    let home = home_with_pair(&account);
    home.vastenv(&["create", "ssh-key"]).run().refuses(2, &["moved to a backup", "hint: add --yes"]);
    let mut terminal = Terminal::open(&home, 300, "vastenv create ssh-key");
    terminal.wait_for("Create a new pair? [y/N] ");
    terminal.type_in("n\r");
    let (seen, code) = terminal.end();
    assert!(code == 1 && seen.contains("cancelled"), "{seen}");
    assert_eq!(files(&home), ["id_ed25519", "id_ed25519.pub"]);
    assert_eq!(read(&home, ".ssh/id_ed25519"), "old private");
    assert_eq!(account.requests(), [""; 0]);

    let mut terminal = Terminal::open(&home, 300, "vastenv create ssh-key");
    terminal.wait_for("Create a new pair? [y/N] ");
    terminal.type_in("y\r");
    let (seen, code) = terminal.end();
    assert_eq!(code, 0, "{seen}");
    let names = files(&home);
    let stamp = names[1].strip_prefix("id_ed25519.backup_").expect("a backup").to_owned();
    assert!(stamp.parse::<u64>().expect("a time") <= context::now().0);
    let public_backup = format!("id_ed25519.pub.backup_{stamp}");
    assert_eq!(
        names,
        ["id_ed25519", &format!("id_ed25519.backup_{stamp}"), "id_ed25519.pub", &public_backup]
    );
    assert_eq!(read(&home, &format!(".ssh/id_ed25519.backup_{stamp}")), "old private");
    assert_eq!(read(&home, &format!(".ssh/{public_backup}")), "old public");
    assert_eq!(mode(&home.path(&format!(".ssh/id_ed25519.backup_{stamp}"))), 0o600);
    assert!(read(&home, ".ssh/id_ed25519").starts_with("-----BEGIN OPENSSH PRIVATE KEY-----"));
}

#[test]
fn half_a_pair_is_moved_as_well() {
    for half in ["id_ed25519", "id_ed25519.pub"] {
        let account = account();
        let home = account.home();
        home.write(&format!(".ssh/{half}"), "old");
        home.ok(&["create", "ssh-key", "-y"]);
        let names = files(&home);
        let backups: Vec<&String> = names.iter().filter(|name| name.contains("backup")).collect();
        assert!(names.len() == 3 && backups[0].starts_with(&format!("{half}.backup_")), "{names:?}");
        assert_eq!(read(&home, &format!(".ssh/{}", backups[0])), "old");
    }
}

#[test]
fn no_backup_is_overwritten_and_then_neither_file_moves() {
    for half in ["id_ed25519", "id_ed25519.pub"] {
        let account = account();
        let home = home_with_pair(&account);
        // Whatever second it is when the command gets there.
        let now = context::now().0;
        let backups: Vec<PathBuf> =
            (now..now + 120).map(|time| home.write(&format!(".ssh/{half}.backup_{time}"), "older")).collect();
        let said = home.vastenv(&["create", "ssh-key", "-y"]).run();
        said.refuses(1, &[".backup_", "exists already", "backups are never overwritten"]);
        assert_eq!(read(&home, ".ssh/id_ed25519"), "old private");
        assert_eq!(read(&home, ".ssh/id_ed25519.pub"), "old public");
        assert_eq!(files(&home).len(), 2 + backups.len());
        assert!(backups.iter().all(|path| fs::read(path).expect("a file") == b"older"));
        assert_eq!(account.requests(), [""; 0]);
    }
}

#[test]
fn a_passphrase_is_asked_twice_and_locks_the_key() {
    let account = account();
    let home = account.home();
    home.vastenv(&["create", "ssh-key", "--passphrase"]).run().refuses(2, &["only asked for on a terminal"]);
    let ask = |first: &str, second: &str| {
        let mut terminal = Terminal::open(&home, 200, "vastenv create ssh-key --passphrase");
        terminal.wait_for("passphrase (not shown): ");
        terminal.type_in(&format!("{first}\r"));
        terminal.wait_for("the same again (not shown): ");
        terminal.type_in(&format!("{second}\r"));
        let (seen, code) = terminal.end();
        assert!(!seen.contains("pässword"), "{seen}");
        (seen, code)
    };
    let (seen, code) = ask("pässword one", "pässword two");
    assert!(code == 1 && seen.contains("differ; nothing was created"), "{seen}");
    assert!(!home.path(".ssh").exists());
    let (seen, code) = ask("pässword one", "pässword one");
    assert_eq!(code, 0, "{seen}");
    let Some(derived) = keygen(&home, &["-y", "-P", "pässword one", "-f", ".ssh/id_ed25519"]) else {
        return;
    };
    assert_eq!(derived, read(&home, ".ssh/id_ed25519.pub"));
    let program = crate::common::process::program("ssh-keygen").expect("ssh-keygen");
    let wrong = home.command(program, &["-y", "-P", "wrong", "-f", ".ssh/id_ed25519"]).run();
    assert_ne!(wrong.code, 0);
}

#[test]
fn where_it_cannot_be_added_the_pair_stays_and_the_command_that_finishes_is_shown() {
    let account = account();
    let dead = nobody();
    let forbidding = RawServer::always(Reply::json(
        401,
        r#"{"success": false, "error": "auth_error", "msg": "Invalid user key"}"#,
    ));
    let failing = RawServer::always(Reply::json(500, r#"{"msg": "on fire"}"#));
    for (url, code, why) in [
        (&dead, 1, "cannot be reached"),
        (&forbidding.url(), 4, "Invalid user key"),
        (&failing.url(), 1, "on fire"),
    ] {
        let home = account.home();
        let said = home
            .vastenv(&["create", "ssh-key", "--output", "it's a/key", "--retry", "1"])
            .env("VAST_URL", url)
            .run()
            .refuses(code, &[why, "the new pair is kept: finish with `vastenv create ssh-key "]);
        let command =
            said.err.split('`').rfind(|part| part.starts_with("vastenv create")).expect("a command");
        let script = command.replacen("vastenv", &format!("'{VASTENV}'"), 1);
        // From anywhere.
        home.command("sh", &["-c", &format!("cd / && {script}")]).run().expect(0);
        let state = account.state();
        let last = state["ssh_keys"].as_array().and_then(|keys| keys.last()).expect("a key");
        assert_eq!(last["public_key"], json!(read(&home, "it's a/key.pub").trim_end()));
    }
    let home = account.home();
    let said = home.vastenv(&["create", "ssh-key", "--retry", "1", "--url", &dead]).run().expect(1);
    said.mentions(&[&format!("id_ed25519.pub --url '{dead}'`")]);
}

#[test]
fn without_an_api_key_nothing_is_made() {
    let home = Home::new();
    home.vastenv(&["create", "ssh-key", "-y"]).run().refuses(4, &["no API key"]);
    assert!(!home.path(".ssh").exists());
}
