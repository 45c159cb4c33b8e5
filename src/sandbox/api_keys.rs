//! API keys.

use hyper::StatusCode;
use serde_json::{Map, Value, json};

use super::Outcome;
use super::account::{Account, ApiKey};
use super::answer::Answer;
use super::permissions;
use crate::domain::{Secret, Timestamp};

/// `GET /auth/apikeys/`. The keys themselves are never shown.
pub(super) fn list(account: &Account) -> Value {
    let keys: Vec<Value> = account.own_keys().map(|key| describe(key, account.user.id)).collect();
    json!({"apikeys": keys})
}

/// `GET /auth/apikeys/{id}/`.
pub(super) fn show(account: &Account, id: u64) -> Outcome {
    let key = account.own_keys().find(|key| key.id == id).ok_or_else(not_found)?;
    Ok(describe(key, account.user.id))
}

/// `POST /auth/apikeys/`: makes `key` one of the account's. The only answer that shows it.
pub(super) fn create(
    account: &mut Account,
    fields: &Map<String, Value>,
    key: Secret,
    now: Timestamp,
) -> Outcome {
    // The console lets a key go without a name, and the official client sends null for none.
    let name = match fields.get("name").unwrap_or(&Value::Null) {
        Value::Null => None,
        Value::String(name) => Some(name.clone()),
        _ => return Err(Answer::bad_request("invalid_args", "'name' must be a string")),
    };
    let permissions = given(fields, "permissions");
    permissions.as_ref().map_or(Ok(()), permissions::check)?;
    let key_params = given(fields, "key_params");
    if !key_params.as_ref().is_none_or(|params| params.is_object() || params.is_string()) {
        return Err(Answer::bad_request("invalid_args", "'key_params' must be an object or a string"));
    }
    let id = account.take_id();
    let shown = json!({
        "id": id, "key": key.expose(), "permissions": permissions.as_ref().unwrap_or(&Value::Bool(false)),
    });
    account.api_keys.push(ApiKey {
        id,
        key,
        name,
        created_at: Some(now),
        permissions,
        key_params,
        user_id: None,
    });
    Ok(shown)
}

/// `DELETE /auth/apikeys/{id}/`. The key that asks may delete itself.
pub(super) fn delete(account: &mut Account, id: u64) -> Outcome {
    let index = account.api_keys.iter().position(|key| key.id == id).ok_or_else(not_found)?;
    if !account.api_keys[index].belongs_to(account.user.id) {
        let msg = "You do not have permission to delete this API Key.";
        return Err(Answer::message(StatusCode::FORBIDDEN, msg));
    }
    account.api_keys.remove(index);
    Ok(json!("Successfully Deleted API Key"))
}

/// `PUT /commands/reset_apikey/`: the key with `id`, which asks, becomes `new`. Its id, name and
/// permissions stay.
pub(super) fn reset(account: &mut Account, fields: &Map<String, Value>, id: u64, new: Secret) -> Outcome {
    if fields.get("client_id").and_then(Value::as_str) != Some("me") {
        return Err(Answer::bad_request("invalid_args", "'client_id' must be \"me\""));
    }
    let key = account.api_keys.iter_mut().find(|key| key.id == id).ok_or_else(not_found)?;
    let answer = json!({"success": true, "new_api_key": new.expose()});
    key.key = new;
    Ok(answer)
}

fn describe(key: &ApiKey, user_id: u64) -> Value {
    let mut shown = json!({
        "id": key.id, "user_id": user_id, "name": key.name, "created_at": key.created_at,
        "rights": if key.permissions.is_some() { "scoped" } else { "all" },
        "team_id": null, "team_name": null,
    });
    if let Some(permissions) = &key.permissions {
        shown["permissions"] = permissions.clone();
    }
    shown
}

/// A field that is there and not null.
fn given(fields: &Map<String, Value>, name: &str) -> Option<Value> {
    fields.get(name).filter(|value| !value.is_null()).cloned()
}

