//! `vastenv export SHELL --hook …`: the reply to a shell's hook. The hot path: files only, and the
//! keyring where they are sealed.

use std::collections::BTreeSet;
use std::os::unix::ffi::OsStrExt;

use zeroize::Zeroizing;

use super::nearest::nearest;
use crate::account::{self, Answer, Machine, Notice, Question};
use crate::cli::Global;
use crate::cmd::app::open_machine;
use crate::cmd::background;
use crate::config::Paths;
use crate::context::{self, variables};
use crate::domain::{EnvName, Failure, Result, count, printable};
use crate::environment::{Ledger, Report};
use crate::shell::{Clock, Folder, Guard, LEDGER_VARIABLE, Reply, Shell};
use crate::ui::{Log, Ui};

/// The longest list of names in one line.
const LONGEST_LIST: usize = 12;

/// The most problems that a shell remembers it was told of.
const MOST_TOLD: usize = 16;

/// The problem that there is no home folder, by name.
const NO_HOME: &str = "home";

/// How long a shell waits where nothing is known (seconds).
const HOLD: u64 = 300;

/// What a hook passes.
pub(crate) struct HookCall<'a> {
    /// The shell.
    pub shell: Shell,
    /// The version of its hook; empty if it does not tell.
    pub version: &'a str,
    /// Its process id.
    pub pid: u32,
    /// Whether it has just started.
    pub starting: bool,
    /// Whether it compares modification times in whole seconds.
    pub whole_seconds: bool,
    /// The problems that it was told of since all was well, by name, separated by commas.
    pub told: &'a str,
    /// Names of variables that it has but does not export, separated by spaces.
    pub unexported: &'a str,
    /// Names of variables that it cannot assign to, separated by spaces.
    pub kept: &'a str,
    /// Names of variables that it took away by itself, separated by spaces.
    pub taken: &'a str,
}

/// Prints what the shell is to eval, says what changes, and starts a refresh where one is due.
///
/// # Errors
/// Stdout cannot be written: then the shell changes nothing.
pub(crate) fn reply_to_hook(call: &HookCall<'_>, ui: Ui) -> Result<()> {
    if !call.version.is_empty() && call.version != call.shell.hook_version() {
        return ui.data(&call.shell.replace_hook(context::own_path()?.as_os_str().as_bytes()));
    }
    match context::paths() {
        Ok(paths) => answer(call, paths, ui),
        Err(failure) => hold(call, &failure, ui),
    }
}

/// Nothing can be read: the shell keeps what it has, is told so once, and asks again when one of the
/// variables that say where files are has changed.
fn hold(call: &HookCall<'_>, failure: &Failure, ui: Ui) -> Result<()> {
    let clock = if call.shell.has_clock() { Clock::OfTheShell } else { account::age_of_root(context::now()) };
    let guard = Guard {
        generation: b"/".to_vec(),
        watches: Vec::new(),
        ask_again_in: HOLD,
        clock,
        folder: Folder::default(),
    };
    let ledger = context::text_var(LEDGER_VARIABLE).unwrap_or_else(|| Ledger::default().encode().0);
    let reply = Reply { guard: &guard, ledger: &ledger, told: NO_HOME, changes: &[], say: "" };
    ui.data(&call.shell.reply(&reply))?;
    if call.told != NO_HOME && Log::from_environment() != Log::Off {
        ui.failure(failure);
    }
    Ok(())
}

fn answer(call: &HookCall<'_>, paths: Paths, ui: Ui) -> Result<()> {
    let machine = open_machine(paths, &mut Global::default());
    let answer = account::follow(&Question {
        machine: &machine,
        disabled: context::switch(variables::VASTENV_DISABLE),
        ledger: context::text_var(LEDGER_VARIABLE),
        shell: call.pid,
        hook: call.version,
        whole_seconds: call.whole_seconds,
        clockless: !call.shell.has_clock(),
        terminal: context::terminal(),
        starting: call.starting,
        unexported: names_in(call.unexported),
        kept: names_in(call.kept),
        taken: names_in(call.taken),
        room: context::room(),
        current: &context::bytes_var,
    });
    let kept = kept_id(call);
    let now: Vec<&str> =
        answer.notices.iter().map(|notice| notice.id.as_str()).chain(kept.as_deref()).collect();
    let told = told_with(&still_told(call.told, &now), &now);
    let say = changes_to_say(call, &answer.report);
    let Answer { guard, ledger, changes, .. } = &answer;
    let reply = Reply { guard, ledger, told: &told, changes, say: &say };
    ui.data(&Zeroizing::new(call.shell.reply(&reply)))?;
    tell(call, &answer, &machine, ui);
    if answer.refresh {
        background::start(&machine.selection);
    }
    Ok(())
}

fn names_in(list: &str) -> BTreeSet<EnvName> {
    list.split(' ').filter_map(|name| EnvName::parse(name).ok()).collect()
}

/// The line of names, which the shell prints once it has changed; nothing at its start.
fn changes_to_say(call: &HookCall<'_>, report: &Report) -> String {
    let speaks = match Log::from_environment() {
        Log::Off => false,
        Log::Info => !call.starting,
        Log::Debug => true,
    };
    let width = context::stderr_width().unwrap_or(usize::MAX);
    change_line(report, width).filter(|_| speaks).unwrap_or_default()
}

