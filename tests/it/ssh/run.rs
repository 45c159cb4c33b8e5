//! `run --on`: commands on another machine, without a terminal.

use serde_json::json;

use super::instance::{Instance, Launch, wait_for};
use crate::cli::account::TestAccount;
use crate::common::process::program;
use crate::home::{Call, Home};
use crate::profiles::with_command;

pub const HARD: &str = "it's \"a\" $(touch pwned) `touch pwned` \\ !! é🦀\n~.\n\n~?\r~.\ttab\u{1} %s end\n\n";

pub fn account() -> (TestAccount, Home) {
    let account = TestAccount::with(&json!({"HF_TOKEN": "hf_plain", "HARD": HARD, "_veh": "mine"}));
    let home = account.known_home();
    (account, home)
}

fn run(home: &Home, instance: &Instance, words: &[&str]) -> Call {
    let destination = instance.destination();
    home.vastenv(&[&instance.arguments(&["run", "--on"], &destination), words].concat())
}

#[test]
fn the_command_has_the_variables_its_arguments_stdin_and_exit_code() {
    let (_account, home) = account();
    let Some(instance) = Instance::with(&home, &[]) else { return };
    let script = "printf '<%s>' \"$HF_TOKEN\" \"$HARD\" \"$_veh\" \"$@\"; cat; echo err >&2; exit 7";
    let words = ["--", "sh", "-c", script, "sh", "a b", "", "*", "~.", HARD, "--on"];
    let said = run(&home, &instance, &words).stdin("one\n~.\ntwo\0three").run();
    assert_eq!((said.code, said.err.as_str()), (7, "err\n"));
    assert_eq!(said.out, format!("<hf_plain><{HARD}><mine><a b><><*><~.><{HARD}><--on>one\n~.\ntwo\0three"));
    let bytes =
        run(&home, &instance, &["sh", "-c", "printf %s \"$1\" | od -An -tx1", "sh"]).arg(b"\xff\xfe").run();
    assert_eq!(bytes.expect(0).out.trim(), "ff fe");
    // Nothing of ours is left in the command's environment, nothing was run, and no file is there.
    let left = run(&home, &instance, &["sh", "-c", "env; set; ls -A"]).run().expect(0).out;
    assert!(!left.contains("_ves") && !left.contains("-go") && !left.contains("\npwned\n"), "{left}");
    for (code, words) in
        [(127, &["no-such-program"][..]), (3, &["sh", "-c", "exit 3"]), (255, &["sh", "-c", "kill $$"])]
    {
        run(&home, &instance, words).run().expect(code);
    }
}

#[test]
fn nothing_waits_for_stdin_and_nothing_of_it_is_lost() {
    let (_account, home) = account();
    let Some(instance) = Instance::with(&home, &[]) else { return };
    let large = "0123456789abcdef".repeat(1 << 16);
    let said = run(&home, &instance, &["sh", "-c", "cat | wc -c"]).stdin(&large).run().expect(0);
    assert_eq!(said.out.trim(), (1 << 20).to_string());
    assert_eq!(run(&home, &instance, &["true"]).stdin(&large).run().expect(0).out, "");
    let said = run(&home, &instance, &["sh", "-c", "yes | head -c 1000000"]).run().expect(0);
    assert_eq!(said.out.len(), 1_000_000);
}

#[test]
fn every_login_shell_runs_it_alike_and_is_what_runs_without_a_command() {
    for shell in ["bash", "dash", "zsh", "fish", "tcsh"] {
        let Some(path) = program(shell) else { continue };
        let (_account, home) = account();
        let launch = Launch { shell: path.to_str().expect("text"), ..Launch::default() };
        let Some(instance) = launch.start(&home) else { return };
        for file in [".bashrc", ".profile", ".zshenv", ".config/fish/config.fish", ".tcshrc"] {
            instance.write(file, "echo noise\necho noise\n");
        }
        let said = run(&home, &instance, &["printenv", "HARD"]).run().expect(0);
        let out = said.out.trim_start_matches("noise\n");
        assert_eq!(out, format!("{HARD}\n"), "{shell}");
        // Without a command: a shell that reads its commands here.
        let said = run(&home, &instance, &[]).stdin("printenv HF_TOKEN\nexit 4\n").run().expect(4);
        assert!(said.out.ends_with("hf_plain\n"), "{shell}: {said:?}");
    }
}

