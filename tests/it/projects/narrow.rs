//! What a project leaves of an account, and under which names: alike in every command.

use std::fs;

use serde_json::{Value, json};

use super::{FILE, project, say};
use crate::cli::account::TestAccount;
use crate::common::container::{CONTAINER, Container};
use crate::home::{Home, Said};
use crate::pty;

pub fn account() -> (TestAccount, Home) {
    let account = TestAccount::with(
        &json!({"AWS_KEY": "k", "AWS_SECRET": "s", "HF_TOKEN": "hf_v", "PAGER": "less", "WANDB": "w"}),
    );
    let home = account.known_home();
    (account, home)
}

/// Writes a project file, and allows it.
#[track_caller]
pub fn allowed(home: &Home, text: &str) {
    project(home, "p", text);
    say(home, "p", &["allow"]).expect(0);
}

/// What `run`, `export` and `show env-vars` say in the project.
pub fn all(home: &Home, options: &[&str]) -> [Said; 3] {
    let with = |before: &[&str], after: &[&str]| say(home, "p", &[before, options, after].concat());
    [
        with(&["run"], &["--", "env"]),
        with(&["export", "json"], &[]),
        with(&["show", "env-vars", "-s", "--raw"], &[]),
    ]
}

/// Checks that all of them have exactly these variables, and hot `export` too.
#[track_caller]
pub fn give(home: &Home, options: &[&str], expected: &Value) -> [Said; 3] {
    let said = all(home, options).map(|said| said.expect(0));
    let anyway = ["HOME", "PATH", "PWD", "VAST_URL", "VAST_API_KEY"];
    let lines = said[0].out.lines().filter_map(|line| line.split_once('='));
    let run = lines.filter(|(name, _)| !anyway.contains(name));
    let run: Value = run.map(|(name, value)| (name.to_owned(), Value::from(value))).collect();
    assert_eq!(run, *expected, "run {options:?}");
    for said in &said[1..] {
        assert_eq!(serde_json::from_str::<Value>(&said.out).expect("JSON"), *expected, "{options:?}");
    }
    said
}

#[test]
fn what_it_leaves_out_is_in_no_command_and_flags_narrow_further() {
    let (_account, home) = account();
    project(&home, "p", "only = [\"hf_token\", \"AWS_*\"]\nexcept = [\"*SECRET\"]\n");
    let both = json!({"AWS_KEY": "k", "HF_TOKEN": "hf_v"});
    for said in give(&home, &[], &both) {
        assert!(!said.err.contains("warning"), "{said:?}");
    }
    give(&home, &["--only", "AWS_*"], &json!({"AWS_KEY": "k"}));
    give(&home, &["--only", "hf_token", "--rename", "T=HF_TOKEN", "--prefix", "X_"], &json!({"X_T": "hf_v"}));
    for said in all(&home, &["--only", "WANDB"]) {
        said.expect(1).mentions(&["no variable matches WANDB"]);
    }
    let hint = format!("{FILE} counts too: --no-project leaves it out");
    say(&home, "p", &["export", "sh", "--only", "WANDB"]).refuses(1, &[&hint]);
    fs::create_dir(home.path("p/sub")).expect("a folder");
    let export = say(&home, "p/sub", &["export", "json"]).expect(0);
    assert_eq!(serde_json::from_str::<Value>(&export.out).expect("JSON"), both);
    let outside = say(&home, "", &["export", "json"]).expect(0).out;
    assert_eq!(say(&home, "p", &["export", "json", "--no-project"]).expect(0).out, outside);
    assert!(outside.contains("WANDB"), "{outside}");
    let shown = say(&home, "p", &["show", "env-vars"]).expect(0);
    shown.mentions(&[&format!("{FILE} leaves out 3 variables: --no-project")]);
}

