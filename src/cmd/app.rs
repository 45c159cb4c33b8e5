//! What every command starts from: the surroundings, read once.

use std::cell::Cell;

use super::interrupts::Watch;
use super::outcome::{Outcome, Stop};
use super::this_shell::ThisShell;
use crate::account::{
    Account, Connection, Inspect, Outstanding, Refreshed, Remote, Store, Urgency, block_on,
};
use crate::cli::Global;
use crate::config::{Config, Paths};
use crate::context::{self, variables};
use crate::credentials::{self, Credential};
use crate::domain::{Failure, Kind, Remedy, Result, Secret, ServerUrl, printable};
use crate::ui::{Progress, Ui};

/// The program's surroundings and the options of the command line.
pub struct App {
    pub global: Global,
    pub ui: Ui,
    pub paths: Paths,
    pub config: Config,
    pub store: Store,
    flag_key: Option<Secret>,
    /// The two-factor session turned out to be over: no further call is made with it.
    session_is_over: Cell<bool>,
}

/// The store in the user's folders, sealed or not as the settings say at the moment of writing.
pub fn open_store(paths: &Paths) -> Store {
    let settings = paths.config_file.clone();
    let storage = move || Config::load(&settings).map(|config| config.storage);
    Store::new(&paths.state, &paths.cache, &paths.data)
        .dated_like(paths.api_key())
        .sealed_by(context::keyring(), storage)
}

/// How a command's calls are made.
#[derive(Clone, Copy, Debug)]
pub struct CallOptions {
    /// How often a call is tried.
    pub tries: u32,
    /// Whether a shown command holds the values: only if they were typed on the command line too.
    pub show_values: bool,
    /// Whether an interrupt is the work's own to answer.
    pub hears_interrupts: bool,
}

impl App {
    pub fn new(mut global: Global, ui: Ui) -> Result<Self> {
        let paths = context::paths()?;
        let config = Config::load(&paths.config_file)?;
        let store = open_store(&paths).for_one_answer();
        let flag_key = global.api_key.take();
        Ok(Self { global, ui, paths, config, store, flag_key, session_is_over: Cell::new(false) })
    }

    /// The surroundings of a process that nobody hears: what cannot be kept is not worth asking for.
    pub fn in_silence(global: Global) -> Result<Self> {
        Self::new(global, Ui { quiet: true, ..Ui::default() }).map(Self::strict)
    }

    /// The same, where what cannot be written is a failure.
    pub fn strict(self) -> Self {
        Self { store: open_store(&self.paths), ..self }
    }

    /// The server that `--url`, `VAST_URL` or nothing names.
    pub fn server(&self) -> Result<ServerUrl> {
        let named = match &self.global.url {
            Some(given) => Some(given.clone()),
            // One that is no text must not pass for unset: the key would go to another server.
            None => context::var(variables::VAST_URL).map(|url| url.to_string_lossy().into_owned()),
        };
        named.map_or_else(|| Ok(ServerUrl::default()), |text| ServerUrl::parse(&text))
    }

    /// Whether plain http to other machines is let through.
    pub fn is_insecure_http_allowed(&self) -> bool {
        self.global.insecure_http || self.config.insecure_http
    }

    /// The key and where it comes from. A key file that others could read is mended, aloud.
    pub fn credential(&self) -> Result<Credential> {
        let credential = self.find_credential()?;
        if let Some(note) = credential.source.make_private() {
            self.ui.warn(&note);
        }
        Ok(credential)
    }

    fn find_credential(&self) -> Result<Credential> {
        credentials::find(
            self.flag_key.as_ref(),
            context::secret_var(variables::VAST_API_KEY).as_ref(),
            &self.paths,
            self.store.vault(),
        )
    }

