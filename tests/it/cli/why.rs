//! `why NAME`: one variable, all that is known.

use serde_json::{Value, json};
use vastenv::sandbox::Options;

use super::account::TestAccount;
use crate::home::VASTENV;

#[test]
fn a_variable_is_explained_without_its_value() {
    let account = TestAccount::with(&json!({"HF_TOKEN": "hidden-v", "PATH": "hidden-v"}));
    let home = account.known_home();
    let said = home.vastenv(&["why", "hf_token"]).run().expect(0).hides("hidden-v").out;
    for part in
        ["HF_TOKEN", "known, 8 characters", "the account, shown by 127.0.0.1", "not active here", "nothing"]
    {
        assert!(said.contains(part), "{part}: {said}");
    }
    let refused = home.vastenv(&["why", "PATH"]).run().expect(0).hides("hidden-v").out;
    assert!(refused.contains("no: refused: changes how the shell works"), "{refused}");
    assert!(home.ok(&["why", "HF_TOKEN", "-s"]).contains("hidden-v"));
    assert_eq!(account.requests(), [""; 0]);
}

#[test]
fn a_masked_variable_is_not_known() {
    let options = Options { mask: true, ..Options::default() };
    let account = TestAccount::serving(&json!({"A": "hidden-v"}), options);
    let home = account.known_home();
    let said: Value = serde_json::from_str(&home.ok(&["why", "A", "-s", "--raw"])).expect("JSON");
    assert_eq!(
        (&said["value"], &said["text"], &said["source"]),
        (&json!("masked"), &Value::Null, &Value::Null)
    );
}

#[test]
fn what_the_account_does_not_have_is_a_failure() {
    let home = TestAccount::with(&json!({"A": "1"})).known_home();
    let said = home.vastenv(&["why", "B"]).run().expect(1);
    assert!(said.err.contains("the account has no variable B"), "{said:?}");
}

#[test]
fn in_a_hooked_shell_it_knows_what_was_hidden_and_what_is_the_users() {
    let account = TestAccount::with(&json!({"A": "1", "B": "2", "C": "3"}));
    let home = account.known_home();
    let script = format!(
        "export A=mine; B=unexported; eval \"$('{VASTENV}' hook bash)\"; export C=edited; __vastenv_load; \
         for name in A B C; do '{VASTENV}' why $name; done"
    );
    let said = home.command("bash", &["--norc", "-c", &script]).run().expect(0).out;
    let parts: Vec<&str> = said.split("name ").skip(1).collect();
    for (part, words) in parts.iter().zip([
        ["yes, in this shell", "an exported variable, restored on unload"],
        ["yes, in this shell", "a shell variable, restored on unload"],
        ["changed by you in this shell", "nothing"],
    ]) {
        assert!(words.iter().all(|word| part.contains(word)), "{words:?}: {said}");
    }
    assert_eq!(parts.len(), 3, "{said}");
}
