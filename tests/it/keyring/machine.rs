//! A machine with an account whose server hides every value, and a login session with a keyring.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use vastenv::sandbox::Options;

use crate::cli::account::TestAccount;
use crate::common::process::command;
use crate::home::{Call, Home, VASTENV};
use crate::session::{Keyring, Session};

/// Values that must never be found in a file once they are sealed.
pub const VALUES: [(&str, &str); 3] =
    [("HF_TOKEN", "hf_first-of-three"), ("TWO", "second-of-three"), ("THIRD", "third-of-three")];

pub struct Machine {
    pub account: TestAccount,
    pub session: Session,
    pub home: Home,
}

impl Machine {
    /// A machine on which all values are remembered, as plain files.
    pub fn new() -> Self {
        Self::with(true)
    }

    /// The same, of a server that tells every value.
    pub fn telling() -> Self {
        Self::with(false)
    }

    fn with(mask: bool) -> Self {
        let secrets: serde_json::Map<String, Value> =
            VALUES.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        let account = TestAccount::serving(&Value::Object(secrets), Options { mask, ..Options::default() });
        let session = Session::start(Keyring::Unlocked);
        let mut home = account.home();
        home.set("DBUS_SESSION_BUS_ADDRESS", session.address());
        home.ok(&["refresh", "--quiet"]);
        if mask {
            for (name, value) in VALUES {
                home.ok(&["remember", "env-var", name, value, "--quiet"]);
            }
        }
        Self { account, session, home }
    }

    /// The same, with everything sealed.
    pub fn sealed() -> Self {
        let machine = Self::new();
        machine.home.ok(&["storage", "keyring", "--quiet"]);
        machine
    }

    /// A call in a new login session: the kernel keeps nothing of the keyring from before.
    pub fn anew(&self, arguments: &[&str]) -> Call {
        let arguments = [&["session", "-", VASTENV][..], arguments].concat();
        self.home.command("keyctl", &arguments)
    }

    /// Checks that `home` can read every value.
    #[track_caller]
    pub fn assert_whole(home: &Home, when: &str) {
        let exported = home.vastenv(&["export", "json"]).run();
        let values: Value =
            serde_json::from_str(&exported.out).unwrap_or_else(|_| panic!("{when}: {exported:?}"));
        for (name, value) in VALUES {
            assert_eq!(values[name], value, "{when}: {name}");
        }
    }

    /// Every file of the home, with its bytes.
    pub fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        files(&self.home.path(""))
    }

    /// The only file of this name.
    #[track_caller]
    pub fn file(&self, name: &str) -> PathBuf {
        let mut found: Vec<_> = self.files().into_iter().map(|(path, _)| path).collect();
        found.retain(|path| path.file_name().is_some_and(|found| found == name));
        assert_eq!(found.len(), 1, "{name}: {found:?}");
        found.remove(0)
    }

    /// Deletes every entry of vastenv from the keyring, as with its own password manager.
    pub fn lose_entries(&self) {
        while self.entries() > 0 {
            self.session.secret_tool(&["clear", "service", "vastenv"]);
        }
    }

    /// How many entries of vastenv the keyring has.
    pub fn entries(&self) -> usize {
        let found = self.session.secret_tool(&["search", "--all", "service", "vastenv"]);
        String::from_utf8_lossy(&found.stdout).matches("label = vastenv").count()
    }

    /// Whether any file of the home holds a value in clear.
    pub fn holds_a_value(&self) -> Option<PathBuf> {
        let holds = |bytes: &[u8]| {
            let text = String::from_utf8_lossy(bytes);
            VALUES.iter().any(|(_, value)| text.contains(value))
        };
        self.files().into_iter().find(|(_, bytes)| holds(bytes)).map(|(path, _)| path)
    }
}

/// Takes out of the kernel what was kept there for `home`: users have room for few keys.
pub fn purge(home: &Home) {
    let Ok(text) = fs::read_to_string(home.path(".local/share/vastenv/keyring.json")) else { return };
    let entries: Value = serde_json::from_str(&text).expect("JSON");
    let of_profiles = entries["profiles"].as_object().into_iter().flat_map(|profiles| profiles.values());
    let ids = [("data", &entries["data_key"]), ("api", &entries["api_key"])];
    for (kind, id) in ids.into_iter().chain(of_profiles.map(|id| ("api", id))) {
        if let Some(id) = id.as_str() {
            let entry = format!("%user:vastenv:{kind}-key-{id}");
            // It is not there if nobody asked for it.
            let _ = command("keyctl").args(["unlink", &entry, "@s"]).output();
        }
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            purge(&self.home);
        }
    }
}

pub fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            let bytes = fs::read(&path).expect("read");
            found.push((path, bytes));
        }
    }
    found
}
