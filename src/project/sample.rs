//! The project file that `vastenv init` writes.

use super::keys::{KEYS, Key};
use crate::domain::EnvName;

/// The most names of the account that are written down.
const MOST_NAMES: usize = 200;

/// A project file with a comment for every key. `only` is what it takes, where that is said; `names` are
/// those of the account, which are data: what no shell takes as a name is left out.
pub fn sample(only: &[String], names: &[String]) -> String {
    let names = names.iter().filter(|name| EnvName::parse(name).is_ok()).take(MOST_NAMES);
    let names: Vec<&str> = names.map(String::as_str).collect();
    let mut text = "# The variables of the work in this folder: see `vastenv help init`.\n".to_owned();
    for waits in [false, true] {
        text.push_str(if waits {
            "\n# These count after `vastenv allow`:\n"
        } else {
            "\n# These count at once:\n"
        });
        for key in KEYS.iter().filter(|key| key.waits == waits) {
            text.push_str(&format!("\n# {}.\n", key.about));
            text.push_str(&entry(key, only, &names));
        }
    }
    text
}

fn entry(key: &Key, only: &[String], names: &[&str]) -> String {
    if key.name == "only" && !only.is_empty() {
        let only: Vec<&str> = only.iter().map(String::as_str).collect();
        return list(&only, "");
    }
    if key.name == "only" && !names.is_empty() {
        return list(names, "# ");
    }
    key.example.lines().flat_map(|line| ["# ", line, "\n"]).collect()
}

/// `only` with a name a line. They hold nothing that a string of TOML would escape.
fn list(names: &[&str], before: &str) -> String {
    let lines: String = names.iter().flat_map(|name| [before, "  \"", name, "\",\n"]).collect();
    format!("{before}only = [\n{lines}{before}]\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::Project;

    fn texts(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn a_sample_is_valid_and_changes_nothing_until_it_is_edited() {
        let names = texts(&["HF_TOKEN", "odd\"\nset.A = \"x\"", "WANDB"]);
        let text = sample(&[], &names);
        assert_eq!(Project::parse(&text), Ok(Project::default()), "{text}");
        assert!(text.contains("# only = [\n#   \"HF_TOKEN\",\n#   \"WANDB\",\n# ]\n"), "{text}");
        // Without the marks of comments, every key stands there.
        let uncommented: String = text
            .lines()
            .filter(|line| !line.ends_with(['.', ':']))
            .flat_map(|line| [line.trim_start_matches("# ").trim_start_matches('#'), "\n"])
            .collect();
        let project = Project::parse(&uncommented).expect(&uncommented);
        assert_eq!(project.additions().len(), 4);
    }

    #[test]
    fn only_is_preset() {
        let text = sample(&texts(&["HF_*", "A"]), &texts(&["HF_TOKEN"]));
        let project = Project::parse(&text).expect(&text);
        assert_eq!(Ok(&project), Project::parse("only = [\"HF_*\", \"A\"]").as_ref());
        assert_eq!(project.without_additions(), project);
    }
}