/// The problem that the shell cannot assign to some variables, by name.
fn kept_id(call: &HookCall<'_>) -> Option<String> {
    (!call.kept.is_empty()).then(|| format!("kept-{}", call.kept.replace(' ', "-")))
}

/// Each problem once.
fn tell(call: &HookCall<'_>, answer: &Answer, machine: &Machine, ui: Ui) {
    let log = Log::from_environment();
    if log == Log::Off {
        return;
    }
    for note in machine.take_notes() {
        ui.warn(&note);
    }
    if kept_id(call).is_some_and(|id| !is_told(call.told, &id)) {
        ui.say(&format!("vastenv: kept your own {} (readonly, or not a plain variable)", call.kept));
    }
    if log == Log::Debug {
        for skipped in answer.environment.iter().flat_map(|environment| &environment.skipped) {
            ui.say(&format!("vastenv: not loaded: {}: {}", printable(&skipped.name), skipped.why.reason()));
        }
    }
    tell_hidden(answer, machine, ui);
    for notice in &answer.notices {
        let was_told = call.starting && machine.was_told(&notice.id);
        if !is_told(call.told, &notice.id) && !was_told {
            machine.remember_told(&notice.id);
            ui.failure(&notice.failure);
        }
    }
}

fn is_told(told: &str, id: &str) -> bool {
    told.split(',').any(|known| known == id)
}

/// What of `told` would be no news: all of it while there are problems, else what their end does not end.
fn still_told(told: &str, now: &[&str]) -> String {
    let is_well = now.iter().all(|id| Notice::is_lasting(id));
    let still: Vec<&str> = told.split(',').filter(|id| !is_well || Notice::is_lasting(id)).collect();
    still.join(",")
}

/// The problems in `told`, and `now`: one that comes back while others last is not told again.
fn told_with(told: &str, now: &[&str]) -> String {
    let earlier = told.split(',').filter(|known| !known.is_empty() && !now.contains(known));
    let mut all: Vec<&str> = earlier.chain(now.iter().copied()).collect();
    all.drain(..all.len().saturating_sub(MOST_TOLD));
    all.join(",")
}

/// Which values the server hides from this machine: told once, when that is first seen.
fn tell_hidden(answer: &Answer, machine: &Machine, ui: Ui) {
    let (Some(account), Some(environment)) = (&answer.account, &answer.environment) else { return };
    let Some(notice) = environment.hidden_notice() else { return };
    if machine.tells_hidden(account, "hook", environment) {
        let way = nearest(machine, account, &environment.hidden_in_account());
        ui.failure(&notice.hint(way.to_string()));
    }
}

/// The names that changed, as many as fit in `width` columns and not too many; `None` if none did.
fn change_line(report: &Report, width: usize) -> Option<String> {
    let signed = [('+', &report.added), ('~', &report.changed), ('-', &report.removed)];
    let all: Vec<String> = signed
        .into_iter()
        .flat_map(|(sign, names)| names.iter().map(move |name| format!(" {sign}{name}")))
        .collect();
    if all.is_empty() {
        return None;
    }
    let line_of = |shown: usize| match all.len() - shown {
        0 => format!("vastenv:{}", all.concat()),
        more => format!("vastenv:{} and {more} more", all[..shown].concat()),
    };
    let most = all.len().min(LONGEST_LIST);
    let fitting = (1..=most).rev().map(line_of).find(|line| line.len() <= width);
    Some(fitting.unwrap_or_else(|| format!("vastenv: {} changed", count(all.len(), "variable"))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_change_line_fits() {
        let names = |names: &[&str]| names.iter().map(|name| EnvName::parse(name).expect("a name")).collect();
        let report =
            Report { added: names(&["ONE", "TWO"]), changed: names(&["THREE"]), removed: names(&["FOUR"]) };
        let line = |width| change_line(&report, width).expect("a line");
        assert_eq!(line(usize::MAX), "vastenv: +ONE +TWO ~THREE -FOUR");
        assert_eq!(line(31), "vastenv: +ONE +TWO ~THREE -FOUR");
        assert_eq!(line(30), "vastenv: +ONE +TWO and 2 more");
        assert_eq!(line(28), "vastenv: +ONE and 3 more");
        assert_eq!(line(20), "vastenv: 4 variables changed");
        assert_eq!(change_line(&Report::default(), 80), None);
        let many: Vec<EnvName> = names(&["V"; 20]);
        let report = Report { added: many, ..Report::default() };
        assert!(change_line(&report, usize::MAX).expect("a line").ends_with(" +V and 8 more"));
    }

    #[test]
    fn a_problem_that_comes_back_while_another_lasts_was_told() {
        let told = told_with(&told_with("", &["locked"]), &["silent"]);
        assert!(is_told(&told, "locked") && is_told(&told, "silent") && !is_told(&told, "lock"));
        assert_eq!(told_with(&told, &["locked"]), "silent,locked");
        let many =
            (0..20).fold(String::new(), |told, number| told_with(&told, &[number.to_string().as_str()]));
        assert_eq!(many.split(',').count(), MOST_TOLD);
        assert!(is_told(&many, "19"));
    }
}
