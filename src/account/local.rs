//! An account as the files on this machine know it: all that a prompt needs.

use std::path::PathBuf;

use super::machine::Machine;
use super::select::{KeyFrom, Selection};
use crate::config::{Config, ProfileKey};
use crate::container;
use crate::credentials::{Credential, Source};
use crate::domain::{
    AccountId, Digest, Doubts, Failure, Identity, Kind, Result, ServerUrl, Timestamp, Values,
};
use crate::environment::{
    Environment, Filters, KnownVariables, Launch, Room, Rules, Sources, assemble, resolve_all,
};
use crate::files::remove;
use crate::store::{Backoff, Store};

/// One key on one server, as the files on this machine know it.
#[derive(Clone, Debug)]
pub(crate) struct Account<'a> {
    pub machine: &'a Machine,
    /// The user's settings.
    pub config: Config,
    /// The server.
    pub server: ServerUrl,
    /// The key and where it was found.
    pub credential: Credential,
    /// The digest of the key, or what stands for one that a command has yet to print.
    pub opened: Digest,
    /// What the environment can still take.
    pub room: Room,
}

/// An account as this machine knows it, without asking its server.
#[derive(Debug)]
pub(crate) enum Known {
    /// Its variables.
    Variables(Box<KnownVariables>),
    /// The server refused the key, and that was its last word.
    Refused(Timestamp),
    /// Nothing.
    Nothing,
}

impl<'a> Account<'a> {
    /// The account that `credential` opens on the selected server.
    pub(crate) fn open(machine: &'a Machine, credential: Credential) -> Result<Self> {
        let server = machine.selection.server()?;
        let opened = match &credential.key {
            Some(key) => machine.key_digest(&server, key)?,
            None => unprinted(machine, &server)?,
        };
        let config = machine.selection.config.clone();
        Ok(Self { machine, config, server, credential, opened, room: Room::default() })
    }

    /// The digest that names the key's files.
    pub(in crate::account) fn key(&self) -> Digest {
        let printed = match self.credential.source {
            Source::Profile(_, ProfileKey::Command(_)) => self.machine.printed.get(),
            _ => None,
        };
        let digest = printed.map(|key| self.machine.key_digest(&self.server, key));
        digest.and_then(Result::ok).unwrap_or_else(|| self.opened.clone())
    }

