//! What every command starts from: the surroundings, read once.

use std::cell::Cell;

use crate::account::{
    Account, Connection, Given, Inspect, Machine, Outstanding, Refreshed, Remote, Trouble, Urgency, block_on,
    no_profile,
};
use crate::cli::Global;
use crate::cmd::interrupts::Watch;
use crate::cmd::outcome::{Outcome, Stop};
use crate::cmd::this_shell::ThisShell;
use crate::config::{Config, Paths, Profile};
use crate::context::{self, variables};
use crate::credentials::Credential;
use crate::domain::{Failure, Kind, Remedy, Result, Secret, ServerUrl, printable};
use crate::environment::Room;
use crate::ui::{Progress, Ui};

/// The program's surroundings and the options of the command line.
pub(super) struct App {
    pub global: Global,
    pub ui: Ui,
    pub config: Config,
    pub machine: Machine,
    /// The two-factor session turned out to be over: no further call is made with it.
    session_is_over: Cell<bool>,
}

/// This machine, with the account that the command line, the environment or the files name.
pub(super) fn open_machine(paths: Paths, global: &mut Global) -> Machine {
    // One that is not text must not pass for unset: the key would go to another server.
    let variable = |name| context::var(name).map(|text| text.to_string_lossy().into_owned());
    let given = Given {
        key: global.api_key.take(),
        key_variable: context::secret_var(variables::VAST_API_KEY),
        url: global.url.clone(),
        url_variable: variable(variables::VAST_URL),
        profile: global.profile.clone(),
        profile_variable: variable(variables::VASTENV_PROFILE),
        folder: context::working_folder().filter(|_| !global.no_project),
    };
    Machine::open(paths, given, context::keyring(), context::now)
}

/// How a command's calls are made.
#[derive(Clone, Copy, Debug)]
pub(super) struct CallOptions {
    /// How often a call is tried.
    pub tries: u32,
    /// Whether a shown command holds the values: only if they were typed on the command line too.
    pub show_values: bool,
    /// Whether an interrupt is the work's own to answer.
    pub hears_interrupts: bool,
}

impl App {
    pub(super) fn new(global: Global, ui: Ui) -> Result<Self> {
        let app = Self::open(global, ui)?;
        app.machine.selection.notes.iter().for_each(|note| ui.warn(note));
        Ok(app)
    }

    fn open(global: Global, ui: Ui) -> Result<Self> {
        let app = Self::despite_trouble(global, ui)?;
        app.selected()?;
        Ok(app)
    }

    /// For who changes what names the account: only the settings must be readable.
    pub(super) fn without_trouble(global: Global, ui: Ui) -> Result<Self> {
        let app = Self::despite_trouble(global, ui)?;
        match &app.machine.selection.trouble {
            Some(Trouble::Config(failure)) => Err(failure.clone()),
            _ => Ok(app),
        }
    }

    /// For what reports or fixes that nobody can say which account is meant: then there is no
    /// [`Self::credential`], and `config` holds defaults where the settings cannot be read.
    pub(super) fn despite_trouble(mut global: Global, ui: Ui) -> Result<Self> {
        let paths = context::paths()?;
        let machine = open_machine(paths, &mut global);
        Self::despite_trouble_on(machine, global, ui)
    }

    /// [`Self::new`], on a machine that is open already.
    pub(super) fn on(machine: Machine, global: Global, ui: Ui) -> Result<Self> {
        let app = Self::despite_trouble_on(machine, global, ui)?;
        app.selected()?;
        Ok(app)
    }

    fn despite_trouble_on(machine: Machine, global: Global, ui: Ui) -> Result<Self> {
        machine.for_one_answer(true);
        let config = machine.selection.config.clone();
        Ok(Self { global, ui, config, machine, session_is_over: Cell::new(false) })
    }

    /// The surroundings of a process that nobody hears: what cannot be kept is not worth asking for.
    pub(super) fn in_silence(global: Global) -> Result<Self> {
        Self::open(global, Ui { quiet: true, ..Ui::default() }).map(Self::strict)
    }

    /// The same, where what cannot be written is a failure.
    pub(super) fn strict(self) -> Self {
        self.machine.for_one_answer(false);
        self
    }

    /// Whether it can be said which account is meant.
    pub(super) fn selected(&self) -> Result<()> {
        let trouble = self.machine.selection.trouble.as_ref();
        trouble.map_or(Ok(()), |trouble| Err(trouble.failure().clone()))
    }

    pub(super) fn paths(&self) -> &Paths {
        &self.machine.selection.paths
    }

    /// The profile `name`.
    pub(super) fn profile(&self, name: &str) -> Result<&Profile> {
        self.config.profiles.get(name).ok_or_else(|| no_profile(&self.config, name, None))
    }

    /// The server that `--url`, `VAST_URL` or nothing names.
    pub(super) fn server(&self) -> Result<ServerUrl> {
        self.machine.selection.server()
    }

    /// Whether plain http to other machines is let through.
    pub(super) fn is_insecure_http_allowed(&self) -> bool {
        self.global.insecure_http || self.config.insecure_http
    }

    /// The key and where it comes from. A key file that others could read is fixed, with a warning.
    pub(super) fn credential(&self) -> Result<Credential> {
        self.selected()?;
        let credential = self.machine.credential()?;
        if let Some(note) = credential.source.make_private() {
            self.ui.warn(&note);
        }
        Ok(credential)
    }

