//! What this machine knows of the setup. Files only; the server is not asked.

use serde_json::{Value, json};

use super::Fact;
use crate::account::{Account, Known, LiveWatch, without_account};
use crate::cmd::app::App;
use crate::cmd::load::nearest::nearest;
use crate::cmd::this_shell::{ThisShell, login_shell};
use crate::cmd::tools::storage;
use crate::context::{self, variables};
use crate::domain::{
    EnvName, Failure, Identity, KEPT_AFTER_DELETION, Kind, RememberedFrom, Result, ServerUrl, count,
    format_duration, printable,
};
use crate::environment::{Environment, Fault, KnownVariables, Provenance, Variable, Why, lint};
use crate::sealing;
use crate::shell::Shell;

pub(super) struct Facts<'a> {
    pub app: &'a App,
    pub server: Result<ServerUrl>,
    /// The key as it may be shown, with its source.
    pub key: Result<String>,
    pub account: Result<Account<'a>>,
    pub identity: Option<Identity>,
    /// What the server last told; `None` before its first answer.
    pub cached: Result<Option<Cached>>,
    /// What a container gives where there is no key.
    pub without_key: Option<Environment>,
    pub shell: ThisShell,
}

/// What is known, its age in seconds, and what a shell holds of it.
pub(super) struct Cached {
    pub known: KnownVariables,
    pub age: Option<u64>,
    pub environment: Environment,
}

impl<'a> Facts<'a> {
    pub(super) fn gather(app: &'a App) -> Self {
        let credential = app.credential();
        let key = credential.as_ref().map(ToString::to_string).map_err(Clone::clone);
        let account = credential.and_then(|credential| app.account_here(credential));
        let cached = account.as_ref().map_or(Ok(None), cached);
        let is_keyless = matches!(&account, Err(failure) if failure.kind() == Kind::NotAuthenticated);
        let without_key = is_keyless.then(|| without_account(&app.machine.selection, app.room())).flatten();
        let (account, without_key) = match without_key.transpose() {
            Ok(without_key) => (account, without_key),
            Err(failure) => (Err(failure), None),
        };
        let identity = account.as_ref().ok().and_then(|account| account.identity().ok().flatten());
        let shell = ThisShell::read(&app.machine);
        Self { app, server: app.server(), key, account, identity, cached, without_key, shell }
    }

    /// Why there is no key that can be used; in a container none is needed.
    pub(super) fn no_key(&self, failure: &Failure) -> Fact {
        match self.without_key {
            Some(_) => Fact::new("key", "none, and none needed in this container"),
            None => Fact::bad("key", failure),
        }
    }

    /// How many variables load that the container was launched with.
    pub(super) fn container(&self) -> Option<Fact> {
        let names: Vec<_> = self.environment()?.from_launch.iter().collect();
        let text = format!("{} from its launch environment", count(names.len(), "variable"));
        let is_one = self.without_key.is_some() || !names.is_empty();
        is_one.then(|| Fact::new("container", text).field("container", words(&names)))
    }

    /// How many variables load, and how many do not.
    pub(super) fn variables(&self) -> Fact {
        let cached = match &self.cached {
            Ok(Some(cached)) => cached,
            Ok(None) => {
                let backoff = self.account.as_ref().ok().and_then(Account::backoff);
                let why = backoff.map_or(String::new(), |backoff| format!(": {}", backoff.reason));
                return Fact::new("variables", format!("not known yet{why}")).next("vastenv refresh");
            }
            Err(failure) => return Fact::bad("variables", failure),
        };
        let Environment { variables, skipped, .. } = &cached.environment;
        let number = |is: fn(&Why) -> bool| skipped.iter().filter(|skipped| is(&skipped.why)).count();
        let (loadable, unknown, run_only) =
            (variables.len(), number(Why::is_masked), number(Why::is_for_programs));
        let refused = skipped.len() - unknown - run_only;
        let mut text = format!("{loadable} to load");
        let others =
            [(run_only, "for `vastenv run` only"), (unknown, "hidden by Vast"), (refused, "refused")];
        for (number, what) in others {
            if number > 0 {
                text.push_str(&format!(", {number} {what}"));
            }
        }
        text.push_str(&match cached.age {
            Some(age) => format!(" (cached {} ago)", format_duration(age)),
            None => " (cached, may be stale)".to_owned(),
        });
        let counts =
            json!({"loadable": loadable, "masked": unknown, "refused": refused, "run_only": run_only});
        let fact = Fact::new("variables", text).field("variables", counts);
        match (&cached.known.unread, cached.environment.hidden_notice()) {
            (Some(failure), _) if unknown > 0 => fact.next(failure.next_step().unwrap_or("vastenv doctor")),
            (_, Some(_)) => {
                let hidden = cached.environment.hidden_in_account();
                fact.next(nearest(&self.app.machine, &cached.known.snapshot.account(), &hidden).command)
            }
            _ => fact,
        }
    }

