//! The list of instances that is kept for TAB and hints: who asks for it, and who does not.

use serde_json::{Value, json};
use vastenv::sandbox::Options;

use super::account::TestAccount;
use crate::common::skip::can;
use crate::home::{Home, VASTENV};
use crate::ssh::instance::is_root;

const KEY: &str = "0123456789abcdef0123456789abcdef";
const SEES_NONE: &str = "fedcba9876543210fedcba9876543210";
const LIST: &str = "GET /api/v1/instances/ 200";

fn account() -> TestAccount {
    let state = json!({
        "secrets": {"A": "1"},
        "api_keys": [{"key": KEY}, {"key": SEES_NONE, "permissions": {"api": {"user_read": {}}}}],
        "instances": [
            {"id": 20_931_234, "label": "train", "num_gpus": 2},
            {"id": 7, "label": "a\u{1b}[2J\tb", "actual_status": null, "gpu_name": null},
        ],
    });
    TestAccount::of(&state, Options::default())
}

/// What is cached of the instances.
fn cached(home: &Home) -> Option<Value> {
    let path = home.snapshot()?.with_file_name("instances.json");
    Some(serde_json::from_slice(&std::fs::read(path).ok()?).expect("JSON"))
}

#[test]
fn a_new_key_and_each_background_refresh_bring_the_list() {
    let account = account();
    let home = knowing_home(&account);
    let expected = json!([
        {"id": 7, "name": "a\\u{1b}[2J\\tb", "detail": ""},
        {"id": 20_931_234, "name": "train", "detail": "2x RTX 4090", "status": "running"},
    ]);
    assert_eq!(cached(&home).expect("a list")["entries"], expected);
    account.forget();
    home.vastenv(&["__refresh"]).run().expect(0);
    assert_eq!(account.requests(), [""; 0], "all is fresh");
    home.age_snapshot(10_000);
    home.vastenv(&["__refresh"]).run().expect(0);
    assert_eq!(account.requests(), ["GET /secrets/ 200", LIST]);
    home.vastenv(&["__refresh", "instances"]).run().expect(0);
    assert_eq!(account.requests().len(), 2);
}

#[test]
fn a_key_that_may_not_read_it_is_told_nothing_and_asks_once() {
    let account = account();
    let mut home = account.home();
    home.unset("VAST_API_KEY");
    let said = home.vastenv(&["set", "api-key"]).stdin(SEES_NONE).run().expect(0);
    assert!(!said.err.contains("instance"), "{said:?}");
    assert!(account.requests().contains(&LIST.replace("200", "403")));
    account.forget();
    for refresh in [&["__refresh"][..], &["__refresh", "instances"]] {
        home.age_snapshot(10_000);
        home.vastenv(refresh).run().expect(0);
    }
    assert_eq!(account.requests(), ["GET /secrets/ 200"]);
    assert_eq!(cached(&home), None);
    // One that may is none of its business, and leaves nothing behind for it.
    home.vastenv(&["set", "api-key"]).stdin(KEY).run().expect(0);
    assert!(cached(&home).is_some());
    home.vastenv(&["set", "api-key"]).stdin(SEES_NONE).run().expect(0);
    assert_eq!(cached(&home), None);
}

#[test]
fn the_newest_that_runs_is_the_nearest_way_to_hidden_values() {
    let state = json!({
        "secrets": {"A": "1", "B": "2"},
        "api_keys": [{"key": KEY}],
        "instances": [{"id": 7}, {"id": 20}, {"id": 21, "actual_status": "exited"}],
    });
    let account = TestAccount::of(&state, Options { mask: true, ..Options::default() });
    let mut home = account.home();
    home.unset("VAST_API_KEY");
    let way = "take them from the instance 20: vastenv remember env-var --from-instance 20";
    let said = home.vastenv(&["set", "api-key"]).stdin(KEY).run().expect(0);
    said.mentions(&[&format!("next, {way}\n")]);
    account.forget();
    let hook = format!("eval \"$('{VASTENV}' hook bash)\"");
    home.command("bash", &["--norc", "-c", &hook]).run().expect(0).mentions(&[&format!("hint: {way}\n")]);
    let step = way.split_once(": ").expect("a command").1;
    for report in [&[][..], &["status"]] {
        assert!(home.ok(report).contains(step), "{}", home.ok(report));
    }
    home.vastenv(&["run", "--", "true"]).run().refuses(1, &[&format!("hint: {way}; or")]);
    let lists = account.requests().into_iter().filter(|request| request.contains("instances"));
    assert_eq!(lists.count(), 0, "asked at a prompt");
    // One that lacks them itself is no way to them.
    let program = format!("'{VASTENV}' run -- true; exit $?");
    let inside =
        ["--pid", "--fork", "--kill-child", "--mount-proc", "env", "CONTAINER_ID=20", "sh", "-c", &program];
    let can_be_made = home.command("unshare", &[&inside[..4], &["true"]].concat()).run().code == 0;
    if can(can_be_made, "no pid namespace can be made here (unshare)") {
        home.command("unshare", &inside)
            .run()
            .refuses(1, &["vastenv remember env-var --from-instance 7; or"]);
    }
    // A file that is here is nearer.
    home.write(".env", "A=1");
    home.vastenv(&["run", "--", "true"]).run().refuses(1, &["hint: take them from .env: "]);
}

