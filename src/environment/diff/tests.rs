use super::*;

fn name(text: &str) -> EnvName {
    EnvName::parse(text).expect(text)
}

/// A shell as the tests see it: what it holds, and what vastenv remembers of it.
#[derive(Default)]
struct Shell {
    exported: BTreeMap<EnvName, Vec<u8>>,
    unexported: BTreeSet<EnvName>,
    ledger: Ledger,
    previous: Previous,
    preserve: bool,
    keep: Patterns,
    unavailable: BTreeSet<EnvName>,
    earlier: BTreeMap<EnvName, Vec<Digest>>,
}

impl Shell {
    fn with(variables: &[(&str, &str)]) -> Self {
        let exported = variables.iter().map(|(key, value)| (name(key), value.as_bytes().to_vec())).collect();
        Self { exported, ..Self::default() }
    }

    fn ask(&mut self, account: &[(&str, &str)], starting: bool) -> Diff {
        let variables = account.iter().map(|(key, value)| (name(key), Secret::new(*value))).collect();
        let desired =
            Environment { variables, unavailable: self.unavailable.clone(), ..Environment::default() };
        let decided = diff(&Input {
            desired: &desired,
            ledger: &self.ledger,
            previous: &self.previous,
            current: &|name| self.exported.get(name).cloned(),
            unexported: &self.unexported,
            kept: &BTreeSet::new(),
            taken: &BTreeSet::new(),
            key: &DigestKey::new([9; 32]),
            earlier: &|name, digest| self.earlier.get(name).is_some_and(|known| known.contains(digest)),
            starting,
            override_existing: !self.preserve,
            keep: &self.keep,
        });
        for change in &decided.changes {
            match change {
                Change::Set { name, value, .. } => {
                    self.unexported.remove(name);
                    self.exported.insert(name.clone(), value.expose().as_bytes().to_vec());
                }
                Change::Unset(name) => {
                    self.exported.remove(name);
                }
                Change::Restore { name, value, .. } => {
                    self.exported.insert(name.clone(), value.clone());
                }
            }
        }
        self.ledger.entries.clone_from(&decided.entries);
        self.previous.clone_from(&decided.previous);
        for (name, digest) in &decided.replaced {
            self.earlier.entry(name.clone()).or_default().push(digest.clone());
        }
        decided
    }

    fn prompt(&mut self, account: &[(&str, &str)]) -> Diff {
        self.ask(account, false)
    }

    fn get(&self, key: &str) -> Option<&str> {
        self.exported.get(&name(key)).map(|bytes| std::str::from_utf8(bytes).expect("text"))
    }

    fn set(&mut self, key: &str, value: &str) {
        self.exported.insert(name(key), value.as_bytes().to_vec());
    }
}

#[test]
fn variables_come_change_and_go() {
    let mut shell = Shell::default();
    let first = shell.prompt(&[("A", "1"), ("B", "2")]);
    assert_eq!(first.report.added, [name("A"), name("B")]);
    assert!(shell.prompt(&[("A", "1"), ("B", "2")]).changes.is_empty());
    let then = shell.prompt(&[("A", "new")]);
    assert_eq!((then.report.changed, then.report.removed), (vec![name("A")], vec![name("B")]));
    assert_eq!((shell.get("A"), shell.get("B")), (Some("new"), None));
    shell.prompt(&[]);
    assert!(shell.exported.is_empty() && shell.ledger.entries.is_empty());
}

#[test]
fn what_is_not_known_at_this_moment_stays_as_it_is() {
    let mut shell = Shell::with(&[("A", "mine")]);
    shell.prompt(&[("A", "1"), ("B", "2")]);
    shell.unavailable = BTreeSet::from([name("A"), name("NEVER")]);
    assert!(shell.prompt(&[("B", "2")]).changes.is_empty());
    assert_eq!(shell.get("A"), Some("1"));
    shell.unavailable.clear();
    shell.prompt(&[("B", "2")]);
    assert_eq!(shell.get("A"), Some("mine"));
}

#[test]
fn what_was_there_before_comes_back_even_after_updates() {
    let mut shell = Shell::with(&[("A", "mine"), ("EMPTY", "")]);
    shell.prompt(&[("A", "1"), ("EMPTY", "x")]);
    shell.prompt(&[("A", "2"), ("EMPTY", "y")]);
    assert_eq!(shell.get("A"), Some("2"));
    shell.prompt(&[]);
    assert_eq!((shell.get("A"), shell.get("EMPTY")), (Some("mine"), Some("")));
    assert!(shell.previous.is_empty());
}

#[test]
fn a_value_equal_to_the_accounts_is_still_the_users() {
    let mut shell = Shell::with(&[("A", "same")]);
    assert!(shell.prompt(&[("A", "same")]).changes.is_empty());
    shell.prompt(&[("A", "other")]);
    shell.prompt(&[]);
    assert_eq!(shell.get("A"), Some("same"));
}

