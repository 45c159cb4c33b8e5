//! A command that is started again: because what it was started with is another thing now, or because it
//! crashed.
//!
//! It is a job of its own in our terminal, so that all of its group, and nobody else, can be ended. With a
//! redactor it has a terminal of its own, or pipes, as without supervision.

use std::io::{self, IsTerminal};
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use nix::sys::signal::{Signal, kill, killpg};
use tokio::runtime::Runtime;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::{Instant, sleep_until};

use super::filter::Running;
use super::guardian::{GRACE, Guardian, Report, ask_to_end, end_group};
use super::job::{Job, with_users_signals};
use super::keyboard::Keyboard;
use super::signals::Signals;
use super::status::Status;
use super::{Finished, Streams, Trouble};
use crate::redact::Patterns;

/// The first pause after a crash; it doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// A command that ran for so long is not in a loop of crashes.
const STEADY: Duration = Duration::from_secs(10);

/// What is supervised.
pub(crate) trait Program {
    /// What may make it another command.
    type News;

    /// The command as it is to be started now.
    fn command(&mut self) -> Command;

    /// What is to be taken out of its output.
    fn patterns(&self) -> Option<Arc<Patterns>>;

    /// Another command for one that the system does not start.
    fn instead(&mut self, error: &io::Error) -> Option<Command>;

    fn take(&mut self, news: Self::News);

    /// What to do about all news so far.
    fn judge(&self) -> Verdict;

    /// That is done now.
    fn tell(&mut self, verdict: Verdict);

    /// The command has ended, and is started again after a pause.
    fn tell_end(&mut self, code: u8, pause: Duration);

    /// Some of its output did not arrive.
    fn tell_lost(&mut self, error: &io::Error);
}

/// What news mean to a command that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Nothing,
    Restart,
    Send(Signal),
}

/// Who starts and ends the command.
pub(crate) struct Supervisor {
    runtime: Runtime,
    guardian: Option<Guardian>,
    job: Job,
    streams: Streams,
}

impl Supervisor {
    /// Gets ready: threads that are started before this would be stopped with the command. `guardian` is a
    /// program that calls [`super::guard`].
    pub(crate) fn new(streams: Streams, guardian: Command) -> Result<Self, Trouble> {
        let trouble = |error| Trouble::Surroundings("cannot wait for signals", error);
        let job = Job::new(&streams).map_err(trouble)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(trouble)?;
        // Without it the command runs as well, only less guarded.
        let guardian = {
            let _context = runtime.enter();
            Guardian::start(guardian).ok()
        };
        Ok(Self { runtime, guardian, job, streams })
    }

    /// Runs `program` until it ends for good; gives its last exit code. With `always`, success is no such end.
    pub(crate) fn run<P: Program>(
        self,
        program: &mut P,
        news: UnboundedReceiver<P::News>,
        always: bool,
    ) -> Result<u8, Trouble> {
        let Self { runtime, guardian, job, streams } = self;
        let context = runtime.enter();
        let deaf = |error| Trouble::Surroundings("cannot listen for signals", error);
        let signals = Signals::hear_before_start().map_err(deaf)?;
        let (tell, typed) = unbounded_channel();
        let keyboard = Keyboard::telling(tell);
        let mut watch = Watch {
            program,
            news,
            signals,
            guardian,
            job,
            keyboard,
            typed,
            streams,
            is_ending: false,
            interrupted: None,
        };
        let code = runtime.block_on(watch.run(always));
        drop(watch);
        drop(context);
        // Whoever still reads keys is not waited for.
        runtime.shutdown_background();
        code
    }
}

struct Watch<'p, P: Program> {
    program: &'p mut P,
    news: UnboundedReceiver<P::News>,
    signals: Signals,
    guardian: Option<Guardian>,
    job: Job,
    keyboard: Keyboard,
    /// Ctrl-C and the like in the command's own terminal.
    typed: UnboundedReceiver<Signal>,
    streams: Streams,
    /// We were asked to end.
    is_ending: bool,
    /// When the command was last interrupted: if it ends soon, that is why.
    interrupted: Option<Instant>,
}

