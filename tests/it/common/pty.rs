//! Shells in real terminals. A test sends lines and waits for what the shell prints: nothing sleeps,
//! and a shell that hangs fails with its screen's text.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::process::{Child, Command, Output};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use pty_process::Size;
use pty_process::blocking::Pty;

use crate::common::process::{command, spawn_on};
use crate::common::screen::visible;

pub use super::words::Shell;

/// How long any event may take. Generous, because a test machine may be busy.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// How long a shell may take to end when its terminal is closed.
const GRACE: Duration = Duration::from_millis(500);

/// What every shell here shows as its prompt.
const PROMPT: &str = "READY> ";

/// A fresh home folder with start-up files of its own.
pub struct Home {
    folder: tempfile::TempDir,
    own_program: Option<tempfile::TempDir>,
    /// The binary that the hook calls.
    pub binary: PathBuf,
    /// The environment of everything started here.
    pub variables: Vec<(String, String)>,
}

impl Home {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = std::env::var("PATH").expect("PATH");
        let home = folder.path().to_str().expect("a path in UTF-8").to_owned();
        let variables = [("HOME", home.as_str()), ("PATH", &path), ("TERM", "dumb"), ("LANG", "C.UTF-8")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let home = Self {
            folder,
            own_program: None,
            binary: PathBuf::from(env!("CARGO_BIN_EXE_vastenv")),
            variables: variables.into(),
        };
        for shell in Shell::ALL {
            home.rc(shell, "", "");
        }
        home
    }

    /// Gives this home a program of its own, by whose path anybody can tell its processes.
    pub fn take_own_program(&mut self) {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
        let binary = folder.path().join("vastenv");
        // A link to a file of somebody else's may be forbidden.
        let linked = std::fs::hard_link(&self.binary, &binary);
        linked.or_else(|_| std::fs::copy(&self.binary, &binary).map(drop)).expect("a program");
        (self.binary, self.own_program) = (binary, Some(folder));
        for shell in Shell::ALL {
            self.rc(shell, "", "");
        }
    }

    /// The path of `below` in the home folder.
    pub fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(below)
    }

    pub fn write(&self, below: &str, text: &str) {
        let path = self.path(below);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("written");
    }

    pub fn read(&self, below: &str) -> String {
        std::fs::read_to_string(self.path(below)).expect("text")
    }

    /// Sets a variable in the environment of everything started from now on.
    pub fn variable(&mut self, name: &str, value: &str) {
        self.variables.retain(|(known, _)| known != name);
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    pub fn without_variable(&mut self, name: &str) {
        self.variables.retain(|(known, _)| known != name);
    }

    /// Writes the start-up file of `shell`: the prompt, `before`, the hook, `after`.
    pub fn rc(&self, shell: Shell, before: &str, after: &str) {
        let prompt = match shell {
            Shell::Bash => "PS1='READY> '; PS2='> '; HISTFILE=''",
            Shell::Zsh => "PROMPT='READY> '; PROMPT2='> '; unsetopt prompt_cr prompt_sp",
            Shell::Fish => "function fish_prompt; echo -n 'READY> '; end\nset -g fish_greeting",
        };
        let hook = shell.hook_line(&self.binary);
        self.write(shell.rc_file(), &format!("{prompt}\n{before}\n{hook}\n{after}\n"));
    }

    /// A command with this home's environment and nothing else.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = command(program);
        command.env_clear().envs(self.variables.iter().cloned()).current_dir(self.folder.path());
        command
    }

    /// Runs vastenv as another terminal would.
    pub fn vastenv(&self, arguments: &[&str]) -> Output {
        self.command(&self.binary).args(arguments).output().expect("vastenv runs")
    }

    /// Runs vastenv, which must succeed, and returns its stdout.
    pub fn vastenv_ok(&self, arguments: &[&str]) -> String {
        let output = self.vastenv(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    }

    /// What open shells stand on: while a new one is published, the one before it.
    pub fn generation(&self) -> Option<String> {
        let entries = std::fs::read_dir(self.path(".local/state/vastenv")).ok()?;
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        names.filter(|name| name.starts_with("gen-")).min()
    }
}

/// Waits until `found` answers, looking at files that tell of themselves in no other way.
pub fn wait_for<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = found() {
            return answer;
        }
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        // Leaves the processor to those that it waits for.
        std::thread::park_timeout(Duration::from_millis(5));
    }
}

#[derive(Default)]
struct Screen {
    text: Mutex<(Vec<u8>, bool)>,
    grown: Condvar,
}

impl Screen {
    fn lock(&self) -> MutexGuard<'_, (Vec<u8>, bool)> {
        self.text.lock().expect("no panic while locked")
    }
}

/// A shell in a terminal.
pub struct Terminal {
    pub shell: Shell,
    child: Child,
    pty: Option<Pty>,
    screen: Arc<Screen>,
    /// How much of the screen's text was looked at.
    seen: usize,
    marks: usize,
}

impl Terminal {
    /// Opens an interactive shell, and waits for its first prompt.
    pub fn open(home: &Home, shell: Shell) -> Self {
        Self::start(home, shell, &[shell.name(), "-i"]).0
    }

    /// Opens `words` (which end in a shell), waits for the first prompt, and returns what was printed
    /// before it.
    pub fn start(home: &Home, shell: Shell, words: &[&str]) -> (Self, String) {
        let mut terminal = Self::start_without_waiting(home, shell, words);
        let text = terminal.until(PROMPT);
        (terminal, text)
    }

