//! What programs get and shells do not, and what stays as it is.

use std::fs;

use serde_json::{Value, json};

use super::narrow::{account, all, allowed, give};
use super::{FILE, project, say};
use crate::cli::account::TestAccount;
use crate::cli::masks::masked;
use crate::common::process::find_program;
use crate::common::skip::needs;
use crate::home::{Home, VASTENV};
use crate::ssh::instance::Instance;

/// What a bash says that loads the hook in the project and runs `script`; its stderr is the hook's.
#[track_caller]
fn shell(home: &Home, script: &str) -> (String, String) {
    let script = format!("eval \"$('{VASTENV}' hook bash)\"; {script}");
    let said = home.command("bash", &["--norc", "-c", &script]).inside(home.path("p")).run().expect(0);
    (said.out, said.err)
}

fn settings(home: &Home, text: &str) {
    home.write(".config/vastenv/config.toml", text);
}

#[test]
fn what_a_project_requires_must_be_there_whatever_flags_say_and_lets_nothing_else_be_missing() {
    let account = masked(&json!({"A": "1", "B": "2", "C": "3"}));
    let home = account.known_home();
    home.ok(&["remember", "env-var", "A", "one"]);
    project(&home, "p", "require = [\"A\", \"B\", \"GONE\", \"X*\"]\n");
    let both = format!("{FILE} requires B (hidden by Vast, value unknown here), GONE (no such variable)");
    for options in [&[][..], &["--only", "A"], &["--allow-missing"], &["--require", "A"]] {
        let said = say(&home, "p", &[&["run"], options, &["--", "touch", "ran"]].concat());
        said.refuses(1, &[&both, "remember env-var B", "--no-project"]);
        say(&home, "p", &[&["export", "sh"], options].concat()).refuses(1, &[&both]);
    }
    assert!(!home.path("p/ran").exists());
    home.ok(&["remember", "env-var", "B", "two"]);
    let with = |options: &[&str]| {
        let arguments = [&["run"], options, &["--", "sh", "-c", "echo $A $B"]].concat();
        home.vastenv(&arguments).inside(home.path("p")).env("GONE", "here").run()
    };
    // C is not required: it is missing all the same.
    with(&[]).refuses(1, &["value unknown here: C"]);
    let said = with(&["--allow-missing"]).expect(0);
    assert_eq!(said.out, "one two\n");
    said.mentions(&["no variable matches X*", "taken from the environment: GONE"]);
    assert_eq!(with(&["--require", "A"]).expect(0).out, "one two\n");
    // Where flags leave a name out, the project still has it.
    assert_eq!(with(&["--only", "A", "--rename", "Z=A"]).expect(0).out, "\n");
    with(&["--no-project"]).refuses(1, &["value unknown here: C"]);
    let status = say(&home, "p", &["status"]).expect(0).out;
    assert!(status.contains("requires GONE (no such variable)"), "{status}");
}

#[test]
fn a_required_name_is_the_accounts_or_the_new_one_and_means_the_same_before_and_after_allow() {
    let (_account, home) = account();
    let file = |required: &str| {
        format!(
            "except = [\"AWS_*\"]\nrequire = [\"{required}\"]\nrename = {{ HUB = \"HF_TOKEN\" }}\nprefix = \"P_\"\n"
        )
    };
    for required in ["HF_TOKEN", "hf_*"] {
        project(&home, "p", &file(required));
        say(&home, "p", &["run", "--", "sh", "-c", "test \"$HF_TOKEN\" = hf_v"]).expect(0);
        say(&home, "p", &["allow"]).expect(0);
        say(&home, "p", &["run", "--", "sh", "-c", "test \"$P_HUB\" = hf_v"]).expect(0);
        assert!(!say(&home, "p", &["status"]).expect(0).out.contains("requires"));
    }
    project(&home, "p", &file("P_HUB"));
    say(&home, "p", &["run", "--", "true"])
        .refuses(1, &["requires P_HUB", "hint: see what waits: vastenv allow"]);
    say(&home, "p", &["allow"]).expect(0);
    say(&home, "p", &["run", "--", "true"]).expect(0);
    // The account has it.
    allowed(&home, &file("AWS_KEY"));
    say(&home, "p", &["export", "sh"]).refuses(1, &["requires AWS_KEY (left out by a filter)"]);
    let hint = format!("{FILE} counts too: --no-project leaves it out");
    project(&home, "p", "except = [\"AWS_*\"]");
    say(&home, "p", &["export", "sh", "--require", "aws_key"])
        .refuses(1, &["required but missing: aws_key (left out by a filter)", &hint]);
}

