//! JSON as the official client prints it.

use serde_json::Value;

/// `value` as Python's `json.dumps(value, indent=1, sort_keys=True)` writes it: one space of
/// indent, sorted keys, everything outside ASCII escaped as UTF-16. No newline at the end.
pub fn to_python_json(value: &Value) -> String {
    let mut out = String::new();
    write_value(&mut out, value, 0);
    out
}

fn write_value(out: &mut String, value: &Value, depth: usize) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
        Value::Number(number) => out.push_str(&number.to_string()),
        Value::String(text) => write_text(out, text),
        Value::Array(items) if items.is_empty() => out.push_str("[]"),
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                start_item(out, index, depth + 1);
                write_value(out, item, depth + 1);
            }
            end_items(out, depth, ']');
        }
        Value::Object(fields) if fields.is_empty() => out.push_str("{}"),
        Value::Object(fields) => {
            let mut sorted: Vec<_> = fields.iter().collect();
            sorted.sort_by(|one, other| one.0.chars().cmp(other.0.chars()));
            out.push('{');
            for (index, (name, field)) in sorted.into_iter().enumerate() {
                start_item(out, index, depth + 1);
                write_text(out, name);
                out.push_str(": ");
                write_value(out, field, depth + 1);
            }
            end_items(out, depth, '}');
        }
    }
}

fn start_item(out: &mut String, index: usize, depth: usize) {
    out.push_str(if index == 0 { "\n" } else { ",\n" });
    out.push_str(&" ".repeat(depth));
}

fn end_items(out: &mut String, depth: usize, close: char) {
    out.push('\n');
    out.push_str(&" ".repeat(depth));
    out.push(close);
}

fn write_text(out: &mut String, text: &str) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            ' '..='~' => out.push(character),
            other => {
                for unit in other.encode_utf16(&mut [0; 2]) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn objects_are_sorted_and_indented_by_one() {
        let value = json!({"b": [1, {"x": null}], "a": {}, "c": [], "é🦀": "\u{7f}\"\\\n"});
        let expected = "{\n \"a\": {},\n \"b\": [\n  1,\n  {\n   \"x\": null\n  }\n ],\n \"c\": [],\n \
                        \"\\u00e9\\ud83e\\udd80\": \"\\u007f\\\"\\\\\\n\"\n}";
        assert_eq!(to_python_json(&value), expected);
    }
}
