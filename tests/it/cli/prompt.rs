//! Questions on a real terminal: nothing that is typed is ever seen.

use std::fs;

use serde_json::json;

use super::account::TestAccount;
use crate::home::Home;
use crate::terminal::Terminal;

/// A home that knows the server, and no key.
fn home(account: &TestAccount) -> Home {
    let mut home = Home::new();
    home.set("VAST_URL", &account.sandbox.url);
    home
}

#[test]
fn a_key_is_asked_for_without_echo() {
    let account = TestAccount::with(&json!({}));
    let home = home(&account);
    let key = account.sandbox.key.expose();
    let mut terminal = Terminal::open(&home, 80, "vastenv set api-key");
    terminal.wait_for("API key (not shown): ");
    terminal.type_in(&format!("wrong\u{15}{key}x\u{7f}\r"));
    let (seen, code) = terminal.end();
    assert_eq!(code, 0, "{seen}");
    assert!(seen.contains("saved the key") && !seen.contains(key) && !seen.contains("wrong"), "{seen}");
    assert_eq!(fs::read_to_string(home.path(".config/vastai/vast_api_key")).expect("a key"), key);
}

/// A private key as it is pasted; its lines as commands would leave a trace.
const PEM: [&str; 4] =
    ["-----BEGIN KEY-----", "touch ran; echo hidden", "echo hidden | tee ran", "-----END KEY-----"];

/// What a terminal sends for a paste.
#[derive(Clone, Copy, Debug)]
enum Paste {
    /// Bracketed: its end is told, and Enter is another key.
    Bracketed,
    /// The bare text, with a line break at its end.
    Bare,
    /// The bare text, without one.
    BareAndEnter,
}

impl Paste {
    const ALL: [Self; 3] = [Self::Bracketed, Self::Bare, Self::BareAndEnter];

    fn type_into(self, terminal: &mut Terminal, lines: &[&str]) {
        let text = lines.join("\r");
        match self {
            Self::Bracketed => terminal.type_in(&format!("\u{1b}[200~{text}\r\u{1b}[201~\r")),
            Self::Bare => terminal.type_in(&format!("{text}\r")),
            Self::BareAndEnter => {
                terminal.type_in(&text);
                terminal.type_in("\r");
            }
        }
    }
}

#[test]
fn a_paste_of_several_lines_is_one_value_and_none_of_it_reaches_the_shell_behind() {
    for paste in Paste::ALL {
        for (command, variable) in [("create", "NEW"), ("update", "OLD"), ("set", "OLD"), ("remember", "OLD")]
        {
            let account = TestAccount::with(&json!({"OLD": "x"}));
            let mut home = home(&account);
            home.set("TERM", "xterm");
            home.write(".config/vastai/vast_api_key", account.sandbox.key.expose());
            let script = format!("vastenv {command} env-var {variable}; PS1='sh> ' exec sh -i");
            let mut terminal = Terminal::open(&home, 80, &script);
            terminal.wait_for(&format!("value of {variable} (not shown): "));
            paste.type_into(&mut terminal, &PEM);
            terminal.wait_for("sh> ");
            terminal.type_in("echo \"<$((40 + 2))>\"; exit\r");
            let (seen, _) = terminal.end();
            assert!(seen.contains("(4 lines)") && seen.contains("<42>"), "{paste:?} {command}: {seen}");
            assert!(!seen.contains("hidden") && !seen.contains("not found"), "{paste:?} {command}: {seen}");
            assert!(seen.contains("\u{1b}[?2004h") && seen.contains("\u{1b}[?2004l"), "{seen}");
            assert!(!home.path("ran").exists(), "{paste:?} {command}");
            if command == "remember" {
                assert!(seen.contains("remembered OLD"), "{seen}");
            } else {
                assert_eq!(account.secrets()[variable], PEM.join("\n"), "{paste:?} {command}: {seen}");
            }
        }
    }
}