#[test]
fn a_refused_key_leaves_no_list() {
    let account = account();
    let home = knowing_home(&account);
    let list = home.snapshot().expect("a snapshot").with_file_name("instances.json");
    assert!(list.exists());
    let elsewhere = Home::at(&account.sandbox.url, KEY);
    elsewhere.vastenv(&["reset", "api-key", "-y"]).run().expect(0);
    home.vastenv(&["refresh"]).run().expect(4);
    assert!(!list.exists());
}

fn home_without_key(account: &TestAccount) -> Home {
    let mut home = account.home();
    home.unset("VAST_API_KEY");
    home
}

/// A home that knows the account's instances.
fn knowing_home(account: &TestAccount) -> Home {
    let home = home_without_key(account);
    home.vastenv(&["set", "api-key"]).stdin(KEY).run().expect(0);
    home
}

#[test]
fn an_update_names_the_instances_that_keep_the_old_value() {
    let account = account();
    let home = knowing_home(&account);
    home.write(".env", "A=imported\n");
    home.write("new.env", "C=imported\n");
    let hint = "running instances keep the old value: 20931234 (train)\n";
    for (arguments, is_told) in [
        (&["update", "env-var", "A", "2"][..], true),
        (&["set", "env-var", "A", "3"], true),
        (&["set", "env-var", "NEW", "1"], false),
        (&["create", "env-var", "B", "1"], false),
        (&["import", ".env", "-y"], true),
        (&["import", "new.env", "-y"], false),
        (&["update", "env-var", "A", "4", "--raw"], false),
        (&["update", "env-var", "A", "5", "-q"], false),
    ] {
        let said = home.vastenv(arguments).run().expect(0);
        assert_eq!(said.err.contains(hint), is_told, "{said:?}");
        assert_eq!(said.err.contains("instance"), is_told, "{said:?}");
    }
    // Whoever knows of none says nothing of any.
    let said = account.home().vastenv(&["update", "env-var", "A", "6"]).run().expect(0);
    assert_eq!(said.err, "updated A\n");
}

#[test]
fn one_that_runs_is_the_nearest_way_to_hidden_values_after_a_dotenv_file() {
    let state = json!({
        "secrets": {"A": "1", "B": "2"},
        "api_keys": [{"key": KEY}, {"key": SEES_NONE, "permissions": {"api": {"user_read": {}}}}],
        "instances": [{"id": 7}, {"id": 20_931_234, "label": "train"}, {"id": 30_000_000, "actual_status": "exited"}],
    });
    let account = TestAccount::of(&state, Options { mask: true, ..Options::default() });
    let home = home_without_key(&account);
    let way = |instance: &str| {
        let id = instance.split(' ').next().expect("an id");
        format!("take them from the instance {instance}: vastenv remember env-var --from-instance {id}")
    };
    let train = way("20931234 (train)");
    let typing = "enter their values once: vastenv remember env-var --all";
    let hook = |home: &Home| {
        let script = format!("eval \"$('{VASTENV}' hook bash)\"");
        home.command("bash", &["--norc", "-c", &script]).run().expect(0).err
    };
    let set = |home: &Home, key: &str| home.vastenv(&["set", "api-key"]).stdin(key).run().expect(0).err;
    let run = |home: &Home| home.vastenv(&["run", "--", "true"]).run().expect(1).err;
    assert!(set(&home, KEY).contains(&format!("next, {train}\n")));
    account.forget();
    assert!(hook(&home).contains(&format!("hint: {train}\n")));
    assert!(run(&home).contains(&format!("hint: {train}; or need fewer")));
    for screen in [&["status"][..], &[]] {
        assert!(home.ok(screen).contains("vastenv remember env-var --from-instance 20931234\n"));
    }
    home.vastenv(&["show", "env-var", "A"]).run().refuses(1, &["hint: take it from the instance 20931234"]);
    assert_eq!(account.requests(), [""; 0]);
    // What is nearer, and what this is itself.
    home.write(".env", "A=1\n");
    assert!(run(&home).contains("take them from .env: "));
    std::fs::remove_file(home.path(".env")).expect("removed");
    for (launched, expected) in [
        (("CONTAINER_ID", "20931234"), &way("7")),
        (("VAST_CONTAINERLABEL", "C.20931234"), &way("7")),
        (("CONTAINER_ID", "9"), &train),
    ] {
        // Its process 1 was launched with that.
        let unshare: &[&str] = if is_root() { &[] } else { &["-U", "--map-current-user"] };
        let with = |program: &[&'static str]| {
            [unshare, &["--pid", "--fork", "--kill-child", "--mount-proc"], program].concat()
        };
        if !can(home.command("unshare", &with(&["true"])).run().code == 0, "no namespaces here") {
            break;
        }
        let call = home.command("unshare", &with(&[VASTENV, "run", "--", "true"]));
        let said = call.env(launched.0, launched.1).run().err;
        assert!(said.contains(expected.as_str()), "{launched:?}: {said}");
    }
    // A key of the same account that may not read them; another machine, whose first word is the hook's.
    assert!(set(&home, SEES_NONE).contains(&format!("next, {typing}\n")));
    assert!(run(&home).contains(typing));
    set(&home, KEY);
    assert!(run(&home).contains(&train));
}

