//! No value where it does not belong: not in the hook's own variables, not twice in a child's
//! environment, not in a trace.

use super::account::{Account, FIRST_KEY};
use super::follow::each;
use crate::pty::{Shell, Terminal};

const VALUE: &str = "S3cret-value-of-a-token-that-nobody-may-see";
const BEFORE: &str = "Th3-value-that-was-there-before-and-is-hidden";

/// `text` in every form in which it might hide.
fn forms(text: &str) -> Vec<String> {
    let mut hex = String::new();
    for byte in text.bytes() {
        hex.push_str(&format!("{byte:02x}"));
    }
    let mut forms = vec![text.to_owned(), hex.to_uppercase(), hex];
    // Base64 of a text in the middle of another begins at one of three places.
    for skip in 0..3 {
        forms.push(base64(&text.as_bytes()[skip..]));
    }
    forms
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let whole = bytes.chunks_exact(3).flat_map(|chunk| {
        let bits = u32::from(chunk[0]) << 16 | u32::from(chunk[1]) << 8 | u32::from(chunk[2]);
        [18, 12, 6, 0].map(|shift| char::from(DIGITS[(bits >> shift & 63) as usize]))
    });
    whole.collect()
}

#[track_caller]
fn assert_hidden(text: &str, what: &str) {
    for secret in [VALUE, BEFORE, FIRST_KEY] {
        for form in forms(secret) {
            assert!(!text.contains(&form), "{what} shows a value: {text}");
        }
    }
}

fn account() -> Account {
    let mut account = Account::with(&[("HF_TOKEN", VALUE), ("LONG", &"x".repeat(20_000))]);
    account.home.variable("VAST_API_KEY", FIRST_KEY);
    account.home.vastenv_ok(&["refresh"]);
    account
}

#[test]
fn the_hooks_own_variables_hold_no_value() {
    assert_eq!(base64(b"S3cret"), "UzNjcmV0");
    each(|shell| {
        let account = account();
        account.home.rc(shell, &shell.export("HF_TOKEN", BEFORE), "");
        let mut terminal = Terminal::open(&account.home, shell);
        assert_eq!(terminal.get("HF_TOKEN"), VALUE);
        terminal.run(match shell {
            Shell::Bash => "(set -o posix; set) > all; declare -p >> all",
            Shell::Zsh => "set > all; typeset -p >> all",
            Shell::Fish => "set --long > all",
        });
        let all = account.home.read("all");
        let own: Vec<&str> = all.lines().filter(|line| line.contains("__vastenv_")).collect();
        assert!(own.len() > 5, "{all}");
        assert_hidden(&own.join("\n"), "a variable of the hook");
        // Nor is a value written down where functions are.
        terminal.run(match shell {
            Shell::Fish => "functions (functions -a) > all",
            _ => "typeset -f > all",
        });
        assert_hidden(&account.home.read("all"), "a function");
    });
}

#[test]
fn a_child_inherits_each_value_once() {
    each(|shell| {
        let account = account();
        account.home.rc(shell, &shell.export("HF_TOKEN", BEFORE), "");
        let mut terminal = Terminal::open(&account.home, shell);
        terminal.run("env -0 > environment");
        let environment = account.home.read("environment");
        let own = |entry: &&str| !entry.starts_with("HF_TOKEN=") && !entry.starts_with("VAST_API_KEY=");
        let rest: Vec<&str> = environment.split('\0').filter(own).collect();
        assert_hidden(&rest.join("\n"), "the environment");
        let ours: Vec<&&str> = rest.iter().filter(|entry| entry.contains("__vastenv")).collect();
        // However long a value is: it is not packed into the ledger either.
        assert!(ours.len() == 1 && ours[0].len() < 200, "{ours:?}");
    });
}

