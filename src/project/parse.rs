//! The reader of project files. Every fault has a place, and none quotes what `set` sets.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::keys::{KEYS, Key};
use super::{Load, Project, Template};
use crate::domain::{EnvName, NotText, decode, printable, printable_capped};
use crate::environment::{Filters, Patterns};

/// The most values that the texts of `set` take together: what they make must fit into memory.
const MOST_VALUES: usize = 100;

/// Where a project file is wrong, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub line: usize,
    pub column: usize,
    pub what: String,
    pub hint: Option<String>,
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, column, what, hint: _ } = self;
        write!(formatter, "{line}:{column}: {what}")
    }
}

/// A fault, while only its offset is known.
struct Slip {
    at: usize,
    what: String,
    hint: Option<String>,
}

type Result<T> = std::result::Result<T, Slip>;
type Name<'t> = Spanned<Cow<'t, str>>;
type Value<'t> = Spanned<DeValue<'t>>;

impl Project {
    /// Reads a project file.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn parse(bytes: &[u8]) -> std::result::Result<Self, Fault> {
        let text = decode(bytes).map_err(|fault| match fault {
            NotText::Utf16 => {
                Fault { line: 1, column: 1, what: "it is UTF-16 text".to_owned(), hint: Some(AS_UTF8.into()) }
            }
            NotText::Other(line) => {
                Fault { line, column: 1, what: "it is not UTF-8".to_owned(), hint: Some(AS_UTF8.into()) }
            }
        })?;
        read(text).map_err(|Slip { at, what, hint }| {
            let before = text.get(..at).unwrap_or(text);
            let line_begins = before.rfind('\n').map_or(0, |end| end + 1);
            let line = before.matches('\n').count() + 1;
            Fault { line, column: before[line_begins..].chars().count() + 1, what, hint }
        })
    }
}

const AS_UTF8: &str = "save it as UTF-8";

fn read(text: &str) -> Result<Project> {
    let table = DeTable::parse(text).map_err(|error| Slip {
        at: error.span().map_or(text.len(), |span| span.start),
        what: printable_capped(error.message(), 200),
        hint: None,
    })?;
    let mut project = Project::default();
    let (mut lists, mut rename, mut prefix) = (BTreeMap::new(), Vec::new(), String::new());
    for (name, value) in in_order(table.get_ref()) {
        let Some(key) = KEYS.iter().find(|key| key.name == name.get_ref()) else {
            return Err(unknown(name));
        };
        match key.name {
            "profile" => project.profile = Some(plain_text(key, value)?.to_owned()),
            "prefix" => prefix = env_name(key, plain_text(key, value)?, value)?.to_string(),
            "rename" => rename = renames(key, value)?,
            "set" => project.set = templates(key, value)?,
            "load" => project.load = load(key, value)?,
            _ => drop(lists.insert(key.name, list(key, value)?)),
        }
    }
    let mut list = |name| lists.remove(name).unwrap_or_default();
    project.keep = Patterns::new(list("keep"));
    project.filters = Filters::of_project(list("only"), list("except"), rename, prefix, list("require"));
    Ok(project)
}

fn in_order<'a, 't>(table: &'a DeTable<'t>) -> Vec<(&'a Name<'t>, &'a Value<'t>)> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(name, _)| name.span().start);
    entries
}

fn unknown(name: &Name<'_>) -> Slip {
    let shown = printable_capped(name.get_ref(), 80);
    let distance = |key: &&Key| strsim::osa_distance(key.name, &name.get_ref().to_lowercase());
    let nearest = KEYS.iter().min_by_key(distance).filter(|key| distance(key) <= key.name.len() / 2);
    let hint = match nearest {
        Some(key) => format!("did you mean {}?", key.name),
        None => format!("the keys are {}", KEYS.map(|key| key.name).join(", ")),
    };
    Slip { at: name.span().start, what: format!("unknown key {shown}"), hint: Some(hint) }
}

/// A value that is not what `key` takes.
fn wrong(key: &Key, value: &Value<'_>, why: &str) -> Slip {
    let hint = format!("for example: {}", key.example.replace('\n', " "));
    Slip { at: value.span().start, what: format!("{}: {why}", key.name), hint: Some(hint) }
}

fn wrong_type(key: &Key, value: &Value<'_>) -> Slip {
    let found = value.get_ref().type_str();
    let article = if found.starts_with(['a', 'i']) { "an" } else { "a" };
    wrong(key, value, &format!("this is {article} {found}, not {}", key.takes))
}

fn text<'a>(key: &Key, value: &'a Value<'_>) -> Result<&'a str> {
    value.get_ref().as_str().ok_or_else(|| wrong_type(key, value))
}

fn plain_text<'a>(key: &Key, value: &'a Value<'_>) -> Result<&'a str> {
    let text = text(key, value)?;
    if text.is_empty() || text.len() > 255 || printable(text) != text {
        return Err(wrong(key, value, "the text is empty, too long, or has a character that cannot be seen"));
    }
    Ok(text)
}

