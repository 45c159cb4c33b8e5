//! What the account's endpoints answer, and to whom.

use serde_json::json;
use vastenv::sandbox::Options;

use super::http::{ED25519, refused};
use crate::common::RunningSandbox;

#[test]
fn secrets_live_as_documented() {
    let sandbox = RunningSandbox::with(Options::default());
    let value = "any 'text' $here\nand ✓";
    assert_eq!(sandbox.get("/secrets/"), json!({"success": true, "secrets": {}}));
    assert_eq!(
        sandbox.call("POST", "/secrets/", &json!({"key": "hf_token", "value": value})),
        (200, json!({"success": true, "msg": "Environment variable added successfully"}))
    );
    assert_eq!(sandbox.get("/secrets/"), json!({"success": true, "secrets": {"HF_TOKEN": value}}));
    assert_eq!(
        sandbox.call("PUT", "/secrets/", &json!({"key": "HF_TOKEN", "value": "new"})),
        (200, json!({"success": true, "msg": "Environment variable updated successfully"}))
    );
    assert_eq!(
        sandbox.call("DELETE", "/secrets/", &json!({"key": "HF_TOKEN"})),
        (200, json!({"success": true, "msg": "Environment variable deleted successfully"}))
    );
    assert_eq!(
        sandbox.call("POST", "/secrets/", &json!({"key": "A"})),
        (400, refused("missing_input", "Both 'key' and 'value' are required."))
    );
    let (status, answer) = sandbox.call("DELETE", "/secrets/", &json!({"key": "A"}));
    assert_eq!((status, &answer["error"]), (400, &json!("nonexistent_key")));
}

#[test]
fn api_keys_live_as_documented() {
    let sandbox = RunningSandbox::with(Options::default());
    let permissions = json!({"api": {"user_read": {}}});
    let (status, created) =
        sandbox.call("POST", "/auth/apikeys/", &json!({"name": "ci", "permissions": permissions}));
    assert_eq!((status, &created["permissions"]), (200, &permissions));
    let path = format!("/auth/apikeys/{}/", created["id"]);
    let shown = sandbox.get(&path);
    assert_eq!(shown["name"], json!("ci"));
    assert_eq!(sandbox.get("/auth/apikeys/")["apikeys"][1], shown);
    assert_eq!(sandbox.call("DELETE", &path, &json!({})), (200, json!("Successfully Deleted API Key")));
    assert_eq!(sandbox.call("DELETE", &path, &json!({})), (404, json!({"msg": "API Key not found."})));
    assert_eq!(sandbox.call("GET", &path, &json!({})), (404, json!({"msg": "API Key not found."})));
    let (status, answer) = sandbox.call("POST", "/auth/apikeys/", &json!({"permissions": []}));
    assert_eq!((status, answer), (400, refused("invalid_permissions", "Invalid permission format")));
}

#[test]
fn keys_of_others_cannot_be_deleted() {
    let (sandbox, _folder) = RunningSandbox::with_state(&json!({"api_keys": [
        {"id": 5, "key": "mine"}, {"id": 6, "key": "theirs", "user_id": 1},
    ]}));
    let msg = "You do not have permission to delete this API Key.";
    assert_eq!(sandbox.call("DELETE", "/auth/apikeys/6/", &json!({})), (403, json!({"msg": msg})));
}

#[test]
fn ssh_keys_live_as_documented() {
    let sandbox = RunningSandbox::with(Options::default());
    assert_eq!(sandbox.get("/ssh/"), json!([]));
    let (status, created) = sandbox.call("POST", "/ssh/", &json!({"ssh_key": ED25519}));
    assert_eq!((status, &created["key"]["public_key"]), (200, &json!(ED25519)));
    assert_eq!(created["key"]["created_at"], json!("2023-11-14T22:13:20Z"));
    let path = format!("/ssh/{}/", created["key"]["id"]);
    assert_eq!(sandbox.get("/ssh/")[0]["key"], json!(ED25519));
    assert_eq!(sandbox.get("/users/current/")["ssh_key"], json!(ED25519));
    let other = ED25519.replace("me@here", "me@work");
    let (status, changed) = sandbox.call("PUT", &path, &json!({"ssh_key": other}));
    assert_eq!((status, &changed["key"]["public_key"]), (200, &json!(other)));
    assert_eq!(sandbox.call("DELETE", &path, &json!({})), (200, json!({"success": true})));
    assert_eq!(
        sandbox.call("DELETE", &path, &json!({})),
        (400, refused("no_ssh_key", "No ssh key provided"))
    );
    let (status, answer) = sandbox.call("POST", "/ssh/", &json!({"ssh_key": "id_ed25519.pub"}));
    assert_eq!((status, &answer["error"]), (400, &json!("invalid_request")));
}