#[test]
fn a_trace_shows_no_value() {
    each(|shell| {
        // A line that turns tracing on, and the flag that shows that it stayed on.
        let options: &[(&str, char)] = match shell {
            Shell::Bash => {
                &[("set -x", 'x'), ("set -v", 'v'), ("set -xv", 'x'), ("set -xT; trap : DEBUG", 'T')]
            }
            Shell::Zsh => &[("setopt xtrace", 'x'), ("setopt verbose", 'v'), ("set -xv", 'v')],
            Shell::Fish => &[("set -g fish_trace 1", '1')],
        };
        for (option, flag) in options {
            let account = account();
            account.home.rc(shell, option, "");
            let mut terminal = Terminal::open(&account.home, shell);
            terminal.run("");
            account.home.vastenv_ok(&["create", "env-var", "NEW", BEFORE]);
            terminal.run("");
            terminal.run(&shell.set("VASTENV_DISABLE", "1"));
            terminal.run(&shell.unset("VASTENV_DISABLE"));
            assert_hidden(&terminal.raw_text(), option);
            let flags = if shell == Shell::Fish { "$fish_trace" } else { "$-" };
            let text = terminal.run(&format!("echo flags:{flags}."));
            let shown = text.rsplit("flags:").next().expect("flags").split('.').next().expect("flags");
            assert!(shown.contains(*flag), "{option} was lost: {shown}");
        }
    });
}

#[test]
fn the_hook_text_holds_nothing_of_the_account() {
    let account = account();
    for shell in Shell::ALL {
        let text = account.home.vastenv_ok(&["hook", shell.name()]);
        assert_hidden(&text, "the hook");
        let bare = crate::pty::Home::new().vastenv_ok(&["hook", shell.name()]);
        assert_eq!(text, bare, "the same for everybody");
    }
}

#[test]
fn what_records_commands_shows_no_value() {
    let functions = "__vastenv_hook __vastenv_load __vastenv_obey __vastenv_ask __vastenv_check \
        __vastenv_state __vastenv_same_key __vastenv_digest_key";
    each(|shell| {
        let account = account();
        let (before, after) = match shell {
            Shell::Bash => (
                "trap 'printf \"%s\\n\" \"$BASH_COMMAND\" >> record' DEBUG; set -T",
                format!("for name in {functions}; do declare -ft $name; done; set +T"),
            ),
            Shell::Zsh => (
                "TRAPDEBUG() { print -r -- \"$ZSH_DEBUG_CMD\" >> record }",
                format!("functions -t {functions}"),
            ),
            Shell::Fish => ("", String::new()),
        };
        account.home.rc(shell, before, &after);
        let words: &[&str] = match shell {
            Shell::Fish => {
                &["fish", "-i", "--profile", "profile", "--debug", "*", "--debug-output", "record"]
            }
            _ => &[shell.name(), "-i"],
        };
        let (mut terminal, _) = Terminal::start(&account.home, shell, words);
        account.home.vastenv_ok(&["create", "env-var", "NEW", VALUE]);
        terminal.run("");
        account.home.vastenv_ok(&["delete", "env-var", "NEW"]);
        terminal.run("");
        terminal.run(&shell.set("VASTENV_DISABLE", "1"));
        terminal.exit();
        assert_hidden(&terminal.raw_text(), "the terminal");
        let files = ["record", "profile"].map(|file| account.home.path(file));
        let records: Vec<_> = files.iter().filter_map(|file| std::fs::read(file).ok()).collect();
        assert!(records.iter().any(|record| !record.is_empty()), "nothing was recorded");
        for record in records {
            assert_hidden(&String::from_utf8_lossy(&record), "a record of commands");
        }
    });
}

/// Lines that leave a trace where a shell runs them.
const PASTED: [&str; 4] = ["-----BEGIN KEY-----", "touch ran", "echo ran >> ran", "-----END KEY-----"];

#[test]
fn a_paste_at_the_hidden_question_is_one_value_and_nothing_that_the_shell_runs() {
    each(|shell| {
        let account = Account::with(&[]);
        let binary = account.home.binary.display().to_string();
        let mut terminal = Terminal::open(&account.home, shell);
        let bare = PASTED.join("\r");
        let bracketed = format!("\u{1b}[200~{bare}\u{1b}[201~");
        for (name, paste) in [("BARE", &bare), ("BRACKETED", &bracketed)] {
            terminal.send(&format!("{binary} create env-var {name}\n"));
            terminal.until(&format!("value of {name} (not shown): "));
            terminal.send(&format!("{paste}\r"));
            terminal.until(&format!("created {name}"));
            terminal.settle();
            assert_eq!(terminal.get(name), PASTED.join("\n"), "{shell:?}: {}", terminal.text());
        }
        assert!(terminal.text().matches("(4 lines)").count() == 2, "{shell:?}: {}", terminal.text());
        assert!(!account.home.path("ran").exists(), "{shell:?}: {}", terminal.text());
    });
}
