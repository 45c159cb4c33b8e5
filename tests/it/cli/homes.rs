//! Homes that cannot be written, are full, or are somebody else's: reading takes a key and a network, and
//! leaves nothing behind.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::Path;

use serde_json::json;

use super::account::TestAccount;
use crate::common::skip::can;
use crate::home::{Home, VASTENV, chmod};

/// What only needs an answer, and a part of what it prints.
const READS: [(&[&str], &str); 9] = [
    (&["export", "json"], "\"A\": \"1\""),
    (&["export", "bash"], "A='1'"),
    (&["run", "--", "printenv", "A"], "1\n"),
    (&["run", "--redact", "--", "printenv", "A"], "1\n"),
    (&["show", "env-vars", "-s"], "A"),
    (&["show", "api-keys"], ""),
    (&["show", "ssh-keys"], ""),
    (&["status"], "account"),
    (&["refresh"], ""),
];

/// Every read works, and says once that nothing is kept.
#[track_caller]
fn only_reads(home: &Home, hint: &str) {
    for (arguments, part) in READS {
        let said = home.vastenv(arguments).run().expect(0).mentions(&["nothing is saved: ", hint]);
        assert!(said.out.contains(part), "{arguments:?}: {said:?}");
        assert_eq!(said.err.matches("nothing is saved").count(), 1, "{said:?}");
    }
    let line = "vastenv\u{1f}delete\u{1f}env-var\u{1f}";
    let tab = home.vastenv(&["__complete", "zsh"]).env("__vastenv_line", line).run().expect(0);
    assert_eq!(tab.err, "");
}

/// Below a folder that is none, not even root can write.
#[test]
fn without_a_folder_to_write_reading_works_and_saving_names_it() {
    let account = TestAccount::with(&json!({"A": "1"}));
    let mut home = account.home();
    for nowhere in ["/proc/nowhere", "/dev/null"] {
        home.set("HOME", nowhere);
        only_reads(&home, if nowhere == "/dev/null" { nowhere } else { "XDG_STATE_HOME" });
        home.vastenv(&["set", "api-key", account.sandbox.key.expose()])
            .run()
            .refuses(1, &[nowhere, "hint: "]);
        account.forget();
        // Nothing is sent that cannot be kept, unless that is wanted.
        home.vastenv(&["create", "env-var", "B", "2"])
            .run()
            .refuses(1, &["nothing was sent: ", nowhere, "--no-remember"]);
        assert!(!account.requests().contains(&"POST /secrets/ 200".to_owned()));
        let said = home.vastenv(&["create", "env-var", "B", "2", "--no-remember"]).run();
        assert!(account.requests().contains(&"POST /secrets/ 200".to_owned()), "{said:?}");
        home.vastenv(&["delete", "env-var", "B"]).run();
        // A shell is told once, keeps what it has, and starts nothing in the background.
        let mut told = String::new();
        for says in [true, false] {
            let told_before = std::mem::take(&mut told);
            let said = home
                .vastenv(&["export", "bash", "--hook", "1", "prompt", &told_before, "", "", ""])
                .run()
                .expect(0);
            assert!(said.out.ends_with("__vastenv_done\n") && !said.out.contains("_unset"), "{said:?}");
            assert_eq!(said.err.contains(nowhere), says, "{said:?}");
            let check = said.out.lines().nth(1).expect("a check");
            check.rsplit('\'').nth(1).expect("what was told").clone_into(&mut told);
        }
    }
}

/// What is mounted, and what is done to the home on it.
fn in_a_mount(home: &Home, script: &str) -> Option<crate::home::Said> {
    let mounts = home.command("unshare", &["-rm", "true"]).run().code == 0;
    if !can(mounts, "no file system of its own can be mounted here (unshare -rm)") {
        return None;
    }
    let script = format!("set -e\nv='{VASTENV}'\n{script}");
    Some(home.command("unshare", &["-rm", "bash", "--norc", "-c", &script]).run().expect(0))
}

#[test]
fn a_home_on_a_read_only_disk_is_read_from() {
    let account = TestAccount::with(&json!({"A": "1"}));
    let home = account.home();
    let Some(said) = in_a_mount(
        &home,
        "mkdir ro; mount --bind ro ro; mount -o remount,bind,ro ro; export HOME=$PWD/ro
        $v export json; $v run -- printenv A; $v show env-vars; $v status
        ! $v set api-key 0123456789abcdef --no-verify",
    ) else {
        return;
    };
    assert_eq!(said.err.matches("read-only file system").count(), 5, "{said:?}");
    said.mentions(&["XDG_STATE_HOME", "cannot write ~/.config/vastai"]);
}