#[test]
fn what_the_user_changed_is_left_alone() {
    let mut shell = Shell::default();
    shell.prompt(&[("A", "1"), ("B", "2")]);
    shell.set("A", "edited");
    shell.exported.remove(&name("B"));
    shell.prompt(&[("A", "1"), ("B", "2")]);
    shell.prompt(&[("A", "3"), ("B", "3")]);
    assert_eq!((shell.get("A"), shell.get("B")), (Some("edited"), None));
    shell.prompt(&[]);
    assert_eq!(shell.get("A"), Some("edited"));
}

/// What another tool may do to a variable: set it, or take it away.
const BORROWED: [Option<&str>; 2] = [Some("borrowed"), None];

impl Shell {
    fn borrow(&mut self, key: &str, value: Option<&str>) {
        match value {
            Some(value) => self.set(key, value),
            None => drop(self.exported.remove(&name(key))),
        }
    }
}

#[test]
fn what_a_tool_borrowed_and_gave_back_is_followed_again() {
    for borrowed in BORROWED {
        for before in [&[][..], &[("A", "mine")]] {
            let mut shell = Shell::with(before);
            shell.prompt(&[("A", "1")]);
            shell.borrow("A", borrowed);
            for _ in 0..2 {
                assert!(shell.prompt(&[("A", "1")]).changes.is_empty());
                assert_eq!(shell.get("A"), borrowed);
            }
            shell.set("A", "1");
            assert!(shell.prompt(&[("A", "1")]).changes.is_empty());
            assert_eq!(shell.prompt(&[("A", "2")]).report.changed, [name("A")]);
            shell.prompt(&[]);
            assert_eq!(shell.get("A"), before.first().map(|(_, value)| *value));
            assert!(shell.ledger.entries.is_empty() && shell.previous.is_empty());
        }
    }
}

#[test]
fn what_is_given_back_after_a_rotation_gets_the_newest_value() {
    for borrowed in BORROWED {
        let mut shell = Shell::with(&[("A", "mine")]);
        shell.prompt(&[("A", "1")]);
        shell.borrow("A", borrowed);
        shell.prompt(&[("A", "2")]);
        assert_eq!(shell.get("A"), borrowed);
        shell.set("A", "1");
        assert_eq!(shell.prompt(&[("A", "3")]).report.changed, [name("A")]);
        assert_eq!(shell.get("A"), Some("3"));
        // A tool that looked before the rotation, and puts that back after it.
        for old in ["1", "3", "1"] {
            shell.set("A", old);
            shell.prompt(&[("A", "4")]);
            assert_eq!(shell.get("A"), Some("4"));
        }
        shell.prompt(&[]);
        assert_eq!(shell.get("A"), Some("mine"));
    }
}

#[test]
fn what_is_given_back_after_unloading_is_unloaded() {
    for borrowed in BORROWED {
        for before in [&[][..], &[("A", "mine")]] {
            let mut shell = Shell::with(before);
            shell.prompt(&[("A", "1")]);
            shell.borrow("A", borrowed);
            assert!(shell.prompt(&[]).changes.is_empty());
            shell.set("A", "1");
            assert_eq!(shell.prompt(&[]).report.removed, [name("A")]);
            assert_eq!(shell.get("A"), before.first().map(|(_, value)| *value));
        }
    }
}

#[test]
fn a_nested_shell_takes_back_what_was_borrowed_before_it_began() {
    let mut shell = Shell::default();
    shell.prompt(&[("A", "1")]);
    shell.set("A", "local");
    shell.unexported.insert(name("A"));
    shell.prompt(&[("A", "1")]);
    shell.set("A", "borrowed");
    shell.prompt(&[("A", "1")]);
    shell.ask(&[("A", "1")], true);
    assert_eq!(shell.get("A"), Some("borrowed"));
    shell.set("A", "1");
    shell.prompt(&[("A", "2")]);
    assert_eq!(shell.get("A"), Some("2"));
    // What was not exported ended with the outer shell.
    assert_eq!(shell.prompt(&[]).changes, [Change::Unset(name("A"))]);
}

#[test]
fn an_edit_stays_the_users_until_it_is_what_was_loaded() {
    let mut shell = Shell::with(&[("A", "mine")]);
    shell.prompt(&[("A", "1")]);
    for edit in ["edited", "mine", ""] {
        shell.set("A", edit);
        for account in [&[("A", "1")][..], &[("A", "2")], &[]] {
            assert!(shell.prompt(account).changes.is_empty());
            assert_eq!(shell.get("A"), Some(edit));
        }
    }
    // Typed by hand, it is the account's all the same.
    shell.set("A", "2");
    shell.prompt(&[("A", "2")]);
    shell.prompt(&[]);
    assert_eq!(shell.get("A"), Some("mine"));
}

