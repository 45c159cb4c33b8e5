//! This machine: which account is meant on it, and what it keeps.

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use toml_edit::DocumentMut;

use super::select::{Given, Selection, expand};
use crate::config::{Paths, edit};
use crate::credentials::{self, Credential};
use crate::domain::{AccountId, Digest, EnvName, Result, Secret, ServerUrl, Timestamp};
use crate::environment::{Change, Environment, Input, Ledger, Patterns, SessionId, diff, digest};
use crate::files::{self, Disk};
use crate::sealing::{self, Converted, Keyring, Sealing, Storage};
use crate::store::{ResetJournal, Store, newest_generation};

#[derive(Debug)]
pub(crate) struct Machine {
    pub selection: Selection,
    pub(in crate::account) store: Store,
    /// The generation before anything was read: what is published later may be of something newer.
    pub(in crate::account) before: Option<PathBuf>,
    now: fn() -> Timestamp,
    /// What the command of the profile printed to this process, once it has run.
    pub(super) printed: OnceCell<Secret>,
}

impl Machine {
    pub(crate) fn open(paths: Paths, given: Given, keyring: Keyring, now: fn() -> Timestamp) -> Self {
        let disk = Disk::new(&paths.state, &paths.cache, &paths.data);
        let before = newest_generation(&disk);
        let selection = Selection::resolve(paths, given, &disk);
        // The key's file, where it is in one.
        let present = selection.seen.iter().rev().find(|(_, time)| time.is_some());
        let dated_after = present.map(|(file, _)| file.clone());
        let store = Store::open(disk, keyring, selection.config.storage, dated_after, now);
        Self { selection, store, before, now, printed: OnceCell::new() }
    }

    pub(crate) fn now(&self) -> Timestamp {
        (self.now)()
    }

    /// Whether only an answer is wanted: then what cannot be written is told once, and used.
    pub(crate) fn for_one_answer(&self, yes: bool) {
        self.store.disk.for_one_answer(yes);
    }

    /// Lets the keyring ask its user for a password, if it needs one.
    pub(crate) fn let_keyring_ask(&self) {
        self.store.sealing.vault.let_keyring_ask();
    }

    /// Sentences for the user since the last call, such as what was fixed.
    pub(crate) fn take_notes(&self) -> Vec<String> {
        self.store.disk.take_notes()
    }

    /// The file that is gone once anything has changed since this was opened.
    pub(crate) fn generation(&self) -> Result<PathBuf> {
        self.generation_unless(false)
    }

    /// The same; where all shells are to look anew, the next one.
    pub(in crate::account) fn generation_unless(&self, is_outdated: bool) -> Result<PathBuf> {
        let newest = self.store.generation.newest();
        if newest != self.before {
            return Ok(self.before.clone().unwrap_or_else(|| self.store.generation.none()));
        }
        newest.filter(|_| !is_outdated).map_or_else(|| self.store.generation.publish(self.now()), Ok)
    }

    /// The key in use.
    pub(crate) fn credential(&self) -> Result<Credential> {
        self.selection.credential(&self.store.sealing.vault)
    }

    /// The key that was saved, whatever comes before it.
    pub(crate) fn saved_credential(&self) -> Result<Option<Credential>> {
        self.selection.saved_credential(&self.store.sealing.vault)
    }

    /// Every key that is saved on this machine, as far as it can be read.
    pub(crate) fn saved_keys(&self) -> Vec<Secret> {
        let (paths, vault) = (&self.selection.paths, &self.store.sealing.vault);
        let profiles = self.selection.config.profiles.iter();
        let places = profiles.filter_map(|(name, profile)| {
            profile
                .key
                .as_ref()
                .map(|place| credentials::saved_of_profile(name, &expand(paths, place), vault))
        });
        let all = places.chain([credentials::saved(paths, vault)]);
        all.filter_map(|saved| saved.ok()??.key).collect()
    }

