//! What kind of value an argument takes.

use clap::{Arg, ValueHint};

use super::{Line, Word};
use crate::format;

/// A kind of value.
pub enum Kind {
    /// One of these.
    Listed(Vec<Word>),
    /// The name of a variable of the account.
    EnvName,
    /// Such names, with commas between.
    EnvNames,
    /// A new name, `=`, and such a name.
    Renaming,
    /// The name of a variable whose value is remembered here.
    RememberedName,
    /// The number of an API key.
    ApiKeyId,
    /// The number of an SSH key.
    SshKeyId,
    /// The number of an instance.
    InstanceId,
    /// An SSH public key, or the file of one.
    PublicKey,
    /// A key to seal for, or the file of one.
    Recipient,
    /// The name of a profile.
    Profile,
    /// A permission category.
    Category,
    /// A file.
    Files,
    /// A folder.
    Folders,
    /// The key of a setting; of one that has a value in the file if this is set.
    SettingKey { written: bool },
    /// A value of the setting before it.
    SettingValue,
    /// A word of a command, or a topic.
    HelpWord,
    /// Nothing that can be known.
    Unknown,
}

/// What an argument takes, by its name in the help text and the command that it stands in. A new
/// command whose argument is called like one of these needs nothing; another kind needs one line.
pub fn kind(line: &Line<'_>, argument: &Arg) -> Kind {
    let listed = listed(argument);
    if !listed.is_empty() {
        return Kind::Listed(listed);
    }
    let name = argument.get_value_names().and_then(|names| names.first()).map_or("", |name| name.as_str());
    match (name, line.path.as_slice()) {
        // A new variable's name is for its user to say, as are values and secrets.
        ("NAME", ["create", _]) => Kind::Unknown,
        ("NAME", ["forget", _]) => Kind::RememberedName,
        ("NAME", [_, "env-var"] | ["show", "env-vars"] | ["why"]) => Kind::EnvName,
        ("PROFILE", ["profile", "add"]) if argument.is_positional() => Kind::Unknown,
        ("PROFILE", _) => Kind::Profile,
        ("NAMES", _) => Kind::EnvNames,
        ("NEW=OLD", _) => Kind::Renaming,
        ("ID", [_, "api-key"]) => Kind::ApiKeyId,
        ("ID", [_, "ssh-key"]) => Kind::SshKeyId,
        ("INSTANCE" | "DEST|ID", _) => Kind::InstanceId,
        ("KEY", [_, "ssh-key"]) if argument.is_positional() => Kind::PublicKey,
        ("RECIPIENT", _) => Kind::Recipient,
        ("KEY", ["config", verb]) => Kind::SettingKey { written: *verb == "unset" },
        ("VALUE", ["config", _]) => Kind::SettingValue,
        ("CATEGORY", _) => Kind::Category,
        ("COMMAND|TOPIC", _) => Kind::HelpWord,
        ("DIR", _) => Kind::Folders,
        ("FILE" | "PATH", _) => Kind::Files,
        _ => match argument.get_value_hint() {
            ValueHint::AnyPath | ValueHint::FilePath | ValueHint::ExecutablePath => Kind::Files,
            ValueHint::DirPath => Kind::Folders,
            _ => Kind::Unknown,
        },
    }
}

/// The values that clap knows of. What is said of each is said here and not to clap, which would make
/// `--help` another text than `-h` for it.
fn listed(argument: &Arg) -> Vec<Word> {
    let values = argument.get_possible_values();
    let shown = values.iter().filter(|value| !value.is_hide_set());
    let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
    let about = |value: &str| match (argument.get_id().as_str(), value) {
        ("format", name) => format::find(name).map_or(Some("a sealed file"), |format| Some(format.about())),
        ("place", "keyring") => Some("encrypted, with the key in the keyring"),
        ("place", "file") => Some("in private files"),
        _ => None,
    };
    shown.map(|value| Word::new(value.get_name(), about(value.get_name()).unwrap_or(&help))).collect()
}

#[cfg(test)]
mod tests {
    use clap::Command;

    use super::super::Place;
    use super::*;

    #[test]
    fn an_argument_called_instance_is_one_in_every_command() {
        let argument = Arg::new("from").long("from-instance").value_name("INSTANCE");
        let root = Command::new("vastenv")
            .subcommand(Command::new("remember").subcommand(Command::new("env-var").arg(argument)));
        let words = ["vastenv", "remember", "env-var", "--from-instance", "2"].map(str::to_owned);
        let line = Line::read(&root, &words, 4);
        let Place::Value { argument, .. } = &line.place else { panic!("no value") };
        assert!(matches!(kind(&line, argument), Kind::InstanceId));
    }
}
