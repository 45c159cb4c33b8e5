//! `run --on` in a terminal: as under `ssh`, but with the variables.

use serde_json::json;

use super::instance::{Instance, Launch, is_root, wait_for, waiting_sh};
use super::run::{HARD, account};
use crate::cli::account::TestAccount;
use crate::common::process::program;
use crate::common::skip::can;
use crate::home::Home;
use crate::terminal::Terminal;

/// `vastenv run --on` this instance in a terminal of 24 lines and 90 columns; `words` are the shell's.
fn open(home: &Home, instance: &Instance, words: &str) -> Terminal {
    let destination = instance.destination();
    let line = instance.arguments(&["vastenv", "run", "--on"], &destination).join(" ");
    Terminal::open(home, 90, &format!("stty -g >before; {line} {words}; code=$?; stty -g >after; exit $code"))
}

/// Whether the terminal was left as it was found.
fn is_restored(home: &Home) -> bool {
    let settings = |name: &str| std::fs::read_to_string(home.path(name)).expect("settings");
    settings("before") == settings("after")
}

#[test]
fn it_has_size_keys_interrupts_and_exit_code() {
    let (_account, home) = account();
    let Some(instance) = Instance::with(&home, &[]) else { return };
    let script = "trap \"echo caught; exit 9\" INT; echo $(stty size) $TERM; read line; echo \"<$line>\"; stty size; \
                  while :; do sleep 0.1; done";
    let mut home = home;
    home.set("TERM", "xterm-test");
    let mut terminal = open(&home, &instance, &format!("sh -c '{script}'"));
    terminal.wait_for("24 90 xterm-test\r\n");
    terminal.resize(30, 77);
    terminal.type_in("hello\r");
    terminal.wait_for("<hello>\r\n30 77");
    terminal.type_in("\u{3}");
    let (seen, code) = terminal.end();
    assert_eq!(code, 9, "{seen}");
    assert!(seen.contains("caught") && is_restored(&home), "{seen}");
}

#[test]
fn values_arrive_byte_for_byte_and_are_never_shown() {
    let (_account, home) = account();
    for shell in ["bash", "dash", "zsh", "fish", "tcsh"] {
        let Some(path) = program(shell) else { continue };
        let launch = Launch { shell: path.to_str().expect("text"), ..Launch::default() };
        let Some(instance) = launch.start(&home) else { return };
        for file in [".bashrc", ".profile", ".zshenv", ".config/fish/config.fish", ".tcshrc"] {
            instance.write(file, "echo noise\n");
        }
        let terminal = open(&home, &instance, "-- sh -c 'stty -a >tty; printenv HARD >got; exit 3'");
        let (seen, code) = terminal.end();
        assert_eq!(code, 3, "{shell}: {seen}");
        let got = std::fs::read_to_string(instance.path("got")).expect("written");
        assert_eq!(got, format!("{HARD}\n"), "{shell}");
        assert!(!seen.contains("hf_plain") && !seen.contains("-go") && !seen.contains("-ready"), "{seen}");
        let settings = std::fs::read_to_string(instance.path("tty")).expect("written");
        for setting in ["icanon", "echo", "icrnl", "opost"] {
            assert!(
                settings.split_whitespace().any(|word| word == setting),
                "{shell}: {setting}: {settings}"
            );
        }
        assert!(is_restored(&home));
    }
}

#[test]
fn a_large_value_fits_through_a_terminal() {
    let value = "0123456789".repeat(10_000);
    let account = TestAccount::with(&json!({"A": value, "B": value}));
    let home = account.known_home();
    let Some(instance) = Instance::with(&home, &[]) else { return };
    let (seen, code) = open(&home, &instance, "-- sh -c 'echo ${#A} ${#B}'").end();
    assert_eq!(code, 0, "{seen}");
    assert!(seen.contains("100000 100000"), "{seen}");
}

#[test]
fn what_is_typed_ahead_is_no_command() {
    if !can(is_root(), "only root can make an instance wait") {
        return;
    }
    let (_account, home) = account();
    let launch = Launch { sh: Some(&waiting_sh("stty")), ..Launch::default() };
    let Some(instance) = launch.start(&home) else { return };
    instance.close_gate();
    let mut terminal = open(&home, &instance, "-- sh -c 'printenv HARD >got; echo ends'");
    wait_for(&instance.path("waits"));
    // Before the terminal there is raw: `~` begins an escape of ssh.
    terminal.type_in("touch typed; echo $HARD\r\n'~#\r~");
    terminal.wait_for("touch typed");
    let _gate = instance.open_gate();
    let (seen, code) = terminal.end();
    assert_eq!(code, 0, "{seen}");
    assert!(!instance.path("typed").exists(), "{seen}");
    assert_eq!(std::fs::read_to_string(instance.path("got")).expect("written"), format!("{HARD}\n"));
}

