//! A container's stand-in: a process 1 with an environment that the sessions below it do not inherit.

use std::collections::BTreeMap;
use std::process::Output;

use crate::common::skip::can;
use crate::pty::{Home, Shell, Terminal};

/// What a container of Vast is launched with, beside what a test is about.
pub const CONTAINER: [(&str, &str); 12] = [
    ("CONTAINER_ID", "20931234"),
    ("VAST_CONTAINERLABEL", "C.20931234"),
    ("VAST_TCP_PORT_22", "20544"),
    ("CUDA_HOME", "/usr/local/cuda"),
    ("LD_LIBRARY_PATH", "/usr/local/nvidia/lib:/usr/local/nvidia/lib64"),
    ("HOME", "/not/the/sessions"),
    ("TERM", "not-the-sessions"),
    ("SSH_PUBLIC_KEY", "ssh-ed25519 AAAA"),
    ("VAST_API_KEY", "not-a-key"),
    ("VAST_URL", "http://127.0.0.1:1"),
    ("VASTENV_DISABLE", "1"),
    ("PYTHONSTARTUP", "/refused.py"),
];

/// Values that a shell would run, split, cut or expand.
pub const AWKWARD: [(&str, &str); 8] = [
    ("A_COMMAND", "a$(touch PWNED)b`touch PWNED`c"),
    ("A_WORD", "pa$$word ${HOME} ~ * !!"),
    ("LINES_OF_IT", "-----BEGIN KEY-----\nb=\"c\"\n\n\\\n-----END KEY-----\n"),
    ("QUOTES", "'\"\\'\"'\"\\"),
    ("BLANKS", " \t x \r\n"),
    ("ESCAPES", "\u{1b}]0;title\u{7}é🦀"),
    ("NOTHING", ""),
    ("MODEL", "llama"),
];

/// A container that is made anew for each session.
#[derive(Clone)]
pub struct Container<'a> {
    pub home: &'a Home,
    pub launch: Vec<(String, String)>,
    /// What process 1 does before the session.
    pub before: &'static str,
    /// Whether root is only root in there, as an ordinary user is.
    pub is_ordinary: bool,
    /// The user of the session, if another than that of process 1.
    pub user: Option<u32>,
}

impl<'a> Container<'a> {
    /// `None` where none can be made.
    pub fn of(home: &'a Home, launch: &[&[(&str, &str)]]) -> Option<Self> {
        let is_ordinary = !nix::unistd::geteuid().is_root();
        let launch = launch.concat().iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        let container = Self { home, launch, before: ":", is_ordinary, user: None };
        let words = container.words(&["true"]);
        let status = home.command(&words[0]).args(&words[1..]).status().expect("unshare");
        can(status.success(), "no pid namespace can be made here (unshare)").then_some(container)
    }

    /// The words that run `program` in a session, which has the variables of the home alone.
    pub fn words(&self, program: &[&str]) -> Vec<String> {
        let mut words = vec!["unshare".to_owned()];
        words.extend(
            ["-U", "--map-current-user"].iter().filter(|_| self.is_ordinary).map(ToString::to_string),
        );
        let rest = ["--pid", "--fork", "--kill-child", "--mount-proc", "env", "-i"];
        words.extend(rest.map(str::to_owned));
        words.extend(self.launch.iter().map(|(name, value)| format!("{name}={value}")));
        let path = std::env::var("PATH").expect("a PATH");
        let script = format!("PATH={path}; {}; \"$@\"; exit $?", self.before);
        words.extend(["sh", "-c", &script, "sh"].map(str::to_owned));
        if let Some(user) = self.user {
            let user = user.to_string();
            words
                .extend(["setpriv", "--reuid", &user, "--regid", &user, "--clear-groups"].map(str::to_owned));
        }
        words.extend(["env", "-i"].map(str::to_owned));
        words.extend(self.home.variables.iter().map(|(name, value)| format!("{name}={value}")));
        words.extend(program.iter().map(ToString::to_string));
        words
    }

    /// Runs `program` in a session to its end.
    pub fn run(&self, program: &[&str]) -> Output {
        let words = self.words(program);
        self.home.command(&words[0]).args(&words[1..]).output().expect("ended")
    }

    /// What a program finds in its environment in a new interactive shell, which said nothing.
    #[track_caller]
    pub fn environment(&self, shell: Shell) -> BTreeMap<String, String> {
        let output = self.run(&[shell.name(), "-ic", "env -0"]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && !said.contains("vastenv"), "{shell:?}: {said}");
        environment(&output.stdout)
    }

    pub fn open(&self, shell: Shell) -> Terminal {
        let words = self.words(&[shell.name(), "-i"]);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        Terminal::start(self.home, shell, &words).0
    }
}

/// The variables in what `env -0` prints.
pub fn environment(block: &[u8]) -> BTreeMap<String, String> {
    let text = String::from_utf8(block.to_vec()).expect("text");
    let entries = text.split_terminator('\0').filter_map(|entry| entry.split_once('='));
    entries.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}
