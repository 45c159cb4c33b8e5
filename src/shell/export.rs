//! Writes variables as code or data for a person or script (`vastenv export FORMAT`): sorted, so the same
//! account always gives the same bytes.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Format, quote};
use crate::domain::{EnvName, Secret, to_python_json};
use crate::dotenv::dotenv_line;

/// All variables in `format`, one assignment each.
pub fn export_text(format: Format, variables: &BTreeMap<EnvName, Secret>) -> Vec<u8> {
    if format == Format::Json {
        let object = variables
            .iter()
            .map(|(name, value)| (name.to_string(), Value::String(value.expose().to_owned())))
            .collect();
        return [to_python_json(&Value::Object(object)).as_bytes(), b"\n"].concat();
    }
    variables
        .iter()
        .flat_map(|(name, value)| assignment(format, name.as_str(), value.expose().as_bytes()))
        .collect()
}

/// A line that sets and exports one variable; a line of a JSON object is none, and reads as POSIX shell.
pub fn assignment(format: Format, name: &str, value: &[u8]) -> Vec<u8> {
    match format {
        Format::Dotenv => dotenv_line(name, &String::from_utf8_lossy(value)).into_bytes(),
        Format::Shell(shell) => shell.dialect().assignment(name, value),
        Format::Posix | Format::Json => quote::posix_assignment(name, value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_format_is_sorted_and_quoted_its_own_way() {
        let variables: BTreeMap<_, _> = [("B", "it's"), ("A", "x y"), ("C", "é%")]
            .into_iter()
            .map(|(name, value)| (EnvName::parse(name).expect(name), Secret::new(value)))
            .collect();
        for (format, expected) in [
            ("bash", "export A='x y'\nexport B=$'it\\'s'\nexport C=$'\\303\\251%'\n"),
            ("zsh", "export A='x y'\nexport B=$'it\\'s'\nexport C=$'\\303\\251%'\n"),
            ("fish", "set -gx A 'x y'\nset -gx B 'it\\'s'\nset -gx C ''\\Xc3\\Xa9'%'\n"),
            ("sh", "export A='x y'\nexport B='it'\\''s'\nC=$(printf '\\303\\251%%'); export C\n"),
            ("json", "{\n \"A\": \"x y\",\n \"B\": \"it's\",\n \"C\": \"\\u00e9%\"\n}\n"),
            ("dotenv", "A='x y'\nB=\"it's\"\nC='é%'\n"),
        ] {
            let format = Format::parse(format).expect("a format");
            assert_eq!(String::from_utf8(export_text(format, &variables)).expect("text"), expected);
        }
    }
}