    pub(super) fn store(&self) -> &'a Store {
        &self.machine.store
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.machine.now()
    }

    /// What the files say of this account.
    pub(crate) fn known(&self) -> Result<Known> {
        let Some(identity) = self.identity()? else { return Ok(Known::Nothing) };
        if let Some(refused_at) = identity.refused_at {
            return Ok(Known::Refused(refused_at));
        }
        let Some(account) = identity.account(&self.server) else { return Ok(Known::Nothing) };
        let Some(snapshot) = self.store().snapshots.load(&account)? else { return Ok(Known::Nothing) };
        let changes = self.store().changes.load(&account);
        let is_hidden = snapshot.variables.values().any(|variable| variable.value.is_none());
        let values = if is_hidden { self.store().values.load(&account) } else { Ok(Values::new()) };
        let (doubts, remembered, unread) = match changes.and_then(|changes| Ok((changes, values?))) {
            Ok((doubts, remembered)) => (doubts, remembered, None),
            // What the server told is as good as ever.
            Err(failure) => (Doubts::new(), Values::new(), Some(failure)),
        };
        let launch = self.launch();
        Ok(Known::Variables(Box::new(KnownVariables { snapshot, remembered, doubts, launch, unread })))
    }

    /// What the container was launched with, if this is in one.
    pub(super) fn launch(&self) -> Launch {
        container::launch(self.config.container).unwrap_or_default()
    }

    /// Whether a change of `name` from here ended so that its value is not known any more.
    pub(crate) fn is_in_doubt(&self, name: &str) -> bool {
        let changes = self.id().and_then(|id| self.store().changes.load(&id).ok());
        changes.is_some_and(|changes| changes.contains_key(name))
    }

    /// Whose the key is, as far as known.
    pub(crate) fn identity(&self) -> Result<Option<Identity>> {
        self.store().identities.of(&self.key()).load_if_possible()
    }

    pub(super) fn save_identity(&self, identity: &Identity) -> Result<()> {
        self.store().identities.of(&self.key()).save_if_possible(identity)?;
        self.note_last_key();
        Ok(())
    }

    /// Notes that the server said whose the key is that the selected place has now. What cannot be noted costs
    /// a prompt's knowledge, not the answer.
    pub(super) fn note_last_key(&self) {
        let is_selected = matches!(
            (&self.machine.selection.key, &self.credential.source),
            (KeyFrom::Saved, Source::KeyFile(_) | Source::LegacyFile(_) | Source::Keyring)
                | (KeyFrom::Profile(_), Source::Profile(..))
        );
        let Ok(Some(place)) = self.machine.place_digest(&self.server) else { return };
        if is_selected && self.machine.last_key(&self.server) != Some(self.key()) {
            let _ = self.store().last_keys.of(&place).save_if_possible(&self.key());
        }
    }

    /// The account's id, as far as known.
    pub(crate) fn id(&self) -> Option<AccountId> {
        self.identity().ok()??.account(&self.server)
    }

    /// The seconds since the server last answered; `None` if that is not to be relied on (a change with an
    /// unknown end, a clock set back).
    pub(crate) fn age(&self, known: &KnownVariables) -> Option<u64> {
        if known.is_doubtful() { None } else { self.now().since(known.snapshot.fetched_at) }
    }

    /// Whether what is known is young enough to load without asking for anything newer.
    pub(crate) fn is_fresh(&self, known: &KnownVariables) -> bool {
        self.age(known).is_some_and(|age| age < self.config.max_age)
    }

    /// The age at which a watch asks again, so that no prompt finds the snapshot old.
    pub(crate) fn ahead(&self) -> u64 {
        let max_age = self.config.max_age;
        max_age.saturating_sub((max_age / 10).clamp(1, LONGEST_LEAD)).max(RECENT)
    }

    /// What a shell should hold here.
    ///
    /// # Errors
    /// The project gives two variables the same name.
    pub(crate) fn environment(&self, known: &KnownVariables) -> Result<Environment> {
        let selection = &self.machine.selection;
        let rules = Rules { shell: selection.not_for_shells(), ..self.rules_for(known) };
        in_project(selection, Sources { known: Some(known), launch: &known.launch }, &rules, None)
    }

    /// What a program should hold, as the project and `flags` leave and name it. One that runs `elsewhere` has no
    /// use for what is this container's own.
    ///
    /// # Errors
    /// Two variables would have the same name, or a flag names what is not there.
    pub(crate) fn choose(
        &self,
        known: &KnownVariables,
        elsewhere: bool,
        flags: &Filters,
    ) -> Result<Environment> {
        let nothing = Launch::default();
        let launch = if elsewhere { &nothing } else { &known.launch };
        let sources = Sources { known: Some(known), launch };
        in_project(&self.machine.selection, sources, &self.rules_for(known), Some(flags))
    }

    /// What there is under the account's own names, whatever project counts here.
    pub(crate) fn everything(&self, known: &KnownVariables) -> Environment {
        resolve_all(Sources { known: Some(known), launch: &known.launch }, &self.rules_for(known))
    }

    fn rules_for(&self, known: &KnownVariables) -> Rules {
        Rules { partial: known.unread.is_some() || self.is_being_changed(known), ..self.rules() }
    }

    /// Whether what is doubtful is about to be known: shells keep what they have until then.
    fn is_being_changed(&self, known: &KnownVariables) -> bool {
        known.is_doubtful() && matches!(self.store().disk.try_lock(&self.lock_name()), Ok(None))
    }

    /// What decides which variables a shell may hold.
    pub(crate) fn rules(&self) -> Rules {
        rules(&self.config, self.room.clone())
    }

    /// The failed refreshes of this key, if the last one failed.
    pub(crate) fn backoff(&self) -> Option<Backoff> {
        self.store().backoffs.of(&self.key()).get()
    }

    /// Whether a refresh may be tried now: no watch sees to it, nobody is at it, and no back-off holds it up.
    pub(crate) fn may_refresh(&self) -> bool {
        self.may_ask() && !self.is_watched()
    }

    /// The same, for what a watch has no reason to expect.
    pub(crate) fn may_ask(&self) -> bool {
        let waiting = self.backoff().is_some_and(|backoff| backoff.wait(self.now()) > 0);
        !waiting && self.store().disk.try_lock(&self.lock_name()).is_ok_and(|lock| lock.is_some())
    }

    /// Whether a watch lives that keeps what it promised.
    pub(crate) fn is_watched(&self) -> bool {
        self.watch().is_some_and(|watch| !watch.is_late)
    }

    /// The watch that holds this account, as far as it says.
    pub(crate) fn watch(&self) -> Option<LiveWatch> {
        let (disk, name) = (&self.store().disk, watch_lock(&self.lock_name()));
        let note = disk.lock_note(&name)?;
        let (process, next) = note.split_once(' ')?;
        let (process, next) = (process.parse().ok()?, Timestamp(next.parse().ok()?));
        let patience = (2 * self.config.max_age).max(SHORTEST_PATIENCE);
        let is_late = self.now().0 >= next.0.saturating_add(patience);
        matches!(disk.try_lock(&name), Ok(None)).then_some(LiveWatch { process, next, is_late })
    }

    /// The server refused the key when it was last asked.
    pub(crate) fn refusal(&self) -> Failure {
        let Self { credential, .. } = self;
        Failure::new(Kind::NotAuthenticated, format!("the server refused the key {credential}"))
            .hint(format!("{}, or try again with `vastenv refresh`", credential.source.fix()))
    }

    /// One lock for an account, or for a key whose account is not known yet.
    pub(super) fn lock_name(&self) -> String {
        self.id().map_or_else(|| self.key().as_str().to_owned(), |account| account.as_str().to_owned())
    }

    /// Whether the key is that of a two-factor session.
    pub(crate) fn is_session(&self) -> bool {
        matches!(self.credential.source, Source::TwoFactorFile(_))
    }

    /// What to go on with after the two-factor session ended: its file is removed, as the official
    /// client does, and the API key takes over (or a session that was started meanwhile).
    pub(crate) fn after_session(&self) -> Result<Self> {
        if let Source::TwoFactorFile(path) = &self.credential.source
            && self.machine.credential()? == self.credential
        {
            remove(path)?;
        }
        let credential = self.machine.credential().map_err(|failure| match failure.kind() {
            Kind::NotAuthenticated => failure.hint("the two-factor session has expired: start another with `vastai tfa login`, or save a key with `vastenv set api-key`"),
            _ => failure,
        })?;
        Ok(Self { room: self.room.clone(), ..Self::open(self.machine, credential)? })
    }

    /// The snapshot's file, once whose the key is is known.
    pub(crate) fn snapshot_path(&self) -> Option<PathBuf> {
        self.id().map(|id| self.store().snapshots.path(&id))
    }

    /// The file of the remembered values.
    pub(crate) fn values_path(&self) -> Option<PathBuf> {
        self.id().map(|id| self.store().values.path(&id))
    }
}