#[test]
fn a_nested_shell_whose_rc_file_set_the_old_value_again_is_loaded_anew() {
    let mut shell = Shell::with(&[("A", "from rc")]);
    shell.prompt(&[("A", "1")]);
    shell.set("A", "from rc");
    shell.ask(&[("A", "1")], true);
    assert_eq!(shell.get("A"), Some("1"));
    shell.prompt(&[]);
    assert_eq!(shell.get("A"), Some("from rc"));
}

#[test]
fn a_nested_shell_that_was_given_another_value_keeps_it() {
    let mut shell = Shell::default();
    shell.prompt(&[("A", "1")]);
    shell.set("A", "given");
    shell.ask(&[("A", "1")], true);
    assert_eq!(shell.get("A"), Some("given"));
}

#[test]
fn a_nested_shell_that_lost_a_variable_gets_it_again() {
    let mut shell = Shell::default();
    shell.prompt(&[("A", "1")]);
    shell.exported.remove(&name("A"));
    shell.ask(&[("A", "1")], true);
    assert_eq!(shell.get("A"), Some("1"));
}

#[test]
fn an_unexported_variable_is_hidden_and_given_back_unexported() {
    let mut shell = Shell::default();
    shell.prompt(&[("A", "1")]);
    // The shell reports that it holds an unexported A, and asks again with its value.
    shell.set("A", "local");
    shell.unexported.insert(name("A"));
    let second = shell.prompt(&[("A", "1")]);
    assert_eq!(second.changes.len(), 1);
    let last = shell.prompt(&[]);
    assert_eq!(
        last.changes,
        [Change::Restore { name: name("A"), value: b"local".to_vec(), exported: false }]
    );
}

#[test]
fn a_nested_shell_has_no_unexported_variable_to_give_back() {
    let mut shell = Shell::default();
    shell.prompt(&[("A", "1")]);
    shell.set("A", "local");
    shell.unexported.insert(name("A"));
    shell.prompt(&[("A", "1")]);
    // The nested shell inherits the ledger and the exported value, and nothing else.
    shell.ask(&[("A", "1")], true);
    assert!(shell.previous.is_empty());
    assert_eq!(shell.prompt(&[]).changes, [Change::Unset(name("A"))]);
}

#[test]
fn preserving_leaves_what_was_there() {
    let mut shell = Shell { preserve: true, ..Shell::with(&[("A", "mine")]) };
    shell.prompt(&[("A", "1"), ("B", "2")]);
    assert_eq!((shell.get("A"), shell.get("B")), (Some("mine"), Some("2")));
}

#[test]
fn a_value_that_is_to_be_kept_stays_or_comes_back() {
    let mut shell = Shell::with(&[("A", "mine"), ("B", "mine")]);
    let keep = Patterns::new(["A".to_owned(), "NEW".to_owned()]);
    let account = [("A", "account"), ("B", "account"), ("NEW", "account")];
    shell.keep = keep.clone();
    shell.prompt(&account);
    assert_eq!(
        (shell.get("A"), shell.get("B"), shell.get("NEW")),
        (Some("mine"), Some("account"), Some("account"))
    );
    assert!(!shell.ledger.entries.contains_key(&name("A")));
    // Outside of a project that keeps it, and inside again.
    shell.keep = Patterns::default();
    shell.prompt(&account);
    assert_eq!(shell.get("A"), Some("account"));
    shell.keep = keep;
    let decided = shell.prompt(&account);
    assert_eq!((shell.get("A"), decided.report.removed), (Some("mine"), vec![name("A")]));
    // What was loaded where nothing was is no value of the shell's.
    assert_eq!(shell.get("NEW"), Some("account"));
    assert_eq!(shell.prompt(&account).changes, []);
    shell.set("NEW", "edited");
    assert_eq!((shell.prompt(&account).changes, shell.get("NEW")), (vec![], Some("edited")));
}

#[test]
fn what_direnv_set_first_and_takes_away_on_leaving_is_loaded_again() {
    let mut shell = Shell::default();
    shell.prompt(&[("B", "2")]);
    shell.set("DIRENV_DIR", "-/project");
    shell.set("A", "1");
    shell.prompt(&[("A", "1"), ("B", "2")]);
    shell.prompt(&[("A", "new"), ("B", "2")]);
    // The user's own edit, which direnv has no part in.
    shell.exported.remove(&name("B"));
    for variable in ["DIRENV_DIR", "A"] {
        shell.exported.remove(&name(variable));
    }
    shell.prompt(&[("A", "new"), ("B", "2")]);
    assert_eq!((shell.get("A"), shell.get("B")), (Some("new"), None));
    // It is the account's alone from then on.
    shell.prompt(&[]);
    assert_eq!(shell.get("A"), None);
    assert!(shell.previous.is_empty());
}

#[test]
fn what_the_user_unsets_in_a_folder_of_direnvs_stays_unset_there() {
    let mut shell = Shell::with(&[("DIRENV_DIR", "-/project"), ("A", "mine")]);
    shell.prompt(&[("A", "1")]);
    shell.exported.remove(&name("A"));
    shell.prompt(&[("A", "1")]);
    assert_eq!(shell.get("A"), None);
}
