//! `vastenv run --redact -- CMD` into pipes and files.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::Child;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;

use super::account::{OTHER_KEY, TestAccount};
use crate::common::process::program;
use crate::common::skip::can;
use crate::home::{Home, said};

const TOKEN: &str = "hf_AbCdEf0123456789";

fn account() -> TestAccount {
    TestAccount::with(&json!({
        "HF_TOKEN": TOKEN,
        "PEM": "-----BEGIN KEY-----\nline two of it\n-----END KEY-----\n",
        "LD_PRELOAD": "/never/loaded.so",
    }))
}

/// What `script` prints on stdout and stderr when run with `--redact`.
fn redacted(home: &Home, script: &str) -> (String, String) {
    let said = home.vastenv(&["run", "--redact", "--", "sh", "-c", script]).run().expect(0);
    (said.out, said.err)
}

#[test]
fn every_known_value_and_the_key_are_taken_out_of_both_streams() {
    let account = account();
    let home = account.known_home();
    let (out, err) = redacted(&home, "echo \"<$HF_TOKEN>\"; echo \"$PEM.\"; echo \"[$HF_TOKEN]\" >&2");
    assert_eq!((out.as_str(), err.as_str()), ("<*****>\n*****.\n", "[*****]\n"));
    // One that is not loaded, the key, and nothing else.
    let (out, _) = redacted(&home, "echo /never/loaded.so $VAST_API_KEY $VAST_URL");
    assert_eq!(out, format!("***** ***** {}\n", account.sandbox.url));
    let (out, _) =
        redacted(&home, "printf %s \"$HF_TOKEN\" | base64; printf %s \"u:$PEM$PEM\" | base64 -w 64");
    assert!(out.starts_with("*****\n") && !out.contains("LS0tLS1CRUdJTiBLRVkt"), "{out}");
    // Without the option they are there.
    assert_eq!(home.ok(&["run", "--", "sh", "-c", "echo $HF_TOKEN"]), format!("{TOKEN}\n"));
}

#[test]
fn a_value_remembered_of_a_deleted_variable_is_taken_out() {
    let account = account();
    let home = account.known_home();
    home.ok(&["delete", "env-var", "HF_TOKEN", "--quiet"]);
    let (out, _) = redacted(&home, &format!("echo \"<{TOKEN}>${{HF_TOKEN-gone}}\""));
    assert_eq!(out, "<*****>gone\n");
}

#[test]
fn a_saved_key_is_taken_out_beside_the_one_in_use() {
    let account = account();
    let home = account.known_home();
    home.write(".config/vastai/vast_api_key", OTHER_KEY);
    assert_eq!(redacted(&home, &format!("echo {OTHER_KEY} $VAST_API_KEY")).0, "***** *****\n");
    let keyless = Home::new();
    keyless.write(".config/vastai/vast_api_key", OTHER_KEY);
    let said = keyless
        .vastenv(&[
            "run",
            "--redact",
            "--allow-missing",
            "--url",
            "http://127.0.0.1:9",
            "--",
            "echo",
            OTHER_KEY,
        ])
        .run()
        .expect(0);
    assert_eq!(said.out, "*****\n");
}

#[test]
fn a_value_too_short_is_named_once_and_left() {
    let account = TestAccount::with(&json!({"MODE": "on", "PORT": "80", "EMPTY": "", "FOUR": "four"}));
    let home = account.known_home();
    let (out, err) = redacted(&home, "echo $MODE $PORT $FOUR; echo on >&2");
    assert_eq!(out, "on 80 *****\n");
    let warning = "vastenv: warning: not redacted, values under 4 bytes are too short";
    assert_eq!(err, format!("{warning}: MODE, PORT\non\n"));
}

#[test]
fn a_mask_is_no_value() {
    let account = TestAccount::serving(
        &json!({"A": "secret value"}),
        vastenv::sandbox::Options { mask: true, ..Default::default() },
    );
    let home = account.known_home();
    let command = ["run", "--redact", "--allow-missing", "--", "echo", "******** secret value"];
    assert_eq!(home.ok(&command), "******** secret value\n");
}

/// A command that waits for lines on stdin.
fn start(home: &Home, script: &str) -> (Child, BufReader<std::process::ChildStdout>) {
    let mut command = crate::common::process::command(crate::home::VASTENV);
    command.args(["run", "--redact", "--", "sh", "-c", script]);
    command.env_clear().envs(home.variables().iter().cloned()).current_dir(home.path(""));
    command.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
    let mut child = command.spawn().expect("started");
    let out = BufReader::new(child.stdout.take().expect("a pipe"));
    (child, out)
}

fn line(out: &mut impl BufRead) -> String {
    let mut line = String::new();
    out.read_line(&mut line).expect("a line");
    line
}

