//! Instances as the official client shows them, and where it would log in.

use super::*;

fn with_instances(instances: &Value) -> Option<User> {
    User::with(&json!({"instances": instances}), Options::default())
}

#[test]
fn they_are_listed_over_all_pages_and_shown() {
    let rows: Vec<Value> = (1..=53).map(|id| json!({"id": id, "label": format!("i{id}")})).collect();
    let Some(user) = with_instances(&json!(rows)) else { return };
    let listed: Value = serde_json::from_str(&user.ok(&["show", "instances", "--raw"])).expect("JSON");
    let labels = listed.as_array().expect("a list").iter().map(|row| row["label"].as_str().expect("a label"));
    assert_eq!(labels.collect::<Vec<_>>(), (1..=53).map(|id| format!("i{id}")).collect::<Vec<_>>());
    let pages = user.requests();
    assert_eq!(pages, vec![("GET /api/v1/instances/".to_owned(), Value::Null, 200); 3]);

    let shown: Value = serde_json::from_str(&user.ok(&["show", "instance", "7", "--raw"])).expect("JSON");
    assert_eq!((&shown["id"], &shown["actual_status"]), (&json!(7), &json!("running")));
    assert_eq!(user.last_request().0, "GET /api/v0/instances/7/");
    let err = user.refused(&["show", "instance", "99"]);
    assert_eq!(err, "Instance 99 not found or no longer exists.\n");
    let ids = user.ok(&["show", "instances", "-q", "--status", "exited"]);
    assert_eq!(ids, "");
    assert!(user.run(&["show", "instances", "--label", "i9"]).out.contains("RTX 4090"));
}

#[test]
fn where_to_log_in_is_what_a_seed_says() {
    let seeds = ["7=127.0.0.1:2222,label=train", "8"];
    let instances = seeds.map(|seed| InstanceSeed::parse(seed).expect("a seed")).to_vec();
    let options = Options { instances, ..Options::default() };
    let state = json!({"instances": [{"id": 9, "image_runtype": "jupyter_proxy ssh_proxy"}]});
    let Some(user) = User::with(&state, options) else { return };
    for (id, address) in [
        ("7", "root@127.0.0.1:2222"),
        ("8", "root@ssh1.sandbox.invalid:10008"),
        // Jupyter has the first of two ports.
        ("9", "root@ssh1.sandbox.invalid:10010"),
    ] {
        assert_eq!(user.ok(&["ssh-url", id]), format!("ssh://{address}\n"));
    }
    assert_eq!(user.ok(&["ssh-url", "10"]), "error: no instance found with id 10\n");
}

#[test]
fn a_key_without_the_right_sees_none() {
    let state = json!({"instances": [{"id": 7}], "api_keys": [
        {"key": "all"}, {"key": "reads", "permissions": {"api": {"user_read": {}}}},
        {"key": "looks", "permissions": {"api": {"instance_read": {}}}},
    ]});
    let Some(user) = User::with(&state, Options::default()) else { return };
    for arguments in [&["show", "instances", "--raw"][..], &["show", "instance", "7"]] {
        let err = user.refused(&[arguments, &["--api-key", "reads"]].concat());
        assert!(
            err.contains("403") && err.contains("This API key lacks the permission instance_read"),
            "{err}"
        );
        user.ok(&[arguments, &["--api-key", "looks"]].concat());
    }
}
