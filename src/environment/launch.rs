//! The environment that a container was launched with, as a source: an instance of Vast is given the
//! account's variables in it, but its SSH, tmux and Jupyter sessions see nothing of them.

use std::collections::BTreeMap;
use std::str::Utf8Error;

use serde::Deserialize;

use super::names::{self, Group};
use super::{KnownVariables, Rules};
use crate::domain::{EnvName, Secret};

/// Names that only the containers of Vast have.
pub const CONTAINER_NAMES: [&str; 2] = ["CONTAINER_ID", "VAST_CONTAINERLABEL"];

/// What steers vastenv: never taken from there.
const OURS: &str = "VAST_API_KEY VAST_URL VASTENV_* __vastenv*";

/// The session's own, beside what the rules call so: left alone.
const SESSION: &str = "INFOPATH LS_COLORS TERM_PROGRAM* WINDOW SSH_* TMUX* CONDA_* _CE_* VIRTUAL_ENV* NVM_* \
     DEBIAN_FRONTEND";

/// What looks like one of those and is none.
const NO_SESSION: &str = "LANG LANGUAGE LC_* SSH_PUBLIC_KEY VAST_*";

/// What images and Vast set, and the rules refuse an account.
const IMAGE: &str = "LD_LIBRARY_PATH LIBRARY_PATH CUDA_HOME CUDA_PATH CUDA_ROOT CUDA_TOOLKIT_ROOT_DIR \
     CUDA_CACHE_PATH ROCM_PATH ROCM_HOME HIP_PATH OPAL_PREFIX PYTHONPATH PIP_BREAK_SYSTEM_PACKAGES \
     PIP_CONSTRAINT PIP_DISABLE_PIP_VERSION_CHECK PIP_NO_CACHE_DIR PIP_ROOT_USER_ACTION UV_CACHE_DIR \
     UV_COMPILE_BYTECODE UV_LINK_MODE UV_NO_CACHE UV_PYTHON_BIN_DIR UV_PYTHON_INSTALL_DIR UV_SYSTEM_PYTHON \
     HF_MODULES_CACHE NUMBA_CACHE_DIR TORCH_EXTENSIONS_DIR TORCHINDUCTOR_CACHE_DIR TRITON_CACHE_DIR \
     MPLCONFIGDIR CARGO_HOME RUSTUP_HOME GOPATH JAVA_HOME R_HOME VAST_* LANG LANGUAGE LC_*";

/// Whether a container's launch environment is a source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ContainerSource {
    /// In a container of Vast.
    #[default]
    Auto,
    /// In any container.
    On,
    Off,
}

/// What a container was launched with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Launch(BTreeMap<String, LaunchValue>);

/// A value, or why it is not text.
pub type LaunchValue = Result<Secret, Utf8Error>;

