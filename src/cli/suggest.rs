//! What somebody may have meant who typed words that are no command.
//!
//! Only words of the tables here and of clap's own are ever given back: what was typed may hold a
//! secret.

use clap::CommandFactory;

use super::Cli;
use super::groups::leaves;

/// Verbs, with what users of other tools type for them.
const VERBS: [(&str, &[&str]); 6] = [
    ("show", &["cat", "describe", "display", "get", "list", "ls", "print", "read", "search", "view"]),
    ("create", &["add", "generate", "insert", "make", "new", "register", "upload"]),
    ("update", &["change", "edit", "modify", "patch", "replace"]),
    ("set", &["put", "save", "store", "upsert", "write"]),
    ("delete", &["del", "destroy", "drop", "erase", "remove", "rm", "unset"]),
    ("reset", &["regenerate", "renew", "revoke", "rotate"]),
];

/// What verbs are about, with other words for it.
const NOUNS: [(&str, &[&str]); 3] = [
    ("env-var", &["env", "environment", "environment-variable", "secret", "var", "variable"]),
    ("api-key", &["api", "key", "token"]),
    ("ssh-key", &["key", "pubkey", "public-key", "ssh"]),
];

/// Words that other tools have in the place of a command of ours.
const WORDS: [(&[&str], &[&str]); 22] = [
    (&["auth", "authenticate", "login", "signin"], &["set api-key"]),
    (&["activate", "enable", "install", "setup", "shell", "shellenv"], &["hook"]),
    (&["do", "exec", "execute", "start", "with", "x"], &["run"]),
    (&["dotenv", "dump", "load", "source"], &["export"]),
    (&["env", "printenv"], &["show env-vars", "export"]),
    (&["download", "fetch", "pull", "reload", "sync", "upgrade"], &["refresh"]),
    (&["account", "info", "me", "state", "user", "whoami"], &["status"]),
    (&["check", "diagnose", "test", "verify"], &["doctor"]),
    (&["explain", "inspect", "whence", "where", "which"], &["why"]),
    (&["encrypt", "keychain", "keyring", "lock", "seal", "unlock", "vault"], &["storage"]),
    (&["fake", "mock", "serve", "server"], &["sandbox"]),
    (&["configure", "option", "preferences", "settings"], &["config list", "config set"]),
    (&["docs", "usage"], &["help"]),
    (&["topic"], &["help topics"]),
    (&["asterisk", "mask", "masked"], &["help masks"]),
    (&["grant", "permit", "trust"], &["allow"]),
    (&["block", "untrust"], &["deny"]),
    (&["project"], &["help projects"]),
    (&["context", "switch", "use"], &["profile use", "profile list"]),
    (&["safety", "security"], &["help security"]),
    (&["manpage", "manual"], &["man"]),
    (&["version"], &["--version"]),
];

/// Options, with what users of other tools type for them.
const OPTIONS: [(&str, &[&str]); 9] = [
    ("api-key", &["key", "token"]),
    ("curl", &["dry-run"]),
    ("explain", &["debug", "trace", "verbose"]),
    ("no-color", &["color", "colour", "no-colour", "plain"]),
    ("quiet", &["silent"]),
    ("raw", &["format", "output"]),
    ("show-values", &["all", "secrets", "show", "values"]),
    ("url", &["endpoint", "host", "server"]),
    ("yes", &["assume-yes", "confirm", "force"]),
];

/// The most command lines that are suggested where none fits well.
const MOST: usize = 4;

/// The command lines that `words` (those of a command line that are no options) may stand for.
pub fn commands(words: &[&str]) -> Vec<String> {
    let cli = Cli::command();
    let known: Vec<String> = leaves(&cli).into_iter().map(|(words, _)| words).collect();
    let meant = match words {
        [] => Vec::new(),
        [word] => one_word(&known, word),
        [first, second, ..] => {
            let in_order = verb_and_noun(&known, first, second);
            let found = if in_order.is_empty() { verb_and_noun(&known, second, first) } else { in_order };
            // What follows a word that is a command in another tool is its argument.
            let is_verb = cli.find_subcommand(first).is_some();
            let found = if found.is_empty() && !is_verb { one_word(&known, first) } else { found };
            let both = format!("{first} {second}");
            if found.is_empty() { closest(&known, &both).into_iter().cloned().collect() } else { found }
        }
    };
    meant.into_iter().map(|words| format!("vastenv {words}")).collect()
}

