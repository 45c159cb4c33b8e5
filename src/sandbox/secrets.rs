//! Environment variables, which the API calls secrets.

use serde_json::{Map, Value, json};

use super::Outcome;
use super::account::Account;
use super::answer::Answer;
use crate::domain::{EnvName, NameError, Secret};

/// The most secrets that an account holds.
const MAX_SECRETS: usize = 20_000;

/// What every value reads as when the service masks.
const MASK: &str = "********";

/// `GET /secrets/`.
pub(super) fn list(account: &Account, mask: bool) -> Value {
    let shown = |value: &Secret| if mask { MASK } else { value.expose() }.into();
    let secrets: Map<String, Value> =
        account.secrets.iter().map(|(name, value)| (name.clone(), shown(value))).collect();
    json!({"success": true, "secrets": secrets})
}

/// `POST /secrets/`.
pub(super) fn create(account: &mut Account, fields: &Map<String, Value>) -> Outcome {
    let (given, value) = name_and_value(fields)?;
    if given.is_empty() || value.is_empty() {
        return Err(missing_input());
    }
    let name = checked_name(given)?;
    if stored_name(account, given).is_some() {
        return Err(Answer::bad_request("existing_key", "An environment variable of this name exists"));
    }
    if account.secrets.len() >= MAX_SECRETS {
        return Err(Answer::bad_request("max_secrets", "The limit of environment variables is reached"));
    }
    account.secrets.insert(name, Secret::new(value));
    Ok(json!({"success": true, "msg": "Environment variable added successfully"}))
}

/// `PUT /secrets/`.
pub(super) fn update(account: &mut Account, fields: &Map<String, Value>) -> Outcome {
    let (given, value) = name_and_value(fields)?;
    if given.is_empty() || value.is_empty() {
        return Err(Answer::bad_request("empty_input", "'key' and 'value' must not be empty."));
    }
    checked_name(given)?;
    let name = stored_name(account, given).ok_or_else(nonexistent)?;
    account.secrets.insert(name, Secret::new(value));
    Ok(json!({"success": true, "msg": "Environment variable updated successfully"}))
}

/// `DELETE /secrets/`.
pub(super) fn delete(account: &mut Account, fields: &Map<String, Value>) -> Outcome {
    let given = fields.get("key").and_then(Value::as_str).unwrap_or_default();
    if given.is_empty() {
        return Err(Answer::bad_request("missing_input", "'key' is required."));
    }
    let name = stored_name(account, given).ok_or_else(nonexistent)?;
    account.secrets.remove(&name);
    Ok(json!({"success": true, "msg": "Environment variable deleted successfully"}))
}

fn name_and_value(fields: &Map<String, Value>) -> Result<(&str, &str), Answer> {
    let text = |field: &str| fields.get(field).and_then(Value::as_str).ok_or_else(missing_input);
    Ok((text("key")?, text("value")?))
}

/// The name as the service keeps it: upper-cased, and one that a shell can assign to.
fn checked_name(given: &str) -> Result<String, Answer> {
    match EnvName::parse(&given.to_ascii_uppercase()) {
        Ok(name) => Ok(name.as_str().to_owned()),
        Err(NameError::TooLong) => {
            Err(Answer::bad_request("input_too_long", "'key' must be at most 255 characters."))
        }
        Err(NameError::Empty) => Err(missing_input()),
        Err(NameError::LeadingDigit | NameError::Character) => Err(Answer::bad_request(
            "invalid_characters",
            "'key' must be letters, digits and underscores, not starting with a digit.",
        )),
    }
}

/// The name under which the account holds `given`: upper-cased, or as it is in an account that was
/// written by hand.
fn stored_name(account: &Account, given: &str) -> Option<String> {
    let names = [given.to_owned(), given.to_ascii_uppercase()];
    names.into_iter().find(|name| account.secrets.contains_key(name))
}

fn missing_input() -> Answer {
    Answer::bad_request("missing_input", "Both 'key' and 'value' are required.")
}

fn nonexistent() -> Answer {
    Answer::bad_request("nonexistent_key", "There is no environment variable of this name")
}

#[cfg(test)]
mod tests {
    use super::super::account::fields;
    use super::*;

    fn error(outcome: Outcome) -> String {
        outcome.unwrap_err().error().expect("a code").to_owned()
    }

