//! The user's own `ssh`, and with it their configuration, agent, known hosts, jump hosts and prompts.
//!
//! Values cross inside the connection only: never in an argument, the environment of `ssh`, or a file.

mod read;
mod run;
mod trouble;

use std::process::Command;

pub(crate) use read::{ReadError, parse_container, read_script};
pub(crate) use run::{greeting, header, run_script};
pub(crate) use trouble::{Trouble, trouble};

use crate::domain::{EnvName, Failure, Result, hex, printable};
use crate::files::random;

/// The program, as users have it on their `PATH`.
pub(crate) const PROGRAM: &str = "ssh";

/// What outranks the user's configuration: options in which a command would not run, or not read. Older
/// versions of OpenSSH lack some of them, which `IgnoreUnknown` forgives.
const OVERRIDES: [&str; 5] = [
    "IgnoreUnknown=*",
    "RemoteCommand=none",
    "SessionType=default",
    "StdinNull=no",
    "ForkAfterAuthentication=no",
];

/// Where to log in, and with which options.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    destination: String,
    options: Vec<String>,
}

impl Target {
    /// `destination` is anything that `ssh` takes; an option is one of `ssh_config(5)` (`Port=2222`), or with
    /// a dash one of `ssh` itself (`-J`…).
    pub(crate) fn new(destination: &str, options: &[String]) -> Result<Self> {
        if destination.is_empty() || destination.starts_with('-') {
            return Err(Failure::usage(format!("not a destination for ssh: '{}'", printable(destination)))
                .hint("give a host, user@host, ssh://user@host:port, or an instance's ID"));
        }
        Ok(Self { destination: destination.to_owned(), options: options.to_vec() })
    }

    /// The destination as the user would type it.
    pub(crate) fn destination(&self) -> String {
        printable(&self.destination)
    }

    /// What the user would type to log in.
    pub(crate) fn by_hand(&self) -> String {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"@:/._-+=,%".contains(&byte);
        let word = |text: &str| {
            let is_plain = !text.is_empty() && text.bytes().all(plain);
            if is_plain { text.to_owned() } else { shell_escape::escape(text.into()).into_owned() }
        };
        let options = self.options.iter().map(|option| {
            let dashed = if option.starts_with('-') { "" } else { "-o " };
            format!("{dashed}{}", word(option))
        });
        let words = std::iter::once(PROGRAM.to_owned()).chain(options).chain([word(&self.destination)]);
        let words: Vec<String> = words.collect();
        printable(&words.join(" "))
    }

    /// A call of `ssh` that runs `script` there, with a terminal or without. It inherits none of `secrets`,
    /// which may be in our own environment.
    pub(crate) fn command<'a>(
        &self,
        terminal: bool,
        script: &str,
        secrets: impl IntoIterator<Item = &'a EnvName>,
    ) -> Command {
        let mut command = Command::new(PROGRAM);
        command.arg(if terminal { "-tt" } else { "-T" });
        // The first of two options counts, and a mistyped one of the user's is not to be forgiven.
        for option in &self.options {
            if option.starts_with('-') {
                command.arg(option);
            } else {
                command.args(["-o", option]);
            }
        }
        for option in OVERRIDES {
            command.args(["-o", option]);
        }
        command.args(["--", &self.destination, script]);
        for name in secrets {
            command.env_remove(name.as_str());
        }
        command
    }
}

/// A random word that stands in one connection for its beginnings and ends.
#[derive(Clone, Debug)]
pub(crate) struct Token(String);

impl Token {
    pub(crate) fn new() -> Result<Self> {
        Ok(Self(hex(&*random::<12>()?)))
    }
}

/// `sh` itself is asked for, because every login shell reads this line alike: one word in single quotes,
/// without a quote, `!`, backslash or line break. `exec` leaves no shell behind whose exit trap could speak.
fn in_sh(script: &str) -> String {
    format!("exec /bin/sh -c '{script}'")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(command: &Command) -> Vec<String> {
        command.get_args().map(|word| word.to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn the_users_options_come_first_and_the_destination_is_never_one() {
        let options = ["Port=2222".to_owned(), "-4".to_owned()];
        let target = Target::new("ssh://root@host:22", &options).expect("a target");
        let words = words(&target.command(false, "true", []));
        assert_eq!(words[..6], ["-T", "-o", "Port=2222", "-4", "-o", "IgnoreUnknown=*"]);
        assert_eq!(words[words.len() - 3..], ["--", "ssh://root@host:22", "true"]);
        assert_eq!(target.by_hand(), "ssh -o Port=2222 -4 ssh://root@host:22");
        let odd = Target::new("me@[::1]", &["SetEnv=A=it's".to_owned()]).expect("a target");
        assert_eq!(odd.by_hand(), r"ssh -o 'SetEnv=A=it'\''s' 'me@[::1]'");
        for bad in ["", "-oProxyCommand=touch x", "-"] {
            assert_eq!(Target::new(bad, &[]).expect_err("refused").exit_code(), 2, "{bad}");
        }
    }

    #[test]
    fn every_login_shell_reads_a_script_alike() {
        let token = Token::new().expect("a token");
        for line in [read_script(&token), run_script(&token, false), run_script(&token, true)] {
            let script = line.strip_prefix("exec /bin/sh -c '").and_then(|line| line.strip_suffix('\''));
            assert!(!script.expect("a script").contains(['\'', '!', '\\', '\n']), "{line}");
        }
    }

    #[test]
    fn what_is_brought_over_is_not_in_the_environment_of_ssh() {
        let name = EnvName::parse("HF_TOKEN").expect("a name");
        let command = Target::new("host", &[]).expect("a target").command(true, "true", [&name]);
        assert_eq!(words(&command)[0], "-tt");
        let removed: Vec<_> = command.get_envs().filter(|(_, value)| value.is_none()).collect();
        assert_eq!(removed, [("HF_TOKEN".as_ref(), None)]);
    }
}