#[test]
fn options_mean_there_what_they_mean_here() {
    let (account, home) = account();
    let Some(instance) = Instance::with(&home, &[]) else { return };
    instance.write(".bashrc", "export HF_TOKEN=theirs\n");
    let show = ["sh", "-c", "echo ${HF_TOKEN-} ${VAST_API_KEY-none}"];
    let out =
        |options: &[&str]| run(&home, &instance, &[options, &["--"], &show].concat()).run().expect(0).out;
    let key = account.sandbox.key.expose();
    assert_eq!(out(&[]), "hf_plain none\n");
    assert_eq!(out(&["--preserve-env"]), "theirs none\n");
    assert_eq!(out(&["--with-api-key"]), format!("hf_plain {key}\n"));
    assert_eq!(out(&["--redact", "--with-api-key"]), "***** *****\n");
    let said = run(&home, &instance, &["--redact", "--", "sh", "-c", "printenv HARD >&2"]).run().expect(0);
    assert_eq!(said.err, "*****\n");
}

#[test]
fn the_key_that_a_profiles_command_prints_arrives_with_its_server() {
    let (account, mut home) = account();
    let Some(instance) = Instance::with(&home, &[]) else { return };
    let key = account.sandbox.key.expose();
    let file = home.write("vast.key", key);
    with_command(&home, &account, &["cat", file.to_str().expect("text")]);
    home.unset("VAST_API_KEY");
    home.set("VAST_URL", "http://127.0.0.1:1");
    home.set("VASTENV_PROFILE", "work");
    let show = ["--with-api-key", "--", "sh", "-c", "echo $HF_TOKEN $VAST_API_KEY $VAST_URL"];
    let out = run(&home, &instance, &show).run().expect(0).out;
    assert_eq!(out, format!("hf_plain {key} {}\n", account.sandbox.url));
}

#[test]
fn what_a_login_runs_in_place_of_it_gets_nothing() {
    let (_account, home) = account();
    for says in ["", "echo 0-ready >&2;"] {
        let config = format!("ForceCommand {says} cat >got; mv got ended");
        let Some(instance) = (Launch { config: &config, ..Launch::default() }).start(&home) else { return };
        let mut child = run(&home, &instance, &["true"]).spawn();
        // It waits for input, which it does not get: who started it goes away.
        wait_for(&instance.path("got"));
        child.kill().expect("killed");
        child.wait().expect("ended");
        wait_for(&instance.path("ended"));
        assert_eq!(std::fs::read(instance.path("ended")).expect("read"), b"");
    }
    let config = "ForceCommand echo nothing here; exit 5";
    let Some(instance) = (Launch { config, ..Launch::default() }).start(&home) else { return };
    run(&home, &instance, &["true"])
        .run()
        .expect(5)
        .mentions(&["the login runs no commands (ssh ended with 5)"]);
    let Some(instance) = Instance::with(&home, &[]) else { return };
    // A question in a start-up file takes the end of nothing, and the command still comes.
    instance.write(".bashrc", "echo 'open terminal failed: not a terminal' >&2\nexit 1\n");
    run(&home, &instance, &["true"]).run().expect(1).mentions(&["touch ~/.no_auto_tmux"]);
    let options = ["--ssh-option", "PubkeyAuthentication=no", "true"];
    run(&home, &instance, &options)
        .run()
        .refuses(255, &["Permission denied", "does not accept your SSH key"]);
}

#[test]
fn what_the_account_lacks_a_value_of_is_told_before_anything_is_asked_of_the_machine() {
    let home = Home::at(&crate::raw_server::nobody(), "a-key-of-this-server-0001");
    home.vastenv(&["run", "--on", "nobody.invalid", "true"]).run().refuses(1, &["--allow-missing"]);
    home.vastenv(&["run", "--ssh-option", "x", "true"]).run().refuses(2, &["missing: --on <DEST|ID>\n"]);
    home.vastenv(&["run"]).run().refuses(2, &["CMD"]);
}
