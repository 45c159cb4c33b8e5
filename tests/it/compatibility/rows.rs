//! The tests of the table's rows: what the official client does, and what vastenv does instead.

use serde_json::{Value, json};
use vastenv::sandbox::Options;

use super::sides::{KEY, OTHER, Outcome, READER, Side, WRONG};
use crate::home::{Call, Said, chmod};
use crate::official::vastai;
use crate::raw_server::{RawServer, Reply};

const KEY_FILE: &str = ".config/vastai/vast_api_key";

/// What each did with the same words: the official client first.
pub fn both(arguments: &[&str]) -> [Outcome; 2] {
    [Side::new().official(arguments, ""), Side::new().fresh(arguments, "")]
}

pub fn ours(arguments: &[&str]) -> Outcome {
    Side::new().fresh(arguments, "")
}

/// What each said, and what it asked a server that answers by script.
pub fn scripted(
    arguments: &[&str],
    reply: impl Fn(&str) -> Reply + Clone + Send + 'static,
) -> [(Said, Vec<String>); 2] {
    [vastai().expect("the official client"), crate::home::VASTENV.as_ref()].map(|client| {
        let reply = reply.clone();
        let server = RawServer::start(move |target| match target {
            _ if target.contains("/gpu_names/") => Reply::json(200, "{}"),
            _ if target.contains("/users/current") => Reply::json(200, r#"{"id": 7}"#),
            _ => reply(target),
        });
        let side = Side::new();
        let said = side.home().command(client, arguments).env("VAST_URL", server.url()).run();
        let mut targets = server.targets();
        targets.retain(|target| !target.contains("/gpu_names/") && !target.contains("/users/current"));
        (said, targets)
    })
}

pub fn json_of(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok()
}

pub fn exit_codes() {
    for (arguments, codes) in [
        (&["update", "env-var", "GONE", "x"][..], (0, 1)),
        (&["show", "ssh-keys", "--api-key", WRONG], (0, 4)),
        (&["show", "everything"], (2, 2)),
    ] {
        let [they, we] = both(arguments);
        assert_eq!((they.code, we.code), codes, "{they:?} {we:?}");
    }
}

pub fn errors() {
    let we = ours(&["update", "env-var", "GONE", "x"]);
    let [they_raw, we_raw] = both(&["update", "env-var", "GONE", "x", "--raw"]);
    let [theirs, raw] = [they_raw, we_raw].map(|outcome| json_of(&outcome.err).expect("JSON"));
    let fields = |error: &Value| error.as_object().expect("fields").keys().cloned().collect::<Vec<_>>();
    assert_eq!((fields(&theirs), &theirs["status_code"]), (fields(&raw), &raw["status_code"]));
    let words = theirs["msg"].as_str().expect("words").trim_end_matches('.');
    let sentence = format!("cannot update the variable GONE: {words} (HTTP 400)");
    assert_eq!(raw["msg"], json!(sentence));
    assert!(we.err.starts_with(&format!("vastenv: {sentence}\nhint: ")), "{we:?}");
}

pub fn dead_sessions() {
    let [theirs, ours] = [Side::new(), Side::new()];
    for side in [&theirs, &ours] {
        side.home().write(".config/vastai/vast_tfa_key", WRONG);
    }
    let arguments = ["show", "ssh-keys", "--raw"];
    let (they, we) = (theirs.official(&arguments, ""), ours.fresh(&arguments, ""));
    assert!(they.out.starts_with("Failed with error 401") && json_of(&they.out).is_none(), "{they:?}");
    assert!(json_of(&we.out).is_some() && we.err.contains("two-factor session has expired"), "{we:?}");
}

pub fn key_files() {
    let with = |change: &dyn Fn(&Side)| {
        let [theirs, ours] = [Side::new(), Side::new()];
        for side in [&theirs, &ours] {
            change(side);
        }
        let arguments = ["show", "ssh-keys", "--raw"];
        (theirs.official(&arguments, ""), ours.fresh(&arguments, ""), ours)
    };
    let (they, we, _) = with(&|side| chmod(&side.home().path(KEY_FILE), 0o666));
    assert_eq!((they.code, they.requests.len()), (0, 1), "{they:?}");
    assert_eq!((we.code, we.requests.len()), (1, 0), "{we:?}");
    let (they, we, side) = with(&|side| chmod(&side.home().path(KEY_FILE), 0o644));
    assert_eq!((they.code, they.err.as_str(), we.code), (0, "", 0), "{they:?} {we:?}");
    assert!(we.err.contains("chmod 600"), "{we:?}");
    assert_eq!(crate::home::mode(&side.home().path(KEY_FILE)), 0o600);
    // Only root can give a file away.
    if nix::unistd::geteuid().is_root() {
        let (they, we, _) = with(&|side| {
            std::os::unix::fs::chown(side.home().path(KEY_FILE), Some(12345), None).expect("given away");
        });
        assert_eq!((they.code, we.code, we.requests.len()), (0, 1, 0), "{we:?}");
    }
}

pub fn no_home() {
    let [theirs, ours] = [Side::new(), Side::new()];
    let homeless = |side: &Side, call: Call, folders: &[&str]| {
        let path = side.home().path("xdg");
        let call = call.without("HOME").env("VAST_API_KEY", KEY);
        folders.iter().fold(call, |call, folder| call.env(&format!("XDG_{folder}_HOME"), &path)).run()
    };
    let arguments = ["show", "ssh-keys", "--raw"];
    let all = ["CONFIG", "CACHE", "STATE"];
    // Without these it would write to the tester's own home, which it looks up.
    let call = theirs.home().command(vastai().expect("the official client"), &arguments);
    let they = homeless(&theirs, call, &all).expect(0);
    for folders in [&[][..], &["CONFIG", "CACHE"], &["CACHE", "STATE"], &["CONFIG", "STATE"]] {
        let call = ours.home().vastenv(&arguments);
        homeless(&ours, call, folders).expect(1).mentions(&["HOME is not set"]);
    }
    assert_eq!(ours.all_requests(), []);
    assert_eq!(homeless(&ours, ours.home().vastenv(&arguments), &all).expect(0).out, they.out);
}

pub fn redirects() {
    let create = ["create", "env-var", "NEW", "x"];
    let to = |location: String, status: u16, answer: &'static str| {
        move |target: &str| {
            if target.ends_with("/moved/") {
                return Reply::json(200, answer);
            }
            Reply::whole(status, &format!("Location: {location}\r\n"), "")
        }
    };
    let [they, we] = scripted(&["show", "ssh-keys", "--raw"], to("/moved/".into(), 302, "[]"));
    assert_eq!((&they.1, they.0.out, they.0.code), (&we.1, we.0.out, we.0.code));
    let done = r#"{"success": true, "msg": "done"}"#;
    let [they, we] = scripted(&create, to("/moved/".into(), 307, done));
    assert_eq!((&they.1, they.0.code), (&we.1, we.0.code));
    let [they, we] = scripted(&create, to("/moved/".into(), 302, done));
    assert_eq!((they.1[1].as_str(), they.0.out.as_str()), ("GET /moved/", "done\n"));
    assert_eq!((we.1.as_slice(), we.0.code), (&["POST /api/v0/secrets/".to_owned()][..], 1));

    for (arguments, status, method) in [(&create[..], 307, "POST"), (&["show", "ssh-keys"], 302, "GET")] {
        let elsewhere = RawServer::always(Reply::json(200, "[]"));
        let [_, we] = scripted(arguments, to(format!("{}/else/", elsewhere.url()), status, ""));
        assert_eq!(elsewhere.targets(), [format!("{method} /else/")], "the official client alone");
        we.0.refuses(1, &["redirects to another site"]);
    }
}