/// A watch that runs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LiveWatch {
    pub process: u32,
    /// When it meant to ask the server.
    pub next: Timestamp,
    /// So long ago that it counts as hung.
    pub is_late: bool,
}

/// How long a refused key is believed to be refused (seconds): rights may be given back.
pub(super) const REFUSAL_PAUSE: u64 = 3600;

/// Seconds for which an answer serves all who need one: shells that start at once.
pub(super) const RECENT: u64 = 5;

/// How long before the snapshot is old a watch asks, at most (seconds).
const LONGEST_LEAD: u64 = 30;

/// The least that a watch may be late (seconds), before it counts as hung.
const SHORTEST_PATIENCE: u64 = 60;

/// The lock that a watch holds, and in whose file it says who it is and when it acts next.
pub(super) fn watch_lock(account: &str) -> String {
    format!("watch-{account}")
}

/// What stands for the key that the profile's command has yet to print: the key that it printed last, or the
/// command itself.
fn unprinted(machine: &Machine, server: &ServerUrl) -> Result<Digest> {
    match (machine.last_key(server), machine.place_digest(server)?) {
        (Some(last), _) => Ok(last),
        (None, Some(place)) => Ok(place),
        (None, None) => Err(Failure::new(Kind::NotAuthenticated, "no API key")),
    }
}

fn rules(config: &Config, room: Room) -> Rules {
    Rules { allowed: config.allow.clone(), room, ..Rules::default() }
}

/// What there is of `sources` where the project of `selection` counts.
fn in_project(
    selection: &Selection,
    sources: Sources<'_>,
    rules: &Rules,
    flags: Option<&Filters>,
) -> Result<Environment> {
    let layer = selection.layer(sources, rules);
    assemble(sources, rules, layer.as_ref(), flags.filter(|flags| flags.is_selective()))
}

/// What a shell should hold in a container where no account is known; `None` outside of one.
pub(crate) fn without_account(selection: &Selection, room: Room) -> Option<Result<Environment>> {
    let launch = container::launch(selection.config.container)?;
    let rules = Rules { shell: selection.not_for_shells(), ..rules(&selection.config, room) };
    Some(in_project(selection, Sources { known: None, launch: &launch }, &rules, None))
}

/// What a program should hold there, as the project and `flags` leave and name it.
pub(crate) fn choose_without_account(
    selection: &Selection,
    room: Room,
    flags: &Filters,
) -> Option<Result<Environment>> {
    let launch = container::launch(selection.config.container)?;
    let sources = Sources { known: None, launch: &launch };
    Some(in_project(selection, sources, &rules(&selection.config, room), Some(flags)))
}

/// All that a container gives where no account is known, whatever project counts here.
pub(crate) fn given_by_container(config: &Config, room: Room) -> Option<Environment> {
    let launch = container::launch(config.container)?;
    Some(resolve_all(Sources { known: None, launch: &launch }, &rules(config, room)))
}

/// Why a session does not get a variable that its container was launched with.
pub(crate) fn left_out(
    config: &Config,
    room: Room,
    known: Option<&KnownVariables>,
    name: &str,
) -> Option<&'static str> {
    let launch = container::launch(config.container)?;
    launch.left_out(name, known, &rules(config, room))
}