    #[test]
    fn names_are_upper_cased_and_values_taken_as_they_are() {
        let mut account = Account::sample();
        let value = "a 'b' $c\nd\\ 🦀";
        create(&mut account, &fields(&json!({"key": "hf_token", "value": value}))).expect("created");
        assert_eq!(list(&account, false), json!({"success": true, "secrets": {"HF_TOKEN": value}}));
        update(&mut account, &fields(&json!({"key": "Hf_Token", "value": "new"}))).expect("updated");
        assert_eq!(account.secrets["HF_TOKEN"].expose(), "new");
        delete(&mut account, &fields(&json!({"key": "hf_token"}))).expect("deleted");
        assert!(account.secrets.is_empty());
    }

    #[test]
    fn a_masked_list_has_the_names_only() {
        let account = Account::from_json(&json!({"secrets": {"A": "b", "C": ""}}));
        assert_eq!(
            list(&account, true),
            json!({"success": true, "secrets": {"A": "********", "C": "********"}})
        );
    }

    #[test]
    fn creating_is_refused_as_documented() {
        let mut account = Account::from_json(&json!({"secrets": {"TAKEN": "x"}}));
        for (given, code) in [
            (json!({}), "missing_input"),
            (json!({"key": "A"}), "missing_input"),
            (json!({"key": "A", "value": null}), "missing_input"),
            (json!({"key": "A", "value": ""}), "missing_input"),
            (json!({"key": "", "value": "x"}), "missing_input"),
            (json!({"key": 1, "value": "x"}), "missing_input"),
            (json!({"key": "taken", "value": "x"}), "existing_key"),
            (json!({"key": "1A", "value": "x"}), "invalid_characters"),
            (json!({"key": "A-B", "value": "x"}), "invalid_characters"),
            (json!({"key": "Ä", "value": "x"}), "invalid_characters"),
            (json!({"key": "A".repeat(256), "value": "x"}), "input_too_long"),
        ] {
            assert_eq!(error(create(&mut account, &fields(&given))), code, "{given}");
        }
        assert_eq!(account.secrets.len(), 1);
        let longest = json!({"key": "A".repeat(255), "value": "x"});
        assert!(create(&mut account, &fields(&longest)).is_ok());
    }

    #[test]
    fn updating_is_refused_as_documented() {
        let mut account = Account::from_json(&json!({"secrets": {"A": "x"}}));
        for (given, code) in [
            (json!({"key": "A"}), "missing_input"),
            (json!({"value": "x"}), "missing_input"),
            (json!({"key": "A", "value": ""}), "empty_input"),
            (json!({"key": "", "value": "x"}), "empty_input"),
            (json!({"key": "A".repeat(256), "value": "x"}), "input_too_long"),
            (json!({"key": "A B", "value": "x"}), "invalid_characters"),
            (json!({"key": "B", "value": "x"}), "nonexistent_key"),
        ] {
            assert_eq!(error(update(&mut account, &fields(&given))), code, "{given}");
        }
        assert_eq!(account.secrets["A"].expose(), "x");
    }

    #[test]
    fn deleting_finds_names_that_only_a_file_can_bring() {
        let mut account = Account::from_json(&json!({"secrets": {"A;touch x": "1", "lower": "2"}}));
        for name in ["A;touch x", "lower"] {
            delete(&mut account, &fields(&json!({"key": name}))).expect(name);
        }
        assert!(account.secrets.is_empty());
        assert_eq!(error(delete(&mut account, &fields(&json!({"key": "A"})))), "nonexistent_key");
        assert_eq!(error(delete(&mut account, &fields(&json!({})))), "missing_input");
        assert_eq!(error(delete(&mut account, &fields(&json!({"key": ""})))), "missing_input");
    }

    #[test]
    fn a_full_account_takes_no_more() {
        let mut account = Account::sample();
        account.secrets = (0..MAX_SECRETS).map(|n| (format!("N{n}"), Secret::new("x"))).collect();
        let one_more = fields(&json!({"key": "MORE", "value": "x"}));
        assert_eq!(error(create(&mut account, &one_more)), "max_secrets");
        account.secrets.remove("N0");
        assert!(create(&mut account, &one_more).is_ok());
    }
}