    /// How many values are remembered, and which of them not for good.
    pub(super) fn remembered(&self, account: &Account<'_>) -> Fact {
        // Where that does not work, the next write does it; listed they are not all the same.
        let _ = account.drop_expired();
        let values = match account.remembered() {
            Ok(values) => values,
            Err(failure) => return Fact::bad("remembered", &failure).field("remembered", Value::Null),
        };
        let path = account.values_path().map(|path| path.display().to_string());
        let mut text = count(values.len(), "value");
        if let Some(path) = path.as_ref().filter(|_| !values.is_empty()) {
            text.push_str(&format!(" in {path}"));
        }
        let mut fact = Fact::new("remembered", text);
        let (mut gone, mut outdated) = (Vec::new(), Vec::new());
        for (name, value) in &values {
            if let Some(gone_at) = value.gone_at {
                let passed = account.now().since(gone_at).unwrap_or(0);
                let left = format_duration(KEPT_AFTER_DELETION.saturating_sub(passed));
                fact.details.push(format!("{}: deleted, kept for {left} more", printable(name)));
                gone.push(name);
            }
            if value.may_be_outdated() {
                let step = format!("see `vastenv why {}`", printable(name));
                fact.details.push(format!("{}: may be stale, {step}", printable(name)));
                outdated.push(name);
            }
        }
        let count = values.len();
        fact.field("remembered", json!({"count": count, "deleted": gone, "outdated": outdated, "path": path}))
    }

    /// The watch that keeps the cache fresh, if there is one.
    pub(super) fn watch(&self) -> Option<Fact> {
        let account = self.account.as_ref().ok()?;
        let LiveWatch { process, next, is_late } = account.watch()?;
        let (now, left) = (account.now(), next.since(account.now()).unwrap_or(0));
        let fact = if is_late {
            let text = format!("hangs (process {process}): was to ask the server {}", ago(now.since(next)));
            Fact::new("watch", text).next(format!("kill -9 {process}"))
        } else {
            let when = if left == 0 { "now".to_owned() } else { format!("in {}", format_duration(left)) };
            Fact::new("watch", format!("running (process {process}), asks the server {when}"))
        };
        let fact = fact.field("watch", json!({"process": process, "next": left, "late": is_late}));
        // Shells ask themselves beside one that hangs.
        Some(if is_late { fact } else { fact.field("next_refresh", left) })
    }

    /// Which values are probably not what was meant, one line each.
    pub(super) fn values(&self) -> Vec<Fact> {
        let Ok(Some(cached)) = &self.cached else { return Vec::new() };
        let faults = lint(cached.known.iter());
        if faults.is_empty() {
            let number = cached.known.iter().filter(|variable| variable.value.is_some()).count();
            return vec![Fact::new("values", format!("{} checked, offline", count(number, "known value")))];
        }
        let fact = |(variable, fault): &(Variable<'_>, Fault)| {
            // What was sent or told is what the account has, and its instances get.
            let remembered = cached.known.remembered.get(variable.name);
            let is_only_here = variable.provenance == Provenance::Remembered
                && remembered.is_some_and(|remembered| remembered.by == RememberedFrom::Given);
            let verb = if is_only_here { "remember" } else { "update" };
            let word = shell_escape::escape(variable.name.into());
            Fact::new("values", format!("{}: {fault}", printable(variable.name)))
                .next(format!("vastenv {verb} env-var {word}"))
        };
        faults.iter().map(fact).collect()
    }

