//! Which account is meant: answered here alone, for commands, prompts, TAB and detached processes.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::project::{FoundProject, ProjectState};
use crate::config::{Config, Paths, Profile, ProfileKey};
use crate::credentials::{self, Credential};
use crate::domain::{Failure, Result, Secret, ServerUrl, printable, printable_capped};
use crate::files::{Disk, modified};
use crate::project::FILE;
use crate::sealing::Vault;

/// What the command line and the environment say.
#[derive(Clone, Debug, Default)]
pub(crate) struct Given {
    /// `--api-key`.
    pub key: Option<Secret>,
    /// `VAST_API_KEY`.
    pub key_variable: Option<Secret>,
    /// `--url`.
    pub url: Option<String>,
    /// `VAST_URL`.
    pub url_variable: Option<String>,
    /// `--profile`.
    pub profile: Option<String>,
    /// `VASTENV_PROFILE`.
    pub profile_variable: Option<String>,
    /// The folder whose project counts; without it, none does.
    pub folder: Option<PathBuf>,
}

/// What names the account, and what settings it has.
#[derive(Clone, Debug)]
pub(crate) struct Selection {
    pub paths: Paths,
    /// The settings, as the profile in force has them.
    pub config: Config,
    pub project: FoundProject,
    /// Whether a project file that appears in the folder would be nearer.
    pub may_appear: bool,
    /// The profile in force.
    pub profile: Option<Chosen>,
    pub key: KeyFrom,
    /// The server, where it is named.
    pub url: Option<String>,
    /// Why nobody can say which account is meant.
    pub trouble: Option<Trouble>,
    /// What the user should hear.
    pub notes: Vec<String>,
    /// The files by which another account may be meant, or the same one otherwise, each with the time that
    /// it had before it was read.
    pub seen: Vec<(PathBuf, Option<SystemTime>)>,
}

/// Why nobody can say which account is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    Config(Failure),
    Project(Failure),
    Profile(Failure),
}

impl Trouble {
    pub(crate) fn failure(&self) -> &Failure {
        let (Self::Config(failure) | Self::Project(failure) | Self::Profile(failure)) = self;
        failure
    }
}

/// A profile, and who chose it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Chosen {
    pub name: String,
    pub by: ChosenBy,
    pub profile: Profile,
}

/// Who chose a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ChosenBy {
    /// `--profile`.
    Flag,
    /// An allowed project file.
    Project(PathBuf),
    /// `VASTENV_PROFILE`.
    Variable,
    /// `default_profile`.
    Default,
}

impl fmt::Display for ChosenBy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag => formatter.write_str("--profile"),
            Self::Project(file) => write!(formatter, "{}", file.display()),
            Self::Variable => formatter.write_str("VASTENV_PROFILE"),
            Self::Default => formatter.write_str("default_profile"),
        }
    }
}

/// Where the key is.
#[derive(Clone, Debug)]
pub(crate) enum KeyFrom {
    /// `--api-key`.
    Flag(Secret),
    /// `VAST_API_KEY`.
    Variable(Secret),
    /// Where the profile in force says.
    Profile(Option<ProfileKey>),
    /// Where it was saved for no profile.
    Saved,
}

impl Selection {
    /// Which account is meant. There is always an answer, at worst one with a trouble.
    pub(crate) fn resolve(paths: Paths, given: Given, disk: &Disk) -> Self {
        let mut seen = vec![(paths.config_file.clone(), modified(&paths.config_file))];
        let mut trouble = None;
        let config = Config::load(&paths.config_file).unwrap_or_else(|failure| {
            trouble = Some(Trouble::Config(failure));
            Config::default()
        });
        // As the shell's builtins see it, from inside: the way to the folder may be closed, or too long.
        let is_there = Path::new(FILE).exists();
        let project = given.folder.as_ref().map(|folder| FoundProject::of(disk, folder)).unwrap_or_default();
        let may_appear = !is_there && project.file != given.folder.as_ref().map(|folder| folder.join(FILE));
        seen.extend(project.file.clone().map(|file| (file, project.modified)));
        if let ProjectState::Unusable(failure) = &project.state {
            trouble = trouble.or_else(|| Some(Trouble::Project(failure.clone())));
        }
        let mut selection = Self {
            paths,
            config,
            project,
            may_appear,
            profile: None,
            key: KeyFrom::Saved,
            url: None,
            trouble,
            notes: Vec::new(),
            seen: Vec::new(),
        };
        let chosen = selection.chosen(&given);
        selection.choose(given, chosen);
        seen.extend(selection.key_files().into_iter().map(|file| {
            let time = modified(&file);
            (file, time)
        }));
        selection.seen = seen;
        selection
    }