#[test]
fn new_names_count_once_they_are_allowed() {
    let (_account, home) = account();
    let text = "only = [\"HF_TOKEN\", \"PAGER\"]\nrename = { MY = \"PAGER\" }\nprefix = \"P_\"\n";
    project(&home, "p", text);
    // PAGER is refused under its own name.
    let said = all(&home, &[]).map(|said| said.expect(0));
    assert!(said[1].out.contains("HF_TOKEN") && !said[1].out.contains("MY"), "{said:?}");
    for said in said {
        said.mentions(&["is not allowed: rename, prefix not used (vastenv allow)"]);
    }
    allowed(&home, text);
    give(&home, &[], &json!({"P_HF_TOKEN": "hf_v", "P_MY": "less"}));
    give(&home, &["--only", "P_MY"], &json!({"P_MY": "less"}));
}

#[test]
fn a_name_in_vain_is_a_note_and_a_collision_an_error() {
    let (_account, home) = account();
    let text =
        "only = [\"HF_TOKEN\", \"GONE\", \"X*\"]\nexcept = [\"NO\"]\nrename = { A = \"OLD\", B = \"WANDB\" }";
    allowed(&home, text);
    for said in give(&home, &[], &json!({"HF_TOKEN": "hf_v"})) {
        said.mentions(&["no variable matches GONE", "matches X*", "matches NO", "matches OLD"])
            .mentions(&[&format!("{FILE}: rename: WANDB is left out by only or except")]);
    }
    allowed(&home, "rename = { HF_TOKEN = \"WANDB\" }");
    let both = format!("{FILE}: rename: HF_TOKEN and WANDB would both be called HF_TOKEN");
    for said in all(&home, &[]) {
        said.expect(1).mentions(&[&both]);
    }
    say(&home, "p", &["why", "HF_TOKEN"]).refuses(1, &[&both, "hint: leave one out there"]);
    let status = say(&home, "p", &["status"]).expect(0).out;
    assert!(status.contains(&both), "{status}");
    // The flags' own say so.
    give(&home, &["--no-project", "--only", "WANDB"], &json!({"WANDB": "w"}));
    say(&home, "", &["export", "sh", "--rename", "HF_TOKEN=WANDB"])
        .refuses(1, &["--rename: HF_TOKEN and WANDB"]);
}

#[test]
fn why_and_show_know_a_name_as_it_is_here_and_as_the_account_has_it() {
    let (_account, home) = account();
    allowed(&home, "only = [\"HF_TOKEN\"]\nrename = { HF = \"HF_TOKEN\" }");
    for name in ["HF", "hf", "HF_TOKEN"] {
        assert_eq!(say(&home, "p", &["show", "env-var", name]).expect(0).out, "hf_v\n");
        let why: Value =
            serde_json::from_str(&say(&home, "p", &["why", name, "--raw"]).expect(0).out).expect("JSON");
        assert_eq!((&why["name"], &why["called"]), (&json!("HF_TOKEN"), &json!("HF")), "{why}");
    }
    say(&home, "p", &["show", "env-var", "WANDB"])
        .refuses(1, &[&format!("{FILE} leaves out WANDB"), "--no-project"]);
    assert_eq!(say(&home, "p", &["show", "env-var", "WANDB", "--no-project"]).expect(0).out, "w\n");
    let why = say(&home, "p", &["why", "WANDB"]).expect(0).out;
    assert!(why.contains(&format!("{FILE} leaves it out")), "{why}");
    say(&home, "p", &["why", "TYPO"]).refuses(1, &["the account has no variable TYPO"]);
    let status = say(&home, "p", &["status", "--raw"]).expect(0).out;
    let project = &serde_json::from_str::<Value>(&status).expect("JSON")["project"];
    assert_eq!(project["state"], "allowed");
    assert_eq!(project["left_out"], json!(["AWS_KEY", "AWS_SECRET", "PAGER", "WANDB"]));
    assert_eq!(project["renamed"], json!({"HF": "HF_TOKEN"}));
}

