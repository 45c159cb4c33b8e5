//! What a scoped API key may do.

use serde_json::{Map, Value};

use super::answer::Answer;
use crate::domain::CATEGORIES;

/// The comparisons of a constraint.
const COMPARISONS: [&str; 3] = ["eq", "lte", "gte"];

/// Whether `permissions` hold `category`.
pub(super) fn grant(permissions: &Value, category: &str) -> bool {
    permissions["api"][category].is_object()
}

/// Checks permissions that a new key is to get: `{"api": {"<category>": {…}, …}}` with a category.
pub(super) fn check(permissions: &Value) -> Result<(), Answer> {
    let invalid = || Answer::bad_request("invalid_permissions", "Invalid permission format");
    let fields = permissions.as_object().ok_or_else(invalid)?;
    if fields.keys().any(|name| name != "api") {
        return Err(invalid());
    }
    match fields.get("api") {
        None => Err(missing()),
        Some(Value::Object(categories)) if categories.is_empty() => Err(missing()),
        Some(Value::Object(categories)) if categories.iter().all(is_category) => Ok(()),
        Some(_) => Err(invalid()),
    }
}

fn missing() -> Answer {
    Answer::bad_request("missing_permissions", "The permissions name no category")
}

fn is_category((name, endpoints): (&String, &Value)) -> bool {
    CATEGORIES.contains(&name.as_str()) && all_fields(endpoints, is_endpoint)
}

fn is_endpoint(rule: &Value) -> bool {
    let constraints = rule.get("constraints");
    rule.is_object() && constraints.is_none_or(|given| all_fields(given, is_constraint))
}

fn is_constraint(bounds: &Value) -> bool {
    bounds.as_object().is_some_and(|bounds| !bounds.is_empty() && bounds.iter().all(is_bound))
}

fn is_bound((comparison, bound): (&String, &Value)) -> bool {
    COMPARISONS.contains(&comparison.as_str()) && !bound.is_object() && !bound.is_array()
}

fn all_fields(value: &Value, check: impl Fn(&Value) -> bool) -> bool {
    value.as_object().is_some_and(|fields: &Map<_, _>| fields.values().all(check))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn permissions_are_documented_categories_with_documented_constraints() {
        for good in [
            json!({"api": {"misc": {}, "user_read": {}, "team_write": {}}}),
            json!({"api": {"instance_read": {"api.instance.request_logs":
                {"constraints": {"id": {"lte": 2, "gte": 1}}}}}}),
            json!({"api": {"instance_read": {"api.instance.request_logs": {"params": {"id": "*"}}}}}),
        ] {
            assert_eq!(check(&good), Ok(()), "{good}");
        }
        for bad in [
            json!([]),
            json!("api"),
            json!(true),
            json!({"read": true}),
            json!({"api": []}),
            json!({"api": {"everything": {}}}),
            json!({"api": {"user_read": true}}),
            json!({"api": {"user_read": {"api.x": {"constraints": {"id": {}}}}}}),
            json!({"api": {"user_read": {"api.x": {"constraints": {"id": {"lt": 1}}}}}}),
            json!({"api": {"user_read": {"api.x": {"constraints": {"id": {"eq": []}}}}}}),
        ] {
            assert_eq!(check(&bad).unwrap_err().error(), Some("invalid_permissions"), "{bad}");
        }
        for none in [json!({}), json!({"api": {}})] {
            assert_eq!(check(&none).unwrap_err().error(), Some("missing_permissions"), "{none}");
        }
    }

    #[test]
    fn a_category_is_granted_by_its_presence() {
        let permissions = json!({"api": {"user_read": {}}});
        assert!(grant(&permissions, "user_read"));
        assert!(!grant(&permissions, "user_write"));
        assert!(!grant(&json!("anything"), "user_read"));
    }
}
