//! Shells with a profile each, side by side: in real terminals.

use std::fs;

use serde_json::{Value, json};

use super::{CONFIG, profiles};
use crate::cli::account::{OTHER_KEY, TestAccount};
use crate::pty::{Home, Shell, Terminal, wait_for};
use crate::shells::follow::each;

/// Two accounts, and a home of shells that knows them as the profiles `work` and `own`.
struct Shells {
    work: TestAccount,
    own: TestAccount,
    home: Home,
}

impl Shells {
    fn new() -> Self {
        let account = |value: &str| TestAccount::with(&json!({"WHOSE": value, value: "1"}));
        let (work, own) = (account("WORK"), account("OWN"));
        let home = Home::new();
        home.write(CONFIG, &profiles(&work, &own));
        for (name, account) in [("work", &work), ("own", &own)] {
            home.write(&format!("{name}.key"), account.sandbox.key.expose());
        }
        Self { work, own, home }
    }

    fn fetched(self) -> Self {
        for name in ["work", "own"] {
            self.home.vastenv_ok(&["refresh", "--profile", name]);
        }
        self
    }

    fn open(&mut self, shell: Shell, profile: &str) -> Terminal {
        self.home.variable("VASTENV_PROFILE", profile);
        let terminal = Terminal::open(&self.home, shell);
        self.home.without_variable("VASTENV_PROFILE");
        terminal
    }

    /// Makes every snapshot so old that it must be fetched again.
    fn age(&self) {
        for path in self.snapshots() {
            let mut snapshot: Value = serde_json::from_slice(&fs::read(&path).expect("read")).expect("JSON");
            snapshot["fetched_at"] = json!(1_000_000);
            fs::write(&path, snapshot.to_string()).expect("written");
        }
    }

    fn is_fresh(&self) -> bool {
        self.snapshots()
            .iter()
            .all(|path| fs::read_to_string(path).is_ok_and(|text| !text.contains("\"fetched_at\":1000000")))
    }

    fn snapshots(&self) -> Vec<std::path::PathBuf> {
        let accounts = fs::read_dir(self.home.path(".cache/vastenv")).expect("a cache");
        accounts.map(|entry| entry.expect("an entry").path().join("snapshot.json")).collect()
    }
}

#[test]
fn two_shells_hold_an_account_each_and_follow_that_one_alone() {
    each(|shell| {
        let mut both = Shells::new().fetched();
        let (mut work, mut own) = (both.open(shell, "work"), both.open(shell, "own"));
        assert_eq!((work.get("WHOSE").as_str(), own.get("WHOSE").as_str()), ("WORK", "OWN"));
        assert_eq!((work.get("OWN").as_str(), own.get("WORK").as_str()), ("unset", "unset"));
        // A change, a value that is remembered, and a new key of one are no news to the other.
        both.home.vastenv_ok(&["update", "env-var", "WHOSE", "WORK-2", "--profile", "work"]);
        both.home.vastenv_ok(&["remember", "env-var", "WHOSE", "WORK-2", "--profile", "work"]);
        both.home.vastenv_ok(&["reset", "api-key", "-y", "--profile", "work"]);
        let (text, silence) = (work.run(""), own.run(""));
        assert!(text.contains("vastenv: ~WHOSE"), "{text}");
        assert!(!silence.contains("vastenv"), "{silence}");
        assert_eq!((work.get("WHOSE").as_str(), own.get("WHOSE").as_str()), ("WORK-2", "OWN"));
        // What each of them starts is of its own account.
        assert_eq!(work.inherited("WHOSE"), "WORK-2");
        let status = own.run(&format!("'{}' status", both.home.binary.display()));
        assert!(status.contains("own (VASTENV_PROFILE)") && status.contains("active"), "{status}");
    });
}

#[test]
fn another_profile_swaps_the_variables_at_the_next_prompt() {
    each(|shell| {
        let both = Shells::new().fetched();
        let mut terminal = Terminal::open(&both.home, shell);
        assert_eq!(terminal.get("WHOSE"), "unset");
        for profile in ["work", "own", "work"] {
            terminal.run(&shell.export("VASTENV_PROFILE", profile));
            let other = if profile == "work" { "OWN" } else { "WORK" };
            assert_eq!(terminal.get("WHOSE"), profile.to_uppercase());
            assert_eq!(
                (terminal.get(&profile.to_uppercase()).as_str(), terminal.get(other).as_str()),
                ("1", "unset")
            );
        }
        // One that is not there is told, and changes nothing.
        let text = terminal.run(&shell.export("VASTENV_PROFILE", "wrok"));
        assert!(text.contains("there is no profile wrok"), "{text}");
        assert_eq!(terminal.get("WHOSE"), "WORK");
        // Outside of every profile there is no key: what is here is of an account that nobody means.
        terminal.run(&shell.unset("VASTENV_PROFILE"));
        assert_eq!((terminal.get("WHOSE").as_str(), terminal.get("WORK").as_str()), ("unset", "unset"));
        // The default is followed by every shell that names none.
        both.home.vastenv_ok(&["profile", "use", "own"]);
        terminal.run("");
        assert_eq!(terminal.get("WHOSE"), "OWN");
    });
}