    /// The profile that is named, by whoever comes first.
    fn chosen(&self, given: &Given) -> Option<(String, ChosenBy)> {
        let project = self.project.in_force().and_then(|project| project.profile.clone());
        let file = self.project.file.clone().unwrap_or_default();
        let named = [
            given.profile.clone().map(|name| (name, ChosenBy::Flag)),
            given.profile_variable.clone().map(|name| (name, ChosenBy::Variable)),
            project.map(|name| (name, ChosenBy::Project(file))),
            self.config.default_profile.clone().map(|name| (name, ChosenBy::Default)),
        ];
        named.into_iter().flatten().next()
    }

    /// Whoever chooses the key names the server too.
    fn choose(&mut self, given: Given, chosen: Option<(String, ChosenBy)>) {
        let Given { key, key_variable, url, url_variable, .. } = given;
        let is_set = |key: &Secret| !crate::domain::trim_unseen(key.expose()).is_empty();
        let (key, variable) = (key.filter(is_set), key_variable.filter(is_set));
        let is_named_here = matches!(chosen, Some((_, ChosenBy::Flag | ChosenBy::Project(_))));
        match (key, variable, chosen) {
            (Some(key), ..) => {
                self.key = KeyFrom::Flag(key);
                self.url = url.or(url_variable);
            }
            (None, Some(key), chosen) if !is_named_here => {
                if let Some((name, by)) = chosen {
                    let name = printable(&name);
                    self.notes.push(format!("VAST_API_KEY is used, not the profile {name} ({by})"));
                }
                self.key = KeyFrom::Variable(key);
                self.url = url.or(url_variable);
            }
            (None, variable, Some((name, by))) => {
                if variable.is_some() {
                    let name = printable(&name);
                    self.notes.push(format!("the profile {name} ({by}) is used, not VAST_API_KEY"));
                }
                self.take_profile(name, by, url);
            }
            (None, _, None) => self.url = url.or(url_variable),
        }
    }

    fn take_profile(&mut self, name: String, by: ChosenBy, url: Option<String>) {
        let Some(profile) = self.config.profiles.get(&name).cloned() else {
            let failure = no_profile(&self.config, &name, Some(&by));
            self.trouble.get_or_insert(Trouble::Profile(failure));
            return;
        };
        self.config = self.config.with(&profile);
        self.key = KeyFrom::Profile(profile.key.as_ref().map(|place| expand(&self.paths, place)));
        if let Some(failure) = url.as_deref().and_then(|url| foreign(url, &name, &profile)) {
            self.trouble.get_or_insert(Trouble::Profile(failure));
        }
        self.url = url.or_else(|| profile.url.clone());
        self.profile = Some(Chosen { name, by, profile });
    }

    pub(crate) fn server(&self) -> Result<ServerUrl> {
        self.url.as_deref().map_or_else(|| Ok(ServerUrl::default()), ServerUrl::parse)
    }

    /// Where the profile in force has its key.
    pub(crate) fn key_place(&self) -> Option<&ProfileKey> {
        match &self.key {
            KeyFrom::Profile(place) => place.as_ref(),
            _ => None,
        }
    }

    /// What is meant where no profile is named, on the server `url`.
    pub(crate) fn leave_profile(&mut self, url: Option<String>) {
        (self.profile, self.key, self.url) = (None, KeyFrom::Saved, url);
    }

    /// The command that saves another key in place of the selected one.
    pub(crate) fn set_command(&self) -> String {
        match self.profile_name() {
            Some(name) => format!("vastenv set api-key --profile {name}"),
            None => "vastenv set api-key".to_owned(),
        }
    }

    /// The name of the profile in force.
    pub(crate) fn profile_name(&self) -> Option<&str> {
        self.profile.as_ref().map(|chosen| chosen.name.as_str())
    }

    /// The key in use.
    pub(crate) fn credential(&self, vault: &Vault) -> Result<Credential> {
        let (flag, variable) = match (&self.key, self.profile_name()) {
            (KeyFrom::Profile(place), Some(name)) => {
                return credentials::find_of_profile(name, place.as_ref(), vault);
            }
            (KeyFrom::Flag(key), _) => (Some(key), None),
            (KeyFrom::Variable(key), _) => (None, Some(key)),
            (KeyFrom::Profile(_) | KeyFrom::Saved, _) => (None, None),
        };
        credentials::find(flag, variable, &self.paths, vault)
    }

