//! A shell's question at a prompt, answered from files alone: what to change so that it follows the
//! account, what to compare from now on, and whether anybody should ask the server.

mod container;

use std::cell::LazyCell;
use std::collections::BTreeSet;
use std::path::PathBuf;

use self::container::{given_by_container, hold_lost_container};
use super::notice::{Notice, of_selection};
use super::watch::{Comparison, bytes, clock, compare, folder};
use crate::account::local::{Account, Known, REFUSAL_PAUSE, without_account};
use crate::account::machine::Machine;
use crate::account::select::Trouble as Unselected;
use crate::domain::{AccountId, EnvName, Failure, Identity, Kind, Result, format_duration};
use crate::environment::{Change, Diff, Environment, Input, Ledger, Previous, Report, Room, SessionId, diff};
use crate::sealing::Trouble;
use crate::shell::{Clock, Guard};
use crate::store::Session;

/// The longest that a shell waits before it asks again, where nothing better is known (seconds).
const LONGEST_PAUSE: u64 = 300;

/// The pause while a refresh is under way or may be tried again (seconds).
const SHORTEST_PAUSE: u64 = 5;

/// What a shell tells of itself.
#[allow(clippy::struct_excessive_bools)]
pub(crate) struct Question<'a> {
    pub machine: &'a Machine,
    /// `VASTENV_DISABLE` is set.
    pub disabled: bool,
    /// The exported ledger's text.
    pub ledger: Option<String>,
    /// The shell's process id.
    pub shell: u32,
    /// The version of its hook.
    pub hook: &'a str,
    /// Whether it compares modification times in whole seconds.
    pub whole_seconds: bool,
    /// Whether it has no clock among its builtins.
    pub clockless: bool,
    /// The terminal that its prompts are written to.
    pub terminal: Option<PathBuf>,
    /// Whether the shell has just started (or its last load was interrupted).
    pub starting: bool,
    /// Variables that it has but does not export, exported for this question alone.
    pub unexported: BTreeSet<EnvName>,
    /// Variables that it cannot assign to: readonly ones, arrays and the like.
    pub kept: BTreeSet<EnvName>,
    /// Variables that it took away by itself, as it could start nothing.
    pub taken: BTreeSet<EnvName>,
    /// What its environment can still take.
    pub room: Room,
    /// Its exported variables.
    pub current: &'a dyn Fn(&EnvName) -> Option<Vec<u8>>,
}

/// The answer to a shell.
#[derive(Debug)]
pub(crate) struct Answer {
    /// What it compares from now on.
    pub guard: Guard,
    /// The ledger's new text.
    pub ledger: String,
    /// What it changes.
    pub changes: Vec<Change>,
    /// The names, for its user.
    pub report: Report,
    /// What its user should hear of, each once.
    pub notices: Vec<Notice>,
    /// Whether the account's server should be asked in the background.
    pub refresh: bool,
    /// The account that it follows, if the files tell which it is.
    pub account: Option<AccountId>,
    /// What it should hold, and what not, if that is known.
    pub environment: Option<Environment>,
}

/// What the shell should follow.
struct Followed {
    /// The account, if the files tell which it is.
    account: Option<AccountId>,
    /// What the shell should hold; `None` where that is not known: then it keeps what it has.
    desired: Option<Environment>,
    /// Whether the account wins over what the shell had before.
    override_existing: bool,
    notice: Option<Notice>,
    refresh: bool,
    ask_again_in: u64,
}