pub fn plain_http() {
    let arguments = ["show", "ssh-keys", "--url", "http://192.0.2.1:9", "--curl"];
    let [they, we] = both(&arguments);
    assert!(they.code == 0 && they.out.contains("http://192.0.2.1:9"), "{they:?}");
    assert!(we.code == 2 && we.err.contains("--insecure-http"), "{we:?}");
    let we = ours(&[&arguments[..], &["--insecure-http"]].concat());
    assert!(we.code == 0 && we.out.contains("http://192.0.2.1:9"), "{we:?}");
}

pub fn raw_changes() {
    for arguments in [
        &["create", "env-var", "NEW", "x"][..],
        &["update", "env-var", "TAKEN", "x"],
        &["delete", "env-var", "TAKEN"],
        &["create", "ssh-key", OTHER],
        &["update", "ssh-key", "10", OTHER],
        &["delete", "ssh-key", "10"],
        &["show", "api-key", "2"],
        &["create", "api-key", "--name", "x", "--permission_file", "rights.json"],
        &["reset", "api-key"],
    ] {
        let arguments = [arguments, &["--raw"]].concat();
        let they = Side::new().official(&arguments, "");
        let we = ours(&[&arguments[..], &["-y"]].concat());
        assert_eq!((they.code, we.code), (0, 0), "{they:?} {we:?}");
        assert!(json_of(&they.out).is_none() && json_of(&we.out).is_some(), "{they:?} {we:?}");
    }
}

