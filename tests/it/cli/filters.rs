//! `--only`, `--except`, `--rename`, `--prefix`, `--require`: alike on every command that has them.

use serde_json::{Value, json};

use super::account::TestAccount;
use super::masks::masked;
use crate::home::{Home, Said, VASTENV};

fn account() -> TestAccount {
    TestAccount::with(
        &json!({"AWS_KEY": "k", "AWS_SECRET": "s", "HF_TOKEN": "hf_v", "PAGER": "less", "odd-name": "o"}),
    )
}

/// What each of the commands makes of the same filters: `run`, `export` and `show env-vars`.
fn all(home: &Home, filters: &[&str]) -> [Said; 3] {
    let with = |before: &[&str], after: &[&str]| home.vastenv(&[before, filters, after].concat()).run();
    [
        with(&["run"], &["--", "env"]),
        with(&["export", "json"], &[]),
        with(&["show", "env-vars", "-s", "--raw"], &[]),
    ]
}

/// Checks that all of them hold exactly these variables (but for what `env` has anyway).
#[track_caller]
fn give(home: &Home, filters: &[&str], expected: &Value) -> [Said; 3] {
    let said = all(home, filters).map(|said| said.expect(0));
    let expected = expected.as_object().expect("variables");
    let anyway = ["HOME", "PATH", "VAST_URL", "VAST_API_KEY"];
    let run: Vec<&str> =
        said[0].out.lines().filter(|line| !anyway.iter().any(|name| line.starts_with(name))).collect();
    let mut run = run;
    run.sort_unstable();
    let lines: Vec<String> =
        expected.iter().map(|(name, value)| format!("{name}={}", value.as_str().expect("text"))).collect();
    assert_eq!(run, lines, "{filters:?}");
    for said in &said[1..] {
        let object: Value = serde_json::from_str(&said.out).expect("JSON");
        assert_eq!(object.as_object().expect("an object"), expected, "{filters:?}");
    }
    said
}

#[test]
fn every_command_takes_the_same_variables() {
    let account = account();
    let home = account.known_home();
    give(
        &home,
        &["--only", "AWS_*,hf_token"],
        &json!({"AWS_KEY": "k", "AWS_SECRET": "s", "HF_TOKEN": "hf_v"}),
    );
    give(
        &home,
        &["--only=AWS_*", "--only=HF_TOKEN", "--except", "*SECRET"],
        &json!({"AWS_KEY": "k", "HF_TOKEN": "hf_v"}),
    );
    give(
        &home,
        &["--only", "HF_TOKEN,AWS_KEY", "--rename", "TOKEN=HF_TOKEN"],
        &json!({"AWS_KEY": "k", "TOKEN": "hf_v"}),
    );
    give(
        &home,
        &["--only", "HF_TOKEN,AWS_KEY", "--prefix", "T_", "--rename", "TOKEN=HF_TOKEN", "--require", "T_*"],
        &json!({"T_AWS_KEY": "k", "T_TOKEN": "hf_v"}),
    );
    // The final name is what the name rules judge.
    give(
        &home,
        &["--only", "PAGER,odd-name", "--rename", "MY=PAGER,ODD=odd-name"],
        &json!({"MY": "less", "ODD": "o"}),
    );
}

#[test]
fn a_name_in_vain_is_an_error_and_a_glob_in_vain_a_warning() {
    let account = account();
    let home = account.known_home();
    for (filters, parts) in [
        (&["--only", "HF_TOKEN,TYPO"][..], &["no variable matches TYPO"][..]),
        (&["--except", "TYPO"], &["no variable matches TYPO"]),
        (&["--rename", "X=TYPO"], &["no variable matches TYPO"]),
        (&["--rename", "AWS_KEY=HF_TOKEN"], &["AWS_KEY and HF_TOKEN would both be called AWS_KEY"]),
        (
            &["--only", "AWS_*", "--require", "HF_TOKEN"],
            &["required but missing: HF_TOKEN (left out by a filter)"],
        ),
    ] {
        for said in all(&home, filters) {
            said.expect(1).mentions(parts);
        }
    }
    let hint = "hint: list the account's names: vastenv show env-vars";
    home.vastenv(&["export", "sh", "--only", "TYPO"]).run().refuses(1, &[hint]);
    for said in give(&home, &["--only", "HF_*,TYPO*"], &json!({"HF_TOKEN": "hf_v"})) {
        assert_eq!(said.err, "vastenv: warning: no variable matches TYPO*\n");
    }
    for filters in [&["--rename", "1=HF_TOKEN"][..], &["--rename", "A"], &["--prefix", "a-"], &["--only", ""]]
    {
        for said in all(&home, filters) {
            said.expect(2).mentions(&["--"]);
        }
    }
}

