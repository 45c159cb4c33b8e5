//! The file that keeps an account between two runs.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::error::Category;
use zeroize::Zeroizing;

use super::account::Account;
use crate::domain::{Failure, Result, printable};
use crate::files::{reason, write_beside};

/// Where the account is kept.
#[derive(Debug)]
pub(super) struct StateFile(PathBuf);

impl StateFile {
    /// The file at `path`, or where it links to: saving replaces the file, not the link.
    pub(super) fn at(path: &Path) -> Self {
        Self(fs::canonicalize(path).unwrap_or_else(|_| path.to_owned()))
    }

    /// Reads the account; a missing file is an empty one.
    pub(super) fn load(&self) -> Result<Account> {
        let bytes = match fs::read(&self.0) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Account::default()),
            Err(error) => return Err(self.failure("read", &error)),
        };
        serde_json::from_slice(&bytes).map_err(|error| self.unreadable(&error))
    }

    /// Replaces the file as a whole: after a crash there is the old account or the new one.
    pub(super) fn save(&self, account: &Account) -> Result<()> {
        self.replace(account).map_err(|error| self.failure("write", &error))
    }

    fn replace(&self, account: &Account) -> io::Result<()> {
        let folder = self.0.parent().filter(|folder| !folder.as_os_str().is_empty());
        let mut json = Zeroizing::new(serde_json::to_vec_pretty(account)?);
        json.push(b'\n');
        write_beside(folder.unwrap_or(Path::new(".")), &json, 0o600)?.persist(&self.0)?;
        Ok(())
    }

    /// Says where the text goes wrong, not how: the parser's own words may quote a value.
    fn unreadable(&self, error: &serde_json::Error) -> Failure {
        let (line, column) = (error.line(), error.column());
        let what = match error.classify() {
            Category::Data => "is not a sandbox account",
            Category::Io | Category::Syntax | Category::Eof => "is not JSON",
        };
        Failure::failed(format!("the sandbox state {} {what} (line {line}, column {column})", self.name()))
            .hint("it may hold user, api_keys, secrets, ssh_keys, instances and next_id; fix it or name another file")
    }

    fn failure(&self, verb: &str, error: &io::Error) -> Failure {
        Failure::failed(format!("cannot {verb} the sandbox state {}: {}", self.name(), reason(error)))
    }

    fn name(&self) -> String {
        printable(&self.0.to_string_lossy())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    #[test]
    fn an_account_is_kept_for_its_owner_only_and_leaves_nothing_else_behind() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("state.json");
        fs::write(&path, "{\"secrets\": {\"A;touch x\": \"line\\nline\"}}").expect("a file");
        let state = StateFile::at(&path);
        let account = state.load().expect("an account");
        state.save(&account).expect("saved");
        assert_eq!(state.load().expect("an account").secrets["A;touch x"].expose(), "line\nline");
        assert_eq!(fs::metadata(&path).expect("a file").permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1);
    }

    #[test]
    fn a_missing_file_is_an_empty_account() {
        let folder = tempfile::tempdir().expect("a folder");
        let account = StateFile::at(&folder.path().join("none.json")).load().expect("an account");
        assert!(account.secrets.is_empty() && account.api_keys.is_empty());
    }

    #[test]
    fn a_link_stays_a_link() {
        let folder = tempfile::tempdir().expect("a folder");
        let (real, link) = (folder.path().join("real.json"), folder.path().join("link.json"));
        fs::write(&real, "{}").expect("a file");
        symlink(&real, &link).expect("a link");
        StateFile::at(&link).save(&Account::sample()).expect("saved");
        assert!(fs::symlink_metadata(&link).expect("a link").is_symlink());
        assert!(fs::read_to_string(&real).expect("text").contains("the key"));
    }

    #[test]
    fn what_does_not_parse_is_named_not_quoted_and_kept() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("state.json");
        for (text, what) in [
            ("{\"secrets\": \"hunter2\"}", "is not a sandbox account"),
            ("{\"secrets\": {\"A\": 424242}}", "is not a sandbox account"),
            ("{\"secret\": {\"A\": \"hunter2\"}}", "is not a sandbox account"),
            ("{\"secrets\": {\"A\": \"hunter2\"", "is not JSON"),
            ("hunter2", "is not JSON"),
            ("", "is not JSON"),
        ] {
            fs::write(&path, text).expect("a file");
            let failure = StateFile::at(&path).load().unwrap_err();
            let shown = format!("{failure:?}");
            assert!(failure.message().contains(what) && shown.contains("state.json"), "{shown}");
            assert!(!shown.contains("hunter2") && !shown.contains("424242"), "{shown}");
            assert_eq!(fs::read_to_string(&path).expect("text"), text);
        }
    }

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        let failure = StateFile::at(Path::new("/nowhere/state.json")).save(&Account::sample()).unwrap_err();
        assert!(failure.message().starts_with("cannot write the sandbox state /nowhere/state.json: "));
    }
}
