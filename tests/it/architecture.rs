//! The layers of `src/lib.rs`, and other things that this repository promises of its own shape.

use std::fs;
use std::path::{Path, PathBuf};

/// Every module of the crate's root with its layer; a module may use those of its own row and above.
const LAYERS: [(&str, u8); 26] = [
    ("domain", 0),
    ("environment", 1),
    ("dotenv", 1),
    ("redact", 1),
    ("project", 1),
    ("shell", 2),
    ("format", 2),
    ("files", 3),
    ("sealing", 4),
    ("config", 5),
    ("credentials", 5),
    ("api", 5),
    ("store", 5),
    ("keypair", 5),
    ("bundle", 5),
    ("sandbox", 5),
    ("process", 5),
    ("container", 5),
    ("ssh", 5),
    ("account", 6),
    ("context", 7),
    ("ui", 7),
    ("cli", 7),
    ("complete", 7),
    ("cmd", 8),
    ("error", 9),
];

/// Modules of one row that may know each other.
const NEIGHBOURS: [(&str, &str); 7] = [
    ("dotenv", "environment"),
    ("project", "environment"),
    ("format", "shell"),
    ("credentials", "config"),
    ("ui", "context"),
    ("cli", "context"),
    // The commands that its tests complete.
    ("complete", "cli"),
];

/// The modules of a room in order: one may use those before it, and none what `mod.rs` makes of them all.
const ROOMS: [(&str, &[&str]); 8] = [
    (
        "account",
        &[
            "project", "select", "machine", "trust", "view", "local", "command", "remember", "sync", "keys",
            "prompt", "upkeep",
        ],
    ),
    ("account/sync", &["remote", "identify", "turn", "reconcile", "refresh", "intent", "change", "batch"]),
    ("account/keys", &["table", "save", "profiles", "lists", "instances", "calls", "reset"]),
    ("account/prompt", &["watch", "notice", "follow"]),
    ("sealing", &["format", "keyring", "kernel", "entries", "vault", "file", "convert", "report"]),
    (
        "store",
        &[
            "backoff",
            "changes",
            "digest_key",
            "journal",
            "lists",
            "loaded",
            "notice",
            "session",
            "snapshot",
            "stamp",
            "generation",
            "trust",
            "values",
        ],
    ),
    (
        "cmd",
        &[
            "outcome",
            "interrupts",
            "this_shell",
            "app",
            "ask",
            "guard",
            "dotenv_file",
            "each",
            "created",
            "background",
            "running",
            "config",
            "ssh_key",
            "load",
            "api_key",
            "profile",
            "env_var",
            "project",
            "tools",
            "report",
            "watch",
        ],
    ),
    (
        "cmd/load",
        &[
            "nearest",
            "known",
            "loading",
            "there",
            "run_on",
            "run",
            "run_news",
            "run_watch",
            "export_age",
            "export",
            "refresh",
            "hook",
            "hook_reply",
        ],
    ),
];

/// What does no input or output: these rows, and one module of another.
const PURE: (u8, &str) = (2, "complete");

/// What commands reach only through `account`.
const BEHIND_THE_ACCOUNT: [&str; 2] = ["api", "store"];

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The crate's modules with the text of each of their files.
fn modules() -> Vec<(String, PathBuf, String)> {
    let root = root().join("src");
    sources(&root)
        .into_iter()
        .map(|path| {
            let below = path.strip_prefix(&root).expect("below src").to_string_lossy().into_owned();
            let module = below.split(['/', '.']).next().expect("a name").to_owned();
            let text = fs::read_to_string(&path).expect("text");
            (module, path, text)
        })
        .filter(|(module, _, _)| !matches!(module.as_str(), "lib" | "main"))
        .collect()
}

fn layer(module: &str) -> u8 {
    LAYERS.iter().find(|(name, _)| *name == module).unwrap_or_else(|| panic!("{module} has no layer")).1
}

/// The root modules that a text names after `crate::`, also in grouped imports.
fn used(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    for part in text.split("crate::").skip(1) {
        let group: Vec<&str> = match part.strip_prefix('{') {
            Some(group) => group.split('}').next().unwrap_or_default().split(',').collect(),
            None => vec![part],
        };
        for word in group {
            let name: String =
                word.trim().chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect();
            if LAYERS.iter().any(|(known, _)| *known == name) {
                names.push(name);
            }
        }
    }
    names
}

