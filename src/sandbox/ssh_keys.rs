//! SSH public keys.

use serde_json::{Map, Value, json};
use ssh_key::PublicKey;
use ssh_key::public::KeyData;

use super::Outcome;
use super::account::{Account, SshKey};
use super::answer::Answer;
use crate::domain::{Timestamp, format_date};

/// `GET /ssh/`.
pub(super) fn list(account: &Account) -> Value {
    account.ssh_keys.iter().map(|key| describe(key, "key", account.user.id)).collect()
}

/// `POST /ssh/`.
pub(super) fn create(account: &mut Account, fields: &Map<String, Value>, now: Timestamp) -> Outcome {
    let public_key = checked_key(account, fields, None)?;
    let key = SshKey { id: account.take_id(), public_key, created_at: Some(now) };
    let answer = json!({"success": true, "key": describe(&key, "public_key", account.user.id)});
    account.ssh_keys.push(key);
    Ok(answer)
}

/// `PUT /ssh/{id}/`.
pub(super) fn update(account: &mut Account, fields: &Map<String, Value>, id: u64) -> Outcome {
    if fields.get("id").is_some_and(|given| given.as_u64() != Some(id)) {
        return Err(invalid("The id in the body is not the one in the path"));
    }
    let index = position(account, id)?;
    account.ssh_keys[index].public_key = checked_key(account, fields, Some(id))?;
    let shown = describe(&account.ssh_keys[index], "public_key", account.user.id);
    Ok(json!({"success": true, "key": shown}))
}

/// `DELETE /ssh/{id}/`.
pub(super) fn delete(account: &mut Account, id: u64) -> Outcome {
    let index = position(account, id)?;
    account.ssh_keys.remove(index);
    Ok(json!({"success": true}))
}

fn position(account: &Account, id: u64) -> Result<usize, Answer> {
    account.ssh_keys.iter().position(|key| key.id == id).ok_or_else(no_ssh_key)
}

/// The key in `fields`, if it is one and no key but `replaced` is the same.
fn checked_key(
    account: &Account,
    fields: &Map<String, Value>,
    replaced: Option<u64>,
) -> Result<String, Answer> {
    let given = fields.get("ssh_key").and_then(Value::as_str).map_or("", str::trim);
    if given.is_empty() {
        return Err(no_ssh_key());
    }
    let data = key_data(given).ok_or_else(|| invalid("Not an SSH public key in OpenSSH format"))?;
    let taken = (account.ssh_keys.iter())
        .any(|key| Some(key.id) != replaced && key_data(&key.public_key).as_ref() == Some(&data));
    if taken {
        return Err(Answer::bad_request("duplicate_ssh_key", "The account has this SSH key already"));
    }
    Ok(given.to_owned())
}

/// The key in one line `<type> <base64> [comment]`, without its comment.
fn key_data(line: &str) -> Option<KeyData> {
    let mut words = line.split_ascii_whitespace();
    let key = PublicKey::from_openssh(&format!("{} {}", words.next()?, words.next()?)).ok()?;
    (!line.contains(['\n', '\r'])).then(|| key.key_data().clone())
}

/// The service names the key's text `key` in lists and `public_key` elsewhere.
fn describe(key: &SshKey, text_field: &str, user_id: u64) -> Value {
    let created_at = key.created_at.map(iso_8601);
    let mut shown = json!({"id": key.id, "user_id": user_id, "created_at": created_at, "deleted_at": null});
    shown[text_field] = key.public_key.as_str().into();
    shown
}

/// `2023-11-14T22:13:20Z`.
fn iso_8601(time: Timestamp) -> String {
    let seconds = time.0 % 86_400;
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{}T{hour:02}:{minute:02}:{second:02}Z", format_date(time.0))
}

fn no_ssh_key() -> Answer {
    Answer::bad_request("no_ssh_key", "No ssh key provided")
}

fn invalid(msg: &str) -> Answer {
    Answer::bad_request("invalid_request", msg)
}