#[test]
fn a_final_name_that_is_refused_is_said() {
    let account = account();
    let home = account.known_home();
    for said in &all(&home, &["--only", "HF_TOKEN", "--rename", "LD_PRELOAD=HF_TOKEN"])[..2] {
        assert_eq!((said.code, said.out.contains("hf_v")), (0, false), "{said:?}");
        assert!(said.err.contains("LD_PRELOAD not loaded: refused: "), "{said:?}");
    }
    // One that is refused as it is costs no word, as ever.
    assert_eq!(home.vastenv(&["export", "json", "--only", "PAGER"]).run().expect(0).err, "");
}

#[test]
fn what_the_hook_loaded_and_the_filters_leave_out_is_not_inherited() {
    let account = TestAccount::with(&json!({"A": "account-a", "B": "account-b", "C": "account-c"}));
    let mut home = account.known_home();
    home.set("B", "mine");
    home.set("D", "mine-d");
    let script = format!(
        "eval \"$('{VASTENV}' hook bash)\"; C=edited; \
         '{VASTENV}' run --only A --rename X=A -- sh -c 'echo ${{A-unset}} $B $C $D $X'; \
         '{VASTENV}' run --require A -- sh -c 'echo $A $B'"
    );
    let said = home.command("bash", &["--norc", "-c", &script]).run().expect(0);
    assert_eq!(said.out, "unset mine edited mine-d account-a\naccount-a account-b\n");
}

#[test]
fn show_env_vars_lists_those_named() {
    let account = account();
    let home = account.known_home();
    let names = |arguments: &[&str]| -> Vec<String> {
        let shown = home.ok(&[&["show", "env-vars"][..], arguments].concat());
        shown.lines().skip(1).filter_map(|line| Some(line.split_whitespace().next()?.to_owned())).collect()
    };
    assert_eq!(names(&["hf_token", "AWS_*"]), ["AWS_KEY", "AWS_SECRET", "HF_TOKEN"]);
    assert!(home.ok(&["show", "env-vars", "--rename", "T=HF_TOKEN"]).contains("HF_TOKEN in the account"));
    home.vastenv(&["show", "env-vars", "TYPO"]).run().refuses(1, &["no variable matches TYPO"]);
}

#[test]
fn one_value_stands_alone_on_stdout() {
    let account = masked(&json!({"A": "1", "B": "2", "PAGER": "3"}));
    let home = account.known_home();
    home.vastenv(&["remember", "env-var", "A"]).stdin("two\nlines\n").run().expect(0);
    home.ok(&["remember", "env-var", "PAGER", "less"]);
    for (arguments, out) in [
        (&["A"][..], "two\nlines\n"),
        (&["-n", "a"], "two\nlines"),
        (&["A", "--no-newline"], "two\nlines"),
        (&["PAGER"], "less\n"),
        (&["A", "--raw"], "{\n \"A\": \"two\\nlines\"\n}\n"),
    ] {
        let said = home.vastenv(&[&["show", "env-var"][..], arguments].concat()).run().expect(0);
        assert_eq!((said.out.as_str(), said.err.as_str()), (out, ""), "{arguments:?}");
    }
    home.vastenv(&["show", "env-var", "B"])
        .run()
        .refuses(1, &["the value of B is unknown here", "vastenv remember env-var"]);
    home.vastenv(&["show", "env-var", "TYPO"]).run().refuses(1, &["the account has no variable TYPO"]);
    home.vastenv(&["show", "env-var"]).run().refuses(2, &["<NAME>"]);
    // From files, as export: also where nobody answers.
    assert_eq!(account.requests(), [""; 0]);
    drop(account);
    home.age_snapshot(7000);
    assert_eq!(home.ok(&["show", "env-var", "A"]), "two\nlines\n");
}
