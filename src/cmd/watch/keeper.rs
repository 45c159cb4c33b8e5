//! The watch itself: it sleeps until a file of interest changes or the server is to be asked, and leaves the
//! asking to a process that is gone afterwards, with all that TLS takes.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Instant;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::account::{Claim, Machine, Outlook, Refreshed, Seen};
use crate::cli::Global;
use crate::cmd::app::open_machine;
use crate::cmd::background;
use crate::config::Paths;
use crate::context;
use crate::domain::{Failure, Result, Timestamp, count, format_duration, printable};
use crate::environment::KnownVariables;
use crate::files::{Folders, Storm, reason, receive};
use crate::process::{Alarm, Wakeup, block_signals, hear_all};
use crate::ui::Ui;

/// The pauses after refreshes that changed nothing (seconds): the first, which doubles, and the longest.
const PAUSES: (u64, u64) = (5, 300);

/// The pause after something could not be written (seconds).
const RETRY: u64 = 60;

/// The most names in one line.
const MOST_NAMES: usize = 12;

/// What there is to do.
enum Task {
    Look,
    /// The process that asked the server has ended.
    Reap,
    End(Signal),
}

enum Event {
    Files,
    Asked,
    Woken(Wakeup),
}

/// A process that asks the server, and what was known when it began.
struct Asking {
    process: Child,
    before: Option<Box<KnownVariables>>,
}

pub(super) struct Keeper {
    global: Global,
    paths: Paths,
    ui: Ui,
    once: bool,
    events: Receiver<Event>,
    tell: Sender<Event>,
    /// A change of files waits to be received: one is enough.
    is_told: Arc<AtomicBool>,
    folders: Folders,
    alarm: Alarm,
    claim: Option<Claim>,
    seen: Seen,
    asking: Option<Asking>,
    /// Refreshes in a row after which there was as much to do as before, and when the next may begin.
    in_vain: u32,
    not_before: Timestamp,
    /// What was said last: of the account, of the trouble.
    said: [Option<String>; 2],
}

impl Keeper {
    pub(super) fn start(global: Global, ui: Ui, once: bool) -> Result<Self> {
        let paths = context::paths()?;
        // Without them there is nothing to keep.
        open_machine(paths.clone(), &mut global.clone()).folders()?;
        block_signals()?;
        let (tell, events) = channel();
        let woken = tell.clone();
        hear_all(move |wakeup| {
            let _ = woken.send(Event::Woken(wakeup));
        })?;
        let is_told = Arc::new(AtomicBool::new(false));
        let (changed, told) = (tell.clone(), Arc::clone(&is_told));
        let folders = Folders::new(move || {
            if !told.swap(true, Ordering::SeqCst) {
                let _ = changed.send(Event::Files);
            }
        });
        Ok(Self {
            // What it keeps is the same wherever it was started.
            global: Global { no_project: true, ..global },
            paths,
            ui,
            once,
            events,
            tell,
            is_told,
            folders,
            alarm: Alarm::new()?,
            claim: None,
            seen: Seen::default(),
            asking: None,
            in_vain: 0,
            not_before: Timestamp(0),
            said: [None, None],
        })
    }

    /// Watches until it is asked to end, or until there is nothing to do if it is to look once.
    pub(super) fn run(mut self) -> Result<()> {
        let mut trouble = self.look()?;
        while !self.once || self.asking.is_some() {
            match self.next() {
                Task::Look => trouble = self.look()?,
                Task::Reap => {
                    self.reap();
                    trouble = self.look()?;
                }
                Task::End(signal) => {
                    self.end();
                    self.say(&format!("stopped by {signal}"));
                    return Ok(());
                }
            }
        }
        self.end();
        trouble.map_or(Ok(()), Err)
    }

    /// Sleeps until there is something to do.
    fn next(&self) -> Task {
        let mut storm = Storm::default();
        let pause = self.folders.poll().into_iter().chain(Alarm::LONGEST_SLEEP).min();
        let until = pause.map(|pause| Instant::now() + pause);
        loop {
            match receive(&self.events, storm.ends().or(until)) {
                Ok(Event::Files) => {
                    self.is_told.store(false, Ordering::SeqCst);
                    storm.goes_on();
                }
                Ok(Event::Woken(Wakeup::End(signal))) => return Task::End(signal),
                Ok(Event::Asked) => return Task::Reap,
                Ok(Event::Woken(Wakeup::Alarm)) | Err(_) => return Task::Look,
            }
        }
    }

    /// Looks at everything, and does what is due. Gives what is wrong.
    fn look(&mut self) -> Result<Option<Failure>> {
        let (machine, outlook) = loop {
            let machine = open_machine(self.paths.clone(), &mut self.global.clone());
            let outlook = machine.outlook();
            let files: Vec<&Path> =
                outlook.files.iter().chain(&outlook.snapshot).map(PathBuf::as_path).collect();
            // What changed before a folder was watched is seen only now.
            if !self.folders.watch(&files, Some(&outlook.projects)) {
                break (machine, outlook);
            }
        };
        let unkept = self.hold(&machine, &outlook)?.and_then(|()| self.pass_on(&machine, &outlook)).err();
        self.introduce(&outlook);
        for note in machine.take_notes() {
            self.ui.warn(&note);
        }
        let retry = unkept.as_ref().map(|_| machine.now().plus(RETRY));
        let trouble = unkept.or_else(|| outlook.trouble.clone());
        self.complain(trouble.as_ref());
        self.plan(&machine, outlook, retry)?;
        Ok(trouble)
    }

