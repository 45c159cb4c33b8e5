//! Where files are: the XDG folders on every operating system, as the official client has them.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::domain::{Failure, Result};

/// What is where, without `XDG_*` variables.
pub(crate) const FILES: [(&str, &str); 8] = [
    ("~/.config/vastai/vast_api_key", "The API key, shared with the official client."),
    (
        "~/.config/vastai/vast_tfa_key",
        "The key of a two-factor session, written by the official client; removed when the session has expired.",
    ),
    ("~/.config/vastenv/config.toml", "Settings; only `config` and `profile` write there."),
    ("~/.config/vastenv/keys/", "The API keys of profiles, where `profile add` saves them."),
    ("~/.cache/vastenv/", "The cache: what the server last told of variables and keys."),
    (
        "~/.local/share/vastenv/",
        "Remembered values, how secrets are stored, and which entries of the keyring are in use.",
    ),
    (
        "~/.local/share/vastenv/projects/",
        "Which project files are allowed or denied, and their allowed text.",
    ),
    (
        "~/.local/state/vastenv/",
        "State: locks, pauses after failures, unfinished changes, and values that loaded variables override.",
    ),
];

/// The folders and files of vastenv, and those that it shares with the official client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    /// `$XDG_CONFIG_HOME/vastai`, the official client's folder.
    pub vastai_config: PathBuf,
    /// `$XDG_CONFIG_HOME/vastenv/config.toml`.
    pub config_file: PathBuf,
    /// `$XDG_CACHE_HOME/vastenv`.
    pub cache: PathBuf,
    /// `$XDG_DATA_HOME/vastenv`; where neither that nor a home is set, a folder within `state`.
    pub data: PathBuf,
    /// `$XDG_STATE_HOME/vastenv`.
    pub state: PathBuf,
    /// `~/.vast_api_key`, where the official client kept the key long ago; none without a home.
    pub legacy_key: Option<PathBuf>,
    /// What `~` is, where `HOME` says so.
    pub home: Option<PathBuf>,
}

impl Paths {
    /// Finds the folders from `HOME` and the `XDG_*` variables, which `get` reads.
    ///
    /// As XDG has it, an empty or relative `XDG_*` counts as unset.
    pub fn resolve(get: impl Fn(&str) -> Option<OsString>) -> Result<Self> {
        let absolute = |name: &str| get(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let home = absolute("HOME");
        let folder = |name: &str, below_home: &str| {
            absolute(name)
                .or_else(|| home.as_ref().map(|home| home.join(below_home)))
                .ok_or_else(|| no_home(name))
        };
        let config = folder("XDG_CONFIG_HOME", ".config")?;
        let state = folder("XDG_STATE_HOME", ".local/state")?.join("vastenv");
        Ok(Self {
            vastai_config: config.join("vastai"),
            config_file: config.join("vastenv/config.toml"),
            cache: folder("XDG_CACHE_HOME", ".cache")?.join("vastenv"),
            data: folder("XDG_DATA_HOME", ".local/share")
                .map_or_else(|_| state.join("data"), |data| data.join("vastenv")),
            state,
            legacy_key: home.as_ref().map(|home| home.join(".vast_api_key")),
            home,
        })
    }

    /// The path that `path` of a settings file means: `~/` at its start is the home.
    pub fn expand(&self, path: &Path) -> PathBuf {
        match (path.strip_prefix("~"), &self.home) {
            (Ok(below), Some(home)) => home.join(below),
            _ => path.to_owned(),
        }
    }

    /// `path` as a settings file has it: with `~/` where that is the home, so that the file can move with it.
    pub fn abbreviate(&self, path: &Path) -> PathBuf {
        match self.home.as_ref().map(|home| path.strip_prefix(home)) {
            Some(Ok(below)) => Path::new("~").join(below),
            _ => path.to_owned(),
        }
    }

    /// Where `vastenv profile add` saves the key of a profile.
    pub fn profile_key(&self, profile: &str) -> PathBuf {
        self.config_file.with_file_name("keys").join(profile)
    }

    /// The API key's file, shared with the official client.
    pub fn api_key(&self) -> PathBuf {
        self.vastai_config.join("vast_api_key")
    }

    /// The file of a two-factor session's key, written by `vastai tfa login`.
    pub fn tfa_key(&self) -> PathBuf {
        self.vastai_config.join("vast_tfa_key")
    }
}

fn no_home(variable: &str) -> Failure {
    let suggestion = dirs::home_dir().map_or_else(
        || "set HOME to your home folder".to_owned(),
        |home| format!("export HOME={}", home.display()),
    );
    Failure::failed(format!("HOME is not set (nor {variable}), so the key and the cache cannot be found"))
        .hint(suggestion)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(variables: &[(&str, &str)]) -> Result<Paths> {
        Paths::resolve(|name| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into()))
    }

    #[test]
    fn home_gives_the_usual_folders() {
        let paths = resolve(&[("HOME", "/h"), ("XDG_CACHE_HOME", ""), ("XDG_STATE_HOME", "relative")])
            .expect("paths");
        assert_eq!(paths.api_key(), Path::new("/h/.config/vastai/vast_api_key"));
        assert_eq!(paths.config_file, Path::new("/h/.config/vastenv/config.toml"));
        assert_eq!(paths.cache, Path::new("/h/.cache/vastenv"));
        assert_eq!(paths.data, Path::new("/h/.local/share/vastenv"));
        assert_eq!(paths.state, Path::new("/h/.local/state/vastenv"));
        assert_eq!(paths.legacy_key.as_deref(), Some(Path::new("/h/.vast_api_key")));
    }

    #[test]
    fn xdg_wins_and_can_stand_alone() {
        let all = [("XDG_CONFIG_HOME", "/c"), ("XDG_CACHE_HOME", "/k"), ("XDG_STATE_HOME", "/s")];
        let paths = resolve(&all).expect("paths");
        assert_eq!(paths.tfa_key(), Path::new("/c/vastai/vast_tfa_key"));
        assert_eq!((paths.legacy_key, paths.data), (None, "/s/vastenv/data".into()));
    }

    #[test]
    fn without_a_home_the_error_says_what_is_missing() {
        let failure = resolve(&[("XDG_CONFIG_HOME", "/c")]).unwrap_err();
        assert!(failure.message().contains("HOME is not set (nor XDG_STATE_HOME)"), "{failure:?}");
        assert!(failure.next_step().is_some());
    }
}