#[cfg(test)]
mod tests {
    use super::super::account::fields;
    use super::*;

    const ED25519: &str =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKHEChKtsRnn8LkA4a6sNEcb2HF4RpFVn1FZZq0rIVVN me@here";
    const OTHER: &str =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA you@there";
    const NOW: Timestamp = Timestamp(1_700_000_000);

    fn error(outcome: Outcome) -> String {
        outcome.unwrap_err().error().expect("a code").to_owned()
    }

    #[test]
    fn a_key_is_added_changed_and_removed() {
        let mut account = Account::sample();
        assert_eq!(list(&account), json!([]));
        let with_newline = format!("{ED25519}\n");
        let added = create(&mut account, &fields(&json!({"ssh_key": with_newline})), NOW).expect("added");
        let created_at = "2023-11-14T22:13:20Z";
        assert_eq!(
            added,
            json!({"success": true, "key": {"id": 2, "user_id": 7, "public_key": ED25519,
                   "created_at": created_at, "deleted_at": null}})
        );
        assert_eq!(
            list(&account),
            json!([{"id": 2, "user_id": 7, "key": ED25519, "created_at": created_at, "deleted_at": null}])
        );
        let changed = update(&mut account, &fields(&json!({"id": 2, "ssh_key": OTHER})), 2).expect("changed");
        assert_eq!(changed["key"]["public_key"], json!(OTHER));
        assert_eq!(delete(&mut account, 2), Ok(json!({"success": true})));
        assert_eq!(list(&account), json!([]));
    }

    #[test]
    fn a_second_copy_is_refused_whatever_its_comment() {
        let mut account = Account::from_json(&json!({"ssh_keys": [
            {"id": 1, "public_key": ED25519}, {"id": 2, "public_key": OTHER},
        ]}));
        let again = ED25519.replace("me@here", "me@work");
        let request = fields(&json!({"ssh_key": again}));
        assert_eq!(error(create(&mut account, &request, NOW)), "duplicate_ssh_key");
        assert_eq!(error(update(&mut account, &request, 2)), "duplicate_ssh_key");
        assert!(update(&mut account, &request, 1).is_ok(), "a key may get another comment");
    }

    #[test]
    fn what_is_no_public_key_is_refused() {
        let mut account = Account::sample();
        for (text, code) in [
            ("", "no_ssh_key"),
            (" \n", "no_ssh_key"),
            ("id_ed25519.pub", "invalid_request"),
            ("ssh-ed25519", "invalid_request"),
            ("ssh-ed25519 not!base64", "invalid_request"),
            ("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5", "invalid_request"),
            (&ED25519.replacen("ssh-ed25519", "ssh-rsa", 1), "invalid_request"),
            (&format!("{ED25519}\n{OTHER}"), "invalid_request"),
            ("-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNza", "invalid_request"),
        ] {
            let outcome = create(&mut account, &fields(&json!({"ssh_key": text})), NOW);
            assert_eq!(error(outcome), code, "{text:?}");
        }
        assert_eq!(error(create(&mut account, &Map::new(), NOW)), "no_ssh_key");
        assert!(account.ssh_keys.is_empty());
    }

    #[test]
    fn an_unknown_or_contradicted_id_is_refused() {
        let mut account = Account::from_json(&json!({"ssh_keys": [{"id": 1, "public_key": ED25519}]}));
        assert_eq!(error(delete(&mut account, 9)), "no_ssh_key");
        assert_eq!(error(update(&mut account, &fields(&json!({"ssh_key": OTHER})), 9)), "no_ssh_key");
        let contradiction = fields(&json!({"id": 2, "ssh_key": OTHER}));
        assert_eq!(error(update(&mut account, &contradiction, 1)), "invalid_request");
        assert_eq!(account.ssh_keys[0].public_key, ED25519);
    }

    #[test]
    fn dates_follow_the_calendar() {
        for (seconds, date) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_704_067_199, "2023-12-31T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(iso_8601(Timestamp(seconds)), date);
        }
    }
}