    pub fn start_without_waiting(home: &Home, shell: Shell, words: &[&str]) -> Self {
        if shell == Shell::Fish {
            // Without it a new fish reads every manual page in the background, also after a test's end.
            let _ = std::fs::create_dir_all(home.path(".local/share/fish/generated_completions"));
        }
        // Wide, so that no line is wrapped.
        let (pty, pts) = pty_process::blocking::open().expect("a terminal");
        pty.resize(Size::new(50, 1000)).expect("resized");
        let child = spawn_on(pts, words[0], |command| {
            command.args(&words[1..]).env_clear().envs(home.variables.iter().cloned());
            command.current_dir(home.folder.path());
        });
        let mut reader = File::from(pty.as_fd().try_clone_to_owned().expect("a reader"));
        let screen = Arc::new(Screen::default());
        let shared = Arc::clone(&screen);
        std::thread::spawn(move || {
            let mut buffer = vec![0; 65536];
            loop {
                let read = reader.read(&mut buffer).unwrap_or(0);
                let mut text = shared.lock();
                text.0.extend(&buffer[..read]);
                text.1 |= read == 0;
                shared.grown.notify_all();
                if read == 0 {
                    return;
                }
            }
        });
        Self { shell, child, pty: Some(pty), screen, seen: 0, marks: 0 }
    }

    /// The process that was started in the terminal.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Types `text`, and waits for nothing.
    pub fn send(&mut self, text: &str) {
        let pty = self.pty.as_mut().expect("the terminal is open");
        pty.write_all(text.as_bytes()).expect("typed");
    }

    /// Types a line, and returns all that is printed up to the prompt after the next one: what the
    /// line says, and what the hook says before the next prompt.
    pub fn run(&mut self, line: &str) -> String {
        visible(&self.run_raw(line))
    }

    fn run_raw(&mut self, line: &str) -> String {
        self.send(&format!("{line}\n"));
        self.settle_raw()
    }

    /// Waits until the shell has come to a prompt, and returns what was printed on the way.
    pub fn settle(&mut self) -> String {
        visible(&self.settle_raw())
    }

    fn settle_raw(&mut self) -> String {
        self.marks += 1;
        // What is typed does not look like what is printed.
        let mark = format!("<mark-{}>", self.marks);
        self.send(&format!("printf '<%s-{}>\\n' mark\n", self.marks));
        let mut text = self.until_raw(&mark);
        text.truncate(text.len() - mark.len());
        self.until_raw(PROMPT);
        text
    }

    /// What the shell holds in a variable; `unset` for one that does not exist.
    pub fn get(&mut self, name: &str) -> String {
        let show = "printf '<%s:%s:%s>\\n' value";
        let text = self.run_raw(&match self.shell {
            Shell::Fish => format!("if set -q {name}; {show} \"${name}\" end; else; {show} unset end; end"),
            _ => format!("{show} \"${{{name}-unset}}\" end"),
        });
        shown_value(&text)
    }

    /// What a child of the shell finds in its environment; `unset` for nothing.
    pub fn inherited(&mut self, name: &str) -> String {
        let show = format!("printf \"<%s:%s:%s>\\n\" value \"${{{name}-unset}}\" end");
        let text = self.run_raw(&format!("sh -c '{show}'"));
        shown_value(&text)
    }

    /// Waits until `event` is printed, and returns all text up to its end, as a person reads it.
    pub fn until(&mut self, event: &str) -> String {
        visible(&self.until_raw(event))
    }

    fn until_raw(&mut self, event: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        let mut text = self.screen.lock();
        loop {
            let new = &text.0[self.seen..];
            if let Some(at) = find(new, event.as_bytes()) {
                let end = at + event.len();
                let found = String::from_utf8_lossy(&new[..end]).into_owned();
                self.seen += end;
                return found;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || text.1 {
                let mut shown = String::new();
                let why = if text.1 { "the shell has ended" } else { "it hangs" };
                let _ = writeln!(shown, "{:?}: no {event:?} ({why}); the screen:", self.shell);
                shown.push_str(&String::from_utf8_lossy(&text.0));
                drop(text);
                panic!("{shown}");
            }
            text = self.screen.grown.wait_timeout(text, left).expect("no panic while locked").0;
        }
    }

    /// Waits until nobody has the terminal open any more.
    pub fn wait_for_end(&self) {
        wait_for("the end of the terminal", || self.screen.lock().1.then_some(()));
    }

    /// All text so far, as a person reads it.
    pub fn text(&self) -> String {
        visible(&self.raw_text())
    }

    /// The same with what only the terminal reads.
    pub fn raw_text(&self) -> String {
        String::from_utf8_lossy(&self.screen.lock().0).into_owned()
    }

    /// Lets the shell end by itself, and waits for that.
    pub fn exit(&mut self) {
        self.send("exit\n");
        self.child.wait().expect("it ends");
    }

    /// Closes the terminal, as when its window is closed.
    pub fn close(&mut self) {
        self.pty = None;
        self.end();
    }

    fn end(&mut self) {
        let has_ended = |child: &mut Child| !matches!(child.try_wait(), Ok(None));
        if has_ended(&mut self.child) {
            return;
        }
        let process = Pid::from_raw(i32::try_from(self.child.id()).expect("a process id"));
        let _ = kill(process, Signal::SIGHUP);
        let deadline = Instant::now() + GRACE;
        while !has_ended(&mut self.child) && Instant::now() < deadline {
            std::thread::park_timeout(Duration::from_millis(5));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.end();
    }
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}

fn shown_value(text: &str) -> String {
    let (start, end) = ("<value:", ":end>");
    let value = text.split_once(start).and_then(|(_, rest)| rest.split_once(end));
    let (value, _) = value.unwrap_or_else(|| panic!("no value in {text}"));
    // The terminal writes each line break as two characters.
    value.replace("\r\n", "\n")
}
