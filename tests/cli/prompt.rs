//! Questions on a real terminal: nothing that is typed is ever seen.

use std::fs;
use std::io::{Read, Write};

use portable_pty::{CommandBuilder, MasterPty, PtySize, native_pty_system};
use serde_json::json;

use crate::account::TestAccount;
use crate::home::{Home, VASTENV};

/// A shell on a terminal of its own, where `vastenv` is the program under test.
struct Terminal {
    master: Box<dyn MasterPty + Send>,
    reader: Box<dyn Read + Send>,
    writer: Box<dyn Write + Send>,
    shell: Box<dyn portable_pty::Child + Send + Sync>,
    seen: String,
}

impl Terminal {
    fn open(home: &Home, url: &str, script: &str) -> Self {
        let pair = native_pty_system().openpty(PtySize::default()).expect("a terminal");
        let mut command = CommandBuilder::new("sh");
        command.args(["-c", &format!("vastenv() {{ '{VASTENV}' \"$@\"; }}; {script}")]);
        command.env_clear();
        command.env("PATH", std::env::var_os("PATH").expect("a PATH"));
        command.env("HOME", home.path(""));
        command.env("VAST_URL", url);
        command.cwd(home.path(""));
        let shell = pair.slave.spawn_command(command).expect("started");
        let reader = pair.master.try_clone_reader().expect("a reader");
        let writer = pair.master.take_writer().expect("a writer");
        Self { master: pair.master, reader, writer, shell, seen: String::new() }
    }

    /// Reads until `text` is there.
    fn wait_for(&mut self, text: &str) {
        while !self.seen.contains(text) {
            assert!(self.read(), "{text:?} never came: {}", self.seen);
        }
    }

    fn read(&mut self) -> bool {
        let mut chunk = [0; 1024];
        // A terminal whose programs have all ended answers with an error.
        let count = self.reader.read(&mut chunk).unwrap_or(0);
        self.seen.push_str(&String::from_utf8_lossy(&chunk[..count]));
        count > 0
    }

    fn type_in(&mut self, text: &str) {
        self.writer.write_all(text.as_bytes()).expect("typed");
    }

    /// Reads to the end; gives all that was seen, and the shell's exit code.
    fn end(mut self) -> (String, u32) {
        while self.read() {}
        drop((self.writer, self.master));
        (self.seen, self.shell.wait().expect("ended").exit_code())
    }
}

#[test]
fn a_key_is_asked_for_without_echo() {
    let account = TestAccount::with(&json!({}));
    let home = Home::new();
    let key = account.sandbox.key.expose();
    let mut terminal = Terminal::open(&home, &account.sandbox.url, "vastenv set api-key");
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
    let home = Home::new();
    home.write(".config/vastai/vast_api_key", account.sandbox.key.expose());
    let script = "vastenv create env-var A; echo next; read line; echo \"<$line>\"";
    let mut terminal = Terminal::open(&home, &account.sandbox.url, script);
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
    let home = Home::new();
    let script = "trap : INT; vastenv set api-key; echo \"code $?\"; stty -a";
    let mut terminal = Terminal::open(&home, &account.sandbox.url, script);
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
    let home = Home::new();
    let mut terminal = Terminal::open(&home, &account.sandbox.url, "vastenv set api-key");
    terminal.wait_for("API key (not shown): ");
    terminal.type_in("\u{4}");
    let (seen, code) = terminal.end();
    assert_eq!(code, 1, "{seen}");
    assert!(seen.contains("vastenv: nothing was typed"), "{seen}");
}