    /// The key itself, which a profile's command may have to print: what ends us ends that, too.
    pub(super) fn secret(&self, credential: &Credential) -> Result<Secret> {
        let _watch = credential.key.is_none().then(|| Watch::start(Outstanding::default(), self.ui));
        self.machine.secret(credential, !self.ui.silent)
    }

    /// The key itself, and the server that it is meant for, where another might be asked: as variables.
    pub(super) fn key_variables(&self) -> Result<Vec<(&'static str, Secret)>> {
        let key = self.secret(&self.credential()?)?;
        let mut given = vec![(variables::VAST_API_KEY, key)];
        if self.global.url.is_some() || self.machine.selection.profile.is_some() {
            given.push((variables::VAST_URL, Secret::new(self.server()?.as_str())));
        }
        Ok(given)
    }

    /// The account that the key opens, for a TAB: nothing is fixed or printed.
    pub(super) fn account_in_silence(&self) -> Result<Account<'_>> {
        self.account_of(self.machine.credential()?)
    }

    /// The account that the key opens.
    pub(super) fn account(&self) -> Result<Account<'_>> {
        self.account_here(self.credential()?)
    }

    /// The account that `credential` opens, with the room that this shell's environment has left.
    pub(super) fn account_here(&self, credential: Credential) -> Result<Account<'_>> {
        Ok(Account { room: self.room(), ..self.account_of(credential)? })
    }

    /// What this shell's environment can still take.
    pub(super) fn room(&self) -> Room {
        match ThisShell::ledger(&self.machine) {
            Some(ledger) => context::room().without_loaded(&ledger),
            None => context::room(),
        }
    }

    /// The account that `credential` opens.
    pub(super) fn account_of(&self, credential: Credential) -> Result<Account<'_>> {
        Account::open(&self.machine, credential)
    }

    /// What a command that is shown needs to reach the same server: ` --url …` if it was given so.
    pub(super) fn server_option(&self) -> String {
        match &self.global.url {
            Some(url) => format!(" --url {}", shell_escape::escape(url.as_str().into())),
            None => String::new(),
        }
    }

    /// Does `work` with the account's server, and says so if it takes a while. Where the key is
    /// refused, the failure says where it came from.
    pub(super) fn with_server<T>(
        &self,
        account: Account<'_>,
        work: impl AsyncFn(&Remote<'_>) -> Result<T>,
    ) -> Outcome<T> {
        self.with_server_as(account, self.call_options(false), work)
    }

    /// The options of most commands; `show_values` where the secret was typed on the command line.
    pub(super) fn call_options(&self, show_values: bool) -> CallOptions {
        let tries = self.global.retry.unwrap_or(self.config.retry);
        CallOptions { tries, show_values, hears_interrupts: false }
    }

    /// [`Self::with_server`], with other options. A two-factor session that turns out to be over
    /// is dropped, and the API key takes its place, as in the official client.
    pub(super) fn with_server_as<T>(
        &self,
        account: Account<'_>,
        options: CallOptions,
        work: impl AsyncFn(&Remote<'_>) -> Result<T>,
    ) -> Outcome<T> {
        let is_over = self.session_is_over.get() && account.is_session();
        let account = if is_over { account.after_session()? } else { account };
        match self.attempt(account.clone(), options, &work) {
            Err(Stop::Failed(failure)) if failure.kind() == Kind::SessionOver && account.is_session() => {
                let next = account.after_session()?;
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
        if !self.global.curl {
            // A command that asks its user for it must not meet the line of progress.
            self.machine.secret(&account.credential, !self.ui.silent)?;
        }
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
        self.warn_of_notes();
        done?.ok_or(Stop::Shown)
    }

    /// Says what was fixed, or cannot be saved.
    pub(super) fn warn_of_notes(&self) {
        for note in self.machine.take_notes() {
            self.ui.warn(&note);
        }
    }

    /// What the account holds, asked from its server (or a moment ago).
    pub(super) fn fetch(&self, account: Account<'_>, urgency: Urgency) -> Outcome<Refreshed> {
        let refreshed = self.with_server(account, async |remote| remote.refresh(urgency).await)?;
        Ok(refreshed.ok_or_else(|| Failure::unavailable("another vastenv is asking the server"))?)
    }
}

/// `failure` with where the key came from, if it is the key that was refused.
fn blame(remote: &Remote<'_>, failure: Failure) -> Failure {
    let is_of_key = failure.is_refusal() || failure.is_right_missing();
    if is_of_key && remote.account.credential.key.as_ref().is_some_and(is_containers_own) {
        let hint = format!("{CONTAINERS_OWN}; use a key of your account: `vastenv set api-key`");
        return failure.hint(Remedy::SaveKey(hint));
    }
    remote.blame(failure)
}

/// What is to be known of an instance's key.
pub(super) const CONTAINERS_OWN: &str =
    "this is the instance's own key (CONTAINER_API_KEY), which cannot list the account's variables";

/// Whether the key is the one that Vast gave to this container.
pub(super) fn is_containers_own(key: &Secret) -> bool {
    context::secret_var(variables::CONTAINER_API_KEY).is_some_and(|own| own == *key)
}
