//! The commands, one file each, in rooms by noun: arguments in, the account asked, text out.

mod api_key;
mod app;
mod ask;
mod background;
mod config;
mod created;
mod dotenv_file;
mod each;
mod env_var;
mod guard;
mod interrupts;
mod load;
mod outcome;
mod profile;
mod project;
mod report;
mod running;
mod ssh_key;
mod this_shell;
mod tools;
mod watch;

use std::process::ExitCode;

use app::App;
use outcome::Outcome;

use crate::cli::{Cli, Command, Create, Delete, Forget, Reset, Set, Show, Update};
use crate::context;
use crate::domain::Result;
use crate::ui::Ui;

pub(crate) use background::{BACKGROUND_REFRESH, background_refresh};
pub(crate) use load::export::export_at_once;
pub(crate) use load::hook::print_hook;
pub(crate) use load::hook_reply::{HookCall, reply_to_hook};
pub(crate) use load::run_watch::guard;
pub(crate) use tools::complete::{COMPLETE, complete};
pub(crate) use tools::help::print_help;

/// Does what the command line says.
pub(crate) fn dispatch(cli: Cli, ui: Ui) -> Result<ExitCode> {
    outcome::finish(run(cli, ui))
}

fn run(cli: Cli, ui: Ui) -> Outcome<ExitCode> {
    let Some(command) = cli.command else {
        return Ok(report::greet(cli.global, ui).map(|()| ExitCode::SUCCESS)?);
    };
    // What asks how things are changes nothing, and so unlocks nothing.
    let only_looks = match &command {
        Command::Status => true,
        Command::Storage(arguments) => arguments.place.is_none(),
        _ => false,
    };
    let ready = |app: App| {
        if context::stdin_is_terminal() && !only_looks {
            // Somebody typed this, and is there to answer.
            app.machine.let_keyring_ask();
        }
        api_key::reset::finish_reset(&app);
        app
    };
    let app = || App::new(cli.global.clone(), ui).map(ready);
    // For what reports that nobody can say which account is meant.
    let despite_trouble = || -> Result<App> {
        let app = App::despite_trouble(cli.global.clone(), ui)?;
        Ok(if app.selected().is_ok() { ready(app) } else { app })
    };
    match command {
        Command::Hook(arguments) => load::hook::hook(&arguments, ui)?,
        Command::Completions(arguments) => tools::completions::completions(&arguments, ui, cli.global.yes)?,
        Command::Export(arguments) => load::export::export(app, &arguments, ui)?,
        Command::Run(arguments) if arguments.watch => {
            return load::run_watch::run_watched(&app()?, &arguments);
        }
        Command::Run(arguments) => return load::run::run(&app()?, &arguments),
        Command::Watch(arguments) => return Ok(watch::watch(&arguments, cli.global, ui)?),
        Command::Refresh => load::refresh::refresh(&app()?)?,
        Command::Storage(arguments) => tools::storage::storage(&app()?, &arguments)?,
        Command::Status => report::status(&despite_trouble()?)?,
        Command::Config(arguments) => {
            config::config(&App::despite_trouble(cli.global, ui)?.strict(), &arguments)?;
        }
        Command::Doctor => return Ok(report::doctor(cli.global, ui)?),
        Command::Why(arguments) => report::why(&app()?, &arguments)?,
        Command::Show(Show::EnvVars(arguments)) => env_var::show::show_env_vars(&app()?, &arguments)?,
        Command::Show(Show::EnvVar(arguments)) => env_var::show_one::show_env_var(&app()?, &arguments)?,
        Command::Show(Show::ApiKey(arguments)) => api_key::show::show_api_key(&app()?, &arguments)?,
        Command::Show(Show::ApiKeys) => api_key::show::show_api_keys(&app()?)?,
        Command::Show(Show::SshKeys) => ssh_key::show::show_ssh_keys(&app()?)?,
        Command::Create(Create::ApiKey(arguments)) => api_key::create::create_api_key(&app()?, arguments)?,
        Command::Create(Create::SshKey(arguments)) => ssh_key::create::create_ssh_key(&app()?, arguments)?,
        Command::Update(Update::SshKey(arguments)) => ssh_key::update::update_ssh_key(&app()?, &arguments)?,
        Command::Delete(Delete::ApiKey(arguments)) => {
            return api_key::delete::delete_api_key(&app()?, &arguments);
        }
        Command::Delete(Delete::SshKey(arguments)) => {
            return ssh_key::delete::delete_ssh_key(&app()?, &arguments);
        }
        Command::Remember(arguments) => env_var::remember::remember_env_var(&app()?, *arguments)?,
        Command::Forget(Forget::EnvVar(arguments)) => env_var::forget::forget_env_var(&app()?, &arguments)?,
        Command::Reset(Reset::ApiKey) => api_key::reset::reset_api_key(&app()?)?,
        Command::Create(Create::EnvVar(arguments)) => env_var::create::create_env_var(&app()?, arguments)?,
        Command::Update(Update::EnvVar(arguments)) => env_var::update::update_env_var(&app()?, arguments)?,
        Command::Set(Set::EnvVar(arguments)) => env_var::set::set_env_var(&app()?, arguments)?,
        Command::Profile(command) => profile::profile(&cli.global, command, ui)?,
        Command::Set(Set::ApiKey(arguments)) => api_key::set::set_api_key(&app()?, arguments)?,
        Command::Delete(Delete::EnvVar(arguments)) => {
            return env_var::delete::delete_env_var(&app()?, &arguments);
        }
        Command::Import(arguments) => return env_var::import::import(&app()?, &arguments),
        Command::Diff(arguments) => return env_var::diff::diff(&app()?, &arguments),
        Command::Init(arguments) => project::init::init(cli.global, &arguments, ui)?,
        Command::Allow(arguments) => project::allow::allow(cli.global, &arguments, ui)?,
        Command::Deny(arguments) => project::deny::deny(cli.global, &arguments, ui)?,
        Command::Sandbox(arguments) => return Ok(tools::sandbox::sandbox(arguments, ui)?),
        Command::Man(arguments) => tools::man::man(&arguments, ui)?,
        Command::Help(arguments) => tools::help::help(&arguments, ui)?,
    }
    Ok(ExitCode::SUCCESS)
}
