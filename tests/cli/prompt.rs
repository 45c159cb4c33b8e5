//! Questions on a real terminal: nothing that is typed is ever seen.

use std::fs;

use serde_json::json;

use crate::account::TestAccount;
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

#[test]
fn a_value_is_asked_for_and_further_pasted_lines_reach_no_shell() {
    let account = TestAccount::with(&json!({}));
    let home = home(&account);
    home.write(".config/vastai/vast_api_key", account.sandbox.key.expose());
    let script = "vastenv create env-var A; echo next; read line; echo \"<$line>\"";
    let mut terminal = Terminal::open(&home, 80, script);
    terminal.wait_for("value of A (not shown): ");
    terminal.type_in("hidden one\rhidden two\r");
    terminal.wait_for("next");
    terminal.type_in("typed\r");
    let (seen, code) = terminal.end();
    assert_eq!(code, 0, "{seen}");
    assert!(seen.contains("created A") && seen.contains("<typed>") && !seen.contains("hidden"), "{seen}");
    assert_eq!(account.secrets(), json!({"A": "hidden one"}));
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
    assert!(seen.contains("vastenv: nothing was typed"), "{seen}");
}