    /// Where secrets are stored.
    pub(super) fn storage(&self) -> Fact {
        match sealing::report(self.app.machine.sealing()) {
            Ok(report) => match report.problem() {
                Some(failure) => Fact::bad("storage", &failure),
                None => Fact::new("storage", report.sentence()),
            }
            .field("storage", storage::as_json(&report)),
            Err(failure) => Fact::bad("storage", &failure).field("storage", Value::Null),
        }
    }

    /// Whether the shell that this was typed in follows the account, and with what.
    pub(super) fn hook(&self) -> Fact {
        let here = &self.shell;
        let (loaded, edited) = (here.loaded(), here.edited());
        let own = self.environment().map_or(Vec::new(), |environment| here.own(environment));
        let field = if here.is_active {
            json!({
                "active": true,
                "current": here.is_current(),
                "loaded": words(&loaded),
                "edited": words(&edited),
                "own": words(&own),
            })
        } else {
            json!({"active": false, "loaded": []})
        };
        let fact = if context::switch(variables::VASTENV_DISABLE) {
            Fact::new("hook", "disabled by VASTENV_DISABLE").next("unset VASTENV_DISABLE")
        } else if !here.is_active {
            let inherited =
                if here.ledger.is_some() { " (variables inherited from another one)" } else { "" };
            let (place, command) = hook_command(login_shell());
            Fact::new("hook", format!("not active in this shell{inherited}{place}")).next(command)
        } else if here.is_current() {
            Fact::new("hook", format!("active in this shell: {} loaded", count(loaded.len(), "variable")))
        } else {
            let text = "active in this shell, but from another version of vastenv";
            Fact::new("hook", text).next(format!("exec {}", login_shell().name()))
        };
        let mut fact = fact.field("hook", field);
        if here.is_active {
            let left_alone = [(&edited, "changed by you"), (&own, "set before")].into_iter();
            fact.details = left_alone
                .filter(|(names, _)| !names.is_empty())
                .map(|(names, why)| format!("{}: {why}, left alone", words(names).join(", ")))
                .collect();
        }
        fact
    }

    pub(super) fn environment(&self) -> Option<&Environment> {
        let cached = self.cached.as_ref().ok().and_then(Option::as_ref);
        cached.map(|cached| &cached.environment).or(self.without_key.as_ref())
    }
}

fn cached(account: &Account<'_>) -> Result<Option<Cached>> {
    match account.known()? {
        Known::Variables(known) => Ok(Some(Cached {
            age: account.age(&known),
            environment: account.environment(&known)?,
            known: *known,
        })),
        Known::Refused(at) => {
            let text = format!("the server refused the API key {}", ago(account.now().since(at)));
            Err(Failure::failed(text).hint(account.credential.source.remedy()))
        }
        Known::Nothing => Ok(None),
    }
}

/// "3 min ago".
pub(super) fn ago(seconds: Option<u64>) -> String {
    seconds.map_or("at an unknown time".to_owned(), |seconds| format!("{} ago", format_duration(seconds)))
}

fn words<'n>(names: &[&'n EnvName]) -> Vec<&'n str> {
    names.iter().map(|name| name.as_str()).collect()
}

/// Where the hook is already, and the command that brings it into a new shell.
fn hook_command(shell: Shell) -> (String, String) {
    let name = shell.name();
    let (file, shown) = shell.start_file().find(&context::folders());
    let text = file.and_then(|file| std::fs::read(file).ok());
    if text.is_some_and(|text| shell.line_with_hook(&text).is_some()) {
        return (format!(", but in {shown}"), format!("exec {name}"));
    }
    (String::new(), format!("vastenv hook {name} --install && exec {name}"))
}