#[test]
fn what_may_be_a_secret_waits_until_it_is_decided() {
    let account = account();
    let home = account.known_home();
    let (mut child, mut out) = start(
        &home,
        "echo first; printf hf_AbCd; read -r go; printf 'Ef0123456789\\n'; printf hf_; read -r go",
    );
    let mut stdin = child.stdin.take().expect("a pipe");
    assert_eq!(line(&mut out), "first\n");
    stdin.write_all(b"\n").expect("written");
    assert_eq!(line(&mut out), "*****\n");
    drop(stdin);
    let mut rest = String::new();
    out.read_to_string(&mut rest).expect("text");
    assert_eq!(rest, "hf_");
    assert_eq!(child.wait().expect("ended").code(), Some(1));
}

#[test]
fn the_exit_code_is_the_commands() {
    let account = account();
    let home = account.known_home();
    let run = |arguments: &[&str]| home.vastenv(&[&["run", "--redact", "--"], arguments].concat()).run();
    for code in [0, 1, 7, 255] {
        run(&["sh", "-c", &format!("exit {code}")]).expect(code);
    }
    run(&["sh", "-c", "kill -KILL $$"]).expect(128 + 9);
    run(&["no-such-program"]).refuses(127, &["cannot run no-such-program: not found"]);
    run(&[home.path("").to_str().expect("text")]).refuses(126, &["cannot run", "permission denied"]);
}

#[test]
fn signals_are_passed_on() {
    let account = account();
    let home = account.known_home();
    for (signal, name) in [(Signal::SIGTERM, "TERM"), (Signal::SIGUSR1, "USR1")] {
        // Not SIGHUP: where this runs under nohup, a shell cannot trap it.
        // Busy: a shell that is just about to wait for a line sees the signal only when the line comes.
        let script =
            format!("trap 'echo got {name} $HF_TOKEN; exit 9' {name}; echo ready; while :; do :; done");
        let (mut child, mut out) = start(&home, &script);
        assert_eq!(line(&mut out), "ready\n");
        kill(Pid::from_raw(i32::try_from(child.id()).expect("a number")), signal).expect("sent");
        assert_eq!(line(&mut out), format!("got {name} *****\n"));
        assert_eq!(child.wait().expect("ended").code(), Some(9));
    }
}

#[test]
fn a_reader_that_goes_away_ends_it() {
    let account = account();
    let home = account.known_home();
    let script = format!("'{}' run --redact -- yes \"$1\" | head -n 1", crate::home::VASTENV);
    let said = home.command("sh", &["-c", &script, "sh", TOKEN]).run().expect(0);
    assert_eq!((said.out.as_str(), said.err.as_str()), ("*****\n", ""));
}

#[test]
fn all_output_arrives_and_stdin_passes_through() {
    let account = account();
    let home = account.known_home();
    let lines = format!("a line with {TOKEN} in it\n").repeat(200_000);
    let cat = home.write("lines", &lines);
    let said = home.vastenv(&["run", "--redact", "--", "cat", cat.to_str().expect("text")]).run().expect(0);
    assert!(said.out == "a line with ***** in it\n".repeat(200_000), "{} bytes", said.out.len());
    let said = home.vastenv(&["run", "--redact", "--", "cat"]).stdin(format!("<{TOKEN}>")).run().expect(0);
    assert_eq!(said.out, "<*****>");
}

#[test]
fn files_get_their_own_stream() {
    let account = account();
    let home = account.known_home();
    let script = format!(
        "'{}' run --redact -- sh -c 'echo out $HF_TOKEN; echo err $HF_TOKEN >&2' >out 2>err",
        crate::home::VASTENV
    );
    home.command("sh", &["-c", &script]).run().expect(0);
    let read = |name: &str| fs::read_to_string(home.path(name)).expect("text");
    assert_eq!((read("out").as_str(), read("err").as_str()), ("out *****\n", "err *****\n"));
}

#[test]
fn a_full_disk_is_told() {
    if !can(std::path::Path::new("/dev/full").exists(), "the system has no /dev/full") {
        return;
    }
    let account = account();
    let home = account.known_home();
    for (command, code) in [("echo out", 1), ("echo out; exit 3", 3), ("echo out >&2", 1)] {
        let script = format!("'{}' run --redact -- sh -c '{command}' >/dev/full", crate::home::VASTENV);
        let script =
            if command.ends_with(">&2") { script.replace(" >/dev/full", " 2>/dev/full") } else { script };
        let said = home.command("sh", &["-c", &script]).run().expect(code);
        if !command.ends_with(">&2") {
            said.mentions(&["the command's output was cut off"]);
        }
    }
}