/// The option that `typed` may stand for on a command line of `command` (its words).
pub fn option(command: &[&str], typed: &str) -> Option<String> {
    let mut cli = Cli::command();
    cli.build();
    let found = command.iter().try_fold(&cli, |above, word| above.find_subcommand(word))?;
    if typed == "-v" {
        return Some("vastenv --version".to_owned());
    }
    let name = typed.strip_prefix("--")?.split('=').next().unwrap_or_default();
    let longs =
        || found.get_arguments().filter(|option| !option.is_hide_set()).filter_map(clap::Arg::get_long);
    let other_word = OPTIONS
        .iter()
        .filter(|(_, others)| others.iter().any(|other| is_same(other, name)))
        .find_map(|(option, _)| longs().find(|long| long == option));
    let long = longs()
        .find(|long| is_same(long, name))
        .or(other_word)
        .or_else(|| longs().filter(|long| is_close(long, name)).min_by_key(|long| distance(long, name)))?;
    let value = found.get_arguments().find(|option| option.get_long() == Some(long)).and_then(|option| {
        let takes_value = option.get_action().takes_values();
        option.get_value_names().filter(|_| takes_value)?.first()
    });
    let words = ["vastenv"].iter().chain(command).copied().collect::<Vec<_>>().join(" ");
    Some(value.map_or_else(|| format!("{words} --{long}"), |value| format!("{words} --{long} {value}")))
}

/// The hint for what was meant: "did you mean `…` or `…`?"
pub fn question(meant: &[String]) -> Option<String> {
    let quoted: Vec<String> = meant.iter().map(|line| format!("`{line}`")).collect();
    let (last, others) = quoted.split_last()?;
    let others = others.join(", ");
    Some(if others.is_empty() {
        format!("did you mean {last}?")
    } else {
        format!("did you mean {others} or {last}?")
    })
}

fn one_word(known: &[String], word: &str) -> Vec<String> {
    if let Some((_, meant)) = WORDS.iter().find(|(others, _)| others.iter().any(|other| is_same(other, word)))
    {
        return meant.iter().map(|words| (*words).to_owned()).collect();
    }
    if let Some(joined) = known.iter().find(|words| is_same(words, word)) {
        return vec![joined.clone()];
    }
    if let Some(verb) = same_verb(known, word) {
        return of_each_noun(known, verb);
    }
    let nouns = nouns(word);
    if !nouns.is_empty() {
        return nouns.iter().filter_map(|noun| family(known, "show", noun, true)).collect();
    }
    if let Some(closest) = closest(known, word) {
        return vec![closest.clone()];
    }
    close_verb(known, word).map_or_else(Vec::new, |verb| of_each_noun(known, verb))
}

fn of_each_noun(known: &[String], verb: &str) -> Vec<String> {
    NOUNS.iter().filter_map(|(noun, _)| family(known, verb, noun, true)).collect()
}

fn verb_and_noun(known: &[String], verb: &str, noun: &str) -> Vec<String> {
    let is_plural = noun.ends_with(['s', 'S']) || matches!(verb, "list" | "ls");
    let Some(verb) = same_verb(known, verb).or_else(|| close_verb(known, verb)) else { return Vec::new() };
    let nouns = nouns(noun);
    let meant: Vec<String> = nouns.iter().filter_map(|noun| family(known, verb, noun, is_plural)).collect();
    if !meant.is_empty() {
        return meant;
    }
    // There is no such command for these: whatever there is, unless that is too much to read.
    let about_these = |words: &&String| {
        words.split_once(' ').is_some_and(|(_, known)| nouns.iter().any(|noun| is_same(known, noun)))
    };
    let others: Vec<String> = known.iter().filter(about_these).cloned().collect();
    if others.len() > MOST { Vec::new() } else { others }
}

