//! Shells load at their start, and follow what happens elsewhere at their next prompt.

use super::account::Account;
use crate::pty::{Shell, Terminal};

/// Runs a scenario in each shell that is installed.
pub fn each(scenario: impl Fn(Shell)) {
    for shell in Shell::ALL {
        if shell.is_here() {
            eprintln!("in {shell:?}:");
            scenario(shell);
        }
    }
}

/// The same for all of them at once, where a scenario waits for the clock.
pub fn each_at_once(scenario: impl Fn(Shell) + Sync) {
    std::thread::scope(|scope| {
        for shell in Shell::ALL.into_iter().filter(|shell| shell.is_here()) {
            let scenario = &scenario;
            scope.spawn(move || scenario(shell));
        }
    });
}

#[test]
fn a_shell_loads_at_its_start_in_silence() {
    each(|shell| {
        let account = Account::with(&[("HF_TOKEN", "hf_1"), ("TWO", "two words")]);
        let (mut terminal, greeting) = Terminal::start(&account.home, shell, &[shell.name(), "-i"]);
        assert!(!greeting.contains("vastenv"), "{greeting}");
        assert_eq!(terminal.get("HF_TOKEN"), "hf_1");
        assert_eq!(terminal.inherited("TWO"), "two words");
    });
}

#[test]
fn a_shell_for_one_command_has_the_variables_too() {
    each(|shell| {
        let account = Account::with(&[("HF_TOKEN", "hf_1")]);
        let line = "printf '[%s]\\n' $HF_TOKEN";
        let output =
            account.home.command(shell.name()).args(["-i", "-c", line]).output().expect("the shell runs");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.stdout.ends_with(b"[hf_1]\n"), "{output:?}");
        assert!(!stderr.contains("vastenv"), "{stderr}");
    });
}

#[test]
fn a_shell_follows_a_setting_at_the_next_prompt() {
    each(|shell| {
        let account = Account::with(&[("PAGER", "my-pager"), ("HF_TOKEN", "hf_1")]);
        let mut terminal = Terminal::open(&account.home, shell);
        assert_eq!(terminal.get("PAGER"), "unset", "{shell:?}");
        let program = account.home.binary.display();
        terminal.run(&format!("{program} config set allow PAGER"));
        assert_eq!(terminal.get("PAGER"), "my-pager", "{shell:?}");
        // What is not valid is not written, and takes nothing away.
        terminal.run(&format!("{program} config set max_age soon"));
        assert_eq!(terminal.get("PAGER"), "my-pager", "{shell:?}");
        account.home.vastenv_ok(&["config", "unset", "allow"]);
        terminal.run("");
        assert_eq!(terminal.get("PAGER"), "unset", "{shell:?}");
        assert_eq!(terminal.get("HF_TOKEN"), "hf_1", "{shell:?}");
    });
}

#[test]
fn a_shell_follows_another_terminal_and_names_what_changed() {
    each(|shell| {
        let account = Account::with(&[("HF_TOKEN", "hf_1")]);
        let mut terminal = Terminal::open(&account.home, shell);
        account.home.vastenv_ok(&["create", "env-var", "NEW", "secret-1"]);
        let text = terminal.run("");
        assert!(text.contains("vastenv: +NEW\r\n") && !text.contains("secret-1"), "{text}");
        assert_eq!(terminal.get("NEW"), "secret-1");
        account.home.vastenv_ok(&["update", "env-var", "NEW", "secret-2"]);
        let text = terminal.run("");
        assert!(text.contains("vastenv: ~NEW\r\n") && !text.contains("secret-2"), "{text}");
        assert_eq!(terminal.get("NEW"), "secret-2");
        account.home.vastenv_ok(&["delete", "env-var", "NEW"]);
        let text = terminal.run("");
        assert!(text.contains("vastenv: -NEW\r\n"), "{text}");
        assert_eq!((terminal.get("NEW").as_str(), terminal.get("HF_TOKEN").as_str()), ("unset", "hf_1"));
    });
}

#[test]
fn a_shell_loads_without_the_network() {
    each(|shell| {
        let mut account = Account::with(&[("HF_TOKEN", "hf_1")]);
        account.stop_server();
        let mut terminal = Terminal::open(&account.home, shell);
        assert_eq!(terminal.get("HF_TOKEN"), "hf_1");
        account.age_snapshot();
        let mut terminal = Terminal::open(&account.home, shell);
        assert_eq!(terminal.get("HF_TOKEN"), "hf_1");
    });
}

#[test]
fn the_line_of_names_fits_the_terminal() {
    each(|shell| {
        let names: Vec<String> = (0..8).map(|number| format!("VARIABLE_{number}")).collect();
        let account = Account::with(&[("HF_TOKEN", "hf_1")]);
        let mut terminal = Terminal::open(&account.home, shell);
        terminal.run("stty cols 40");
        for name in &names {
            account.home.vastenv_ok(&["create", "env-var", name, "v"]);
        }
        let text = terminal.run("");
        assert!(text.contains("vastenv: +VARIABLE_0 and 7 more\r\n"), "{shell:?}: {text}");
        terminal.run("stty cols 200");
        for name in &names {
            account.home.vastenv_ok(&["delete", "env-var", name]);
        }
        let text = terminal.run("");
        assert!(text.contains(&format!("vastenv: -{}\r\n", names.join(" -"))), "{shell:?}: {text}");
    });
}