    /// The key that was saved where the selection has it, whatever comes before it.
    pub(crate) fn saved_credential(&self, vault: &Vault) -> Result<Option<Credential>> {
        match (&self.key, self.profile_name()) {
            (KeyFrom::Profile(Some(place)), Some(name)) => credentials::saved_of_profile(name, place, vault),
            (KeyFrom::Profile(None), _) => Ok(None),
            _ => credentials::saved(&self.paths, vault),
        }
    }

    /// The place of the key on `server`, by which what it led to last is remembered; none for a key that is
    /// given each time.
    pub(in crate::account) fn place(&self, server: &ServerUrl) -> Option<Vec<String>> {
        let (kind, words) = match &self.key {
            KeyFrom::Flag(_) | KeyFrom::Variable(_) => return None,
            KeyFrom::Profile(None) => ("none", Vec::new()),
            KeyFrom::Saved => ("saved", Vec::new()),
            KeyFrom::Profile(Some(ProfileKey::Keyring)) => ("keyring", Vec::new()),
            KeyFrom::Profile(Some(ProfileKey::File(path))) => {
                ("file", vec![path.to_string_lossy().into_owned()])
            }
            KeyFrom::Profile(Some(ProfileKey::Command(words))) => ("command", words.clone()),
        };
        let name = self.profile_name().unwrap_or_default();
        let first = ["place of a key", server.as_str(), name, kind].map(str::to_owned);
        Some(first.into_iter().chain(words).collect())
    }

    /// The files that may hold the key.
    fn key_files(&self) -> Vec<PathBuf> {
        match &self.key {
            KeyFrom::Profile(Some(ProfileKey::File(file))) => vec![file.clone()],
            KeyFrom::Profile(_) => Vec::new(),
            _ => vec![self.paths.api_key(), self.paths.tfa_key()],
        }
    }

    /// Every file by which another account may be meant, or the same one otherwise.
    pub(crate) fn watched_files(&self) -> impl Iterator<Item = &PathBuf> {
        self.seen.iter().map(|(file, _)| file)
    }
}

/// Where a profile's key is on this machine.
pub(super) fn expand(paths: &Paths, place: &ProfileKey) -> ProfileKey {
    match place {
        ProfileKey::File(path) => ProfileKey::File(paths.expand(path)),
        ProfileKey::Command(words) => {
            let mut words = words.clone();
            if let Some(program) = words.first_mut() {
                *program = paths.expand(program.as_ref()).to_string_lossy().into_owned();
            }
            ProfileKey::Command(words)
        }
        ProfileKey::Keyring => ProfileKey::Keyring,
    }
}

/// That there is no profile `name`, with the nearest known one.
pub(crate) fn no_profile(config: &Config, name: &str, by: Option<&ChosenBy>) -> Failure {
    let shown = if name.is_empty() { "\"\"".to_owned() } else { printable_capped(name, 80) };
    let known = || config.profiles.keys();
    let nearest = known().min_by_key(|known| strsim::damerau_levenshtein(known, name));
    let is_near = |known: &&String| {
        strsim::damerau_levenshtein(known, name) <= 1 + name.chars().count() / 4
            || (!name.is_empty() && known.starts_with(name))
    };
    let hint = match nearest.filter(is_near) {
        Some(nearest) => format!("did you mean {nearest}?"),
        None if config.profiles.is_empty() => "add it: vastenv profile add NAME".to_owned(),
        None => format!("the profiles are {}", known().cloned().collect::<Vec<_>>().join(", ")),
    };
    let by = by.map_or(String::new(), |by| format!(" ({by})"));
    Failure::failed(format!("there is no profile {shown}{by}")).hint(hint)
}

/// Refuses an address of `--url` that is not of the profile's origin: the key would go elsewhere.
fn foreign(url: &str, name: &str, profile: &Profile) -> Option<Failure> {
    let own = profile.url.as_deref().map_or_else(|| Ok(ServerUrl::default()), ServerUrl::parse);
    let (own, given) = (own.ok()?, ServerUrl::parse(url).ok()?);
    (own.origin() != given.origin()).then(|| {
        Failure::usage(format!("--url {given} is not the server of the profile {name}, {own}"))
            .hint(format!("leave out --url, or add a profile for it: vastenv profile add NAME --url {given}"))
    })
}
