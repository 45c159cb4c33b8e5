//! Rights of API keys: files, options, categories.

use serde_json::{Value, json};

use super::api_keys::{account, ids, keys};

#[test]
fn permissions_come_from_a_file_from_stdin_and_from_options_in_both_spellings() {
    let account = account();
    let home = account.home();
    let given = json!({"api": {"misc": {}, "instance_read": {"api.x": {"constraints": {"id": {"lte": 5}}}}}});
    home.write("rights.json", given.to_string());
    let mut both = given.clone();
    both["api"]["user_read"] = json!({});
    let calls: [(&[&str], &Value, Value); 5] = [
        (&["--permission_file", "rights.json"], &given, Value::Null),
        (&["--permission-file", "rights.json", "--key-params", "a=b"], &given, json!("a=b")),
        (&["--permission_file", "-", "--key_params", "{}"], &given, json!("{}")),
        (&["--permission_file=rights.json", "--permission", "user_read"], &both, Value::Null),
        (
            &["--permission", "user_read", "--permission=misc", "--permission", "misc"],
            &json!({"api": {"misc": {}, "user_read": {}}}),
            Value::Null,
        ),
    ];
    for (arguments, permissions, params) in calls {
        let call = home.vastenv(&[&["create", "api-key", "--name", "x", "--raw"], arguments].concat());
        let answer: Value =
            serde_json::from_str(&call.stdin(given.to_string()).run().expect(0).out).expect("JSON");
        assert_eq!(answer["permissions"], *permissions, "{arguments:?}");
        let made = keys(&account).pop().expect("a key");
        assert_eq!((&made["key"], &made["id"]), (&answer["key"], &answer["id"]));
        assert_eq!(
            (&made["permissions"], made["key_params"].clone()),
            (permissions, params),
            "{arguments:?}"
        );
    }
}

#[test]
fn what_is_wrong_with_a_permission_file_is_said_with_its_place_and_nothing_sent() {
    let account = account();
    let home = account.home();
    for (text, code, parts) in [
        (
            "{\n \"api\": {\n  \"user_read\": {},\n }\n}",
            2,
            &["(line 4, column 2)", "sed -n 4p 'my rights.json'"][..],
        ),
        ("{\"api\": {\"user_read\" {}}}", 2, &["(line 1, column 22)", "nothing was sent"]),
        ("", 2, &["is not JSON", "(line 1, column 0)"]),
        ("[]", 2, &["is not a JSON object", "hint: like {\"api\""]),
        ("\"hidden-text\"", 2, &["is not a JSON object"]),
    ] {
        home.write("my rights.json", text);
        let arguments = ["create", "api-key", "--name", "x", "--permission_file"];
        let said = home.vastenv(&[&arguments[..], &["my rights.json"]].concat()).run();
        said.hides("hidden-text").refuses(code, parts).mentions(&["my rights.json"]);
        let said = home.vastenv(&[&arguments[..], &["-"]].concat()).stdin(text).run();
        said.hides("hidden-text").refuses(code, &parts[..1]).mentions(&["stdin"]);
    }
    let call =
        |arguments: &[&str]| home.vastenv(&[&["create", "api-key", "--name", "x"], arguments].concat()).run();
    call(&["--permission_file", "gone.json"]).refuses(1, &["cannot read", "gone.json", "no such file"]);
    call(&["--permission_file", "."]).refuses(1, &["is a directory", "hint: give a JSON file like"]);
    home.write("large.json", " ".repeat(1_100_000));
    call(&["--permission_file", "large.json"]).refuses(2, &["over 1 MiB"]);
    home.write("list.json", r#"{"api": []}"#);
    call(&["--permission_file", "list.json", "--permission", "misc"])
        .refuses(2, &["\"api\"", "not an object"]);
    call(&[]).refuses(2, &["missing", "--permission"]);
    assert_eq!(account.requests(), [""; 0]);
}

#[test]
fn unknown_categories_are_named_with_the_nearest() {
    let account = account();
    let home = account.home();
    home.write("rights.json", r#"{"api": {"usr_write": {}, "billing": {}, "\u001b[2Jx": {}, "misc": {}}}"#);
    let call = ["create", "api-key", "--name", "x", "--permission_file", "rights.json"];
    home.vastenv(&call).run().refuses(
        2,
        &[
            "unknown permission categories: ",
            "usr_write (did you mean user_write?)",
            "billing (did you mean billing_read?)",
            r"\u{1b}[2Jx",
            "add --yes",
        ],
    );
    home.vastenv(&["create", "api-key", "--name", "x", "--permission", "instance-read"])
        .run()
        .refuses(2, &["unknown permission category: instance-read (did you mean instance_read?)"]);
    assert_eq!(account.requests(), [""; 0]);
    home.vastenv(&[&call[..], &["-y"]].concat()).run().refuses(1, &["Invalid permission format"]);
    assert_eq!(ids(&account), [1]);
}

#[test]
fn permission_is_short_for_a_permission_file_as_in_the_official_client() {
    let account = account();
    let home = account.home();
    let given = json!({"api": {"misc": {}}});
    home.write("p.json", given.to_string());
    home.write("rights", given.to_string());
    home.write("below/rights", given.to_string());
    for words in [
        &["--permission", "p.json"][..],
        &["--permission=p.json"],
        &["--perm", "rights"],
        &["--p", "below/rights"],
        &["--permission_f", "p.json"],
        &["--permission", "~/p.json"],
        &["--permission", "-"],
    ] {
        let call = home.vastenv(&[&["create", "api-key", "--name", "x"], words].concat());
        call.stdin(given.to_string()).run().expect(0);
        assert_eq!(keys(&account).pop().expect("a key")["permissions"], given, "{words:?}");
    }
    home.ok(&["create", "api-key", "--name", "x", "--permission", "p.json", "--permission", "user_read"]);
    let both = json!({"api": {"misc": {}, "user_read": {}}});
    assert_eq!(keys(&account).pop().expect("a key")["permissions"], both);
    let call = |words: &[&str]| home.vastenv(&[&["create", "api-key", "--name", "x"], words].concat()).run();
    call(&["--permission", "gone.json"]).refuses(1, &["cannot read the permissions from gone.json"]);
    call(&["--permission", "p.json", "--permission_file", "rights"])
        .refuses(2, &["more than one permission file"]);
}
