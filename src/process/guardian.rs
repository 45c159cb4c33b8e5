//! A second process beside a command that is started again and again: it ends the command's process group
//! if this program is killed, and tells what is typed at the group's terminal.
//!
//! It reads orders from its stdin, whose end is this program's. It joins the group, because the terminal tells
//! nobody else of Ctrl-C, and leaves it before the group is ended.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::{Pid, setpgid};
use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe::Receiver;
use tokio::time::{Instant, sleep, timeout_at};

use super::inherited::announce;
use super::pid;
use super::signals::Signals;

/// The hidden command that this process runs.
pub(crate) const GUARDIAN: &str = "__guardian";

/// How long a group that was asked to end has time for that.
pub(super) const GRACE: Duration = Duration::from_secs(10);

/// How often it is looked at whether a group is gone: nothing tells.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// An order is its letter and a process group's id.
const ORDER: usize = 5;
const GUARD: u8 = b'g';
const JOIN: u8 = b'j';
const LEAVE: u8 = b'l';
const FORGET: u8 = b'f';

const OBEYED: u8 = b'O';
const INTERRUPTED: u8 = b'I';
const QUIT: u8 = b'Q';
const HUNG_UP: u8 = b'H';

/// Asks all of `group` to end, stopped or not.
pub(super) fn ask_to_end(group: Pid) {
    // One that is gone needs no signal.
    let _ = killpg(group, Signal::SIGTERM);
    let _ = killpg(group, Signal::SIGCONT);
}

/// Ends all of `group`, if any of it is left: asked first, unless it was already, and killed after the grace.
pub(super) async fn end_group(group: Pid, asked: Option<Instant>) {
    let is_there = || killpg(group, None).is_ok() && runs(group) != Some(false);
    if !is_there() {
        return;
    }
    if asked.is_none() {
        ask_to_end(group);
    }
    let end = asked.unwrap_or_else(Instant::now) + GRACE;
    let gone = async {
        while is_there() {
            sleep(LOOK_AGAIN).await;
        }
    };
    if timeout_at(end, gone).await.is_err() {
        let _ = killpg(group, Signal::SIGKILL);
    }
}

/// Whether anything of `group` runs, where the system tells: those that have ended and nobody has waited for
/// are its members still.
fn runs(group: Pid) -> Option<bool> {
    let is_process = |name: &OsStr| name.as_encoded_bytes().iter().all(u8::is_ascii_digit);
    let mut tells = false;
    for process in fs::read_dir("/proc").ok()?.flatten().filter(|entry| is_process(&entry.file_name())) {
        // One that has gone meanwhile has no file.
        let stat = fs::read_to_string(process.path().join("stat")).unwrap_or_default();
        // The name in parentheses may hold anything; after it come the state, the parent and the group.
        let Some((_, rest)) = stat.rsplit_once(')') else { continue };
        tells = true;
        let fields: Vec<&str> = rest.split_whitespace().take(3).collect();
        if let [state, _, of] = fields[..]
            && of.parse() == Ok(group.as_raw())
            && !matches!(state, "Z" | "X")
        {
            return Some(true);
        }
    }
    tells.then_some(false)
}

/// What the guardian tells.
pub(super) enum Report {
    /// This came from the terminal of the group.
    Typed(Signal),
    /// It has joined or left a group, or was killed.
    Obeyed,
}

/// The guardian, as this program sees it. Where there is none (any more), its work is not done.
pub(super) struct Guardian {
    process: Child,
    orders: Option<ChildStdin>,
    reports: Option<Receiver>,
}

impl Guardian {
    /// Starts `program`, which is to call [`guard`]; within a runtime.
    pub(super) fn start(mut program: Command) -> io::Result<Self> {
        program.env_clear().current_dir("/").process_group(0);
        program.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = program.spawn()?;
        let orders = process.stdin.take();
        let reports = process.stdout.take().map(OwnedFd::from).map(Receiver::from_owned_fd).transpose()?;
        Ok(Self { process, orders, reports })
    }