impl Launch {
    /// Reads the environment of a process, if it is one as a whole: a program that writes its title over
    /// it leaves a tail that looks right, and may begin in the middle of a name.
    pub fn parse(block: &[u8]) -> Option<Self> {
        let mut all = BTreeMap::new();
        for entry in block.strip_suffix(b"\0")?.split(|byte| *byte == 0) {
            let at = entry.iter().position(|byte| *byte == b'=').filter(|at| *at > 0)?;
            let name = std::str::from_utf8(&entry[..at]).ok()?;
            // Exported functions of bash and names that only Docker takes are whole entries too.
            if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-%()".contains(&byte)) {
                return None;
            }
            let value = std::str::from_utf8(&entry[at + 1..]).map(Secret::new);
            all.entry(name.to_owned()).or_insert(value);
        }
        Some(Self(all))
    }

    /// Whether it is that of a container of Vast.
    pub fn is_of_vast(&self) -> bool {
        CONTAINER_NAMES.iter().any(|name| self.0.contains_key(*name))
    }

    /// Whether it has a variable, with whatever value.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// What it has of a variable, whoever asks.
    pub fn get(&self, name: &str) -> Option<&LaunchValue> {
        self.0.get(name)
    }

    /// All of it, by name.
    pub fn into_variables(self) -> BTreeMap<String, LaunchValue> {
        self.0
    }

    /// The number of the instance that this is.
    pub fn instance_id(&self) -> Option<u64> {
        let [id, label] = CONTAINER_NAMES.map(|name| self.value(name).map(Secret::expose));
        id.or_else(|| label?.strip_prefix("C."))?.parse().ok()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value that a session may have of a variable.
    pub fn value(&self, name: &str) -> Option<&Secret> {
        self.0.get(name)?.as_ref().ok().filter(|_| !fits(OURS, name))
    }

    /// What a session is given that is not the account's, and that it does not have. Where no account is
    /// known, any name may be one of an account: then only what the rules let one set, and what images set.
    pub fn own(&self, known: Option<&KnownVariables>, rules: &Rules) -> BTreeMap<EnvName, &Secret> {
        let may = |name: &EnvName| {
            if let Some(known) = known {
                return !known.is_accounts(name.as_str());
            }
            let is_let = names::refusal(name).is_none() || rules.allowed.contains(name.as_str());
            is_let || fits(IMAGE, name.as_str())
        };
        let names = self.0.keys().filter_map(|name| EnvName::parse(name).ok());
        names
            .filter(|name| may(name) && !is_sessions(name) && !rules.room.is_taken(name))
            .filter_map(|name| self.value(name.as_str()).map(|value| (name, value)))
            .collect()
    }

    /// Why a variable that the container was launched with is none of [`Self::own`] nor of the account.
    pub fn left_out(
        &self,
        name: &str,
        known: Option<&KnownVariables>,
        rules: &Rules,
    ) -> Option<&'static str> {
        let parsed = EnvName::parse(name).ok()?;
        let is_accounts = known.is_some_and(|known| known.is_accounts(name));
        if !self.has(name) || is_accounts || self.own(known, rules).contains_key(&parsed) {
            return None;
        }
        Some(if fits(OURS, name) {
            "it configures vastenv"
        } else if is_sessions(&parsed) {
            "it is the session's own"
        } else if rules.room.is_taken(&parsed) {
            "this session has its own value"
        } else if self.value(name).is_none() {
            "its value is not UTF-8"
        } else {
            "it may be a variable of your account, and its name is refused"
        })
    }
}

/// Whether a name is that of a session, as login, terminal, shell and other loaders make it.
fn is_sessions(name: &EnvName) -> bool {
    let is_so = matches!(names::refusal(name), Some(Group::Shell | Group::Session | Group::Tool));
    (is_so || fits(SESSION, name.as_str())) && !fits(NO_SESSION, name.as_str())
}