impl<P: Program> Watch<'_, P> {
    async fn run(&mut self, always: bool) -> Result<u8, Trouble> {
        let mut pause = FIRST_PAUSE;
        loop {
            let began = Instant::now();
            let mut running = self.start().await?;
            let asked_to_end = self.attend(&mut running).await?;
            self.clear_away(&mut running, asked_to_end).await?;
            let is_restart = asked_to_end.is_some();
            let has_terminal = running.has_terminal();
            let Finished { code, lost, .. } = running.finished();
            if let Some(error) = lost {
                self.program.tell_lost(&error);
            }
            let is_tried_again = is_restart || (always || code != 0) && !self.streams.are_unread();
            if self.is_wished(code, is_restart) || !is_tried_again {
                return Ok(code);
            }
            self.job.restore_settings();
            if is_restart && has_terminal {
                self.program.tell(Verdict::Restart);
            }
            if is_restart || began.elapsed() >= STEADY {
                pause = FIRST_PAUSE;
            }
            if !is_restart {
                self.program.tell_end(code, pause);
                if let Some(signal) = self.rest(pause).await {
                    return Ok(128 + signal as u8);
                }
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }

    async fn start(&mut self) -> Result<Running, Trouble> {
        let command = self.program.command();
        let running = match self.spawn(command) {
            Err(Trouble::NotStarted(error)) => match self.program.instead(&error) {
                Some(other) => self.spawn(other)?,
                None => return Err(Trouble::NotStarted(error)),
            },
            running => running?,
        };
        if let Some(guardian) = &mut self.guardian {
            guardian.join(running.process);
        }
        // Before the command has the terminal: nothing is typed at it that nobody tells of.
        self.await_guardian().await;
        if !running.has_terminal() {
            self.job.start(running.process);
        }
        Ok(running)
    }

    fn spawn(&self, mut command: Command) -> Result<Running, Trouble> {
        if let Some(guardian) = &self.guardian {
            guardian.announce(&mut command);
        }
        let Some(patterns) = self.program.patterns() else {
            command.process_group(0);
            return with_users_signals(|| Running::bare(command));
        };
        let streams = self
            .streams
            .try_clone()
            .map_err(|error| Trouble::Surroundings("cannot share the standard streams", error))?;
        if streams.stdout.is_terminal() {
            return with_users_signals(|| {
                Running::in_terminal(command, &patterns, streams, None, &self.keyboard)
            });
        }
        command.process_group(0);
        with_users_signals(|| Running::in_group(command, &patterns, streams))
    }

    /// Waits until the command ends; gives when it was asked to, in order to be started again.
    async fn attend(&mut self, running: &mut Running) -> Result<Option<Instant>, Trouble> {
        let group = running.process;
        let mut asked: Option<Instant> = None;
        let mut is_killed = false;
        loop {
            let patience_ends = asked.unwrap_or_else(Instant::now) + GRACE;
            tokio::select! {
                status = running.next() => match status? {
                    Status::Ended(_) => return Ok(asked),
                    Status::Stopped(signal) if !running.has_terminal() => self.job.follow_stop(group, signal),
                    Status::Stopped(_) | Status::OutputEnded => {}
                },
                signal = self.signals.next() => {
                    self.note(signal);
                    self.pass_on(running, signal);
                }
                Some(()) = self.job.stops.recv() => self.stop_with(running),
                Report::Typed(signal) = next_report(&mut self.guardian) => { self.note(signal); },
                Some(signal) = self.typed.recv() => { self.note(signal); },
                Some(news) = self.news.recv() => {
                    self.program.take(news);
                    let verdict = if asked.is_some() { Verdict::Nothing } else { self.program.judge() };
                    match verdict {
                        Verdict::Nothing => {}
                        Verdict::Send(signal) => {
                            self.program.tell(verdict);
                            let _ = kill(group, signal);
                        }
                        Verdict::Restart => {
                            // A terminal that is raw shows no lines.
                            if !running.has_terminal() {
                                self.program.tell(verdict);
                            }
                            asked = Some(Instant::now());
                            ask_to_end(group);
                        }
                    }
                }
                () = sleep_until(patience_ends), if asked.is_some() && !is_killed => {
                    is_killed = true;
                    self.leave_group().await;
                    let _ = killpg(group, Signal::SIGKILL);
                }
            }
        }
    }

    fn pass_on(&self, running: &mut Running, signal: Signal) {
        let group = running.process;
        let _ = match signal {
            _ if running.has_terminal() => return running.pass_on(signal),
            // It goes on already, and may have been stopped again since.
            Signal::SIGCONT if self.job.is_with(group) => return,
            Signal::SIGCONT => return self.job.resume(group),
            // What a terminal sends, it sends to all.
            Signal::SIGINT | Signal::SIGQUIT | Signal::SIGWINCH => killpg(group, signal),
            _ => kill(group, signal),
        };
    }

    fn stop_with(&self, running: &mut Running) {
        let group = running.process;
        if running.has_terminal() {
            Job::stop();
            return running.pass_on(Signal::SIGCONT);
        }
        let _ = killpg(group, Signal::SIGTSTP);
        Job::stop();
        self.job.resume(group);
    }

    /// Ends what the command leaves behind in its group, and then its output.
    async fn clear_away(
        &mut self,
        running: &mut Running,
        asked_to_end: Option<Instant>,
    ) -> Result<(), Trouble> {
        let group = running.process;
        self.job.take_back(group);
        self.leave_group().await;
        let end = end_group(group, asked_to_end);
        tokio::pin!(end);
        loop {
            tokio::select! {
                () = &mut end => break,
                signal = self.signals.next() => { self.note(signal); },
                Some(()) = self.job.stops.recv() => Job::stop(),
                Some(news) = self.news.recv() => self.program.take(news),
            }
        }
        if let Some(guardian) = &mut self.guardian {
            guardian.forget();
        }
        running.close();
        while !running.is_over() {
            tokio::select! {
                status = running.next() => {
                    status?;
                }
                signal = self.signals.next() => { self.note(signal); },
            }
        }
        Ok(())
    }

    /// The guardian is not to be killed with the group, nor taken for a part of it that is left.
    async fn leave_group(&mut self) {
        if let Some(guardian) = &mut self.guardian {
            guardian.leave();
        }
        self.await_guardian().await;
    }

    /// Waits until the guardian has obeyed, and notes what it tells before.
    async fn await_guardian(&mut self) {
        while let Report::Typed(signal) = next_report(&mut self.guardian).await {
            self.note(signal);
        }
        while let Ok(signal) = self.typed.try_recv() {
            self.note(signal);
        }
    }

    /// Waits before the next start, but not when there are news; gives the signal that ends us meanwhile.
    async fn rest(&mut self, pause: Duration) -> Option<Signal> {
        let end = Instant::now() + pause;
        loop {
            tokio::select! {
                () = sleep_until(end) => return None,
                signal = self.signals.next() => {
                    if self.note(signal) {
                        return Some(signal);
                    }
                }
                Some(()) = self.job.stops.recv() => Job::stop(),
                Some(news) = self.news.recv() => {
                    self.program.take(news);
                    let verdict = self.program.judge();
                    if verdict != Verdict::Nothing {
                        self.program.tell(Verdict::Restart);
                        return None;
                    }
                }
            }
        }
    }

    /// Remembers what asks us to end; tells whether `signal` does.
    fn note(&mut self, signal: Signal) -> bool {
        match signal {
            Signal::SIGTERM => self.is_ending = true,
            // Some programs go on after these.
            Signal::SIGINT | Signal::SIGQUIT | Signal::SIGHUP => self.interrupted = Some(Instant::now()),
            _ => return false,
        }
        true
    }

    /// Whether the user wanted the command to end.
    fn is_wished(&self, code: u8, is_restart: bool) -> bool {
        let is_interrupt =
            [Signal::SIGINT, Signal::SIGQUIT, Signal::SIGHUP].iter().any(|end| code == 128 + *end as u8);
        self.is_ending
            || self.interrupted.is_some_and(|at| at.elapsed() < GRACE)
            || (is_interrupt && !is_restart)
    }
}

/// What the guardian tells next; where there is none, it has obeyed.
async fn next_report(guardian: &mut Option<Guardian>) -> Report {
    match guardian {
        Some(guardian) => guardian.next().await,
        None => Report::Obeyed,
    }
}