/// Answers a shell. There is always an answer: where something fails, the shell keeps what it has.
pub(crate) fn follow(question: &Question<'_>) -> Answer {
    let Comparison { generation, watches, unsure, failure } =
        compare(question.machine, question.whole_seconds);
    let folder = folder(question.machine);
    let ledger = read_ledger(question);
    let mut followed = desired(question, &ledger);
    let decided = followed.desired.as_ref().map(|desired| decide(question, &ledger, desired, &followed));
    let selection = &question.machine.selection;
    let aside = if question.disabled || selection.trouble.is_some() {
        Vec::new()
    } else {
        of_selection(selection, followed.desired.as_ref(), |name| is_own(question, &ledger, name))
    };
    let (ledger, changes, report) = match decided {
        Some(Ok((ledger, decided))) => (ledger, decided.changes, decided.report),
        Some(Err(failure)) => {
            followed.notice = Some(Notice::new("state", failure));
            followed.ask_again_in = LONGEST_PAUSE;
            (keep(&ledger, question), Vec::new(), Report::default())
        }
        None => (keep(&ledger, question), Vec::new(), Report::default()),
    };
    let unwritable = failure.map(|failure| Notice::new("state", failure));
    let unfit = followed.desired.as_ref().and_then(Environment::unfit_notice);
    let unfit = unfit.map(|failure| Notice::new("unfit", failure));
    let ask_again_in = if unsure { 0 } else { followed.ask_again_in };
    let clock = if question.clockless {
        clock(question.machine, question.terminal.as_deref(), &generation, ask_again_in)
    } else {
        Clock::OfTheShell
    };
    Answer {
        guard: Guard { generation: bytes(&generation), watches, ask_again_in, clock, folder },
        ledger,
        changes,
        report,
        notices: followed.notice.or(unwritable).or(unfit).into_iter().chain(aside).collect(),
        refresh: followed.refresh,
        account: followed.account,
        environment: followed.desired,
    }
}

fn read_ledger(question: &Question<'_>) -> Ledger {
    question.ledger.as_deref().and_then(|text| question.machine.ledger(text)).unwrap_or_default()
}

/// Whether the shell has a value that was not loaded.
fn is_own(question: &Question<'_>, ledger: &Ledger, name: &str) -> bool {
    let Ok(name) = EnvName::parse(name) else { return false };
    (question.current)(&name).is_some_and(|value| !value.is_empty())
        && ledger.entries.get(&name).is_none_or(|entry| entry.edited)
}

/// The ledger as it was, for this shell.
fn keep(ledger: &Ledger, question: &Question<'_>) -> String {
    let hook = question.hook.to_owned();
    Ledger { shell: question.shell, hook, ..ledger.clone() }.encode().0
}

/// What the shell should hold, as far as the files tell.
fn desired(question: &Question<'_>, ledger: &Ledger) -> Followed {
    if question.disabled {
        return Followed::settled(ledger.account.clone(), Some(Environment::default()));
    }
    let selection = &question.machine.selection;
    if let Some(trouble) = &selection.trouble {
        let problem = match trouble {
            Unselected::Config(_) => "config",
            Unselected::Project(_) => "project",
            Unselected::Profile(_) => "profile",
        };
        return Followed::unknown(problem, trouble.failure().clone());
    }
    let config = &selection.config;
    let outside = || without_account(selection, question.room.clone().without_loaded(ledger));
    let followed = of_account(question, ledger, &outside);
    if followed.desired.is_some() {
        followed
    } else {
        match outside().transpose() {
            Ok(given) => given_by_container(followed, config, ledger, given),
            Err(failure) => Followed { notice: Some(Notice::new("project", failure)), ..followed },
        }
    }
}

