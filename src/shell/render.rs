//! Writes variables and changes as code or data.
//!
//! Two callers read this: a person or script (`vastenv export FORMAT`: plain assignments), and the
//! hook (a reply in calls of the hook's own functions, the shell's bookkeeping first). Both are
//! sorted, so the same account always gives the same bytes.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::Value;

use super::{Format, Shell, quote};
use crate::domain::{EnvName, Secret, to_python_json};
use crate::dotenv::dotenv_line;
use crate::environment::Change;

/// What a shell's hook compares at each prompt, with builtins alone, to know that nothing changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guard {
    /// The generation that was loaded: while this file exists, nothing of vastenv's own changed.
    pub generation: PathBuf,
    /// Files that others may change.
    pub watches: Vec<Watch>,
    /// Seconds until the shell asks again of its own accord.
    pub ask_again_in: u64,
    /// An empty file whose modification time is that moment, for fish, which has no clock.
    pub due: Option<PathBuf>,
}

/// A file that others may change, as it was when the shell loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Watch {
    /// It exists; `stamp` is an empty file that has its modification time.
    Present {
        /// The file.
        file: PathBuf,
        /// Its stamp.
        stamp: PathBuf,
    },
    /// It does not exist.
    Absent(PathBuf),
}

/// How many files a hook's guard has places for.
const WATCH_SLOTS: usize = 3;

/// The reply to a hook: the guard, the ledger, then one call for each change, and a last one that
/// tells a whole reply from one cut short. Calls only of the hook's own functions: the words of a
/// shell may be aliases at a prompt.
///
/// `told` names the last problem that this shell was told of, so that it is told once.
pub fn hook_reply(shell: Shell, guard: &Guard, ledger: &str, told: &str, changes: &[Change]) -> Vec<u8> {
    let mut script = Script { shell, text: Vec::new() };
    let generation = guard.generation.as_os_str().as_encoded_bytes();
    let wait = guard.ask_again_in.to_string();
    let due = guard.due.as_ref().map_or(b"".as_slice(), |path| path.as_os_str().as_encoded_bytes());
    let state = [generation, wait.as_bytes(), told.as_bytes(), due];
    script.call("__vastenv_state", if shell == Shell::Fish { &state } else { &state[..3] });
    let slots = watch_slots(&guard.watches);
    let slots: Vec<&[u8]> = slots.iter().map(|path| path.as_os_str().as_encoded_bytes()).collect();
    script.call("__vastenv_watch", &slots);
    script.call("__vastenv_remember", &[ledger.as_bytes()]);
    for change in changes {
        match change {
            Change::Set { name, value, hides_unexported } => {
                let function = if *hides_unexported { "__vastenv_take" } else { "__vastenv_set" };
                script.call(function, &[name.as_str().as_bytes(), value.expose().as_bytes()]);
            }
            Change::Unset(name) => script.call("__vastenv_unset", &[name.as_str().as_bytes()]),
            Change::Restore { name, value, exported } => {
                let function = if *exported { "__vastenv_set" } else { "__vastenv_local" };
                script.call(function, &[name.as_str().as_bytes(), value]);
            }
        }
    }
    script.call("__vastenv_done", &[]);
    script.text
}

/// For each slot a file, its stamp, and a file that must not exist. `/` stands for a file that
/// never changes, and the empty path for one that never exists.
fn watch_slots(watches: &[Watch]) -> Vec<PathBuf> {
    let mut present = Vec::new();
    let mut absent = Vec::new();
    for watch in watches {
        match watch {
            Watch::Present { file, stamp } => present.push((file.clone(), stamp.clone())),
            Watch::Absent(file) => absent.push(file.clone()),
        }
    }
    present.resize(WATCH_SLOTS, (PathBuf::from("/"), PathBuf::from("/")));
    absent.resize(WATCH_SLOTS, PathBuf::new());
    present.into_iter().flat_map(|(file, stamp)| [file, stamp]).chain(absent).collect()
}

struct Script {
    shell: Shell,
    text: Vec<u8>,
}

impl Script {
    fn call(&mut self, function: &str, arguments: &[&[u8]]) {
        self.text.extend(function.bytes());
        for argument in arguments {
            self.text.push(b' ');
            self.text.extend(quote(Format::Shell(self.shell), argument));
        }
        self.text.push(b'\n');
    }
}

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

fn assignment(format: Format, name: &str, value: &[u8]) -> Vec<u8> {
    if format == Format::Dotenv {
        return dotenv_line(name, &String::from_utf8_lossy(value)).into_bytes();
    }
    let (command, separator) =
        if format == Format::Shell(Shell::Fish) { ("set -gx ", " ") } else { ("export ", "=") };
    [command.as_bytes(), name.as_bytes(), separator.as_bytes(), &quote(format, value), b"\n"].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> EnvName {
        EnvName::parse(text).expect(text)
    }

    fn variables() -> BTreeMap<EnvName, Secret> {
        BTreeMap::from([(name("B"), Secret::new("it's")), (name("A"), Secret::new("x y"))])
    }

    fn text(bytes: Vec<u8>) -> String {
        String::from_utf8(bytes).expect("text")
    }

    #[test]
    fn each_format_is_sorted_and_quoted_its_own_way() {
        for (format, expected) in [
            ("bash", "export A='x y'\nexport B=$'it\\'s'\n"),
            ("zsh", "export A='x y'\nexport B=$'it\\'s'\n"),
            ("fish", "set -gx A 'x y'\nset -gx B 'it\\'s'\n"),
            ("sh", "export A='x y'\nexport B='it'\\''s'\n"),
            ("json", "{\n \"A\": \"x y\",\n \"B\": \"it's\"\n}\n"),
            ("dotenv", "A='x y'\nB=\"it's\"\n"),
        ] {
            let format = Format::parse(format).expect("a format");
            assert_eq!(text(export_text(format, &variables())), expected);
        }
    }

    #[test]
    fn a_reply_sets_the_guard_then_the_ledger_then_the_variables() {
        let guard = Guard {
            generation: "/s/gen-7".into(),
            watches: vec![
                Watch::Present { file: "/c/key".into(), stamp: "/s/stamp".into() },
                Watch::Absent("/c/tfa".into()),
            ],
            ask_again_in: 300,
            due: Some("/s/due-9".into()),
        };
        let changes = [
            Change::Set { name: name("A"), value: Secret::new("v"), hides_unexported: false },
            Change::Restore { name: name("B"), value: b"old".to_vec(), exported: false },
            Change::Unset(name("C")),
        ];
        let reply = text(hook_reply(Shell::Bash, &guard, "1:-:1:-:", "", &changes));
        let expected = "__vastenv_state '/s/gen-7' '300' ''\n\
            __vastenv_watch '/c/key' '/s/stamp' '/' '/' '/' '/' '/c/tfa' '' ''\n\
            __vastenv_remember '1:-:1:-:'\n\
            __vastenv_set 'A' 'v'\n__vastenv_local 'B' 'old'\n__vastenv_unset 'C'\n\
            __vastenv_done\n";
        assert_eq!(reply, expected);
        let fish = text(hook_reply(Shell::Fish, &guard, "1:-:1:-:", "", &[]));
        assert!(fish.starts_with("__vastenv_state '/s/gen-7' '300' '' '/s/due-9'\n"), "{fish}");
    }
}