#[test]
fn an_account_that_is_not_known_yet_brings_nothing_of_another() {
    each(|shell| {
        let mut both = Shells::new();
        both.home.vastenv_ok(&["refresh", "--profile", "work"]);
        let mut terminal = both.open(shell, "work");
        assert_eq!(terminal.get("WHOSE"), "WORK");
        terminal.run(&shell.export("VASTENV_PROFILE", "own"));
        let held = terminal.get("WHOSE");
        assert!(["unset", "OWN"].contains(&held.as_str()), "{held}");
        wait_for("the other account", || (both.snapshots().len() == 2 && both.is_fresh()).then_some(()));
        wait_for("its variables", || {
            terminal.run("");
            (terminal.get("WHOSE") == "OWN").then_some(())
        });
        assert_eq!(terminal.get("WORK"), "unset");
    });
}

#[test]
fn a_key_that_nobody_knows_yet_is_the_profiles_own_account_at_most() {
    each(|shell| {
        let mut both = Shells::new().fetched();
        let later = format!(
            "[profiles.later]\nurl = \"{}\"\napi_key_file = \"~/later.key\"\n",
            both.work.sandbox.url
        );
        both.home.write(CONFIG, &(profiles(&both.work, &both.own) + &later));
        both.home.write("later.key", OTHER_KEY);
        let mut terminal = both.open(shell, "work");
        assert_eq!(terminal.get("WHOSE"), "WORK");
        // Nobody is there to say whose a key is.
        let Shells { work, own: _own, home } = both;
        drop(work);
        // The same server does not make it the same account.
        terminal.run(&shell.export("VASTENV_PROFILE", "later"));
        assert_eq!((terminal.get("WHOSE").as_str(), terminal.get("WORK").as_str()), ("unset", "unset"));
        terminal.run(&shell.export("VASTENV_PROFILE", "work"));
        assert_eq!(terminal.get("WHOSE"), "WORK");
        // A new key in the profile's own place may be the account's.
        home.write("work.key", "a-new-key-of-the-same-account");
        terminal.run("");
        assert_eq!(terminal.get("WHOSE"), "WORK");
    });
}

#[test]
fn refreshes_in_the_background_ask_for_the_account_of_the_shell() {
    each(|shell| {
        let mut both = Shells::new().fetched();
        let (mut work, mut own) = (both.open(shell, "work"), both.open(shell, "own"));
        both.work.forget();
        both.own.forget();
        both.age();
        // Whatever the shell's folder is; news of a generation has both ask.
        both.home.vastenv_ok(&["remember", "env-var", "WORK", "2", "--profile", "work"]);
        work.run("cd /");
        own.run("");
        wait_for("the news", || both.is_fresh().then_some(()));
        for account in [&both.work, &both.own] {
            let requests = account.requests();
            assert!(requests.contains(&"GET /secrets/ 200".to_owned()), "{requests:?}");
            // A key of the other account would be refused.
            assert!(requests.iter().all(|request| request.ends_with(" 200")), "{requests:?}");
        }
        work.run("");
        own.run("");
        assert_eq!((work.get("WHOSE").as_str(), own.get("WHOSE").as_str()), ("WORK", "OWN"));
    });
}

#[test]
fn a_program_run_for_another_account_gets_nothing_of_the_shells() {
    each(|shell| {
        let mut both = Shells::new().fetched();
        let mut work = both.open(shell, "work");
        assert_eq!(work.get("WORK"), "1");
        let binary = both.home.binary.display().to_string();
        for options in ["", "--preserve-env "] {
            let print = "sh -c 'echo \"<$WHOSE $OWN $WORK>\"'";
            let text = work.run(&format!("'{binary}' run --profile own {options}-- {print}"));
            assert!(text.contains("<OWN 1 >"), "{options}: {text}");
        }
        let text = work.run(&format!("'{binary}' why WHOSE --profile own"));
        assert!(text.contains("no: this shell has another account's variables"), "{text}");
        assert_eq!(work.get("WORK"), "1");
    });
}