/// What the shell should hold of the account.
fn of_account(
    question: &Question<'_>,
    ledger: &Ledger,
    outside: &dyn Fn() -> Option<Result<Environment>>,
) -> Followed {
    let account = match open(question, ledger) {
        Ok(account) => account,
        Err(failure) if failure.kind() == Kind::NotAuthenticated => {
            let followed = Followed::unknown("key", failure);
            let desired =
                holds_others(question, ledger).then(|| outside().and_then(Result::ok).unwrap_or_default());
            return Followed { desired, ..followed };
        }
        Err(failure) => {
            return match question.machine.store.sealing.vault.trouble() {
                Some(trouble) => Followed::without_keyring(&trouble, failure),
                None => Followed::unknown("state", failure),
            };
        }
    };
    match account.known() {
        Ok(Known::Variables(known)) => {
            let id = known.snapshot.account();
            let (desired, notice) = match account.environment(&known) {
                Ok(mut environment) => {
                    hold_lost_container(&mut environment, &account.config, ledger, &known);
                    (Some(environment), known.unread.as_ref().map(Notice::of_values))
                }
                Err(failure) => (None, Some(Notice::new("project", failure))),
            };
            let followed = Followed::settled(Some(id), desired);
            let followed =
                Followed { override_existing: account.config.override_existing, notice, ..followed };
            let age = account.age(&known);
            if let Some(age) = age.filter(|age| *age < account.config.max_age) {
                return Followed { ask_again_in: account.config.max_age - age + 1, ..followed };
            }
            followed.stale(&account, age)
        }
        Ok(Known::Refused(at)) => {
            let given = outside().and_then(Result::ok).unwrap_or_default();
            let followed = Followed::settled(ledger.account.clone(), Some(given));
            let long_ago = question.machine.now().since(at).is_none_or(|passed| passed > REFUSAL_PAUSE);
            let refresh = long_ago && account.may_refresh();
            Followed { notice: Some(Notice::new("refused", account.refusal())), refresh, ..followed }
        }
        Ok(Known::Nothing) => {
            let other = is_other_account(&account, ledger);
            let desired = other.then(|| outside().and_then(Result::ok).unwrap_or_default());
            Followed::settled(account.id(), desired).stale(&account, None)
        }
        Err(failure) => {
            // Where nothing can be sealed, asking the server would be in vain.
            let followed = match question.machine.store.sealing.vault.trouble() {
                Some(trouble) => Followed::without_keyring(&trouble, failure),
                None => Followed {
                    refresh: account.may_refresh(),
                    ask_again_in: SHORTEST_PAUSE,
                    ..Followed::unknown("cache", failure)
                },
            };
            Followed { account: account.id(), ..followed }
        }
    }
}

fn open<'a>(question: &Question<'a>, ledger: &Ledger) -> Result<Account<'a>> {
    let account = Account::open(question.machine, question.machine.credential()?)?;
    Ok(Account { room: question.room.clone().without_loaded(ledger), ..account })
}

/// Whether what the shell holds is, beside other accounts, of another one than the selected place of a key led
/// to last: that there is no key does not make it this one.
fn holds_others(question: &Question<'_>, ledger: &Ledger) -> bool {
    let (machine, selection) = (question.machine, &question.machine.selection);
    let Ok(server) = selection.server() else { return false };
    let has_others = !selection.config.profiles.is_empty() && selection.place(&server).is_some();
    let last = machine.last_identity(&server).map(|(last, _)| last);
    has_others && ledger.account.is_some() && ledger.account != last
}

/// Whether what the shell holds is certainly not this account's: known to be another user's, or of
/// another server. A key of somebody whom nobody named may be a new key of the same account.
fn is_other_account(account: &Account<'_>, ledger: &Ledger) -> bool {
    let store = &account.machine.store;
    let Some(loaded) = &ledger.account else { return false };
    let named = account.identity().ok().flatten().filter(Identity::is_named);
    match named.and_then(|identity| identity.account(&account.server)) {
        Some(id) => id != *loaded,
        None => match account.machine.last_identity(&account.server) {
            Some((last, is_named)) if is_named || last == *loaded => last != *loaded,
            // Beside other accounts, a key of somebody whom nobody named is no more likely this one's.
            _ => {
                let snapshot = store.snapshots.load(loaded).ok().flatten();
                let has_others = !account.machine.selection.config.profiles.is_empty();
                has_others || snapshot.is_some_and(|snapshot| snapshot.server != account.server)
            }
        },
    }
}