fn load(key: &Key, value: &Value<'_>) -> Result<Load> {
    match text(key, value)? {
        "shell" => Ok(Load::Shell),
        "run" => Ok(Load::Run),
        _ => Err(wrong(key, value, &format!("this is not {}", key.takes))),
    }
}

fn list(key: &Key, value: &Value<'_>) -> Result<Vec<String>> {
    let values = value.get_ref().as_array().ok_or_else(|| wrong_type(key, value))?;
    values.iter().map(|value| pattern(key, value)).collect()
}

fn pattern(key: &Key, value: &Value<'_>) -> Result<String> {
    let word = text(key, value)?;
    if is_pattern(word) { Ok(word.to_owned()) } else { Err(wrong(key, value, &not_a_pattern(word))) }
}

/// Whether a word can be that of a variable, with `*` and `?` for what is left open.
fn is_pattern(word: &str) -> bool {
    let is_known = |letter: char| letter.is_alphanumeric() || "_-.*?".contains(letter);
    (1..=255).contains(&word.len()) && word.chars().all(is_known)
}

fn not_a_pattern(word: &str) -> String {
    let shown = printable_capped(word, 80);
    format!("\"{shown}\" is not a name or a glob: it takes letters, digits, _ and -, and * or ? for others")
}

/// The names and globs of a list with commas, as a project file may hold them.
///
/// # Errors
/// Why a word is none.
pub fn patterns(lists: &[String]) -> std::result::Result<Vec<String>, String> {
    let words = lists.iter().flat_map(|list| list.split(',')).map(str::trim);
    words.map(|word| if is_pattern(word) { Ok(word.to_owned()) } else { Err(not_a_pattern(word)) }).collect()
}

fn env_name(key: &Key, name: &str, value: &Value<'_>) -> Result<EnvName> {
    EnvName::parse(name).map_err(|error| {
        let shown = printable_capped(name, 80);
        wrong(key, value, &format!("\"{shown}\" is not a valid variable name: {error}"))
    })
}

/// The entries of a table whose keys are variables.
fn entries<'a, 't>(key: &Key, value: &'a Value<'t>) -> Result<Vec<(EnvName, &'a Value<'t>)>> {
    let table = value.get_ref().as_table().ok_or_else(|| wrong_type(key, value))?;
    let entries = in_order(table).into_iter().map(|(name, value)| {
        let checked = env_name(key, name.get_ref(), value);
        checked.map(|name| (name, value)).map_err(|slip| Slip { at: name.span().start, ..slip })
    });
    entries.collect()
}

fn renames(key: &Key, value: &Value<'_>) -> Result<Vec<(EnvName, String)>> {
    let mut renames: Vec<(EnvName, String)> = Vec::new();
    for (new, value) in entries(key, value)? {
        let old = pattern(key, value)?;
        if old.contains(['*', '?']) {
            return Err(wrong(key, value, &format!("{new} takes one name, not a glob")));
        }
        if renames.iter().any(|(_, other)| *other == old) {
            return Err(wrong(key, value, &format!("{old} gets two names")));
        }
        renames.push((new, old));
    }
    Ok(renames)
}

