//! direnv's own scenarios: the same steps with `.envrc` under direnv and with a project file have the same end.

use std::cell::Cell;
use std::os::unix::fs::symlink;

use super::FILE;
use crate::common::process::program;
use crate::pty::{Shell, Terminal};
use crate::shells::account::Account;
use crate::shells::direnv;
use crate::shells::follow::each;

/// One of the two.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Tool {
    Direnv,
    Vastenv,
}

impl Tool {
    fn file(self) -> &'static str {
        match self {
            Self::Direnv => ".envrc",
            Self::Vastenv => FILE,
        }
    }

    fn sets(self, name: &str, value: &str) -> String {
        match self {
            Self::Direnv => format!("export {name}='{value}'\n"),
            Self::Vastenv => format!("[set]\n{name} = '{value}'\n"),
        }
    }
}

/// A shell with the hook of one tool.
struct Stage {
    account: Account,
    tool: Tool,
    terminal: Terminal,
    /// How many files were written: direnv tells their times apart by whole seconds.
    written: Cell<u64>,
}

impl Stage {
    fn open(shell: Shell, tool: Tool, before: &str) -> Self {
        let mut account = Account::with(&[]);
        account.home.variable("DIRENV_LOG_FORMAT", "");
        account.home.rc(shell, before, "");
        if tool == Tool::Direnv {
            let text = account.home.read(shell.rc_file());
            let own = shell.hook_line(&account.home.binary);
            assert!(text.contains(&own));
            account.home.write(shell.rc_file(), &text.replace(&own, &direnv::hook(shell)));
        }
        let terminal = Terminal::open(&account.home, shell);
        Self { account, tool, terminal, written: Cell::new(0) }
    }

    /// Writes the file of a folder, which sets a variable.
    fn set(&self, folder: &str, name: &str, value: &str) {
        self.write(&format!("{folder}/{}", self.tool.file()), &self.tool.sets(name, value));
    }

    fn write(&self, below: &str, text: &str) {
        self.account.home.write(below, text);
        self.date(below);
    }

    /// Links count by their own times too.
    fn date(&self, below: &str) {
        self.written.set(self.written.get() + 1);
        let ago = format!("{} seconds ago", 1000 - 10 * self.written.get());
        let touched =
            self.account.home.command("touch").args(["-h", "-d", &ago, below]).status().expect("touch");
        assert!(touched.success());
    }

    fn decide(&self, word: &str, folder: &str) {
        let program = match self.tool {
            Tool::Direnv => "direnv".into(),
            Tool::Vastenv => self.account.home.binary.clone(),
        };
        let folder = self.account.home.path(folder);
        let output =
            self.account.home.command(program).arg(word).arg(folder).output().expect("the tool runs");
        assert!(output.status.success(), "{:?}: {output:?}", self.tool);
    }

    /// What a variable is after a line.
    fn after(&mut self, line: &str, name: &str) -> String {
        self.terminal.run(line);
        self.terminal.get(name)
    }
}

/// Runs a scenario with both tools in each shell; both must come to `end`.
fn both(end: &[&str], before: fn(Shell) -> &'static str, scenario: impl Fn(&mut Stage) -> Vec<String>) {
    if program("direnv").is_none() {
        return;
    }
    each(|shell| {
        for tool in [Tool::Direnv, Tool::Vastenv] {
            let mut stage = Stage::open(shell, tool, before(shell));
            assert_eq!(scenario(&mut stage), end, "{shell:?}: {tool:?}: {}", stage.terminal.text());
        }
    });
}

fn nothing(_: Shell) -> &'static str {
    ""
}

#[test]
fn base() {
    both(&["unset", "world", "world", "again", "unset"], nothing, |stage| {
        stage.set("p", "HELLO", "world");
        std::fs::create_dir(stage.account.home.path("p/sub")).expect("a folder");
        stage.decide("allow", "p");
        let mut seen = vec![stage.after("", "HELLO"), stage.after("cd p", "HELLO")];
        seen.push(stage.after("cd sub", "HELLO"));
        stage.set("p", "HELLO", "again");
        stage.decide("allow", "p");
        seen.push(stage.after("", "HELLO"));
        seen.push(stage.after("cd ../..", "HELLO"));
        seen
    });
}

