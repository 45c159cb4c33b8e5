//! What a shell notices at its very next prompt, and that it is at rest again afterwards.

use std::fs::File;
use std::time::{Duration, SystemTime};

use super::account::{Account, FIRST_KEY, KEY_FILE};
use super::follow::each;
use super::trace::Traced;
use crate::pty::{Shell, wait_for};

/// A key that the server is known to refuse; it differs from the good one in its last character.
const REFUSED_KEY: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde0";
const CONFIG: &str = ".config/vastenv/config.toml";
const TWO_FACTOR: &str = ".config/vastai/vast_tfa_key";

/// An account with one variable, and a key that is known to be refused.
fn account() -> Account {
    let mut account = Account::with(&[("HF_TOKEN", "hf_1"), ("PAGER", "my-pager")]);
    account.home.variable("VAST_API_KEY", REFUSED_KEY);
    assert_eq!(account.home.vastenv(&["refresh"]).status.code(), Some(4));
    account.home.without_variable("VAST_API_KEY");
    account
}

/// Fails unless the variable has this value after one more prompt, and the shell is at rest.
#[track_caller]
fn expect(traced: &mut Traced, variable: &str, value: &str, after: &str) {
    traced.terminal.run("");
    assert_eq!(traced.terminal.get(variable), value, "after {after}");
    traced.assert_steady(3, after);
}

fn set_time(account: &Account, below: &str, time: SystemTime) {
    File::open(account.home.path(below)).and_then(|file| file.set_modified(time)).expect("dated");
}

#[test]
fn a_key_file_that_others_overwrite() {
    each(|shell| {
        let account = account();
        let mut traced = Traced::open(&account.home, shell);
        let year = Duration::from_secs(365 * 86_400);
        let now = SystemTime::now();
        for (index, time) in [None, None, Some(now - 20 * year), Some(now - 30 * year), Some(now + 10 * year)]
            .into_iter()
            .enumerate()
        {
            for (key, value) in [(REFUSED_KEY, "unset"), (FIRST_KEY, "hf_1")] {
                // As the official client writes it: in place.
                account.home.write(KEY_FILE, key);
                if let Some(time) = time {
                    // What tells the two apart; bash before 5.0 compares whole seconds.
                    let in_seconds = shell == Shell::Bash && !shell.knows("((BASH_VERSINFO[0] >= 5))");
                    let by = if in_seconds { Duration::from_secs } else { Duration::from_nanos };
                    set_time(&account, KEY_FILE, time + by(value.len() as u64));
                }
                expect(&mut traced, "HF_TOKEN", value, &format!("edit {index} of the key file"));
            }
        }
    });
}

#[test]
fn a_two_factor_key_that_comes_and_goes() {
    each(|shell| {
        let account = account();
        let mut traced = Traced::open(&account.home, shell);
        for _ in 0..2 {
            account.home.write(TWO_FACTOR, REFUSED_KEY);
            expect(&mut traced, "HF_TOKEN", "unset", "a two-factor key came");
            std::fs::remove_file(account.home.path(TWO_FACTOR)).expect("removed");
            expect(&mut traced, "HF_TOKEN", "hf_1", "the two-factor key went");
        }
    });
}

#[test]
fn a_config_file_that_is_made_edited_and_removed() {
    each(|shell| {
        let account = account();
        let mut traced = Traced::open(&account.home, shell);
        for _ in 0..2 {
            account.home.write(CONFIG, "allow = [\"PAGER\"]\n");
            expect(&mut traced, "PAGER", "my-pager", "the config allowed a name");
            account.home.write(CONFIG, "allow = []\n");
            expect(&mut traced, "PAGER", "unset", "the config allowed no name");
            account.home.write(CONFIG, "allow = [\"PAGER\"]\n");
            expect(&mut traced, "PAGER", "my-pager", "the config allowed a name again");
            std::fs::remove_file(account.home.path(CONFIG)).expect("removed");
            expect(&mut traced, "PAGER", "unset", "the config went");
        }
    });
}

#[test]
fn variables_that_steer() {
    each(|shell| {
        let account = account();
        let mut traced = Traced::open(&account.home, shell);
        let nobody = "http://127.0.0.1:9";
        let url = account.home.variables.iter().find(|(name, _)| name == "VAST_URL").expect("set").1.clone();
        for (change, undo) in [
            (shell.export("VAST_API_KEY", REFUSED_KEY), shell.unset("VAST_API_KEY")),
            (shell.export("VAST_URL", nobody), shell.export("VAST_URL", &url)),
            (shell.export("VASTENV_DISABLE", "1"), shell.unset("VASTENV_DISABLE")),
            (shell.set("VASTENV_DISABLE", "1"), shell.unset("VASTENV_DISABLE")),
        ] {
            let text = traced.terminal.run(&change);
            assert!(text.contains("vastenv: -HF_TOKEN\r\n"), "{change}: {text}");
            expect(&mut traced, "HF_TOKEN", "unset", &change);
            let text = traced.terminal.run(&undo);
            assert!(text.contains("vastenv: +HF_TOKEN\r\n"), "{undo}: {text}");
            expect(&mut traced, "HF_TOKEN", "hf_1", &undo);
        }
    });
}

#[test]
fn keys_that_differ_anywhere() {
    each(|shell| {
        let mut account = account();
        account.home.variable("VAST_API_KEY", FIRST_KEY);
        let mut keys =
            vec![String::new(), FIRST_KEY.to_uppercase(), FIRST_KEY.repeat(3), "x".into(), "é".into()];
        keys.extend((0..80).map(|at| {
            let mut key = FIRST_KEY.repeat(2).into_bytes();
            key.truncate(80);
            key[at] = b'Z';
            String::from_utf8(key).expect("text")
        }));
        let pwned = account.home.path("pwned");
        keys.push(format!("x[$(touch {})]", pwned.display()));
        keys.push(format!("x[$(touch {})", pwned.display()));
        let mut script = String::new();
        for key in &keys {
            let set = shell.export("VAST_API_KEY", key);
            script.push_str(&format!("{set}\n__vastenv_dig\n"));
        }
        // fish needs no digest: it is told of each assignment.
        let tool = match shell {
            Shell::Fish => return,
            _ => "__vastenv_dig() { __vastenv_digest_key; echo \"[$__vastenv_h]\"; }\n",
        };
        account.home.write("keys", &format!("{tool}{script}"));
        let output = account.home.command(shell.name()).args(["-i", "-c", ". ./keys"]).output().expect("run");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let digests: Vec<&str> = text.lines().filter(|line| line.starts_with('[')).collect();
        let mut distinct = digests.clone();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!((digests.len(), distinct.len()), (keys.len(), keys.len()), "{output:?}");
        assert!(!pwned.exists(), "the key was evaluated");
    });
}

#[test]
fn a_state_folder_that_is_deleted() {
    each(|shell| {
        let account = account();
        let mut traced = Traced::open(&account.home, shell);
        let state = account.home.path(".local/state/vastenv");
        std::fs::remove_dir_all(&state).expect("removed");
        traced.terminal.run("");
        assert_eq!(traced.terminal.get("HF_TOKEN"), "hf_1");
        // Whose the key is has to be asked again.
        let identities = state.join("identities");
        wait_for("the refresh", || std::fs::read_dir(&identities).ok()?.next()?.ok());
        let count = traced.processes(|terminal| {
            terminal.send(&":\n".repeat(20));
            terminal.settle();
        });
        // Once it looks whether the refresh has ended.
        assert!(count.is_none_or(|count| count <= 1), "{count:?}");
        assert_eq!(traced.terminal.get("HF_TOKEN"), "hf_1");
    });
}
