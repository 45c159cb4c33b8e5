//! The key that a command prints: run when a request is to be made, and at no other time.

use std::fs;
use std::io::{BufRead, BufReader};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;
use vastenv::sandbox::Options;

use super::{script, with_command};
use crate::cli::account::{OTHER_KEY, TestAccount};
use crate::home::{Home, mode};
use crate::pty::wait_for;
use crate::terminal::Terminal;

/// An account whose key `print-key` prints, which notes each time that it ran.
struct Commanded {
    account: TestAccount,
    home: Home,
}

impl Commanded {
    fn new() -> Self {
        let account = TestAccount::with(&json!({"A": "hf_value"}));
        let mut home = Home::new();
        home.set("VASTENV_PROFILE", "work");
        let commanded = Self { account, home };
        commanded.prints(commanded.account.sandbox.key.expose());
        with_command(&commanded.home, &commanded.account, &["~/print-key", "op://a b/c"]);
        commanded
    }

    fn prints(&self, key: &str) {
        let notes = self.home.path("ran");
        script(
            &self.home,
            "print-key",
            &format!("echo \"$1\" \"$PWD\" >> {}\necho '{key}'", notes.display()),
        );
    }

    fn runs(&self) -> Vec<String> {
        let text = fs::read_to_string(self.home.path("ran")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }
}

#[test]
fn it_runs_once_for_a_command_that_asks_the_server_and_never_for_what_is_cached() {
    let work = Commanded::new();
    work.home.ok(&["refresh"]);
    assert_eq!(work.runs(), ["op://a b/c /"]);
    for words in [
        &["export", "json"][..],
        &["show", "env-var", "A"],
        &["run", "--", "true"],
        &["status"],
        &["why", "A"],
        &["profile", "list"],
        &["profile", "show"],
        &["refresh", "--curl"],
    ] {
        work.home.vastenv(words).run().expect(0);
    }
    assert_eq!(work.runs().len(), 1);
    let reply =
        work.home.vastenv(&["export", "bash", "--hook=", "1", "start", "", "", "", ""]).run().expect(0);
    assert!(reply.out.contains("hf_value"), "{reply:?}");
    assert_eq!(work.runs().len(), 1);
    work.home.ok(&["doctor"]);
    assert_eq!(work.runs().len(), 2);
}

#[test]
fn a_program_and_a_redactor_get_what_it_prints() {
    let work = Commanded::new();
    work.home.ok(&["refresh"]);
    let key = work.account.sandbox.key.expose();
    let print = "echo $VAST_API_KEY";
    let said = work.home.ok(&["run", "--with-api-key", "--", "sh", "-c", print]);
    assert_eq!(said, format!("{key}\n"));
    let said = work.home.ok(&["run", "--redact", "--with-api-key", "--", "sh", "-c", print]);
    assert_eq!(said, "*****\n");
    // Once for both.
    assert_eq!(work.runs().len(), 3);
}

#[test]
fn a_key_of_another_account_never_brings_what_is_known_of_the_first() {
    let Commanded { account, home } = Commanded::new();
    home.ok(&["refresh"]);
    home.vastenv(&["remember", "env-var", "A"]).stdin("kept").run().expect(0);
    let url = account.sandbox.url.clone();
    let port = url.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port");
    drop(account);
    // The same server with another user: the command is what it was.
    let state = json!({"secrets": {"B": "other"}, "api_keys": [{"key": OTHER_KEY}]});
    let account = TestAccount::of(&state, Options { port, ..Options::default() });
    let second = Commanded { account, home };
    second.prints(OTHER_KEY);
    // What is cached is the first one's, until a request has the command run.
    assert!(second.home.ok(&["export", "json"]).contains("\"A\": \"hf_value\""));
    second.home.ok(&["refresh"]);
    assert_eq!(second.home.ok(&["export", "json"]), "{\n \"B\": \"other\"\n}\n");
    let status = second.home.ok(&["status", "--raw"]);
    assert!(status.contains("\"count\": 0"), "{status}");
    second.prints("another-key-that-is-refused");
    second.home.vastenv(&["refresh"]).run().refuses(4, &["`", "print-key", "profile work"]);
    second.home.vastenv(&["export", "json"]).run().refuses(4, &["refused"]);
}

#[test]
fn what_it_prints_is_in_no_file() {
    let work = Commanded::new();
    work.home.ok(&["refresh"]);
    let key = work.account.sandbox.key.expose();
    fs::remove_file(work.home.path("print-key")).expect("removed");
    for path in crate::keyring::machine::files(&work.home.path("")) {
        let (path, bytes) = path;
        assert!(!String::from_utf8_lossy(&bytes).contains(key), "{path:?}");
        if path.starts_with(work.home.path(".local")) {
            assert_eq!(mode(&path) & 0o077, 0, "{path:?}");
        }
    }
}

#[test]
fn the_key_is_not_saved_or_reset_for_a_command_and_nothing_is_sent() {
    let work = Commanded::new();
    work.home.ok(&["refresh"]);
    work.account.forget();
    let refused = ["profile work", "print-key", "hint: "];
    work.home.vastenv(&["set", "api-key"]).stdin(OTHER_KEY).run().refuses(1, &refused);
    work.home.vastenv(&["reset", "api-key", "-y"]).run().refuses(1, &refused);
    assert!(work.account.requests().is_empty());
    assert_eq!(work.runs().len(), 1);
}

#[test]
fn in_the_background_it_runs_for_an_old_cache_alone_and_not_again_at_once_after_it_failed() {
    let work = Commanded::new();
    work.home.ok(&["refresh"]);
    // Another shell was faster.
    work.home.vastenv(&["__refresh"]).run();
    assert_eq!(work.runs().len(), 1);
    work.home.age_snapshot(100_000);
    let said = work.home.vastenv(&["__refresh"]).run().expect(0);
    assert_eq!((work.runs().len(), said.err.as_str()), (2, ""));
    work.home.age_snapshot(100_000);
    let notes = work.home.path("ran");
    script(
        &work.home,
        "print-key",
        &format!("echo failing >> {}; echo secret-words >&2; exit 1", notes.display()),
    );
    for code in [1, 0] {
        let said = work.home.vastenv(&["__refresh"]).run().expect(code);
        assert_eq!((said.out.as_str(), said.err.as_str()), ("", ""));
    }
    assert_eq!(work.runs().len(), 3);
    // A prompt starts none either, keeps the variables and says why.
    let hook = ["export", "bash", "--hook=", "1", "start", "", "", "", ""];
    let said =
        work.home.vastenv(&hook).run().expect(0).mentions(&["`", "exit code 1", "keeping the variables"]);
    assert!(said.out.contains("hf_value"), "{said:?}");
    // Whoever asks hears of it, and a program runs with what is cached.
    work.home.vastenv(&["refresh"]).run().refuses(1, &["secret-words", "exit code 1"]);
    work.home
        .vastenv(&["run", "--", "true"])
        .run()
        .expect(0)
        .mentions(&["running with the variables cached"]);
}

#[test]
fn an_interrupt_ends_it_too() {
    let work = Commanded::new();
    let file = work.home.path("pid");
    script(
        &work.home,
        "print-key",
        &format!("echo $$ > {0}.new; mv {0}.new {0}; sleep 1000", file.display()),
    );
    let mut terminal = Terminal::open(&work.home, 200, "vastenv refresh");
    let pid = wait_for("the command", || fs::read_to_string(&file).ok());
    terminal.type_in("\u{3}");
    terminal.end();
    let status = format!("/proc/{}/stat", pid.trim());
    wait_for("its end", || {
        let text = fs::read_to_string(&status).unwrap_or_default();
        (text.is_empty() || text.contains(") Z ")).then_some(())
    });
}

/// A command that reads a line from the terminal as passwords are read, and prints the key if that is right.
fn asks(work: &Commanded) {
    let key = work.account.sandbox.key.expose();
    let body = format!(
        "stty -echo </dev/tty; printf 'Passphrase: ' >/dev/tty; read -r line </dev/tty; stty echo </dev/tty
[ \"$line\" = opensesame ] && echo {key}"
    );
    script(&work.home, "print-key", &body);
}

#[test]
fn it_can_ask_its_user_at_a_terminal() {
    let work = Commanded::new();
    asks(&work);
    let url = &work.account.sandbox.url;
    for line in [
        "vastenv refresh",
        "vastenv run --with-api-key -- sh -c 'echo \"key $VAST_API_KEY\"'",
        "vastenv run --redact -- sh -c 'echo \"redacted\"'",
        "eval \"$(vastenv export sh)\"",
        "vastenv refresh 2>&1 | cat",
        &format!("vastenv profile add third --url {url} --api-key-command ~/print-key"),
    ] {
        let _ = fs::remove_dir_all(work.home.path(".cache/vastenv"));
        let script = format!("set -m; {line}; stty -a; read -r next; echo \"typed $next\"");
        let mut terminal = Terminal::open(&work.home, 200, &script);
        terminal.wait_for("Passphrase: ");
        terminal.type_in("opensesame\n");
        // The terminal is the shell's again, and as it was.
        terminal.wait_for(" echo ");
        terminal.type_in("next\n");
        let (text, code) = terminal.end();
        assert_eq!((text.contains("typed next"), code), (true, 0), "{line}: {text}");
        assert!(!text.contains("opensesame") && !text.contains("no API key"), "{line}: {text}");
    }
}

#[test]
#[ignore = "slow"]
fn who_is_not_answered_is_ended_and_the_terminal_is_as_it_was() {
    let work = Commanded::new();
    asks(&work);
    let mut terminal = Terminal::open(&work.home, 200, "vastenv refresh; stty -a");
    terminal.wait_for("Passphrase: ");
    let (text, _) = terminal.end();
    assert!(text.contains("within 10 s: ended") && text.contains(" echo "), "{text}");
}

#[test]
fn ctrl_c_at_its_question_ends_both_and_the_terminal_is_as_it_was() {
    let work = Commanded::new();
    asks(&work);
    for line in ["vastenv refresh", "vastenv run --with-api-key -- true", "vastenv run --redact -- true"] {
        let mut terminal = Terminal::open(
            &work.home,
            200,
            &format!("set -m; trap : INT; {line}; echo \"code $?\"; stty -a"),
        );
        terminal.wait_for("Passphrase: ");
        terminal.type_in("\u{3}");
        let (text, _) = terminal.end();
        assert!(text.contains("code 130") && text.contains(" echo "), "{line}: {text}");
        assert!(!text.contains("vastenv: "), "{line}: {text}");
    }
}

#[test]
fn a_command_that_is_watched_over_does_not_have_it_run_at_each_look() {
    let work = Commanded::new();
    work.home.ok(&["refresh"]);
    let print = "echo $A $VAST_API_KEY; exec sleep 1000";
    let mut child = work.home.vastenv(&["run", "--watch", "--with-api-key", "--", "sh", "-c", print]).spawn();
    let mut out = BufReader::new(child.stdout.take().expect("a pipe"));
    let mut line = || {
        let mut line = String::new();
        out.read_line(&mut line).expect("a line");
        line
    };
    let key = work.account.sandbox.key.expose();
    assert_eq!(line(), format!("hf_value {key}\n"));
    let runs = work.runs().len();
    for value in ["two", "three"] {
        work.home.vastenv(&["update", "env-var", "A"]).stdin(value).run().expect(0);
        work.home.vastenv(&["remember", "env-var", "A"]).stdin(value).run().expect(0);
        assert_eq!(line(), format!("{value} {key}\n"));
    }
    // Those who sent the changes.
    assert_eq!(work.runs().len(), runs + 2);
    kill(Pid::from_raw(child.id().cast_signed()), Signal::SIGTERM).expect("sent");
    child.wait().expect("ended");
}
