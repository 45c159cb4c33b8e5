//! Nothing starts without a value that the account lists, unless the user says so; and the way to have it
//! is said.

use std::fs;

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use serde_json::{Value, json};

use super::account::TestAccount;
use super::masks::masked;
use crate::home::{Call, Home, VASTENV};
use crate::raw_server::nobody;
use crate::terminal::Terminal;

const UNKNOWN: &str = "values unknown here: B, C";

/// An account of a known A and unknown B and C, and PATH, which is refused.
fn account() -> (TestAccount, Home) {
    let account = masked(&json!({"A": "1", "B": "2", "C": "3", "PATH": "x"}));
    let home = account.known_home();
    home.ok(&["remember", "env-var", "A", "one"]);
    (account, home)
}

/// `run` of a command that says what it has, and `export` by hand in both of its ways, hot and through clap.
fn programs(home: &Home, options: &[&str]) -> Vec<Call> {
    let run = [&["run"], options, &["--", "sh", "-c", "touch ran; echo A=$A"]].concat();
    let exports = ["sh", "json", "fish"].map(|format| [&["export", format], options].concat());
    std::iter::once(run).chain(exports).map(|arguments| home.vastenv(&arguments)).collect()
}

#[track_caller]
fn refused(home: &Home, options: &[&str], parts: &[&str]) {
    for call in programs(home, options) {
        call.run().refuses(1, parts);
    }
    assert!(!home.path("ran").exists(), "the command ran");
}

#[track_caller]
fn starts(home: &Home, options: &[&str], err: &str) {
    for call in programs(home, options) {
        let said = call.run().expect(0);
        assert_eq!(said.err, err, "{options:?}");
        assert!(said.out.contains("one"), "{said:?}");
    }
    fs::remove_file(home.path("ran")).expect("it ran");
}

#[test]
fn unknown_values_stop_a_program_before_it_starts() {
    let (_account, home) = account();
    let ways = ["hint: enter their values once: vastenv remember env-var --all", "--only", "--allow-missing"];
    refused(&home, &[], &[&[UNKNOWN], &ways[..]].concat());
    refused(&home, &["-q"], &[UNKNOWN]);
    // One line, and a hint.
    assert_eq!(home.vastenv(&["export", "sh"]).run().err.lines().count(), 2);
    starts(&home, &["--allow-missing"], &format!("vastenv: warning: {UNKNOWN}\n"));
    starts(&home, &["--allow-missing", "-q"], &format!("vastenv: warning: {UNKNOWN}\n"));
    home.ok(&["remember", "env-var", "B", "two"]);
    refused(&home, &[], &["value unknown here: C"]);
    home.ok(&["remember", "env-var", "C", "three"]);
    // What is refused does not count.
    starts(&home, &[], "");
}

#[test]
fn the_setting_covers_unknown_values_alone() {
    let (account, home) = account();
    home.write(".config/vastenv/config.toml", "missing = \"warn\"\n");
    starts(&home, &[], &format!("vastenv: warning: {UNKNOWN}\n"));
    starts(&home, &["--quiet"], &format!("vastenv: warning: {UNKNOWN}\n"));
    refused(&home, &["--require", "B"], &["required but missing: B"]);
    home.write(".config/vastenv/config.toml", "missing = \"fail\"\n");
    refused(&home, &[], &[UNKNOWN]);
    drop(account);
    let alone = Home::at(&nobody(), "a-key-of-this-server-0001");
    alone.write(".config/vastenv/config.toml", "missing = \"warn\"\n");
    refused(&alone, &[], &["cannot be reached", "--allow-missing"]);
    for call in programs(&alone, &["--allow-missing"]) {
        call.run().expect(0).mentions(&["warning: going on without the account's variables: "]);
    }
    fs::remove_file(alone.path("ran")).expect("it ran");
    refused(&alone, &["--allow-missing", "--require", "HF_TOKEN"], &["required but missing: HF_TOKEN"]);
}

#[test]
fn what_is_filtered_out_or_set_by_the_caller_is_not_missing() {
    let (_account, mut home) = account();
    starts(&home, &["--only", "A"], "");
    starts(&home, &["--except", "B,C"], "");
    refused(&home, &["--only", "A,B"], &["value unknown here: B\n"]);
    refused(&home, &["--only", "A,B", "--rename", "X=B"], &["value unknown here: X\n"]);
    home.set("B", "mine");
    refused(&home, &[], &["value unknown here: C; taken from the environment: B"]);
    home.set("C", "");
    refused(&home, &[], &["value unknown here: C; taken from the environment: B"]);
    home.set("C", "mine");
    starts(&home, &[], "vastenv: warning: taken from the environment: B, C\n");
    starts(&home, &["--require", "B"], "vastenv: warning: taken from the environment: B, C\n");
    assert_eq!(home.ok(&["run", "--", "sh", "-c", "echo $B"]), "mine\n");
}