/// Whether a name is one of `words`: whole names, and families that end in `*`.
fn fits(words: &str, name: &str) -> bool {
    words
        .split(' ')
        .any(|word| word.strip_suffix('*').map_or(word == name, |family| name.starts_with(family)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environment::Room;

    /// What the launch environment `text` (a line each) gives where the account is known to list these.
    fn own(text: &str, listed: Option<&[&str]>, session: &[&str]) -> Vec<String> {
        let launch = Launch::parse(text.replace('\n', "\0").as_bytes()).expect("an environment");
        let known = listed.map(|listed| {
            let listed: Vec<_> = listed.iter().map(|name| (*name, None)).collect();
            KnownVariables::said(&listed)
        });
        let room = Room::new(1024 * 1024, session.iter().map(|name| (name.as_bytes().to_vec(), 1)));
        let rules = Rules { allowed: ["PAGER".to_owned()].into(), room, ..Rules::default() };
        let given = launch.own(known.as_ref(), &rules);
        given.iter().map(|(name, value)| format!("{name}={}", value.expose())).collect()
    }

    #[test]
    fn values_are_exact_and_only_a_whole_environment_is_one() {
        let launch =
            Launch::parse(b"CONTAINER_ID=7\0A= a\nb=c\x1b$(x)\0EMPTY=\0BYTES=\xff\0my.odd-name=1\0BASH_FUNC_f%%=() { :\n}\0A=2\0")
                .expect("an environment");
        assert!(launch.is_of_vast() && launch.has("BYTES"));
        let value = |name| launch.value(name).map(Secret::expose);
        assert_eq!(value("A"), Some(" a\nb=c\x1b$(x)"));
        assert_eq!((value("EMPTY"), value("BYTES"), value("NONE")), (Some(""), None, None));
        for rubble in [
            "",
            "CONTAINER_ID=7",
            "\0CONTAINER_ID=7\0",
            "CONTAINER_ID=7\0\0",
            "=x\0CONTAINER_ID=7\0",
            "sshd: /usr/sbin/sshd -D [listener]\0CONTAINER_ID=7\0",
            "d: x=1\0CONTAINER_ID=7\0",
        ] {
            assert_eq!(Launch::parse(rubble.as_bytes()), None, "{rubble:?}");
        }
        assert!(!Launch::parse(b"HOME=/\0TERM=linux\0").expect("an environment").is_of_vast());
    }

    #[test]
    fn what_the_session_is_or_has_and_what_steers_vastenv_never_come_from_there() {
        let session = "HOME=/\nUSER=u\nLOGNAME=u\nSHELL=s\nPWD=/\nOLDPWD=/\nSHLVL=1\n_=x\nMAIL=m\nHOSTNAME=h\nTERM=t\n\
            COLORTERM=c\nTERM_PROGRAM=p\nTERM_PROGRAM_VERSION=1\nCOLUMNS=8\nLINES=8\nLS_COLORS=l\nDISPLAY=:0\n\
            XAUTHORITY=x\nWAYLAND_DISPLAY=w\nXDG_DATA_HOME=/\nDBUS_SESSION_BUS_ADDRESS=d\nSSH_AUTH_SOCK=s\n\
            SSH_CONNECTION=c\nTMUX=t\nTMUX_PANE=1\nSTY=s\nWINDOW=1\nPATH=/\nMANPATH=/\nINFOPATH=/\nPS1=p\n\
            PROMPT_COMMAND=p\nBASH_ENV=b\nENV=e\nZDOTDIR=/\nHISTFILE=h\nCONDA_PREFIX=/\n_CE_CONDA=c\nVIRTUAL_ENV=/\n\
            VIRTUAL_ENV_PROMPT=v\nDIRENV_DIFF=d\nNVM_DIR=/\nDEBIAN_FRONTEND=n\n";
        let steers = "VAST_API_KEY=k\nVAST_URL=u\nVASTENV_DISABLE=1\n__vastenv_ledger=2:\n";
        for listed in [None, Some(&[][..])] {
            assert_eq!(own(&format!("{session}{steers}"), listed, &[]), [""; 0]);
            let text = "LANG=C.UTF-8\nLC_ALL=C\nSSH_PUBLIC_KEY=k\nVAST_TCP_PORT_22=1\nHF_HOME=/hf\n";
            let all = ["HF_HOME=/hf", "LANG=C.UTF-8", "LC_ALL=C", "SSH_PUBLIC_KEY=k", "VAST_TCP_PORT_22=1"];
            assert_eq!(own(text, listed, &[]), all);
            assert_eq!(own(text, listed, &["HF_HOME", "LANG", "LC_ALL", "VAST_TCP_PORT_22"]), all[3..4]);
        }
    }

    #[test]
    fn what_the_rules_refuse_an_account_comes_only_if_it_is_the_images() {
        let text = "LD_LIBRARY_PATH=/l\nCUDA_HOME=/c\nCUDA_VERSION=12\nPYTHONSTARTUP=/p\nHTTPS_PROXY=h\nPAGER=p\n\
            HF_TOKEN=t\nMODEL=m\n";
        let unknown =
            ["CUDA_HOME=/c", "CUDA_VERSION=12", "HF_TOKEN=t", "LD_LIBRARY_PATH=/l", "MODEL=m", "PAGER=p"];
        assert_eq!(own(text, None, &[]), unknown);
        // What the account lists is for its rules; of the rest it is known that it is not the account's.
        let known = own(text, Some(&["HF_TOKEN", "LD_LIBRARY_PATH"]), &[]);
        let expected =
            ["CUDA_HOME=/c", "CUDA_VERSION=12", "HTTPS_PROXY=h", "MODEL=m", "PAGER=p", "PYTHONSTARTUP=/p"];
        assert_eq!(known, expected);
    }

    #[test]
    fn what_the_account_lists_no_more_is_not_taken_for_the_containers() {
        let launch = Launch::parse(b"HF_TOKEN=t\0MODEL=m\0").expect("an environment");
        let mut known = KnownVariables::said(&[]);
        known.snapshot.note_gone(&KnownVariables::said(&[("HF_TOKEN", None)]).snapshot);
        let own = launch.own(Some(&known), &Rules::default());
        assert_eq!(own.keys().map(EnvName::as_str).collect::<Vec<_>>(), ["MODEL"]);
    }

    #[test]
    fn the_table_of_images_says_nothing_that_the_rules_let_through_anyway() {
        let words = IMAGE.split(' ').chain(NO_SESSION.split(' '));
        for word in words.filter(|word| *word != "SSH_PUBLIC_KEY") {
            let name = EnvName::parse(&word.replace('*', "X")).expect("a name");
            assert!(names::refusal(&name).is_some(), "{word}");
            assert!(!is_sessions(&name), "{word}");
        }
    }
}
