//! Where a shell looks for its files.

use std::ffi::OsString;
use std::path::PathBuf;

/// The user's folders, as the environment has them.
pub struct Folders {
    /// The home.
    pub home: Option<PathBuf>,
    /// An environment variable.
    pub variable: fn(&str) -> Option<OsString>,
}

impl Folders {
    /// The folder that a variable names, if that does not depend on where the program runs.
    pub fn named(&self, variable: &str) -> Option<PathBuf> {
        (self.variable)(variable).map(PathBuf::from).filter(|folder| folder.is_absolute())
    }

    /// The folders in a variable that lists them with colons between.
    pub fn listed(&self, variable: &str) -> Vec<PathBuf> {
        let list = (self.variable)(variable).and_then(|list| list.into_string().ok()).unwrap_or_default();
        list.split(':').map(PathBuf::from).filter(|folder| folder.is_absolute()).collect()
    }

    /// The folder of the user's settings.
    pub fn config(&self) -> Option<PathBuf> {
        self.named("XDG_CONFIG_HOME").or_else(|| Some(self.home.as_ref()?.join(".config")))
    }

    /// The folder of the user's data.
    pub fn data(&self) -> Option<PathBuf> {
        self.named("XDG_DATA_HOME").or_else(|| Some(self.home.as_ref()?.join(".local/share")))
    }
}

/// A shell's start-up file.
#[derive(Clone, Copy, Debug)]
pub struct StartFile {
    /// The variable that names its folder.
    pub variable: Option<&'static str>,
    /// That folder below the home where the variable is not set: empty, or with a `/` at its end.
    pub below_home: &'static str,
    /// Its path in there.
    pub name: &'static str,
}

impl StartFile {
    /// Where it is, and what its user calls it.
    pub fn find(&self, folders: &Folders) -> (Option<PathBuf>, String) {
        if let Some(variable) = self.variable
            && let Some(folder) = folders.named(variable)
        {
            return (Some(folder.join(self.name)), format!("${variable}/{}", self.name));
        }
        let below = format!("{}{}", self.below_home, self.name);
        (folders.home.as_ref().map(|home| home.join(below)), self.usual())
    }

    /// What it is called where no variable says otherwise.
    pub fn usual(&self) -> String {
        format!("~/{}{}", self.below_home, self.name)
    }
}