#[test]
fn an_unseen_character_at_an_edge_is_asked_about() {
    for (answer, code, secrets) in [("n\r", 1, json!({})), ("y\r", 0, json!({"A": "hidden\u{a0}"}))] {
        let account = TestAccount::with(&json!({}));
        let home = home(&account);
        home.write(".config/vastai/vast_api_key", account.sandbox.key.expose());
        let mut terminal = Terminal::open(&home, 80, "vastenv create env-var A");
        terminal.wait_for("value of A (not shown): ");
        terminal.type_in("hidden\u{a0}\r");
        terminal.wait_for("keep it? [y/N] ");
        terminal.type_in(answer);
        let (seen, ended) = terminal.end();
        assert!(ended == code && !seen.contains("hidden"), "{seen}");
        assert_eq!(account.secrets(), secrets);
    }
}

#[test]
fn a_paste_at_the_question_for_a_key_is_refused_whole() {
    for paste in Paste::ALL {
        let account = TestAccount::with(&json!({}));
        let home = home(&account);
        let mut terminal = Terminal::open(&home, 80, "vastenv set api-key; PS1='sh> ' exec sh -i");
        terminal.wait_for("API key (not shown): ");
        paste.type_into(&mut terminal, &PEM);
        terminal.wait_for("sh> ");
        terminal.type_in("exit\r");
        let (seen, _) = terminal.end();
        assert!(seen.contains("4 lines, but the API key is one line"), "{paste:?}: {seen}");
        assert!(!seen.contains("hidden") && !seen.contains("not found"), "{paste:?}: {seen}");
        assert!(!home.path("ran").exists() && !home.path(".config/vastai").exists(), "{paste:?}");
        assert_eq!(account.requests(), [""; 0]);
    }
}

#[test]
fn what_is_too_long_or_broken_off_reaches_no_shell_either() {
    let long = "x".repeat(300 * 1024);
    for text in
        [format!("{long}\rtouch ran\r"), "abc\u{3}touch ran\r".to_owned(), "abc\u{4}touch ran\r".to_owned()]
    {
        let account = TestAccount::with(&json!({}));
        let home = home(&account);
        let script = "trap : INT; vastenv set api-key --no-verify; PS1='sh> ' exec sh -i";
        let mut terminal = Terminal::open(&home, 80, script);
        terminal.wait_for("API key (not shown): ");
        terminal.type_in(&text);
        terminal.wait_for("sh> ");
        terminal.type_in("exit\r");
        let (seen, _) = terminal.end();
        assert!(!home.path("ran").exists() && !seen.contains("touch"), "{seen}");
    }
}

#[test]
fn an_interrupt_ends_the_question_and_brings_the_echo_back() {
    let account = TestAccount::with(&json!({}));
    let home = home(&account);
    let script = "trap : INT; vastenv set api-key; echo \"code $?\"; stty -a";
    let mut terminal = Terminal::open(&home, 80, script);
    terminal.wait_for("API key (not shown): ");
    terminal.type_in("hidden\u{3}");
    let (seen, _) = terminal.end();
    assert!(seen.contains("code 130") && !seen.contains("hidden"), "{seen}");
    for setting in [" echo ", " icanon ", "isig "] {
        assert!(seen.contains(setting), "{setting}: {seen}");
    }
    assert!(!home.path(".config/vastai").exists());
    assert_eq!(account.requests(), [""; 0]);
}

#[test]
fn the_end_of_input_is_no_key() {
    let account = TestAccount::with(&json!({}));
    let home = home(&account);
    let mut terminal = Terminal::open(&home, 80, "vastenv set api-key");
    terminal.wait_for("API key (not shown): ");
    terminal.type_in("\u{4}");
    let (seen, code) = terminal.end();
    assert_eq!(code, 1, "{seen}");
    assert!(seen.contains("vastenv: no input"), "{seen}");
}