fn not_found() -> Answer {
    Answer::message(StatusCode::NOT_FOUND, "API Key not found.")
}

#[cfg(test)]
mod tests {
    use super::super::account::fields;
    use super::*;

    const NOW: Timestamp = Timestamp(1_700_000_001);

    #[test]
    fn a_key_is_shown_once_and_its_params_are_kept() {
        let mut account = Account::sample();
        let permissions = json!({"api": {"user_read": {}}});
        let request = json!({"name": "ci", "permissions": permissions, "key_params": {"id": "*"}});
        let answer = create(&mut account, &fields(&request), Secret::new("fresh"), NOW).expect("a key");
        assert_eq!(answer, json!({"id": 2, "key": "fresh", "permissions": permissions}));
        assert_eq!(account.api_keys[1].key_params, Some(json!({"id": "*"})));

        let listed = list(&account);
        assert!(!listed.to_string().contains("fresh") && !listed.to_string().contains("the key"));
        assert_eq!(
            listed["apikeys"][1],
            json!({"id": 2, "user_id": 7, "name": "ci", "rights": "scoped", "permissions": permissions,
                   "team_id": null, "team_name": null, "created_at": 1_700_000_001})
        );
        assert_eq!(show(&account, 2), Ok(listed["apikeys"][1].clone()));
        assert_eq!(show(&account, 3), Err(not_found()));
    }

    #[test]
    fn a_key_needs_neither_name_nor_permissions() {
        let mut account = Account::sample();
        for request in [json!({}), json!({"name": null, "permissions": null, "key_params": null})] {
            let answer = create(&mut account, &fields(&request), Secret::new("k"), NOW).expect("a key");
            assert_eq!(answer["permissions"], json!(false));
        }
        assert_eq!(show(&account, 2).expect("a key")["rights"], json!("all"));
    }

    #[test]
    fn a_key_of_the_wrong_shape_is_refused() {
        let mut account = Account::sample();
        for (request, code) in [
            (json!({"name": 1}), "invalid_args"),
            (json!({"name": "a", "permissions": []}), "invalid_permissions"),
            (json!({"name": "a", "permissions": {"api": {"root": {}}}}), "invalid_permissions"),
            (json!({"name": "a", "permissions": {}}), "missing_permissions"),
            (json!({"name": "a", "key_params": 5}), "invalid_args"),
        ] {
            let outcome = create(&mut account, &fields(&request), Secret::new("k"), NOW);
            assert_eq!(outcome.unwrap_err().error(), Some(code), "{request}");
        }
        assert_eq!(account.api_keys.len(), 1);
    }

    #[test]
    fn deleting_takes_own_keys_only() {
        let mut account =
            Account::from_json(&json!({"api_keys": [{"key": "a"}, {"key": "b", "user_id": 99}]}));
        assert_eq!(delete(&mut account, 1), Ok(json!("Successfully Deleted API Key")));
        assert_eq!(delete(&mut account, 1), Err(not_found()));
        let forbidden = "You do not have permission to delete this API Key.";
        assert_eq!(delete(&mut account, 2), Err(Answer::message(StatusCode::FORBIDDEN, forbidden)));
        assert_eq!(list(&account), json!({"apikeys": []}));
    }

    #[test]
    fn a_reset_changes_the_key_that_asks_and_nothing_else_of_it() {
        let mut account = Account::sample();
        let before = show(&account, 1);
        let me = fields(&json!({"client_id": "me"}));
        let answer = reset(&mut account, &me, 1, Secret::new("new"));
        assert_eq!(answer, Ok(json!({"success": true, "new_api_key": "new"})));
        assert_eq!(show(&account, 1), before);
        assert!(account.authorize(Some(&Secret::new("the key")), "user_read").is_err());
        assert!(account.authorize(Some(&Secret::new("new")), "user_read").is_ok());
        let refusal = reset(&mut account, &Map::new(), 1, Secret::new("newer")).unwrap_err();
        assert_eq!(refusal.error(), Some("invalid_args"));
    }
}