    /// Lets shells load again if another hand has changed what concerns them.
    fn pass_on(&mut self, machine: &Machine, outlook: &Outlook) -> Result<()> {
        for file in machine.pass_on(&outlook.files, &mut self.seen)? {
            self.say(&format!("{} changed: shells load again", file.display()));
        }
        Ok(())
    }

    /// Holds the account that is meant now, and no other. What it fails for now may be over later, such as a
    /// full disk.
    ///
    /// # Errors
    /// Another watch holds it.
    fn hold(&mut self, machine: &Machine, outlook: &Outlook) -> Result<Result<()>> {
        let Some(account) = &outlook.account else {
            self.let_go();
            return Ok(Ok(()));
        };
        if self.claim.as_ref().is_some_and(|claim| machine.still_has(claim, account)) {
            return Ok(Ok(()));
        }
        self.let_go();
        match machine.claim(account) {
            Ok(Ok(claim)) => self.claim = Some(claim),
            Ok(Err(process)) => {
                let who = if process.is_empty() { String::new() } else { format!(" (process {process})") };
                return Err(Failure::failed(format!("another watch keeps this account fresh{who}")));
            }
            Err(failure) => return Ok(Err(failure)),
        }
        Ok(Ok(()))
    }

    fn let_go(&mut self) {
        if let Some(claim) = self.claim.take() {
            claim.release();
        }
    }

    /// Asks the server if that is due, and sets the alarm for the next look.
    fn plan(&mut self, machine: &Machine, outlook: Outlook, retry: Option<Timestamp>) -> Result<()> {
        let now = machine.now();
        let next = outlook.next.map(|next| next.max(self.not_before));
        if let Some(at) = next.into_iter().filter(|next| *next > now).chain(retry).min() {
            self.alarm.set(at);
        }
        let (Some(next), Some(claim)) = (next, &self.claim) else { return Ok(()) };
        claim.promise(next.max(now));
        if next > now || self.asking.is_some() {
            return Ok(());
        }
        let mut process = background::start_ahead(&machine.selection)?;
        let (stdout, tell) = (process.stdout.take(), self.tell.clone());
        let wait = move || {
            // Nothing comes but the end.
            let _ = stdout.map(|mut stdout| stdout.read_to_end(&mut Vec::new()));
            let _ = tell.send(Event::Asked);
        };
        thread::Builder::new()
            .spawn(wait)
            .map_err(|error| Failure::failed(format!("cannot wait for a refresh: {}", reason(&error))))?;
        self.asking = Some(Asking { process, before: outlook.known });
        Ok(())
    }

    /// The server was asked: what came of it?
    fn reap(&mut self) {
        let Some(Asking { mut process, before }) = self.asking.take() else { return };
        let _ = process.wait();
        let machine = open_machine(self.paths.clone(), &mut self.global.clone());
        let outlook = machine.outlook();
        let now = machine.now();
        if outlook.next.is_some_and(|next| next <= now) {
            let (first, longest) = PAUSES;
            self.not_before = now.plus((first << self.in_vain.min(10)).min(longest));
            self.in_vain += 1;
        } else {
            (self.in_vain, self.not_before) = (0, Timestamp(0));
        }
        if let Some(known) = outlook.known {
            let known = Refreshed::compare(before.as_deref(), *known);
            if let Some(line) = news(&known) {
                self.say(&line);
            }
        }
    }

    /// Ends what was begun.
    fn end(&mut self) {
        if let Some(Asking { mut process, .. }) = self.asking.take() {
            if let Ok(pid) = i32::try_from(process.id()) {
                let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
            }
            let _ = process.wait();
        }
        self.let_go();
    }

    /// Says what is watched, when that is new.
    fn introduce(&mut self, outlook: &Outlook) {
        if let Some(why) = self.folders.polling_news() {
            self.ui.warn(&why);
        }
        if outlook.account.is_none() || self.once {
            return;
        }
        let every = format_duration(outlook.max_age);
        let watched = format!("watching with the key {}, asking the server every {every}", outlook.key);
        if self.said[0].as_ref() != Some(&watched) {
            self.say(&watched);
            self.said[0] = Some(watched);
        }
    }

    /// Says what is wrong once, and when it is over. Who looks once hears it at the end.
    fn complain(&mut self, trouble: Option<&Failure>) {
        if self.once {
            return;
        }
        let told = trouble.map(|failure| {
            let hint = failure.next_step().map_or(String::new(), |hint| format!(" ({hint})"));
            format!("{}{hint}", failure.message())
        });
        if told != self.said[1] {
            match &told {
                Some(text) => self.ui.warn(text),
                None => self.say("all is well again"),
            }
            self.said[1] = told;
        }
    }

    fn say(&self, text: &str) {
        self.ui.say(&format!("vastenv: {text}"));
    }
}

/// The names that are new, changed and gone.
fn news(refreshed: &Refreshed) -> Option<String> {
    let signed = [('+', &refreshed.added), ('~', &refreshed.changed), ('-', &refreshed.removed)];
    let names: Vec<String> = signed
        .into_iter()
        .flat_map(|(sign, names)| names.iter().map(move |name| format!("{sign}{}", printable(name))))
        .collect();
    let more = match names.len().saturating_sub(MOST_NAMES) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let shown = names[..names.len().min(MOST_NAMES)].join(" ");
    (!names.is_empty())
        .then(|| format!("{}: {shown}{more}", count(refreshed.known.snapshot.variables.len(), "variable")))
}