#[test]
fn only_what_is_required_must_be_there() {
    let (_account, home) = account();
    let named = format!("vastenv: warning: {UNKNOWN}\n");
    starts(&home, &["--require", "A"], &named);
    starts(&home, &["--require", "a", "--require", "A*"], &named);
    for options in [&["--require", "A,B"][..], &["--require=?"], &["--allow-missing", "--require", "B"]] {
        refused(&home, options, &["required but missing: B (hidden by Vast, value unknown here)"]);
    }
    refused(&home, &["--require", "B"], &["; value unknown here: C"]);
    refused(&home, &["--require", "B"], &["hint: enter its value once: vastenv remember env-var B\n"]);
    // No value that is entered helps here.
    let lacks = "required but missing: TYPO (no such variable)";
    refused(&home, &["--require", "TYPO"], &[lacks, "hint: see why: vastenv show env-vars"]);
    refused(&home, &["--require", "A", "--only", "A", "--prefix", "X_"], &["A (no such variable)"]);
    starts(
        &home,
        &["--require", "A,TYPO*"],
        &format!("vastenv: warning: no variable matches TYPO*\n{named}"),
    );
}

#[test]
fn what_an_account_lacks_is_said_only_where_it_was_read() {
    let (account, home) = account();
    drop(account);
    fs::remove_dir_all(home.path(".cache/vastenv")).expect("removed");
    let said = home.vastenv(&["run", "--allow-missing", "--require", "A", "--", "true"]).run();
    said.refuses(1, &["going on without", "required but missing: A (the account could not be read)"]);
}

#[test]
fn scripts_have_the_list() {
    let (account, home) = account();
    assert_eq!(home.ok(&["show", "env-vars", "--unknown"]), "B\nC\n");
    assert_eq!(home.ok(&["show", "env-vars", "--unknown", "--only", "A,B", "--prefix", "X_"]), "X_B\n");
    let raw: Value =
        serde_json::from_str(&home.ok(&["show", "env-vars", "--unknown", "--raw"])).expect("JSON");
    assert_eq!(raw, json!(["B", "C"]));
    for call in [home.vastenv(&["--raw", "run", "--", "true"]), home.vastenv(&["export", "sh", "--raw"])] {
        let error: Value = serde_json::from_str(&call.run().expect(1).err).expect("JSON");
        assert_eq!((&error["msg"], &error["names"]), (&json!(UNKNOWN), &json!(["B", "C"])), "{error}");
    }
    for name in ["B", "C"] {
        home.ok(&["remember", "env-var", name, "v"]);
    }
    assert_eq!(home.ok(&["show", "env-vars", "--unknown"]), "");
    drop(account);
}

#[test]
fn shells_with_the_hook_load_what_is_known() {
    let (_account, home) = account();
    let script = format!("eval \"$('{VASTENV}' hook bash)\"; echo $A ${{B-unset}}");
    assert_eq!(home.command("bash", &["--norc", "-c", &script]).run().expect(0).out, "one unset\n");
}

#[test]
fn the_nearest_way_is_a_dotenv_file_here_that_has_some_of_them() {
    let (account, home) = account();
    let from_file = "take them from .env: vastenv remember env-var --from .env";
    let by_typing = "enter their values once: vastenv remember env-var --all";
    let says = |way: &str| {
        refused(&home, &[], &[&format!("hint: {way}; or need fewer")]);
        let step = way.split_once(": ").expect("a command").1;
        assert!(home.ok(&[]).contains(&format!("\nnext: {step}\n")), "{}", home.ok(&[]));
        let status = home.ok(&["status"]);
        assert!(
            status.contains("1 to load, 2 hidden by Vast, 1 refused") && status.contains(step),
            "{status}"
        );
    };
    says(by_typing);
    for useless in ["", "A=1\nOTHER=2\n", "no dotenv \"file\n", "PATH=x\n", "B=\nC=****\n"] {
        home.write(".env", useless);
        says(by_typing);
    }
    home.write(".env", "A=1\nexport b='two'\n");
    says(from_file);
    let new = account.home();
    new.write(".env", "C=3\n");
    let told = new.vastenv(&["set", "api-key"]).without("VAST_API_KEY").stdin(account.sandbox.key.expose());
    told.run().expect(0).mentions(&[
        "4 variables in the account, 3 values hidden by Vast and unknown here",
        &format!("next, {from_file}"),
    ]);
    let script = format!("eval \"$('{VASTENV}' hook bash)\"");
    let said = new.command("bash", &["--norc", "-c", &script]).run().expect(0);
    said.mentions(&["3 of 4 variables are hidden by Vast", &format!("hint: {from_file}")]);
    home.ok(&["remember", "env-var", "--from", ".env"]);
    fs::remove_file(home.path(".env")).expect("removed");
    // Nobody waits at a prompt for a pipe to be written.
    mkfifo(&home.path(".env"), Mode::S_IRWXU).expect("made");
    refused(&home, &[], &["value unknown here: C", "enter its value once: vastenv remember env-var C; or"]);
}

#[test]
fn values_come_first_and_the_hook_second() {
    let (account, mut home) = account();
    home.set("SHELL", "/usr/bin/zsh");
    let next = || {
        let text = home.ok(&[]);
        text.lines().find_map(|line| line.strip_prefix("next: ")).expect("a step").to_owned()
    };
    assert_eq!(next(), "vastenv remember env-var --all");
    let mut terminal = Terminal::open(&home, 80, "vastenv remember env-var --all");
    terminal.wait_for("value 1 of 2, B (Enter skips): ");
    terminal.type_in("hidden-b\r");
    terminal.wait_for("value 2 of 2, C (Enter skips): ");
    terminal.type_in("hidden-c\r");
    let (seen, code) = terminal.end();
    assert!(code == 0 && !seen.contains("hidden-"), "{seen}");
    assert!(next().contains("vastenv hook zsh"), "{}", next());
    drop(account);
}
