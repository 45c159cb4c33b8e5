//! The detached refresh: a process in its own session that asks the server and bumps the
//! generation, while the shell that started it went on long ago.

use std::io::ErrorKind;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::unistd::{close, setsid};

use crate::account::{
    self, Account, Connection, Inspect, KeyFrom, Listener, Outstanding, Remote, Selection, Urgency, block_on,
};
use crate::cli::Global;
use crate::cmd::app::App;
use crate::context::{self, variables};
use crate::domain::{Failure, Kind, ListKind, Result};
use crate::files::reason;
use crate::process::unblock_signals;

/// The hidden command that the detached process runs.
pub(crate) const BACKGROUND_REFRESH: &str = "__refresh";

/// What the process of a watch fetches: the variables, before they are old.
const AHEAD: &str = "ahead";

/// When the detached process ends, whatever the server does.
const LIFETIME: Duration = Duration::from_secs(13);

/// Starts the detached process, and waits for nothing.
pub(super) fn start(selection: &Selection) {
    start_with(selection, &[]);
}

/// Starts a detached process that fetches a list, and waits for nothing.
pub(super) fn start_list(selection: &Selection, kind: ListKind) {
    start_with(selection, &[kind.name()]);
}

fn start_with(selection: &Selection, arguments: &[&str]) {
    // One that cannot be started now is started by the next shell that asks.
    let _ = prepare(selection, arguments).map(|mut command| command.spawn());
}

/// Starts the process of a watch; its stdout ends with it.
pub(super) fn start_ahead(selection: &Selection) -> Result<Child> {
    let mut command = prepare(selection, &[AHEAD])?;
    command.stdout(Stdio::piped()).spawn().map_err(|error| match error.kind() {
        ErrorKind::NotFound => {
            Failure::failed("vastenv was replaced or removed while it ran").hint("start it again")
        }
        _ => Failure::failed(format!("cannot start a refresh: {}", reason(&error))),
    })
}

fn prepare(selection: &Selection, arguments: &[&str]) -> Result<Command> {
    let mut command = Command::new(context::own_path()?);
    // The command line may have named another account than the environment, and a key is never an argument.
    for name in [variables::VAST_API_KEY, variables::VAST_URL, variables::VASTENV_PROFILE] {
        command.env_remove(name);
    }
    match (&selection.key, &selection.profile) {
        (_, Some(chosen)) => {
            command.env(variables::VASTENV_PROFILE, &chosen.name);
        }
        (KeyFrom::Flag(key) | KeyFrom::Variable(key), None) => {
            command.env(variables::VAST_API_KEY, key.expose());
        }
        _ => {}
    }
    if let Some(url) = selection.url.as_ref().filter(|_| selection.profile.is_none()) {
        command.env(variables::VAST_URL, url);
    }
    command
        .arg(BACKGROUND_REFRESH)
        .args(arguments)
        .env_remove(variables::LINE)
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    Ok(command)
}

/// What the detached process does: it fetches the variables and the instances, or the list with this name.
pub(crate) fn background_refresh(list: Option<&str>) -> Result<()> {
    // Out of the terminal's reach: no Ctrl-C, no hang-up. Fails only for a process that leads a
    // group, as when a person runs this by hand.
    let _ = setsid();
    unblock_signals();
    close_inherited();
    // Whoever started this has said which account is meant.
    let app = App::in_silence(Global { no_project: true, ..Global::default() })?;
    // With the dead key of a reset that was cut off, the refresh would be refused.
    account::finish_reset(&app.machine, false);
    let account = app.account()?;
    let Some(_turn) = account.command_turn(list.is_none())? else { return Ok(()) };
    let connection = Connection {
        tries: 1,
        inspect: Inspect::Off,
        insecure_http: false,
        listener: std::sync::Arc::new(Silent),
        out: Outstanding::default(),
    };
    let refresh = |mut account: Account<'_>| {
        if list == Some(AHEAD) {
            account.config.max_age = account.ahead();
        }
        let remote = Remote::for_background(account, connection.clone())?;
        block_on(async {
            match list.and_then(ListKind::parse) {
                Some(kind) => remote.refresh_list_within(kind, Urgency::Background, LIFETIME).await,
                None => refresh_both(&remote).await,
            }
        })
    };
    match refresh(account.clone()) {
        Err(failure) if failure.kind() == Kind::SessionOver && account.is_session() => {
            refresh(account.after_session()?)
        }
        done => done,
    }
}

/// Fetches the variables, and then the instances.
async fn refresh_both(remote: &Remote<'_>) -> Result<()> {
    let began = Instant::now();
    match remote.refresh_within(Urgency::Background, LIFETIME).await? {
        Some(_) => remote.refresh_instances_within(LIFETIME.saturating_sub(began.elapsed())).await,
        None => Ok(()),
    }
}

/// Closes what the shell had open beyond the three standard streams: it is not ours to hold.
fn close_inherited() {
    let Ok(entries) = std::fs::read_dir("/dev/fd") else { return };
    let open: Vec<i32> = entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|number| *number > 2)
        .collect();
    for number in open {
        // Among them is the listing's own, closed already.
        let _ = close(number);
    }
}

struct Silent;

impl Listener for Silent {}