    /// Lets it guard the group that `command` leads, from before that runs: nobody could tell it if this program
    /// were killed then.
    pub(super) fn announce(&self, command: &mut Command) {
        if let Some(Ok(orders)) = self.orders.as_ref().map(|orders| orders.as_fd().try_clone_to_owned()) {
            announce(command, orders.into(), GUARD);
        }
    }

    /// Lets it join `group`, which it guards: [`Report::Obeyed`] follows.
    pub(super) fn join(&mut self, group: Pid) {
        self.order(JOIN, group);
    }

    /// Lets it guard nothing.
    pub(super) fn forget(&mut self) {
        self.order(FORGET, Pid::from_raw(0));
    }

    /// Lets it leave its group, which it guards still: [`Report::Obeyed`] follows.
    pub(super) fn leave(&mut self) {
        self.order(LEAVE, Pid::from_raw(0));
        // It may have been stopped with the group.
        let _ = kill(pid(&self.process), Signal::SIGCONT);
    }

    fn order(&mut self, letter: u8, group: Pid) {
        let order = [&[letter][..], &group.as_raw().to_ne_bytes()].concat();
        if self.orders.as_mut().is_none_or(|orders| orders.write_all(&order).is_err()) {
            self.orders = None;
        }
    }

    /// What it tells next.
    pub(super) async fn next(&mut self) -> Report {
        let Some(reports) = &mut self.reports else { return Report::Obeyed };
        let mut letter = [0];
        match (reports.read(&mut letter).await, letter[0]) {
            (Ok(1), INTERRUPTED) => Report::Typed(Signal::SIGINT),
            (Ok(1), QUIT) => Report::Typed(Signal::SIGQUIT),
            (Ok(1), HUNG_UP) => Report::Typed(Signal::SIGHUP),
            (Ok(1), _) => Report::Obeyed,
            _ => {
                (self.reports, self.orders) = (None, None);
                Report::Obeyed
            }
        }
    }
}

impl Drop for Guardian {
    fn drop(&mut self) {
        self.orders = None;
        let _ = self.process.wait();
    }
}

/// What the guardian does, until the end of its orders.
pub(crate) fn guard(orders: File, mut reports: File) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        // What is sent to the group is not meant for it.
        let mut signals = Signals::hear_all()?;
        let mut orders = Receiver::from_owned_fd(orders.into())?;
        let alone = Pid::from_raw(0);
        let mut guarded = None;
        loop {
            // Orders are written as a whole, and read so.
            let mut order = [0; ORDER];
            tokio::select! {
                // What was typed before an order is told before it is obeyed.
                biased;
                signal = signals.next() => report(&mut reports, signal),
                count = orders.read(&mut order) => {
                    let [letter, group @ ..] = order;
                    let group = Pid::from_raw(i32::from_ne_bytes(group));
                    match letter {
                        _ if count? != ORDER => break,
                        GUARD => guarded = Some(group),
                        JOIN => {
                            // Not possible for one in a session of its own, which is guarded all the same.
                            let _ = setpgid(alone, group);
                            tell(&mut reports, OBEYED);
                        }
                        LEAVE => {
                            // A signal may be known only at the next look.
                            loop {
                                tokio::select! {
                                    biased;
                                    signal = signals.next() => report(&mut reports, signal),
                                    () = tokio::task::yield_now() => break,
                                }
                            }
                            let _ = setpgid(alone, alone);
                            tell(&mut reports, OBEYED);
                        }
                        _ => guarded = None,
                    }
                }
            }
        }
        let _ = setpgid(alone, alone);
        if let Some(group) = guarded {
            end_group(group, None).await;
        }
        Ok(())
    })
}

/// Tells what the terminal of the group sent.
fn report(reports: &mut File, signal: Signal) {
    match signal {
        Signal::SIGINT => tell(reports, INTERRUPTED),
        Signal::SIGQUIT => tell(reports, QUIT),
        Signal::SIGHUP => tell(reports, HUNG_UP),
        _ => {}
    }
}

/// One who was killed hears nothing; the end of the orders tells that.
fn tell(reports: &mut File, letter: u8) {
    let _ = reports.write_all(&[letter]);
}
