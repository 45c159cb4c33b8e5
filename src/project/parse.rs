//! The reader of project files. Every fault has a place, and none quotes what `set` sets.

use std::collections::BTreeMap;
use std::ops::Range;

use toml_edit::Item;

use super::keys::{KEYS, Key};
use super::{Load, Project, Template};
use crate::domain::{EnvName, TomlFault, nearest_key, parse_toml, printable, printable_capped, toml_entries};
use crate::environment::{Filters, Patterns, pattern};

/// The most values that the texts of `set` take together: what they make must fit into memory.
const MOST_VALUES: usize = 100;

type Result<T> = std::result::Result<T, TomlFault>;

impl Project {
    /// Reads a project file.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn parse(text: &str) -> Result<Self> {
        let document = parse_toml(text)?;
        let mut project = Self::default();
        let (mut lists, mut rename, mut prefix) = (BTreeMap::new(), Vec::new(), String::new());
        for (name, item) in toml_entries(document.as_table()) {
            let key = KEYS.iter().find(|key| key.name == name.get());
            let found = Found { key: key.ok_or_else(|| unknown(name))?, item };
            match found.key.name {
                "profile" => project.profile = Some(found.plain_text()?.to_owned()),
                "prefix" => prefix = found.prefix()?,
                "rename" => rename = found.renames()?,
                "set" => project.set = found.templates()?,
                "load" => project.load = found.load()?,
                list => drop(lists.insert(list, found.list()?)),
            }
        }
        let mut list = |name| lists.remove(name).unwrap_or_default();
        project.keep = Patterns::new(list("keep"));
        project.filters = Filters::of_project(list("only"), list("except"), rename, prefix, list("require"));
        Ok(project)
    }
}

fn unknown(name: &toml_edit::Key) -> TomlFault {
    let typed = printable_capped(name.get(), 80);
    let known = KEYS.map(|key| key.name);
    let hint = match nearest_key(name.get(), known) {
        Some(near) => format!("did you mean {near}?"),
        None => format!("the keys are {}", known.join(", ")),
    };
    TomlFault::new(name.span(), format!("unknown key {typed}")).hint(hint)
}

fn env_name(name: &str) -> std::result::Result<EnvName, String> {
    EnvName::parse(name).map_err(|error| {
        let shown = printable_capped(name, 80);
        format!("\"{shown}\" is not a valid variable name: {error}")
    })
}

/// What a key of a project file is given, or a part of that.
#[derive(Clone, Copy)]
struct Found<'i> {
    key: &'static Key,
    item: &'i Item,
}

impl<'i> Found<'i> {
    /// It is not what the key takes.
    fn wrong(self, why: &str) -> TomlFault {
        self.wrong_at(self.item.span(), why)
    }

    fn wrong_at(self, span: Option<Range<usize>>, why: &str) -> TomlFault {
        let hint = format!("for example: {}", self.key.example.replace('\n', " "));
        TomlFault::new(span, format!("{}: {why}", self.key.name)).hint(hint)
    }

    fn wrong_type(self) -> TomlFault {
        let found = self.item.type_name();
        let article = if found.starts_with(['a', 'i']) { "an" } else { "a" };
        self.wrong(&format!("this is {article} {found}, not {}", self.key.takes))
    }