#[test]
fn a_program_does_not_inherit_what_the_project_leaves_out() {
    let (_account, home) = account();
    allowed(&home, "only = [\"HF_TOKEN\"]\n[set]\nSET = \"s\"\n");
    let script = format!(
        "cd ..; export AWS_KEY=mine; eval \"$('{VASTENV}' hook bash)\"; echo \"$AWS_KEY $WANDB $SET\"; cd p; \
         '{VASTENV}' run -- sh -c 'echo \"$AWS_KEY ${{WANDB-unset}} $HF_TOKEN $SET\"'"
    );
    let said = home.command("bash", &["--norc", "-c", &script]).inside(home.path("p")).run().expect(0);
    assert_eq!(said.out, "k w \nmine unset hf_v s\n");
    let out = shell(&home, &format!("'{VASTENV}' run --no-project -- sh -c 'echo $WANDB ${{SET-unset}}'")).0;
    assert_eq!(out, "w unset\n");
    // Where the shell has not followed yet.
    let outside =
        format!("echo $SET; cd ..; '{VASTENV}' run -- sh -c 'echo $HF_TOKEN $WANDB ${{SET-unset}}'");
    assert_eq!(shell(&home, &outside).0, "s\nhf_v w unset\n");
}

#[test]
fn a_value_of_ones_own_is_kept_where_the_file_or_the_settings_say_so() {
    let (_account, mut home) = account();
    home.set("AWS_KEY", "own");
    home.set("HF_TOKEN", "own");
    for from_settings in [true, false] {
        settings(&home, if from_settings { "keep = [\"AWS_*\", \"WANDB\"]" } else { "" });
        let text = if from_settings { "" } else { "keep = [\"aws_key\", \"WANDB\"]\n" };
        project(&home, "p", text);
        let (out, _) = shell(&home, "echo $AWS_KEY $HF_TOKEN $WANDB");
        assert_eq!(out, "own hf_v w\n", "{from_settings}");
        let run = say(&home, "p", &["run", "--", "sh", "-c", "echo $AWS_KEY $HF_TOKEN $WANDB"]).expect(0);
        assert_eq!((run.out.as_str(), run.err.as_str()), ("own hf_v w\n", ""), "{from_settings}");
        // A shell that evals it keeps its own; a file of data has no shell.
        for format in ["bash", "zsh", "fish", "sh"] {
            let export = say(&home, "p", &["export", format]).expect(0).out;
            assert!(!export.contains("AWS_KEY") && export.contains("AWS_SECRET"), "{export}");
        }
        assert!(say(&home, "p", &["export", "json"]).expect(0).out.contains("\"AWS_KEY\": \"k\""));
        let why = say(&home, "p", &["why", "AWS_KEY"]).expect(0).out;
        assert!(why.contains("no: your own value stays (keep)"), "{why}");
    }
    // What vastenv loaded is nobody's own.
    home.unset("AWS_KEY");
    settings(&home, "keep = [\"*\"]");
    project(&home, "p", "");
    let script =
        format!("'{VASTENV}' run --require AWS_KEY -- sh -c 'echo $AWS_KEY'; '{VASTENV}' export bash");
    let (out, _) = shell(&home, &script);
    assert!(out.starts_with("k\nexport AWS_KEY='k'\n") && !out.contains("HF_TOKEN"), "{out}");
    let edited = format!("AWS_KEY=edited '{VASTENV}' run -- sh -c 'echo $AWS_KEY'");
    assert_eq!(shell(&home, &edited).0, "edited\n");
}