#[test]
fn every_module_uses_only_its_own_row_and_those_above() {
    let mut faults = Vec::new();
    for (module, path, text) in modules() {
        for other in used(&text) {
            let same_row = layer(&other) == layer(&module) && other != module;
            let knows = NEIGHBOURS.contains(&(module.as_str(), other.as_str()));
            if layer(&other) > layer(&module) || (same_row && !knows) {
                faults.push(format!("{}: {module} uses {other}", path.display()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// What a module's text names of its room that does not stand before it in `order`.
fn arrows_up(room: &str, order: &[&str], module: &str, is_nested: bool, text: &str) -> Vec<String> {
    let live = text.split("#[cfg(test)]").next().expect("text");
    let upwards = if is_nested { "super::super::" } else { "super::" };
    let mut named = Vec::new();
    let room = room.replace('/', "::");
    for part in [upwards.to_owned(), format!("crate::{room}::")].iter().flat_map(|to| live.split(to).skip(1))
    {
        // Groups within a group do not matter: only the first word of each path does.
        let mut depth = 0;
        let group = part.strip_prefix('{').map(|rest| {
            let outer = |letter: &char| {
                depth += i32::from(*letter == '{') - i32::from(*letter == '}');
                depth >= 0
            };
            rest.chars().take_while(outer).collect::<String>()
        });
        let mut inner = 0;
        let paths = group.as_deref().unwrap_or(part).split(|letter| {
            inner += i32::from(letter == '{') - i32::from(letter == '}');
            letter == ',' && inner == 0
        });
        let paths = paths.take(if group.is_some() { usize::MAX } else { 1 });
        let word =
            |path: &str| path.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        named.extend(paths.map(word).filter(|word: &String| !word.is_empty()));
    }
    let place = order.iter().position(|known| *known == module).expect("a place");
    named.retain(|name| !order[..place].contains(&name.as_str()));
    named
}

#[test]
fn inside_a_room_no_arrow_runs_back_up() {
    for (room, order) in ROOMS {
        let folder = root().join("src").join(room);
        let mut seen = Vec::new();
        for path in sources(&folder) {
            let below = path.strip_prefix(&folder).expect("below").to_string_lossy().into_owned();
            if below == "mod.rs" {
                continue;
            }
            let module = below.split(['/', '.']).next().expect("a name").to_owned();
            assert!(order.contains(&module.as_str()), "{room}/{below} has no place in the order");
            let is_nested = below.contains('/') && !below.ends_with("/mod.rs");
            let text = fs::read_to_string(&path).expect("text");
            let faults = arrows_up(room, order, &module, is_nested, &text);
            assert!(faults.is_empty(), "{room}/{below} uses {faults:?}");
            seen.push(module);
        }
        assert!(order.iter().all(|module| seen.iter().any(|known| known == module)), "{room}: {seen:?}");
    }
    // What it finds.
    let found = |text: &str| arrows_up("r", &["a", "b", "c"], "b", false, text);
    assert_eq!(found("use super::a::{X, Y};\nuse crate::r::a;"), [""; 0]);
    assert_eq!(found("use super::{Store, a::{X, Y}, c};\nsuper::helper()"), ["Store", "c", "helper"]);
    assert_eq!(found("crate::r::c::X"), ["c"]);
    assert_eq!(found("#[cfg(test)]\nuse super::*;"), [""; 0]);
}

#[test]
fn commands_reach_the_api_and_the_store_through_the_account_alone() {
    for (module, path, text) in modules() {
        if matches!(module.as_str(), "cmd" | "complete" | "ui" | "cli" | "context") {
            let direct: Vec<_> =
                used(&text).into_iter().filter(|name| BEHIND_THE_ACCOUNT.contains(&name.as_str())).collect();
            assert!(direct.is_empty(), "{} uses {direct:?}", path.display());
        }
        let is_passed_on = module == "account" && text.contains("pub use crate::store");
        assert!(!is_passed_on, "{} passes the store on", path.display());
    }
}

#[test]
fn only_the_surroundings_read_the_environment_and_the_clock_or_print() {
    let forbidden: [(&str, &[&str]); 6] = [
        ("std::env::", &["context"]),
        ("env::var", &["context"]),
        ("SystemTime::now", &["context"]),
        ("println!", &[]),
        ("std::io::stdout()", &["context", "ui"]),
        ("std::io::stderr()", &["context", "ui"]),
    ];
    for (module, path, text) in modules() {
        let is_test = path.components().any(|part| part.as_os_str() == "tests") || path.ends_with("tests.rs");
        let live = text.split("#[cfg(test)]").next().expect("text");
        for (words, allowed) in forbidden {
            assert!(
                is_test || allowed.contains(&module.as_str()) || !live.contains(words),
                "{} has {words}",
                path.display()
            );
        }
    }
}

#[test]
fn failures_are_told_apart_by_type_and_never_by_their_words() {
    for (_, path, text) in modules() {
        let live = text.split("#[cfg(test)]").next().expect("text");
        if path.components().any(|part| part.as_os_str() == "tests") {
            continue;
        }
        for words in ["message()", "next_step()"] {
            for comparison in [" ==", " !=", ".contains(", ".starts_with(", ".ends_with(", ".find("] {
                let asked = format!("failure.{words}{comparison}");
                assert!(!live.contains(&asked), "{} has {asked}", path.display());
            }
        }
    }
}

#[test]
fn the_pure_layers_do_no_input_or_output() {
    let is_pure = |module: &str| layer(module) <= PURE.0 || module == PURE.1;
    for (module, path, text) in modules().into_iter().filter(|(module, _, _)| is_pure(module)) {
        for words in ["std::fs", "std::io", "std::net", "std::process", "std::thread", "tokio", "reqwest"] {
            assert!(!text.contains(words), "{} of {module} has {words}", path.display());
        }
    }
}

#[test]
fn only_a_shells_own_file_knows_its_name() {
    // Beside the examples of help texts, and the rules for names of variables.
    let may = ["shell", "format", "cli", "error", "environment"];
    for (_, path, text) in modules().into_iter().filter(|(module, _, _)| !may.contains(&module.as_str())) {
        let live = text.split("#[cfg(test)]").next().expect("text");
        for name in ["bash", "zsh", "fish", "elvish", "powershell", "dotenv", "json"] {
            assert!(!live.contains(&format!("\"{name}\"")), "{} has \"{name}\"", path.display());
        }
    }
}

#[test]
fn tests_start_programs_in_sessions_of_their_own_alone() {
    const HELPER: &str = "tests/it/common/process.rs";
    let is_test = |path: &PathBuf| path.components().any(|part| part.as_os_str() == "tests");
    let starts = ["Command::new(", "Command::from(", "posix_spawn", "execv"];
    let mut helps = false;
    for path in sources(&root()).into_iter().filter(is_test) {
        let text = fs::read_to_string(&path).expect("text");
        if path.ends_with("tests/it/architecture.rs") || text.contains("fn main()") {
            continue;
        }
        let found = starts.iter().find(|start| text.contains(**start));
        let is_helper = path.ends_with(HELPER);
        helps |= is_helper && found.is_some();
        assert!(
            is_helper || found.is_none(),
            "{} has {}: see common/process.rs",
            path.display(),
            found.unwrap()
        );
    }
    assert!(helps, "{HELPER} starts nothing");
}

#[test]
fn files_stay_small_enough_to_read() {
    for path in sources(&root().join("src")).into_iter().chain(sources(&root().join("tests"))) {
        let lines = fs::read_to_string(&path).expect("text").lines().count();
        assert!(lines <= 420, "{} has {lines} lines", path.display());
    }
}

#[test]
fn secrets_cannot_be_shown_by_accident() {
    let text = fs::read_to_string(root().join("src/domain/secret.rs")).expect("text");
    for forbidden in ["Display for Secret", "Serialize for Secret", "derive(Debug", "Serialize,"] {
        assert!(!text.contains(forbidden), "secret.rs has {forbidden}");
    }
}

#[test]
fn the_table_of_layers_in_the_crate_documentation_names_every_module() {
    let text = fs::read_to_string(root().join("src/lib.rs")).expect("text");
    for (module, _) in LAYERS {
        assert!(text.contains(&format!("[`{module}`]")), "{module} is missing in the table of src/lib.rs");
        assert!(text.contains(&format!("mod {module};")), "{module} is no module");
    }
}