/// The command of `verb` for `noun`; of two, the one for many or the one for a single thing.
fn family(known: &[String], verb: &str, noun: &str, is_plural: bool) -> Option<String> {
    let mut found: Vec<&String> = known
        .iter()
        .filter(|words| {
            words.split_once(' ').is_some_and(|(first, second)| first == verb && is_same(second, noun))
        })
        .collect();
    found.sort_by_key(|words| words.ends_with('s') != is_plural);
    found.first().map(|words| (*words).clone())
}

/// The first words of commands that have two.
fn verbs(known: &[String]) -> impl Iterator<Item = &str> {
    known.iter().filter_map(|words| Some(words.split_once(' ')?.0))
}

fn same_verb<'a>(known: &'a [String], word: &str) -> Option<&'a str> {
    let is_meant = |verb: &str| {
        let others = VERBS.iter().find(|(known, _)| *known == verb).map_or(&[][..], |(_, others)| others);
        is_same(verb, word) || others.iter().any(|other| is_same(other, word))
    };
    verbs(known).find(|verb| is_meant(verb))
}

fn close_verb<'a>(known: &'a [String], word: &str) -> Option<&'a str> {
    verbs(known).filter(|verb| is_close(verb, word)).min_by_key(|verb| distance(verb, word))
}

/// The nouns that `word` may stand for; a key may be of either kind.
fn nouns(word: &str) -> Vec<&'static str> {
    let is_meant =
        |noun: &str, others: &[&str]| is_same(noun, word) || others.iter().any(|other| is_same(other, word));
    let meant: Vec<_> =
        NOUNS.iter().filter(|(noun, others)| is_meant(noun, others)).map(|(noun, _)| *noun).collect();
    if !meant.is_empty() {
        return meant;
    }
    NOUNS.iter().map(|(noun, _)| *noun).filter(|noun| is_close(noun, word)).collect()
}

/// A word as far as it counts: neither case, hyphens and underscores nor a plural's s.
fn fold(word: &str) -> String {
    let letters: String = word.chars().filter(char::is_ascii_alphanumeric).collect();
    let lower = letters.to_ascii_lowercase();
    lower.strip_suffix('s').map(str::to_owned).unwrap_or(lower)
}

fn is_same(known: &str, typed: &str) -> bool {
    fold(known) == fold(typed)
}

fn distance(known: &str, typed: &str) -> usize {
    strsim::osa_distance(&fold(known), &fold(typed))
}

/// Whether `typed` may be `known` with a slip or, in a longer word, two.
pub fn is_close(known: &str, typed: &str) -> bool {
    let slips = if fold(known).len() > 5 { 2 } else { 1 };
    // Two letters are too few to go by, but for a short word with one left out.
    let is_long_enough = typed.len() > 2
        || (typed.len() == 2 && fold(known).len() == 3 && known.chars().next() == typed.chars().next());
    is_long_enough && distance(known, typed) <= slips
}