#[test]
fn ssh_asks_its_questions_and_obeys_its_escapes() {
    let (_account, home) = account();
    let Some(instance) = Instance::with(&home, &[]) else { return };
    let keygen = program("ssh-keygen").expect("ssh-keygen");
    let lock = ["-q", "-p", "-P", "", "-N", "open sesame", "-f", "key"];
    home.command(keygen, &lock).run().expect(0);
    let options = "--ssh-option StrictHostKeyChecking=ask --ssh-option LogLevel=INFO";
    let mut terminal = open(&home, &instance, &format!("{options} -- sh -c 'echo listening; exec cat'"));
    terminal.wait_for("continue connecting (yes/no/[fingerprint])? ");
    terminal.type_in("yes\r");
    terminal.wait_for("Enter passphrase for key");
    terminal.type_in("open sesame\r");
    terminal.wait_for("listening\r\n");
    terminal.type_in("ready?\r");
    // As typed, and as `cat` has it.
    terminal.wait_for("ready?\r\nready?\r\n");
    terminal.type_in("\r~.");
    let (seen, code) = terminal.end();
    assert_eq!(code, 255, "{seen}");
    assert!(!seen.contains("sesame") && is_restored(&home), "{seen}");
}

#[test]
fn without_a_command_it_is_a_login_shell_also_where_logins_go_into_tmux() {
    let (_account, home) = account();
    let Some(instance) = Instance::with(&home, &[]) else { return };
    // As Vast's start-up files have it, in short.
    instance.write(
        ".bashrc",
        "case $- in *i*) [ -n \"$TMUX\" ] || { echo in tmux; exec env -i sh; }; esac\nPS1='THERE> '\n",
    );
    instance.write(".bash_profile", ". ~/.bashrc\n");
    let mut terminal = open(&home, &instance, "");
    terminal.wait_for("THERE> ");
    terminal.type_in("echo \"$HF_TOKEN:${TMUX-unset}:$-\"; shopt -q login_shell && echo is login\r");
    terminal.wait_for("hf_plain:unset:");
    terminal.wait_for("is login");
    terminal.type_in("env | grep -c PROMPT_COMMAND; exit 6\r");
    let (seen, code) = terminal.end();
    assert_eq!(code, 6, "{seen}");
    assert!(seen.contains("\n0\n"), "{seen}");
}

#[test]
fn redaction_works_there_too() {
    let (_account, home) = account();
    let Some(instance) = Instance::with(&home, &[]) else { return };
    instance.write(".bash_profile", "PS1='THERE> '\n");
    let mut terminal = open(&home, &instance, "--redact");
    terminal.wait_for("THERE> ");
    terminal.type_in("echo \"<$HF_TOKEN>\"; exit\r");
    let (seen, code) = terminal.end();
    assert_eq!(code, 0, "{seen}");
    assert!(seen.contains("<*****>") && !seen.contains("hf_plain"), "{seen}");
}

#[test]
fn a_shared_connection_is_used_and_outlives_the_command() {
    let (_account, home) = account();
    let Some(instance) = Instance::with(&home, &[]) else { return };
    instance.configure(&home, "ControlMaster auto\nControlPersist 60\n");
    let socket = home.path("socket").display().to_string();
    let options = format!("--ssh-option ControlPath={socket}");
    for _ in 0..2 {
        let (seen, code) =
            open(&home, &instance, &format!("{options} -- sh -c 'printenv HARD >got; exit 3'")).end();
        assert_eq!(code, 3, "{seen}");
        assert!(!seen.contains("hf_plain"), "{seen}");
        assert_eq!(std::fs::read_to_string(instance.path("got")).expect("written"), format!("{HARD}\n"));
    }
    let destination = instance.destination();
    let words = instance.arguments(&["run", "--on"], &destination);
    let (option, value) = options.split_once(' ').expect("two words");
    let said = home.vastenv(&[&words[..], &[option, value, "printenv", "HF_TOKEN"]].concat()).run().expect(0);
    assert_eq!((said.out.as_str(), said.err.as_str()), ("hf_plain\n", ""));
}