    /// The journal of a reset of the selected key.
    pub(in crate::account) fn journal(&self) -> ResetJournal<'_> {
        self.store.reset(self.selection.profile_name())
    }

    /// Names the files of a key.
    pub(in crate::account) fn key_digest(&self, server: &ServerUrl, key: &Secret) -> Result<Digest> {
        let parts: [&[u8]; 3] = [b"api key", server.as_str().as_bytes(), key.expose().as_bytes()];
        Ok(self.store.digest_key()?.digest(&parts))
    }

    /// The key that the selected place of one led to last, when a server said whose it is.
    pub(in crate::account) fn last_key(&self, server: &ServerUrl) -> Option<Digest> {
        self.store.last_keys.of(&self.place_digest(server).ok()??).get()
    }

    /// The account that it opens, and whether its server named the user.
    pub(in crate::account) fn last_identity(&self, server: &ServerUrl) -> Option<(AccountId, bool)> {
        let identity = self.store.identities.of(&self.last_key(server)?).get()?;
        Some((identity.account(server)?, identity.is_named()))
    }

    /// Names the place of the selected key.
    pub(in crate::account) fn place_digest(&self, server: &ServerUrl) -> Result<Option<Digest>> {
        let Some(place) = self.selection.place(server) else { return Ok(None) };
        let parts: Vec<&[u8]> = place.iter().map(String::as_bytes).collect();
        Ok(Some(self.store.digest_key()?.digest(&parts)))
    }

    /// The ledger that `text` is; entries of a very long one are in a file.
    pub(crate) fn ledger(&self, text: &str) -> Option<Ledger> {
        Ledger::decode(text, |id: &SessionId| self.store.sessions.load(id)?.entries)
    }

    /// How to take away what was loaded in the shell of `ledger` and the `environment` of `account` leaves out. What
    /// is unknown stays, unless it is another account's.
    pub(crate) fn withheld(
        &self,
        ledger: &Ledger,
        environment: &Environment,
        account: Option<&AccountId>,
        current: &dyn Fn(&EnvName) -> Option<Vec<u8>>,
    ) -> Result<Vec<Change>> {
        let session = ledger.session.as_ref().and_then(|id| self.store.sessions.load(id)).unwrap_or_default();
        let hidden = if ledger.is_of_another(account) { Vec::new() } else { environment.hidden() };
        let unavailable = hidden.into_iter().filter_map(|name| EnvName::parse(name).ok()).collect();
        let earlier = self.store.loaded.load();
        let nothing = BTreeSet::new();
        let decided = diff(&Input {
            desired: &Environment { unavailable, ..environment.clone() },
            ledger,
            previous: &session.previous,
            current,
            unexported: &nothing,
            kept: &nothing,
            taken: &nothing,
            key: &self.store.digest_key()?,
            earlier: &|name, digest| earlier.contains(name, digest),
            starting: false,
            override_existing: true,
            keep: &Patterns::default(),
        });
        Ok(decided.changes)
    }

    /// Whether the shell of `ledger` has this value of `name` from elsewhere.
    pub(crate) fn is_own(&self, ledger: Option<&Ledger>, name: &EnvName, value: &[u8]) -> Result<bool> {
        let Some(entry) = ledger.and_then(|ledger| ledger.entries.get(name)) else { return Ok(true) };
        let found = digest(&self.store.digest_key()?, name, value);
        Ok(found != entry.digest && !self.store.loaded.load().contains(name, &found))
    }

    /// The files that tell when something here is another thing, each with the time that it had when it was last
    /// read: what names the account, and the generation.
    pub(crate) fn watched(&self) -> Vec<(PathBuf, Option<SystemTime>)> {
        // Before the first generation there is none of the files that it stands for.
        let generation = self.before.clone().unwrap_or_else(|| self.selection.paths.state.clone());
        // One that is gone by now was another thing before.
        let time = files::modified(&generation).or(self.before.is_some().then_some(SystemTime::UNIX_EPOCH));
        self.selection.seen.iter().cloned().chain([(generation, time)]).collect()
    }

    pub(crate) fn sealing(&self) -> &Sealing {
        &self.store.sealing
    }

    /// Makes every file that holds values be of the form `wanted`.
    pub(crate) fn convert_storage(&self, wanted: Storage) -> Result<Converted> {
        let done = sealing::convert(&self.store.sealing, wanted)?;
        self.sweep_leftovers();
        self.store.generation.publish(self.now())?;
        Ok(done)
    }

    /// Changes the settings, as [`edit::edit`] does, so that every shell follows.
    pub(crate) fn edit_config(&self, change: impl FnOnce(&mut DocumentMut) -> Result<()>) -> Result<()> {
        edit::edit(&self.selection.paths.config_file, change)?;
        self.publish_config();
        Ok(())
    }

    /// Replaces the text of the settings, as [`edit::rewrite`] does, so that every shell follows.
    pub(crate) fn rewrite_config(&self, change: impl FnOnce(&str) -> Result<String>) -> Result<()> {
        edit::rewrite(&self.selection.paths.config_file, change)?;
        self.publish_config();
        Ok(())
    }

    fn publish_config(&self) {
        // The file is written, and shells watch it too: they follow where nothing can be published.
        let _ = self.store.generation.publish(self.now());
    }

    /// Removes the temporary files of writers that were killed.
    pub(in crate::account) fn sweep_leftovers(&self) {
        files::sweep(&self.selection.paths.vastai_config);
        self.store.disk.sweep_leftovers();
    }

    /// The temporary files of writers that were killed: in clear, whatever the settings say.
    pub(crate) fn leftovers(&self) -> Vec<PathBuf> {
        let shared = files::leftovers(&self.selection.paths.vastai_config);
        self.store.disk.leftovers().into_iter().chain(shared).collect()
    }

    /// Makes a folder that only its owner can use, or makes one so.
    pub(crate) fn ensure_private(&self, folder: &Path) -> Result<()> {
        self.store.disk.ensure(folder)
    }

    /// The private folders, made or checked.
    pub(crate) fn folders(&self) -> Result<[&PathBuf; 3]> {
        let paths = &self.selection.paths;
        let folders = [&paths.state, &paths.cache, &paths.data];
        folders.iter().try_for_each(|folder| self.store.disk.ensure(folder)).map(|()| folders)
    }

    /// Keeps a new key with this number, as it came, because it is none that can be shown or used.
    pub(crate) fn keep_odd_key(&self, id: u64, key: &Secret) -> Result<PathBuf> {
        self.journal().keep_odd_key(id, key)
    }

    /// Where the new key of a reset is until it has its place.
    pub(crate) fn reset_key_path(&self) -> PathBuf {
        self.journal().key_path()
    }

    /// The new key of a reset has its place.
    pub(crate) fn end_reset(&self) {
        self.journal().end();
    }

    /// Whether the notice called `id` was shown on this machine since its problem began.
    pub(crate) fn was_told(&self, id: &str) -> bool {
        self.store.notices.was_told(id)
    }

    /// Remembers that the notice called `id` was shown.
    pub(crate) fn remember_told(&self, id: &str) {
        self.store.notices.remember(id);
    }

    /// Whether `by` (a command, or the hook) has something new to tell of what is hidden in `environment`; from
    /// then on it is told.
    pub(crate) fn tells_hidden(&self, account: &AccountId, by: &str, environment: &Environment) -> bool {
        let (hidden, known) = (environment.hidden_in_account(), environment.loaded_of_account());
        self.store.notices.tells_hidden(account, by, &hidden, &known)
    }
}