/// The one of `known` that `typed` may be.
pub fn closest<'a>(known: &'a [String], typed: &str) -> Option<&'a String> {
    known.iter().filter(|known| is_close(known, typed)).min_by_key(|known| distance(known, typed))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meant(line: &str) -> String {
        let words: Vec<&str> = line.split(' ').collect();
        commands(&words).join(", ").replace("vastenv ", "")
    }

    #[test]
    fn typing_errors_lead_to_the_command() {
        for (typed, wanted) in [
            ("show ssh-key", "show ssh-keys"),
            ("show env_var", "show env-var"),
            ("show envvars", "show env-vars"),
            ("shwo ssh-keys", "show ssh-keys"),
            ("show sshkeys", "show ssh-keys"),
            ("show keys", "show api-keys, show ssh-keys"),
            ("show key", "show api-key, show ssh-keys"),
            ("delete key", "delete api-key, delete ssh-key"),
            ("delete keys", "delete api-key, delete ssh-key"),
            ("delete env-vras", "delete env-var"),
            ("delte env-var", "delete env-var"),
            ("create env", "create env-var"),
            ("create envvar", "create env-var"),
            ("create env_var", "create env-var"),
            ("create ENV-VAR", "create env-var"),
            ("create ssh key", "create ssh-key"),
            ("set key", "set api-key"),
            ("reset ssh-key", "show ssh-keys, create ssh-key, update ssh-key, delete ssh-key"),
            ("set-api-key", "set api-key"),
            ("confg list", "config list"),
            ("config lst", "config list"),
            ("staus", "status"),
            ("refesh", "refresh"),
            ("exprot", "export"),
            ("sandbx", "sandbox"),
            ("doctr", "doctor"),
            ("remembr env-var", "remember env-var"),
            ("forgt variables", "forget env-var"),
            ("forget ssh-key", "show ssh-keys, create ssh-key, update ssh-key, delete ssh-key"),
            ("forget key", ""),
            ("shwo", "show env-vars, show api-keys, show ssh-keys"),
        ] {
            assert_eq!(meant(typed), wanted, "{typed}");
        }
    }

    #[test]
    fn words_of_other_tools_lead_to_ours() {
        for (typed, wanted) in [
            ("list", "show env-vars, show api-keys, show ssh-keys"),
            ("ls", "show env-vars, show api-keys, show ssh-keys"),
            ("get env-vars", "show env-vars"),
            ("get HF_TOKEN", "show env-vars, show api-keys, show ssh-keys"),
            ("rm env-var OLD", "delete env-var"),
            ("login", "set api-key"),
            ("auth login", "set api-key"),
            ("env", "show env-vars, export"),
            ("exec", "run"),
            ("rn", "run"),
            ("masks", "help masks"),
            ("permit", "allow"),
            ("projects", "help projects"),
            ("switch team", "profile use, profile list"),
            ("exec python", "run"),
            ("activate zsh", "hook"),
            ("reload", "refresh"),
            ("whoami", "status"),
            ("secret set TOKEN", "set env-var"),
            ("secret list", "show env-vars"),
            ("ssh-key list", "show ssh-keys"),
            ("ssh-key add", "create ssh-key"),
            ("variable delete X", "delete env-var"),
            ("env-vars", "show env-vars"),
            ("keys", "show api-keys, show ssh-keys"),
            ("version", "--version"),
        ] {
            assert_eq!(meant(typed), wanted, "{typed}");
        }
    }

    #[test]
    fn words_that_mean_nothing_lead_nowhere() {
        for typed in ["show instances", "zzz", "hf_abcdefghijklmnopqrstuvwxyz", "", "-", "é", "show é"] {
            assert_eq!(meant(typed), "", "{typed}");
        }
    }

    #[test]
    fn options_too() {
        for (command, typed, wanted) in [
            (&["status"][..], "--quite", Some("vastenv status --quiet")),
            (&["show", "env-vars"], "--show_values", Some("vastenv show env-vars --show-values")),
            (&["delete", "env-var"], "--force", Some("vastenv delete env-var --yes")),
            (&["status"], "--token=hf_secret", Some("vastenv status --api-key KEY")),
            (&[], "--verbose", Some("vastenv --explain")),
            (&[], "-v", Some("vastenv --version")),
            (&["create", "api-key"], "--permision", Some("vastenv create api-key --permission CATEGORY")),
            (&["refresh"], "--show-values", None),
            (&["refresh"], "--zzz", None),
            (&["refresh"], "-z", None),
        ] {
            assert_eq!(option(command, typed).as_deref(), wanted, "{command:?} {typed}");
        }
    }

    #[test]
    fn every_word_given_back_is_a_command_or_an_option() {
        let mut cli = Cli::command();
        cli.build();
        let help = cli.find_subcommand_mut("help").expect("help").render_help().to_string();
        let known: Vec<String> = leaves(&cli).into_iter().map(|(words, _)| words).collect();
        for words in WORDS.iter().flat_map(|(_, meant)| *meant).filter(|words| **words != "--version") {
            let is_topic = words.strip_prefix("help ").is_some_and(|topic| help.contains(topic));
            assert!(is_topic || known.iter().any(|known| known == words), "{words}");
        }
        for (verb, _) in VERBS {
            assert!(cli.find_subcommand(verb).is_some_and(clap::Command::has_subcommands), "{verb}");
        }
        let longs: Vec<&str> = std::iter::once(&cli)
            .chain(leaves(&cli).into_iter().map(|(_, command)| command))
            .flat_map(clap::Command::get_arguments)
            .filter_map(clap::Arg::get_long)
            .collect();
        for (option, _) in OPTIONS {
            assert!(longs.contains(&option), "{option}");
        }
    }
}
