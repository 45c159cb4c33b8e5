//! JSON as the official client prints it.

use serde::Serialize;
use serde_json::Value;
use serde_json::ser::{PrettyFormatter, Serializer};
use zeroize::Zeroizing;

/// `value` as Python's `json.dumps(value, indent=1, sort_keys=True)` writes it: one space of
/// indent, sorted keys, everything outside ASCII escaped as UTF-16. No newline at the end.
pub fn to_python_json(value: &Value) -> String {
    let mut json = Zeroizing::new(Vec::new());
    let mut serializer = Serializer::with_formatter(&mut *json, PrettyFormatter::with_indent(b" "));
    // Nothing fails: a Vec takes all that is written, and a Value is always JSON.
    let _ = value.serialize(&mut serializer);
    let mut out = String::with_capacity(json.len());
    for character in String::from_utf8_lossy(&json).chars() {
        match character {
            // Outside texts, line breaks are all that is no such character.
            ' '..='~' | '\n' => out.push(character),
            other => {
                for unit in other.encode_utf16(&mut [0; 2]) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn objects_are_sorted_and_indented_by_one() {
        let value = json!({"b": [1, {"x": null}], "a": {}, "c": [], "é🦀": "\u{7f}\"\\\n\u{1f}"});
        let expected = "{\n \"a\": {},\n \"b\": [\n  1,\n  {\n   \"x\": null\n  }\n ],\n \"c\": [],\n \
                        \"\\u00e9\\ud83e\\udd80\": \"\\u007f\\\"\\\\\\n\\u001f\"\n}";
        assert_eq!(to_python_json(&value), expected);
    }
}
