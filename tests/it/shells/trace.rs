//! Counts the processes that a shell starts, as strace sees them.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::common::process::{command, program};
use crate::common::skip::can;
use crate::pty::{Home, Shell, Terminal, wait_for};

/// A shell under strace, where strace may trace.
pub struct Traced {
    pub terminal: Terminal,
    record: Option<std::path::PathBuf>,
    milestones: usize,
}

/// Whether processes can be counted here.
pub fn can_trace() -> bool {
    let Some(strace) = program("strace") else { return false };
    let traced = command(strace).args(["-f", "-o", "/dev/null", "true"]).output().expect("strace");
    can(traced.status.success(), "strace may not trace, processes are not counted")
}

impl Traced {
    /// Opens an interactive shell and waits for its first prompt.
    pub fn open(home: &Home, shell: Shell) -> Self {
        Self::open_with(home, shell, &[])
    }

    /// The same with the words of programs that run it.
    pub fn open_with(home: &Home, shell: Shell, outer: &[&str]) -> Self {
        if !can_trace() {
            let words = [outer, &[shell.name(), "-i"]].concat();
            return Self { terminal: Terminal::start(home, shell, &words).0, record: None, milestones: 0 };
        }
        let mut names = (0..).map(|number| home.path(&format!("trace-{number}")));
        let record = names.find(|path| !path.exists()).expect("a free name");
        let path = record.to_str().expect("a path in UTF-8").to_owned();
        let words = ["strace", "-f", "-e", "trace=process", "-o", &path, shell.name(), "-i"];
        let (terminal, _) = Terminal::start(home, shell, &[outer, &words].concat());
        Self { terminal, record: Some(record), milestones: 0 }
    }

    /// How often `action` makes anybody in the shell run a program whose path ends so; `None` where that
    /// cannot be counted.
    pub fn runs(&mut self, program: &str, action: impl FnOnce(&mut Terminal)) -> Option<usize> {
        let trace = self.trace_of(action)?;
        let call = format!("{program}\", [");
        Some(trace.lines().filter(|line| line.contains(&call)).count())
    }

    /// How many processes `action` makes the shell start; `None` where that cannot be counted.
    pub fn processes(&mut self, action: impl FnOnce(&mut Terminal)) -> Option<usize> {
        let between = self.trace_of(action)?;
        // The first process of the trace is the shell.
        let trace = std::fs::read_to_string(self.record.as_ref()?).expect("a trace");
        // What fish has its children do in the background (reading manual pages, say) is not counted.
        let shell = trace.split_whitespace().next()?;
        let is_shells = |line: &&str| line.split_whitespace().next() == Some(shell);
        let starts: Vec<&str> = between.lines().filter(is_shells).filter(|line| is_start(line)).collect();
        // The second milestone is a process as well.
        let (_, others) = starts.split_last()?;
        for line in others {
            eprintln!("started: {line}");
        }
        Some(others.len())
    }

    /// The trace of `action`, and of a process that is its end.
    fn trace_of(&mut self, action: impl FnOnce(&mut Terminal)) -> Option<String> {
        self.milestone();
        action(&mut self.terminal);
        let trace = self.milestone()?;
        let (from, to) =
            (format!("milestone-{}\"", self.milestones - 1), format!("milestone-{}\"", self.milestones));
        Some(trace.split_once(&from)?.1.split_once(&to)?.0.to_owned())
    }

    /// Whether the shell, or what it started, ever ran a program with this word; `None` where nobody sees that.
    pub fn ran(&mut self, word: &str) -> Option<bool> {
        Some(self.milestone()?.contains(word))
    }

    /// Starts a process with a name that the trace shows, and returns the trace up to it.
    fn milestone(&mut self) -> Option<String> {
        self.milestones += 1;
        let name = format!("milestone-{}", self.milestones);
        self.terminal.run(&format!("sh -c : {name}"));
        let record = self.record.as_ref()?;
        let quoted = format!("{name}\"");
        Some(wait_for(&name, || {
            let text = std::fs::read_to_string(record).expect("a trace");
            text.contains(&quoted).then_some(text)
        }))
    }

    /// Fails unless the shell starts no process over `prompts` prompts.
    #[track_caller]
    pub fn assert_steady(&mut self, prompts: usize, when: &str) {
        // Below 5.0 bash cannot tell changes within one second apart, and asks until it has passed.
        if self.terminal.shell == Shell::Bash && !Shell::Bash.knows("((BASH_VERSINFO[0] >= 5))") {
            let second = || SystemTime::now().duration_since(UNIX_EPOCH).expect("a time").as_secs();
            let now = second();
            wait_for("the next second", || (second() > now).then_some(()));
            self.terminal.run("");
        }
        let count = self.processes(|terminal| {
            terminal.send(&":\n".repeat(prompts));
            terminal.settle();
        });
        assert!(count.is_none_or(|count| count == 0), "{count:?} processes in {prompts} prompts {when}");
    }
}

/// Whether a line of the trace is a call that starts a process (not a thread).
fn is_start(line: &str) -> bool {
    let calls = ["clone(", "clone3(", "fork(", "vfork("];
    let call = line.split_whitespace().nth(1).unwrap_or_default();
    calls.iter().any(|name| call.starts_with(name)) && !line.contains("CLONE_THREAD")
}