impl Followed {
    fn settled(account: Option<AccountId>, desired: Option<Environment>) -> Self {
        Self {
            account,
            desired,
            override_existing: true,
            notice: None,
            refresh: false,
            ask_again_in: LONGEST_PAUSE,
        }
    }

    fn unknown(problem: &str, failure: Failure) -> Self {
        Self { notice: Some(Notice::new(problem, failure)), ..Self::settled(None, None) }
    }

    /// What is needed is in a keyring that cannot be used now. One that does not even answer costs
    /// seconds each time that it is asked.
    fn without_keyring(trouble: &Trouble, failure: Failure) -> Self {
        let ask_again_in = if *trouble == Trouble::TimedOut { LONGEST_PAUSE } else { SHORTEST_PAUSE * 6 };
        let notice = Some(Notice::caused_by(trouble.hint(), "keyring", failure));
        Self { notice, ask_again_in, ..Self::settled(None, None) }
    }

    /// There is no snapshot, or an old one: somebody should ask the server, unless somebody did so
    /// in vain a moment ago.
    fn stale(mut self, account: &Account<'_>, age: Option<u64>) -> Self {
        self.refresh = if age.is_some() { account.may_refresh() } else { account.may_ask() };
        self.ask_again_in = SHORTEST_PAUSE * 2;
        if let Some(backoff) = account.backoff() {
            let wait = backoff.wait(account.now());
            self.ask_again_in = wait.clamp(SHORTEST_PAUSE, LONGEST_PAUSE) + 1;
            let kept = match age {
                Some(age) => format!("keeping the variables cached {} ago", format_duration(age)),
                None => "keeping what is loaded".to_owned(),
            };
            let failure = Failure::unavailable(format!("{}; {kept}", backoff.reason));
            // What a server says in its own words may differ each time: its status is the cause.
            let cause = match backoff.status {
                0 => backoff.reason,
                status => status.to_string(),
            };
            self.notice = Some(Notice::caused_by(&cause, "refresh", failure));
        }
        self
    }
}

/// Compares, and keeps what loading hides before the shell is told to hide it.
fn decide(
    question: &Question<'_>,
    ledger: &Ledger,
    desired: &Environment,
    followed: &Followed,
) -> Result<(String, Diff)> {
    let key = question.machine.store.digest_key()?;
    let session =
        ledger.session.as_ref().and_then(|id| question.machine.store.sessions.load(id)).unwrap_or_default();
    let earlier = LazyCell::new(|| question.machine.store.loaded.load());
    let decided = diff(&Input {
        desired,
        ledger,
        previous: &session.previous,
        current: question.current,
        unexported: &question.unexported,
        kept: &question.kept,
        taken: &question.taken,
        key: &key,
        earlier: &|name, digest| earlier.contains(name, digest),
        starting: question.starting,
        override_existing: followed.override_existing,
        keep: &question.machine.selection.keep(),
    });
    let account = followed.account.clone();
    let mut next = Ledger {
        account,
        shell: question.shell,
        hook: question.hook.to_owned(),
        session: None,
        entries: decided.entries.clone(),
    };
    next.session = keep_session(question, ledger, &session, &decided.previous, &next)?;
    if !decided.replaced.is_empty() {
        question.machine.store.loaded.add(&decided.replaced);
    }
    Ok((next.encode().0, decided))
}

/// The session that holds `previous` and what the ledger cannot carry: the old one if it still
/// fits, else a new one, else none.
fn keep_session(
    question: &Question<'_>,
    ledger: &Ledger,
    session: &Session,
    previous: &Previous,
    next: &Ledger,
) -> Result<Option<SessionId>> {
    let wanted = Session { previous: previous.clone(), entries: next.encode().1 };
    if wanted.is_empty() {
        return Ok(None);
    }
    match &ledger.session {
        Some(id) if wanted == *session => Ok(Some(id.clone())),
        _ => question.machine.store.sessions.create(&wanted, question.shell).map(Some),
    }
}