    /// The account that the key opens, for a TAB: nothing is mended and nothing said.
    pub fn account_in_silence(&self) -> Result<Account<'_>> {
        self.account_of(self.find_credential()?)
    }

    /// The account that the key opens.
    pub fn account(&self) -> Result<Account<'_>> {
        self.account_here(self.credential()?)
    }

    /// The account that `credential` opens, with the room that this shell's environment has left.
    pub fn account_here(&self, credential: Credential) -> Result<Account<'_>> {
        let room = ThisShell::ledger(self)
            .map_or_else(context::room, |ledger| context::room().without_loaded(&ledger));
        Ok(Account { room, ..self.account_of(credential)? })
    }

    /// The account that `credential` opens.
    pub fn account_of(&self, credential: Credential) -> Result<Account<'_>> {
        Account::open(&self.store, &self.config, self.server()?, credential, context::now)
    }

    /// Does `work` with the account's server, and says so if it takes a while. Where the key is
    /// refused, the failure says where it came from.
    pub fn with_server<T>(
        &self,
        account: Account<'_>,
        work: impl AsyncFn(&Remote<'_>) -> Result<T>,
    ) -> Outcome<T> {
        self.with_server_as(account, self.call_options(false), work)
    }

    /// The options of most commands; `show_values` where the secret was typed on the command line.
    pub fn call_options(&self, show_values: bool) -> CallOptions {
        CallOptions { tries: self.global.retry, show_values, hears_interrupts: false }
    }

    /// [`Self::with_server`], with options of its own. A two-factor session that turns out to be over
    /// is dropped, and the API key takes its place, as in the official client.
    pub fn with_server_as<T>(
        &self,
        account: Account<'_>,
        options: CallOptions,
        work: impl AsyncFn(&Remote<'_>) -> Result<T>,
    ) -> Outcome<T> {
        let is_over = self.session_is_over.get() && account.is_session();
        let account = if is_over { account.after_session(&self.paths)? } else { account };
        match self.attempt(account.clone(), options, &work) {
            Err(Stop::Failed(failure)) if failure.kind() == Kind::SessionOver && account.is_session() => {
                let next = account.after_session(&self.paths)?;
                self.session_is_over.set(true);
                self.ui.warn(&format!(
                    "the two-factor session has expired (start another with `vastai tfa login`); using the key from {}",
                    next.credential.source
                ));
                self.attempt(next, options, &work)
            }
            done => done,
        }
    }

    fn attempt<T>(
        &self,
        account: Account<'_>,
        options: CallOptions,
        work: &impl AsyncFn(&Remote<'_>) -> Result<T>,
    ) -> Outcome<T> {
        let label = format!("asking the server ({})", printable(account.server.host()));
        let out = Outstanding::default();
        // Before any other thread: they inherit that the signals are left to this one.
        let _watch = (!options.hears_interrupts).then(|| Watch::start(out.clone(), self.ui));
        let progress = Progress::start(&label, self.ui.quiet);
        let inspect = match (self.global.curl, self.global.explain) {
            (true, _) => Inspect::Curl { show_values: options.show_values },
            (false, true) => Inspect::Explain,
            (false, false) => Inspect::Off,
        };
        let connection = Connection {
            tries: options.tries,
            inspect,
            insecure_http: self.global.insecure_http,
            listener: progress.listener(self.global.curl),
            out,
        };
        let remote = Remote::for_command(account, connection)?;
        let done = block_on(async { progress.unless_shown(work(&remote)).await.transpose() });
        let done = done.map_err(|failure| blame(&remote, failure));
        self.ui.data(progress.end().as_bytes())?;
        for note in self.store.take_notes() {
            self.ui.warn(&note);
        }
        done?.ok_or(Stop::Shown)
    }

    /// What the account holds, asked from its server (or a moment ago).
    pub fn fetch(&self, account: Account<'_>, urgency: Urgency) -> Outcome<Refreshed> {
        let refreshed = self.with_server(account, async |remote| remote.refresh(urgency).await)?;
        Ok(refreshed.ok_or_else(|| Failure::unavailable("another vastenv is asking the server"))?)
    }
}

/// `failure` with where the key came from, if it is the key that was refused.
fn blame(remote: &Remote<'_>, failure: Failure) -> Failure {
    let is_of_key = failure.is_refusal() || failure.is_right_missing();
    if is_of_key && is_containers_own(&remote.account.credential.key) {
        let hint = format!("{CONTAINERS_OWN}; use a key of your account: `vastenv set api-key`");
        return failure.hint(Remedy::SaveKey(hint));
    }
    remote.blame(failure)
}

/// What is to be known of an instance's key.
pub const CONTAINERS_OWN: &str =
    "this is the instance's own key (CONTAINER_API_KEY), which cannot list the account's variables";

/// Whether the key is the one that Vast gave to this container.
pub fn is_containers_own(key: &Secret) -> bool {
    context::secret_var(variables::CONTAINER_API_KEY).is_some_and(|own| own == *key)
}
