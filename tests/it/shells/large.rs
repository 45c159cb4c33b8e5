//! Accounts as large as an environment can carry, and larger.

use vastenv::environment::MOST_VARIABLES;

use super::account::Account;
use super::follow::each;
use crate::pty::{Shell, Terminal};

#[test]
fn as_many_variables_as_are_loaded_come_and_go() {
    let names: Vec<String> = (0..MOST_VARIABLES + 2).map(|number| format!("VARIABLE_{number:05}")).collect();
    let (short, long) = ("s".repeat(100), "l".repeat(100_000));
    let mut variables: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), short.as_str())).collect();
    variables.push(("LONG", &long));
    let loaded = MOST_VARIABLES - 1;
    each(|shell| {
        let account = Account::with(&variables);
        let (mut terminal, said) = Terminal::start(&account.home, shell, &[shell.name(), "-i"]);
        let missing = format!("not loaded, too large or too many: {}", names[loaded..].join(", "));
        assert!(said.contains(&missing), "{shell:?}: {said:.300}");
        let count = "env | grep -c '^VARIABLE_[0-9]*=s\\{100\\}$'; env | grep '^LONG=' | wc -c";
        let text = terminal.run(count);
        assert!(text.contains(&format!("{loaded}\r\n100006\r\n")), "{shell:?}: {text:.300}");
        // Too many for an exported ledger: what children inherit of it stays small.
        let ledger = terminal.inherited("__vastenv_ledger");
        assert!(ledger.len() < 100, "{shell:?}: {} bytes", ledger.len());
        terminal.run(&shell.export("VASTENV_DISABLE", "1"));
        let text = terminal.run("env | grep -c '^VARIABLE_\\|^LONG=' | sed s/^/left:/");
        assert!(text.contains("left:0\r\n"), "{shell:?}: {text:.300}");
    });
}

/// A shell with a stack of so many KiB, of which Linux gives a quarter to the environment.
fn with_stack(account: &Account, shell: Shell, kib: usize) -> (Terminal, String) {
    let line = format!("ulimit -s {kib}; exec {} -i", shell.name());
    Terminal::start(&account.home, shell, &["sh", "-c", &line])
}

#[track_caller]
fn can_start_a_program(terminal: &mut Terminal) {
    let text = terminal.run("/bin/true && printf '<%s:%s>\\n' it started");
    assert!(text.contains("<it:started>"), "{text:.2000}");
}

#[test]
fn a_shell_can_start_programs_whatever_the_account_holds() {
    let value = "v".repeat(20_000);
    let names: Vec<String> = (0..10).map(|number| format!("V{number}")).collect();
    let variables: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), value.as_str())).collect();
    each(|shell| {
        // A small stack; and an environment that is large already.
        for (stack, own) in [(512, 0), (8192, 1400)] {
            let mut account = Account::with(&variables);
            for number in 0..own / 100 {
                account.home.variable(&format!("OWN_{number}"), &"o".repeat(100 * 1024));
            }
            let (mut terminal, said) = with_stack(&account, shell, stack);
            can_start_a_program(&mut terminal);
            let length = terminal.run("sh -c 'printf \"<%s>\\n\" ${#V0}'");
            assert!(length.contains("<20000>"), "{shell:?}: {length}");
            assert!(terminal.inherited("V9") == "unset", "{shell:?}");
            assert!(said.contains("10 variables are not loaded, too large or too many: "), "{said:.2000}");
            assert!(said.contains(", V9"), "{said:.2000}");
            let text = terminal.run(&format!("'{}' status", account.home.binary.display()));
            assert!(text.contains("V9: no room"), "{text:.2000}");
            let text = terminal.run(&format!("'{}' why V9", account.home.binary.display()));
            assert!(text.contains("no room"), "{text:.2000}");
            // Another load finds the same room.
            account.home.vastenv_ok(&["update", "env-var", "V0", &value.to_uppercase()]);
            let text = terminal.run("");
            assert!(text.contains("vastenv: ~V0\r\n"), "{text:.2000}");
            can_start_a_program(&mut terminal);
            account.home.vastenv_ok(&["delete", "env-var", "V0"]);
            terminal.run("");
            can_start_a_program(&mut terminal);
        }
    });
}

#[test]
fn a_shell_that_can_start_nothing_is_helped_by_disabling() {
    each(|shell| {
        let value = "v".repeat(20_000);
        let names: Vec<String> = (0..10).map(|number| format!("BIG_{number}")).collect();
        let variables: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), value.as_str())).collect();
        let account = Account::with(&variables);
        account.home.rc(shell, &shell.export("BIG_0", "mine"), "");
        let mut terminal = Terminal::open(&account.home, shell);
        terminal.run(&shell.export("BIG_1", "edited"));
        terminal.run("ulimit -s 512");
        let starts = if shell == Shell::Fish {
            "/bin/true; and echo it starts"
        } else {
            "/bin/true && echo it starts"
        };
        assert!(!terminal.run(starts).contains("\r\nit starts"), "{shell:?}");
        terminal.run(&shell.set("VASTENV_DISABLE", "1"));
        let text = terminal.run(starts);
        assert!(text.contains("it starts\r\n"), "{shell:?}: {text}");
        assert_eq!([terminal.get("BIG_0"), terminal.get("BIG_2")], ["mine", "unset"], "{shell:?}");
        assert_eq!(terminal.get("BIG_1"), "edited", "{shell:?}");
    });
}