#[test]
fn a_full_home_without_a_cache_is_read_from() {
    let account = TestAccount::with(&json!({"A": "1"}));
    let home = account.home();
    let Some(said) = in_a_mount(
        &home,
        "mkdir full; mount -t tmpfs -o size=16k full full; export HOME=$PWD/full
        cat /dev/zero > full/fill 2>/dev/null || true
        $v export json; $v run -- printenv A; $v show env-vars
        find full -name '.tmp*'",
    ) else {
        return;
    };
    assert!(said.out.contains("\"A\": \"1\"") && !said.out.contains(".tmp"), "{said:?}");
    said.mentions(&["nothing is saved: ", "no space left"]);
}

/// Everything below a folder, with its owner.
fn owners(folder: &Path) -> Vec<(String, u32)> {
    let mut all = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).expect("a folder") {
            let path = entry.expect("an entry").path();
            let found = path.symlink_metadata().expect("there");
            all.push((path.display().to_string(), found.uid()));
            if found.is_dir() {
                folders.push(path);
            }
        }
    }
    all.sort();
    all
}

fn give(folder: &Path, user: u32) {
    for (path, _) in owners(folder) {
        chown(path, Some(user), Some(user)).expect("given");
    }
    chown(folder, Some(user), Some(user)).expect("given");
}

#[test]
fn root_leaves_nothing_in_another_users_home() {
    if !can(nix::unistd::geteuid().is_root(), "only root can be root in another user's home") {
        return;
    }
    let account = TestAccount::with(&json!({"A": "1"}));
    // A home that vastenv has never seen; one that it knows; one with folders of root's from before.
    let (fresh, known, poisoned) = (account.home(), account.known_home(), account.known_home());
    for home in [&fresh, &known, &poisoned] {
        fs::create_dir_all(home.path(".cache")).expect("made");
        give(&home.path(""), 1234);
    }
    for below in [".cache/vastenv", ".local/state/vastenv"] {
        chown(poisoned.path(below), Some(0), Some(0)).expect("given");
    }
    for home in [&fresh, &known, &poisoned] {
        let before = owners(&home.path(""));
        only_reads(home, "sudo -H");
        for arguments in [
            &["set", "api-key", account.sandbox.key.expose()][..],
            &["set", "api-key", account.sandbox.key.expose(), "--no-verify"],
            &["remember", "env-var", "A", "2"],
            &["forget", "env-var", "--all", "--yes"],
        ] {
            let said = home.vastenv(arguments).run().hides("chown");
            assert_ne!(said.code, 0, "{said:?}");
        }
        let said = home.vastenv(&["export", "bash", "--hook", "1", "prompt", "", "", "", ""]).run().expect(0);
        said.hides("chown").mentions(&["belongs to another user", "sudo -H"]);
        assert_eq!(owners(&home.path("")), before);
    }
    // Folders of root's own are as good as ever.
    let mut own = account.home();
    give(&own.path(""), 1234);
    let roots = Home::new();
    for name in ["CONFIG", "CACHE", "STATE", "DATA"] {
        own.set(format!("XDG_{name}_HOME"), roots.path(name));
    }
    assert_eq!(own.vastenv(&["refresh"]).run().expect(0).err.matches("nothing is saved").count(), 0);
    assert!(roots.path("CACHE/vastenv").exists());
}

#[test]
fn a_hint_names_the_folder_in_the_way() {
    if !can(nix::unistd::geteuid().is_root(), "only root can give folders away") {
        return;
    }
    let account = TestAccount::with(&json!({"A": "1"}));
    for (below, mode, hint) in [
        (".local", 0o700, "sudo chown -R \"$(id -u)\" "),
        (".local/state", 0o700, "sudo chown -R \"$(id -u)\" "),
        (".local/state/vastenv", 0o700, "sudo chown -R \"$(id -u)\" "),
    ] {
        let home = account.known_home();
        give(&home.path(""), 1234);
        let folder = home.path(below);
        chown(&folder, Some(0), Some(0)).expect("given");
        chmod(&folder, mode);
        let hint = format!("{hint}{})", home.shown(&folder));
        home.vastenv_as(1234, &["export", "json"]).run().expect(0).mentions(&[&hint]);
    }
    let home = account.home();
    give(&home.path(""), 1234);
    chmod(&home.path(""), 0o500);
    home.vastenv_as(1234, &["export", "json"]).run().expect(0).mentions(&["(chmod u+rwX ~)"]);
}