#[test]
fn a_reader_that_has_gone_ends_the_command_as_without_the_option() {
    let account = account();
    let home = account.known_home();
    for option in ["", "--redact"] {
        // Its reader has gone before it writes.
        let script = format!(
            "{{ '{}' run {option} -- sh -c 'read x <fifo; echo out'; echo $? >code; }} | {{ exec <&-; echo >fifo; }}",
            crate::home::VASTENV
        );
        let _ = fs::remove_file(home.path("fifo"));
        nix::unistd::mkfifo(&home.path("fifo"), nix::sys::stat::Mode::S_IRWXU).expect("made");
        home.command("sh", &["-c", &script]).run().expect(0);
        assert_eq!(fs::read_to_string(home.path("code")).expect("text"), "141\n", "{option}");
    }
}

#[test]
fn a_signal_that_is_ignored_stays_ignored() {
    let account = account();
    let home = account.known_home();
    for (signal, name) in [(15, "TERM"), (1, "HUP"), (2, "INT"), (13, "PIPE")] {
        for option in [&[][..], &["--redact"]] {
            let asked = format!("kill -{name} $$; echo still here");
            for (ignored, code, out) in [(name, 0, "still here\n"), ("", 128 + signal, "")] {
                let trap = if ignored.is_empty() { String::new() } else { format!("trap '' {ignored};") };
                let script = format!("{trap} exec \"$@\"");
                let command = [&["-c", &script, "sh", crate::home::VASTENV, "run"][..], option].concat();
                let said = home.command("sh", &[&command[..], &["--", "sh", "-c", &asked]].concat()).run();
                assert_eq!(said.expect(code).out, out, "{name} {option:?} ignored: {ignored:?}");
            }
        }
    }
}

#[test]
fn what_the_command_leaves_behind_is_heard_to_its_end() {
    let account = account();
    let home = account.known_home();
    let child = home.vastenv(&[
        "run",
        "--redact",
        "--",
        "sh",
        "-c",
        "(read -r x; echo late $HF_TOKEN) <fifo & exit 5",
    ]);
    nix::unistd::mkfifo(&home.path("fifo"), nix::sys::stat::Mode::S_IRWXU).expect("made");
    let child = child.spawn();
    fs::write(home.path("fifo"), "go\n").expect("written");
    assert_eq!(said(child.wait_with_output().expect("ended")).expect(5).out, "late *****\n");
}

#[test]
fn a_shells_quoting_and_prefixed_lines_show_nothing() {
    let pem = "-----BEGIN KEY-----\nMIIBVgIBADANBgkqhkiG9w0BAQEF\nAASCAT8wggE7AgEAAkEAq7BFUpkG\n-----END KEY-----\n";
    let token = "it's $a \"hidden\\value\"!";
    let account = TestAccount::with(&json!({"TOKEN": token, "PEM": pem}));
    let home = account.known_home();
    let vastenv = crate::home::VASTENV;
    for (shell, script) in [
        ("bash", "set -x; : \"$TOKEN\" \"$PEM\""),
        (
            "bash",
            "printf '%q\\n' \"$TOKEN\" \"$PEM\"; declare -p TOKEN PEM; echo \"${TOKEN@Q} ${PEM@Q}\"; set",
        ),
        (
            "zsh",
            "print -r -- ${(q)TOKEN} ${(qq)TOKEN} ${(qqq)TOKEN} ${(qqqq)TOKEN} ${(q)PEM} ${(qqqq)PEM}; set -x; : $TOKEN $PEM",
        ),
        ("fish", "string escape -- $TOKEN $PEM; set --show TOKEN; set --show PEM"),
        ("dash", "set; export -p; set -x; : \"$TOKEN\" \"$PEM\""),
        (
            "python3",
            "import os, shlex, json; v = os.environ['TOKEN'], os.environ['PEM']; print(repr(v), \
          list(map(shlex.quote, v)), json.dumps(json.dumps(json.dumps(v))), list(map(ascii, v)))",
        ),
        (
            "python3",
            "import os, html, urllib.parse as u; v = os.environ['TOKEN']; \
          print(html.escape(v), u.quote(v), u.quote_plus(v), u.quote(u.quote(v)), u.quote(v, safe=' $!'))",
        ),
        ("sh", "for f in bash zsh fish sh json dotenv; do \"$VASTENV\" export $f; done"),
        ("sh", "echo \"$PEM\" | sed 's/^/web-1 | /'; echo \"$PEM\" | cat -n; echo \"$PEM\" | sed 's/^/  /'"),
    ] {
        if program(shell).is_none() {
            continue;
        }
        let said = home
            .vastenv(&["run", "--redact", "--", shell, "-c", script])
            .env("VASTENV", vastenv)
            .env("LC_ALL", "C.UTF-8")
            .run()
            .expect(0);
        let shown = format!("{}{}", said.out, said.err);
        assert!(shown.contains("*****"), "{shell} {script}: {shown}");
        for part in ["hidden", "value\"", "MIIB", "hkiG9w0", "AASC", "AkEAq7"] {
            assert!(!shown.contains(part), "{shell} {script}: {shown}");
        }
    }
}