#[test]
fn names_at_a_tab_are_those_of_the_command() {
    let (_account, home) = account();
    allowed(&home, "only = [\"HF_TOKEN\"]\nrename = { HF = \"HF_TOKEN\" }\n[set]\nHF_HOME = \"/x\"");
    let offers = |line: &[&str]| -> Vec<String> {
        let index = (line.len() - 1).to_string();
        let call = home.vastenv(&["__complete", "1", "zsh", &index, "0"]).inside(home.path("p"));
        let said = call.env("__vastenv_line", line.join("\u{1f}")).run();
        let words = said.out.lines().skip(1);
        words.map(|word| word.split('\t').next().unwrap_or_default().to_owned()).collect()
    };
    for line in [
        &["vastenv", "run", "--only", ""][..],
        &["vastenv", "export", "sh", "--except", ""],
        &["vastenv", "show", "env-vars", ""],
        &["vastenv", "show", "env-var", ""],
        &["vastenv", "why", ""],
    ] {
        assert_eq!(offers(line), ["HF", "HF_HOME"], "{line:?}");
    }
    let all = ["AWS_KEY", "AWS_SECRET", "HF_TOKEN", "PAGER", "WANDB"];
    assert_eq!(offers(&["vastenv", "--no-project", "why", ""]), all);
    for line in [&["vastenv", "delete", "env-var", ""], &["vastenv", "remember", "env-var", ""]] {
        assert_eq!(offers(line), all, "{line:?}");
    }
}

#[test]
fn a_broken_file_stops_what_loads_and_what_reports_says_it() {
    let (_account, home) = account();
    project(&home, "p", "onyl = []");
    let why = "unknown key onyl";
    for arguments in [
        &["run", "--", "touch", "ran"][..],
        &["export", "sh"],
        &["export", "sh", "--only", "WANDB"],
        &["show", "env-vars"],
        &["show", "env-var", "WANDB"],
        &["why", "WANDB"],
    ] {
        say(&home, "p", arguments).refuses(1, &[&format!("{FILE}:1:1: {why}"), "--no-project"]);
    }
    assert!(!home.path("p/ran").exists());
    for (arguments, code) in [(&["status"][..], 1), (&["doctor"], 1), (&[], 0)] {
        let said = say(&home, "p", arguments).expect(code);
        assert!(said.out.contains("project") && said.out.contains(why), "{said:?}");
        assert!(said.out.contains("hook"), "{said:?}");
    }
    let raw = say(&home, "p", &["status", "--raw"]).expect(1).out;
    let value: Value = serde_json::from_str(&raw).expect("JSON");
    assert_eq!(value["project"]["state"], "refused", "{value}");
    say(&home, "p", &["export", "json", "--no-project"]).expect(0);
    // Denied, it is no project.
    say(&home, "p", &["deny"]).expect(0);
    assert!(say(&home, "p", &["export", "json"]).expect(0).out.contains("WANDB"));
    assert!(say(&home, "p", &["status"]).expect(0).out.contains("not used: denied"));
}

#[test]
fn a_container_without_a_key_is_narrowed_too() {
    let mut home = pty::Home::new();
    home.variable("VASTENV_LOG", "off");
    let launch = [("MODEL", "llama"), ("HF_TOKEN", "hf_launch")];
    let Some(container) = Container::of(&home, &[&CONTAINER, &launch]) else { return };
    fs::write(home.path(FILE), "only = [\"HF_TOKEN\"]\n").expect("written");
    let folder = home.path("");
    let script = format!("cd {} && \"$@\"", folder.display());
    let run = |words: &[&str]| {
        let words = [&["sh", "-c", script.as_str(), "sh", crate::home::VASTENV], words].concat();
        let output = container.run(&words);
        String::from_utf8(output.stdout).expect("text") + &String::from_utf8_lossy(&output.stderr)
    };
    assert_eq!(run(&["export", "sh"]), "export HF_TOKEN='hf_launch'\n");
    assert!(run(&["export", "json", "--no-project"]).contains("MODEL"));
    assert!(run(&["show", "env-var", "MODEL"]).contains("leaves out MODEL"));
    assert!(run(&["why", "MODEL"]).contains(&format!("{FILE} leaves it out")));
    assert!(run(&["status"]).contains("1 variable from its launch environment"));
    let hooked = format!("cd {} && eval \"$({} hook bash)\" && env", folder.display(), crate::home::VASTENV);
    let output = container.run(&["bash", "--norc", "-c", &hooked]);
    let found = String::from_utf8(output.stdout).expect("text");
    assert!(found.contains("HF_TOKEN=hf_launch\n") && !found.contains("MODEL="), "{found}");
}