fn templates(key: &Key, value: &Value<'_>) -> Result<BTreeMap<EnvName, Template>> {
    let mut templates = BTreeMap::new();
    let mut values = 0;
    for (name, value) in entries(key, value)? {
        let wrong = |why: &str| wrong(key, value, &format!("{name}: {why}"));
        let text = value.get_ref().as_str().ok_or_else(|| wrong("its value is not a text"))?;
        let template = Template::parse(text).map_err(wrong)?;
        values += template.names().count();
        if values > MOST_VALUES {
            return Err(wrong(&format!("the texts take more than {MOST_VALUES} values together")));
        }
        templates.insert(name, template);
    }
    Ok(templates)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn fault(text: &str) -> Fault {
        Project::parse(text.as_bytes()).expect_err(text)
    }

    #[test]
    fn an_empty_file_changes_nothing() {
        for text in ["", "\n# only a comment\r\n", "\u{feff}"] {
            assert_eq!(Project::parse(text.as_bytes()), Ok(Project::default()));
        }
    }

    #[test]
    fn every_key_is_read_and_has_another_form_than_none() {
        for key in KEYS {
            let project = Project::parse(key.example.as_bytes()).expect(key.example);
            assert_ne!(project, Project::default(), "{}", key.name);
            assert_eq!(project.additions().len(), usize::from(key.waits), "{}", key.name);
        }
        assert_eq!(Project::parse(b"load = \"shell\""), Ok(Project::default()));
        let tables = Project::parse(b"[rename]\nA = \"odd-name\"\n[set]\nB = '$$'").expect("valid");
        assert_eq!(tables.added_lines(), ["rename A = odd-name", "set B = $$"]);
    }

    #[test]
    fn a_fault_has_its_place() {
        for (text, place) in [
            ("\n  onyl = []", "2:3: unknown key onyl"),
            ("only = [\"A\",\n  \"é\", \"{A,B}\"]", "2:8: only: \"{A,B}\" is not a name or a glob"),
            ("only = [\"\"]", "1:9: only: \"\" is not"),
            ("only = [\"A B\"]", "1:9:"),
            ("only = [\"[A]*\"]", "1:9:"),
            ("except = \"A\"", "1:10: except: this is a string, not a list of names"),
            ("keep = [1]", "1:9: keep: this is an integer, not a list of names"),
            ("require = {}", "1:11: require: this is a table"),
            ("rename = { 1A = \"B\" }", "1:12: rename: \"1A\" is not a valid variable name"),
            ("rename = { A = \"B*\" }", "1:16: rename: A takes one name"),
            ("rename = { A = \"C\", B = \"C\" }", "1:25: rename: C gets two names"),
            ("rename = { A = 1 }", "1:16: rename: this is an integer"),
            ("rename.A.B = \"C\"", "1:8: rename: this is a table"),
            ("prefix = \"a-\"", "1:10: prefix: \"a-\" is not a valid variable name"),
            ("prefix = \"\"", "1:10: prefix:"),
            ("profile = \"a\\u001bb\"", "1:11: profile:"),
            ("profile = true", "1:11: profile: this is a boolean, not a text"),
            ("load = \"always\"", "1:8: load: this is not \"shell\" or \"run\""),
            ("set = []", "1:7: set: this is an array"),
            ("[set]\nA = 1", "2:5: set: A: its value is not a text"),
            ("[set]\n\"A B\" = \"x\"", "2:1: set: \"A B\" is not a valid variable name"),
            ("[set]\nA = \"\\u0000\"", "2:5: set: A: it holds a NUL character"),
            ("[set]\nA = \"$(id)\"", "2:5: set: A: a `$` begins neither"),
            ("only = [\n", "1:9: unclosed array"),
            ("only = []\nonly = []", "2:1: duplicate key"),
            ("=", "1:1:"),
            ("a = \"", "1:6:"),
        ] {
            let shown = fault(text).to_string();
            assert!(shown.starts_with(place), "{text:?}: {shown}");
        }
        let bytes = Project::parse(b"a = 1\n\xff").expect_err("not text");
        assert_eq!(bytes.to_string(), "2:1: it is not UTF-8");
        let utf16: Vec<u8> = "only".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(Project::parse(&utf16).expect_err("not text").to_string(), "1:1: it is UTF-16 text");
    }

    #[test]
    fn the_nearest_key_is_named_or_all_are() {
        for (typed, meant) in [
            ("onyl", "only"),
            ("Except", "except"),
            ("exclude", "except"),
            ("renames", "rename"),
            ("requires", "require"),
            ("profiles", "profile"),
            ("sets", "set"),
        ] {
            let hint = fault(&format!("{typed} = 1")).hint.expect("a hint");
            assert!(typed == "exclude" || hint == format!("did you mean {meant}?"), "{typed}: {hint}");
        }
        let hint = fault("something_else = 1").hint.expect("a hint");
        assert!(KEYS.iter().all(|key| hint.contains(key.name)), "{hint}");
    }

    #[test]
    fn no_fault_quotes_what_is_set_or_what_moves_a_cursor() {
        for text in [
            "[set]\nA = \"hunter2${\"",
            "[set]\nA = \"hunter2\n",
            "[set]\nA = \"hunter2\\q\"",
            "[set]\nA = [\"hunter2\"]",
            "[set]\nA = hunter2",
            "[set]\nA = \"x\"\nA = \"hunter2\"",
            "set = \"hunter2\"",
            "set.A.B = \"hunter2\"",
            "[set]\nA = 2026-11-28hunter2",
            "[set]\nA = { B = \"hunter2\" }",
        ] {
            let fault = fault(text);
            assert!(!format!("{fault:?}").contains("unter2"), "{fault:?}");
        }
        for text in ["\"\\u001b[2J\" = 1", "only = [\"\\u001b[2J\"]", "[set]\n\"\\u202e\" = \"\""] {
            let shown = format!("{:?}", fault(text).what);
            assert!(!shown.contains(['\u{1b}', '\u{202e}']), "{shown}");
        }
    }

    #[test]
    fn no_file_takes_the_stack_or_the_memory() {
        for (open, close) in [("[", "]"), ("{a=", "}"), ("[{a=", "}]")] {
            for ends in ["", close] {
                let deep = format!("only = {}{}", open.repeat(10_000), ends.repeat(10_000));
                assert_eq!(fault(&deep).line, 1);
            }
        }
        fault(&format!("{}b = 1", "a.".repeat(10_000)));
        fault(&format!("[{}b]", "a.".repeat(10_000)));
        let many = |count: usize| format!("[set]\nA = \"{}\"", "${B}".repeat(count));
        assert!(Project::parse(many(MOST_VALUES).as_bytes()).is_ok());
        assert!(fault(&many(MOST_VALUES + 1)).what.contains("more than 100 values"));
    }
}