    fn text(self) -> Result<&'i str> {
        self.item.as_str().ok_or_else(|| self.wrong_type())
    }

    fn plain_text(self) -> Result<&'i str> {
        let text = self.text()?;
        if text.is_empty() || text.len() > 255 || printable(text) != text {
            return Err(self.wrong("the text is empty, too long, or has a character that cannot be seen"));
        }
        Ok(text)
    }

    fn prefix(self) -> Result<String> {
        env_name(self.plain_text()?).map(|name| name.to_string()).map_err(|why| self.wrong(&why))
    }

    fn load(self) -> Result<Load> {
        match self.text()? {
            "shell" => Ok(Load::Shell),
            "run" => Ok(Load::Run),
            _ => Err(self.wrong(&format!("this is not {}", self.key.takes))),
        }
    }

    fn list(self) -> Result<Vec<String>> {
        let values = self.item.as_array().ok_or_else(|| self.wrong_type())?;
        values.iter().map(|value| Found { item: &value.clone().into(), ..self }.pattern()).collect()
    }

    fn pattern(self) -> Result<String> {
        pattern(self.text()?).map_err(|why| self.wrong(&why))
    }

    /// The entries of a table whose keys are variables.
    fn entries(self) -> Result<Vec<(EnvName, Self)>> {
        let table = self.item.as_table_like().ok_or_else(|| self.wrong_type())?;
        let entries = toml_entries(table).map(|(key, item)| {
            let name = env_name(key.get()).map_err(|why| self.wrong_at(key.span(), &why))?;
            Ok((name, Self { item, ..self }))
        });
        entries.collect()
    }

    fn renames(self) -> Result<Vec<(EnvName, String)>> {
        let mut renames: Vec<(EnvName, String)> = Vec::new();
        for (new, found) in self.entries()? {
            let old = found.pattern()?;
            if old.contains(['*', '?']) {
                return Err(found.wrong(&format!("{new} takes one name, not a glob")));
            }
            if renames.iter().any(|(_, other)| *other == old) {
                return Err(found.wrong(&format!("{old} gets two names")));
            }
            renames.push((new, old));
        }
        Ok(renames)
    }

    fn templates(self) -> Result<BTreeMap<EnvName, Template>> {
        let mut templates = BTreeMap::new();
        let mut values = 0;
        for (name, found) in self.entries()? {
            let wrong = |why: &str| found.wrong(&format!("{name}: {why}"));
            let text = found.item.as_str().ok_or_else(|| wrong("its value is not a text"))?;
            let template = Template::parse(text).map_err(wrong)?;
            values += template.names().count();
            if values > MOST_VALUES {
                return Err(wrong(&format!("the texts take more than {MOST_VALUES} values together")));
            }
            templates.insert(name, template);
        }
        Ok(templates)
    }
}

/// The names and globs of a list with commas, as a project file may hold them.
///
/// # Errors
/// Why a word is none.
pub fn patterns(lists: &[String]) -> std::result::Result<Vec<String>, String> {
    lists.iter().flat_map(|list| list.split(',')).map(|word| pattern(word.trim())).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::domain::Failure;

    #[track_caller]
    fn fault(text: &str) -> Failure {
        Project::parse(text).expect_err(text).failure(Path::new("f"), text)
    }

    /// What is wrong, after its line and column.
    #[track_caller]
    fn placed(text: &str) -> String {
        fault(text).message().strip_prefix("f:").expect("a place").to_owned()
    }

    #[test]
    fn an_empty_file_changes_nothing() {
        for text in ["", "\n# only a comment\r\n", "\u{feff}"] {
            assert_eq!(Project::parse(text), Ok(Project::default()));
        }
    }

    #[test]
    fn every_key_is_read_and_has_another_form_than_none() {
        for key in KEYS {
            let project = Project::parse(key.example).expect(key.example);
            assert_ne!(project, Project::default(), "{}", key.name);
            assert_eq!(project.additions().len(), usize::from(key.waits), "{}", key.name);
        }
        assert_eq!(Project::parse("load = \"shell\""), Ok(Project::default()));
        let tables = Project::parse("[rename]\nA = \"odd-name\"\n[set]\nB = '$$'").expect("valid");
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
            ("require = {}", "1:11: require: this is an inline table"),
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
            let shown = placed(text);
            assert!(shown.starts_with(place), "{text:?}: {shown}");
        }
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
            let fault = fault(&format!("{typed} = 1"));
            let hint = fault.next_step().expect("a hint");
            assert!(typed == "exclude" || hint == format!("did you mean {meant}?"), "{typed}: {hint}");
        }
        let fault = fault("something_else = 1");
        let hint = fault.next_step().expect("a hint");
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
            let shown = placed(text);
            assert!(!shown.contains(['\u{1b}', '\u{202e}']), "{shown}");
        }
    }

    #[test]
    fn no_file_takes_the_memory() {
        let many = |count: usize| format!("[set]\nA = \"{}\"", "${B}".repeat(count));
        assert!(Project::parse(&many(MOST_VALUES)).is_ok());
        assert!(placed(&many(MOST_VALUES + 1)).contains("more than 100 values"));
    }
}