#[test]
fn require_allowed() {
    both(&["unset", "one", "unset", "two", "unset", "two"], nothing, |stage| {
        stage.set("p", "HELLO", "one");
        let mut seen = vec![stage.after("cd p", "HELLO")];
        stage.decide("allow", "p");
        seen.push(stage.after("", "HELLO"));
        // An edit is not what was allowed.
        stage.set("p", "HELLO", "two");
        seen.push(stage.after("", "HELLO"));
        stage.decide("allow", "p");
        seen.push(stage.after("", "HELLO"));
        stage.decide("deny", "p");
        seen.push(stage.after("", "HELLO"));
        stage.decide("allow", "p");
        seen.push(stage.after("", "HELLO"));
        seen
    });
}

#[test]
fn symlink_dir() {
    both(&["unset", "unset", "here", "here", "unset", "unset", "here"], nothing, |stage| {
        stage.set("foo", "HELLO", "here");
        symlink(stage.account.home.path("foo"), stage.account.home.path("bar")).expect("linked");
        let mut seen = vec![stage.after("cd ~/foo", "HELLO"), stage.after("cd ~/bar", "HELLO")];
        // By the target, or by the link: it is one folder.
        stage.decide("allow", "foo");
        seen.push(stage.after("", "HELLO"));
        seen.push(stage.after("cd ~/foo", "HELLO"));
        stage.decide("deny", "foo");
        seen.push(stage.after("", "HELLO"));
        seen.push(stage.after("cd ~/bar", "HELLO"));
        stage.decide("allow", "bar");
        seen.push(stage.after("cd ~/foo", "HELLO"));
        seen
    });
}

#[test]
fn symlink_changed() {
    both(&["A", "B", "A"], nothing, |stage| {
        let file = stage.account.home.path("p").join(stage.tool.file());
        std::fs::create_dir(stage.account.home.path("p")).expect("a folder");
        let mut seen = Vec::new();
        for state in ["A", "B", "A"] {
            stage.write(&format!("state-{state}"), &stage.tool.sets("STATE", state));
            let _ = std::fs::remove_file(&file);
            symlink(stage.account.home.path(&format!("state-{state}")), &file).expect("linked");
            stage.date(&format!("p/{}", stage.tool.file()));
            stage.decide("allow", "p");
            seen.push(stage.after("cd ~/p", "STATE"));
        }
        seen
    });
}

#[test]
fn aliases() {
    let mine = |shell| match shell {
        Shell::Fish => "function ls; echo ALIAS; end; function cat; echo ALIAS; end",
        _ => "alias ls='echo ALIAS' cat='echo ALIAS' grep='echo ALIAS' sed='echo ALIAS' l='ls -l'",
    };
    both(&["world", "ALIAS", "unset", "ALIAS"], mine, |stage| {
        stage.set("p", "HELLO", "world");
        stage.decide("allow", "p");
        let mut seen = Vec::new();
        for line in ["cd p", "cd"] {
            seen.push(stage.after(line, "HELLO"));
            let text = stage.terminal.run("ls");
            assert_eq!(stage.terminal.text().matches("ALIAS\r").count(), seen.len().div_ceil(2), "{text}");
            seen.push("ALIAS".to_owned());
        }
        seen
    });
}

#[test]
fn inherited() {
    both(&["outer", "inner", "unset", "inner", "inner", "unset", "outer"], nothing, |stage| {
        stage.set("p", "OUTER", "outer");
        stage.set("p/inner", "INNER", "inner");
        for folder in ["p", "p/inner"] {
            stage.decide("allow", folder);
        }
        let mut seen = vec![stage.after("cd p", "OUTER"), stage.after("cd inner", "INNER")];
        // Nearest alone, unless it says otherwise.
        seen.push(stage.terminal.get("OUTER"));
        // A shell inside knows where it is, and what was there before it.
        seen.push(stage.terminal.inherited("INNER"));
        let shell = stage.terminal.shell;
        stage.terminal.send(&format!("{} -i\n", shell.name()));
        stage.terminal.settle();
        seen.push(stage.terminal.get("INNER"));
        seen.push(stage.after("cd ..", "INNER"));
        seen.push(stage.terminal.get("OUTER"));
        seen
    });
}

#[test]
fn space_dir_and_utf_8() {
    both(&["♀♂", "unset"], nothing, |stage| {
        stage.set("a space é", "UTFSTUFF", "♀♂");
        stage.decide("allow", "a space é");
        vec![stage.after("cd 'a space é'", "UTFSTUFF"), stage.after("cd ..", "UTFSTUFF")]
    });
}

#[test]
fn empty_var() {
    both(
        &["", "mine"],
        |shell| if shell == Shell::Fish { "set -gx FOO mine" } else { "export FOO=mine" },
        |stage| {
            stage.set("p", "FOO", "");
            stage.decide("allow", "p");
            vec![stage.after("cd p", "FOO"), stage.after("cd ..", "FOO")]
        },
    );
}