pub fn lost_answers() {
    let lost = |target: &str| match target {
        "GET /api/v0/ssh/" => Reply::json(200, "[]"),
        _ => Reply::Bytes(Vec::new()),
    };
    for arguments in [
        &["create", "env-var", "NEW", "x"][..],
        &["delete", "env-var", "TAKEN"],
        &["create", "ssh-key", OTHER],
        &["delete", "ssh-key", "10", "--raw"],
        &["create", "api-key", "--name", "x", "--permission_file", "rights.json"],
    ] {
        let [they, we] = scripted(arguments, lost);
        let changes = |targets: &[String]| targets.iter().filter(|target| !target.starts_with("GET")).count();
        assert_eq!((changes(&they.1), changes(&we.1)), (3, 1), "{arguments:?}");
        we.0.expect(1).mentions(&["it may or may not have been done"]);
    }
    for arguments in [&["update", "env-var", "TAKEN", "x"][..], &["update", "ssh-key", "10", OTHER]] {
        let [they, we] = scripted(arguments, lost);
        assert_eq!((they.1.len(), we.1.len()), (3, 3), "{arguments:?}");
    }
}

pub fn answers() {
    for arguments in [
        &["create", "env-var", "NEW", "x"][..],
        &["update", "env-var", "TAKEN", "x"],
        &["delete", "env-var", "TAKEN"],
    ] {
        for status in [200, 201] {
            let [they, we] = scripted(arguments, move |_| Reply::json(status, r#"{"msg": "done"}"#));
            assert!(they.0.out.starts_with("Failed to"), "{they:?}");
            we.0.expect(0);
        }
    }
    let create = ["create", "env-var", "NEW", "x"];
    let [_, we] = scripted(&create, |_| Reply::whole(204, "", ""));
    we.0.expect(0);
    let [they, we] = scripted(&create, |_| Reply::json(202, r#"{"success": true, "msg": "done"}"#));
    assert_eq!(they.0.out, "done\n");
    we.0.expect(1);
    let [_, we] = scripted(&create, |_| Reply::json(200, r#"{"success": false, "msg": "no"}"#));
    we.0.expect(1);
}

pub fn curl() {
    let [they, we] = both(&["delete", "api-key", "2", "--curl"]);
    assert!(they.out.contains(KEY), "{they:?}");
    assert!(!we.out.contains(KEY) && we.out.contains("$VAST_API_KEY"), "{we:?}");
}

pub fn set_api_key() {
    let side = Side::new();
    let they = side.official(&["set", "api-key", READER], "");
    assert_eq!((they.files[0].as_deref(), side.all_requests()), (Some(READER), vec![]));
    let asked = ["GET /users/current/", "GET /secrets/", "GET /api/v1/instances/"];
    let asked = asked.map(|what| (what.to_owned(), Value::Null));
    for (option, requests) in [(&[][..], &asked[..]), (&["--no-verify"], &[])] {
        let side = Side::new();
        let we = side.fresh(&[&["set", "api-key", READER], option].concat(), "");
        assert_eq!((we.files[0].as_deref(), side.all_requests().as_slice()), (Some(READER), requests));
    }
    let [they, we] = both(&["set", "api-key", WRONG]);
    assert_eq!((they.code, they.files[0].as_deref()), (0, Some(WRONG)));
    assert_eq!((we.code, we.files[0].as_deref()), (4, Some(KEY)));
}

pub fn whose_the_key_is() {
    for arguments in [
        &["show", "env-vars"][..],
        &["show", "api-keys"],
        &["show", "ssh-keys"],
        &["create", "env-var", "NEW", "x"],
        &["update", "env-var", "TAKEN", "x"],
        &["create", "api-key", "--name", "x", "--permission_file", "rights.json"],
    ] {
        let [theirs, ours] = [Side::new(), Side::new()];
        for _ in 0..2 {
            theirs.official(arguments, "");
            ours.fresh(arguments, "");
        }
        let asked = |side: &Side| {
            side.all_requests().iter().filter(|(what, _)| what.contains("/users/current")).count()
        };
        assert_eq!((asked(&theirs), asked(&ours)), (2, 1), "{arguments:?}");
    }
    let side = Side::new();
    side.fresh(&["create", "env-var", "NEW", "x", "--no-remember"], "");
    assert_eq!(side.all_requests().len(), 1);
}

pub fn hidden_values() {
    let options = Options { mask: true, ..Options::default() };
    let [theirs, ours] = [Side::with(options.clone()), Side::with(options)];
    let arguments = ["show", "env-vars", "-s", "--raw"];
    let value = |outcome: &Outcome| json_of(&outcome.out).expect("JSON")["TAKEN"].clone();
    assert_eq!(value(&theirs.official(&arguments, "")), json!("********"));
    assert_eq!(value(&ours.fresh(&arguments, "")), Value::Null);
    ours.fresh(&["update", "env-var", "TAKEN", "new"], "");
    assert_eq!(value(&ours.fresh(&arguments, "")), json!("new"));
}

pub fn numbers() {
    let [they, we] = scripted(&["show", "env-vars", "-s", "--raw"], |_| {
        Reply::json(200, r#"{"secrets": {"PORT": 8080, "DEBUG": true}}"#)
    });
    assert_eq!(json_of(&they.0.out), Some(json!({"PORT": 8080, "DEBUG": true})));
    assert_eq!(json_of(&we.0.out), Some(json!({"PORT": "8080", "DEBUG": "true"})));
}

pub fn names_and_empty_values() {
    for (verb, name, value) in
        [("create", "MY-NAME", "x"), ("update", "1X", "x"), ("create", "NEW", ""), ("update", "TAKEN", "")]
    {
        let [they, we] = both(&[verb, "env-var", name, value]);
        assert_eq!((they.requests.len(), we.requests.len(), we.code), (1, 0, 2), "{name} {value}");
    }
}

pub fn masks() {
    for (verb, name) in [("create", "NEW"), ("update", "TAKEN")] {
        let [they, we] = both(&[verb, "env-var", name, "***"]);
        assert_eq!((they.requests.len(), we.requests.len(), we.code), (1, 0, 2), "{we:?}");
        let we = ours(&[verb, "env-var", name, "***", "-y"]);
        assert_eq!((we.requests, we.code), (they.requests, 0));
    }
}

pub fn delete_env_var() {
    let state = json!({
        "secrets": {"A": "1", "B": "2", "MY-NAME": "3"},
        "api_keys": [{"id": 1, "key": KEY}],
    });
    let listed = || Side::of(&state, Options::default());
    let several = ["delete", "env-var", "A", "MY-NAME"];
    assert_eq!(listed().official(&several, "").code, 2);
    let we = listed().fresh(&several, "");
    assert_eq!(we.code, 0, "{we:?}");
    assert_eq!(json_of(&we.state).expect("JSON")["secrets"], json!({"B": "2"}));
    let unlisted = ["delete", "env-var", "NO-NAME"];
    let (they, we) = (listed().official(&unlisted, ""), listed().fresh(&unlisted, ""));
    assert_eq!(they.requests, [("DELETE /secrets/".to_owned(), json!({"key": "NO-NAME"}))]);
    assert_eq!((we.requests, we.code), (vec![("GET /secrets/".to_owned(), Value::Null)], 2));
}