#[test]
fn what_is_for_run_only_is_in_no_shell_whatever_a_project_makes_of_it() {
    let (_account, home) = account();
    settings(&home, "run_only = [\"aws_*\"]");
    allowed(
        &home,
        "load = \"shell\"\nexcept = [\"PAGER\"]\nrename = { KEY = \"AWS_KEY\" }\n[set]\nURL = \"x://${AWS_SECRET}\"\nPLAIN = \"${HF_TOKEN}\"\n",
    );
    let echo = "echo \"$KEY|$AWS_SECRET|$URL|$PLAIN|$HF_TOKEN|$WANDB\"";
    assert_eq!(shell(&home, echo).0, "|||hf_v|hf_v|w\n");
    give(
        &home,
        &[],
        &json!({"KEY": "k", "AWS_SECRET": "s", "URL": "x://s", "PLAIN": "hf_v", "HF_TOKEN": "hf_v", "WANDB": "w"}),
    );
    let (out, _) = shell(&home, &format!("'{VASTENV}' run -- sh -c '{echo}'"));
    assert_eq!(out, "k|s|x://s|hf_v|hf_v|w\n");
    let status = say(&home, "p", &["status", "--raw"]).expect(0).out;
    let status: Value = serde_json::from_str(&status).expect("JSON");
    assert_eq!(status["variables"]["run_only"], 3, "{status}");
    assert_eq!(status["skipped"]["URL"], "for `vastenv run` only (run_only)");
    let shown = say(&home, "p", &["show", "env-vars"]).expect(0).out;
    assert_eq!(shown.matches("for `vastenv run` only (run_only)").count(), 3, "{shown}");
    let why = say(&home, "p", &["why", "AWS_KEY"]).expect(0).out;
    assert!(why.contains("no: for `vastenv run` only (run_only)"), "{why}");
}

#[test]
fn nothing_is_in_shells_where_settings_or_project_say_so_and_programs_have_all() {
    let account = TestAccount::with(&json!({"A": "a", "B": "b"}));
    let home = account.known_home();
    let both = json!({"A": "a", "B": "b"});
    for (config, text, is_allowed, reason) in [
        ("run_only = [\"*\"]", "load = \"shell\"\n", true, "(run_only)"),
        ("", "load = \"run\"\n", false, "load = \"run\""),
        ("scope = \"projects\"", "except = [\"NONE*\"]\n", false, "scope = \"projects\""),
    ] {
        settings(&home, config);
        project(&home, "p", text);
        if is_allowed {
            say(&home, "p", &["allow"]).expect(0);
        }
        assert_eq!(shell(&home, "echo \"$A$B\"").0, "\n", "{config}{text}");
        let out = shell(&home, &format!("'{VASTENV}' run -- sh -c 'echo $A$B'")).0;
        assert_eq!(out, "ab\n", "{config}{text}");
        give(&home, &[], &both);
        let status = say(&home, "p", &["status"]).expect(0).out;
        assert!(status.contains("0 to load, 2 for `vastenv run` only"), "{status}");
        assert_eq!(status.lines().filter(|line| line.contains(reason)).count(), 1, "{status}");
        let shown = say(&home, "p", &["show", "env-vars"]).expect(0).out;
        assert_eq!(shown.matches(reason).count(), 2, "{shown}");
    }
    // An allowed file makes a project.
    say(&home, "p", &["allow"]).expect(0);
    assert_eq!(shell(&home, "echo $A$B").0, "ab\n");
    // Without any file, there is none.
    fs::remove_file(home.path("p").join(FILE)).expect("removed");
    assert_eq!(shell(&home, "echo \"$A$B\"").0, "\n");
    for said in all(&home, &[]) {
        assert!(said.expect(0).out.contains('b'));
    }
}

#[test]
fn what_goes_elsewhere_is_what_the_project_leaves_whatever_is_kept_here() {
    let (_account, mut home) = account();
    home.set("AWS_KEY", "own");
    allowed(&home, "only = [\"AWS_KEY\"]\nkeep = [\"AWS_KEY\"]\n[set]\nURL = \"x://${HF_TOKEN}\"\n");
    if needs(find_program("age").is_some(), "age") {
        home.command("age-keygen", &["-o", "key.txt"]).run().expect(0);
        let public = home.command("age-keygen", &["-y", "key.txt"]).run().expect(0).out;
        let sealed = say(&home, "p", &["export", "age", "--to", public.trim()]).expect(0).out;
        let opened = home.command("age", &["-d", "-i", "key.txt"]).stdin(sealed).run().expect(0).out;
        let opened: Value = serde_json::from_str(&opened).expect("JSON");
        assert_eq!(opened["variables"], json!({"AWS_KEY": "k", "URL": "x://hf_v"}), "{opened}");
    }
    let Some(instance) = Instance::with(&home, &[]) else { return };
    let destination = instance.destination();
    let words = ["--", "sh", "-c", "echo \"$AWS_KEY $URL $WANDB\""];
    let arguments = [&instance.arguments(&["run", "--on"], &destination)[..], &words].concat();
    assert_eq!(say(&home, "p", &arguments).expect(0).out, "k x://hf_v \n");
}