#[test]
fn a_new_ssh_key_comes_with_the_command_that_brings_it_to_what_runs() {
    let account = account();
    let home = knowing_home(&account);
    let key = |comment: &str, end: char| {
        format!(
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKHEChKtsRnn8LkA4a6sNEcb2HF4RpFVn1FZZq0rIVV{end} {comment}"
        )
    };
    home.write("it's/a key.pub", key("me@here", 'N') + "\n");
    for (given, expected) in [("it's/a key.pub", "it's/a key.pub"), (&key("me@work", 'M'), "KEY")] {
        let said = home.vastenv(&["create", "ssh-key", given]).run().expect(0);
        let (_, argument) = said
            .err
            .split_once("; for running instances (20931234 (train)): vastai attach ssh INSTANCE ")
            .unwrap_or_else(|| panic!("{said:?}"));
        let printed = home.command("sh", &["-c", &format!("printf %s {argument}")]).run().expect(0).out;
        assert_eq!(printed, expected);
    }
    let said = home.vastenv(&["create", "ssh-key"]).run().expect(0);
    assert!(said.err.ends_with("vastai attach ssh INSTANCE ~/.ssh/id_ed25519.pub\n"), "{said:?}");
    let said = home.vastenv(&["create", "ssh-key", &key("again", 'O'), "--raw"]).run().expect(0);
    assert!(!said.err.contains("attach"), "{said:?}");
}

#[test]
fn an_instances_own_key_gets_a_clear_word() {
    const OWN: &str = "00112233445566778899aabbccddeeff";
    let state =
        json!({"api_keys": [{"key": KEY}, {"key": OWN, "permissions": {"api": {"instance_read": {}}}}]});
    let account = TestAccount::of(&state, Options::default());
    let word = "the instance's own key (CONTAINER_API_KEY), which cannot list the account's variables";
    for key in [OWN, "no-key-of-anybodys"] {
        let mut home = Home::at(&account.sandbox.url, key);
        for arguments in [&["refresh"][..], &["show", "env-vars"], &["create", "env-var", "A", "1"]] {
            let said = home.vastenv(arguments).run().expect(4);
            assert!(!said.err.contains("CONTAINER_API_KEY"), "{said:?}");
            let call = home.vastenv(arguments).env("CONTAINER_API_KEY", key);
            call.run().refuses(4, &[word, "`vastenv set api-key`"]).hides(key);
        }
        home.unset("VAST_API_KEY");
        let said = home.vastenv(&["set", "api-key"]).env("CONTAINER_API_KEY", key).stdin(key).run();
        said.mentions(&["warning: this is ", word]).hides(key);
    }
    // Another key that is used beside it is not meant.
    let home = account.home();
    let said = home.vastenv(&["refresh"]).env("CONTAINER_API_KEY", OWN).run().expect(0);
    assert!(!said.err.contains("CONTAINER_API_KEY"), "{said:?}");
}