#[test]
fn the_user_is_who_the_state_says() {
    let (sandbox, _folder) =
        RunningSandbox::with_state(&json!({"user": {"id": 42, "email": "a@b.invalid", "credit": 1.5}}));
    let user = sandbox.get("/users/current/");
    assert_eq!(user["id"], json!(42));
    assert_eq!(user["email"], json!("a@b.invalid"));
    assert_eq!((&user["credit"], &user["ssh_key"]), (&json!(1.5), &json!("")));
    assert!(!user.to_string().contains(sandbox.key.expose()));
}

#[test]
fn without_a_live_key_nothing_is_answered() {
    let sandbox = RunningSandbox::with(Options::default());
    let (_, scoped) = sandbox.call("POST", "/auth/apikeys/", &json!({"name": "short-lived"}));
    let bearer = format!("Bearer {}", scoped["key"].as_str().expect("a key"));
    let secrets = "/api/v0/secrets/";
    assert_eq!(sandbox.send_as(&bearer, "GET", secrets, "").status, 200);
    sandbox.send("DELETE", &format!("/auth/apikeys/{}/", scoped["id"]), "");
    let basic = format!("Basic {}", sandbox.key.expose());
    for authorization in ["", "Bearer ", "Bearer unknown", &basic, &bearer] {
        for (method, path) in [("GET", secrets), ("POST", secrets), ("PUT", "/api/v0/commands/reset_apikey/")]
        {
            let reply = sandbox.send_as(authorization, method, path, "{}");
            let expected = refused("auth_error", "Invalid user key");
            assert_eq!((reply.status, reply.json()), (401, expected), "{method} {path}");
        }
    }
}

#[test]
fn a_scoped_key_does_what_its_permissions_say() {
    let (sandbox, _folder) = RunningSandbox::with_state(&json!({"api_keys": [
        {"key": "full"},
        {"key": "reads", "permissions": {"api": {"user_read": {}, "misc": {}}}},
        {"key": "writes", "permissions": {"api": {"user_write": {}}}},
    ]}));
    let secrets = "/api/v0/secrets/";
    let create = json!({"key": "A", "value": "b"}).to_string();
    assert_eq!(sandbox.send_as("Bearer reads", "GET", secrets, "").status, 200);
    assert_eq!(sandbox.send_as("Bearer writes", "POST", secrets, &create).status, 200);
    for (key, method, missing) in [("reads", "POST", "user_write"), ("writes", "GET", "user_read")] {
        let reply = sandbox.send_as(&format!("Bearer {key}"), method, secrets, &create);
        let expected = refused("permission_denied", &format!("This API key lacks the permission {missing}"));
        assert_eq!((reply.status, reply.json()), (403, expected));
    }
}

#[test]
fn after_a_reset_the_key_that_asked_is_dead() {
    let sandbox = RunningSandbox::with(Options::default());
    let (status, answer) = sandbox.call("PUT", "/commands/reset_apikey/", &json!({"client_id": "me"}));
    assert_eq!((status, &answer["success"]), (200, &json!(true)));
    assert_eq!(sandbox.send("GET", "/secrets/", "").status, 401);
    let new = format!("Bearer {}", answer["new_api_key"].as_str().expect("a key"));
    assert_eq!(sandbox.send_as(&new, "GET", "/api/v0/secrets/", "").status, 200);
}

#[test]
fn a_masking_sandbox_shows_no_value() {
    let sandbox = RunningSandbox::with(Options { mask: true, ..Options::default() });
    sandbox.call("POST", "/secrets/", &json!({"key": "A", "value": "b"}));
    assert_eq!(sandbox.get("/secrets/"), json!({"success": true, "secrets": {"A": "********"}}));
}
