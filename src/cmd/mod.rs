//! The commands, one file each: arguments in, the account asked, text out.

mod app;
mod ask;
mod background;
mod complete;
mod completions;
mod create_api_key;
mod create_env_var;
mod create_ssh_key;
mod delete_api_key;
mod delete_env_var;
mod delete_ssh_key;
mod diff;
mod dotenv_file;
mod each;
mod export;
mod export_age;
mod forget_env_var;
mod guard;
mod help;
mod hook;
mod hook_reply;
mod import;
mod interrupts;
mod load;
mod man;
mod nearest;
mod outcome;
mod refresh;
mod remember_env_var;
mod report;
mod reset_api_key;
mod run;
mod run_on;
mod running;
mod sandbox;
mod sandbox_shell;
mod set_api_key;
mod set_env_var;
mod show_api_keys;
mod show_env_var;
mod show_env_vars;
mod show_ssh_keys;
mod ssh_key;
mod storage;
mod there;
mod this_shell;
mod unseal;
mod update_env_var;
mod update_ssh_key;
mod value;
mod values_file;

use std::process::ExitCode;

use app::App;
use outcome::Outcome;

use crate::cli::{Cli, Command, Create, Delete, Forget, Reset, Set, Show, Update};
use crate::context;
use crate::domain::Result;
use crate::ui::Ui;

pub use background::{BACKGROUND_REFRESH, background_refresh};
pub use complete::{COMPLETE, complete};
pub use export::export_at_once;
pub use help::print_help;
pub use hook::print_hook;
pub use hook_reply::{HookCall, reply_to_hook};

/// Does what the command line says.
pub fn dispatch(cli: Cli, ui: Ui) -> Result<ExitCode> {
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
    let app = || -> Result<App> {
        let app = App::new(cli.global.clone(), ui)?;
        if context::stdin_is_terminal() && !only_looks {
            // Somebody typed this, and is there to answer.
            app.machine.let_keyring_ask();
        }
        reset_api_key::finish_reset(&app);
        Ok(app)
    };
    match command {
        Command::Hook(arguments) => hook::hook(&arguments, ui)?,
        Command::Completions(arguments) => completions::completions(&arguments, ui, cli.global.yes)?,
        Command::Export(arguments) => export::export(&app()?, &arguments)?,
        Command::Run(arguments) => return run::run(&app()?, &arguments),
        Command::Refresh => refresh::refresh(&app()?)?,
        Command::Storage(arguments) => storage::storage(&app()?, &arguments)?,
        Command::Status => report::status(&app()?)?,
        Command::Doctor => return Ok(report::doctor(cli.global, ui)?),
        Command::Why(arguments) => report::why(&app()?, &arguments)?,
        Command::Show(Show::EnvVars(arguments)) => show_env_vars::show_env_vars(&app()?, &arguments)?,
        Command::Show(Show::EnvVar(arguments)) => show_env_var::show_env_var(&app()?, &arguments)?,
        Command::Show(Show::ApiKey(arguments)) => show_api_keys::show_api_key(&app()?, &arguments)?,
        Command::Show(Show::ApiKeys) => show_api_keys::show_api_keys(&app()?)?,
        Command::Show(Show::SshKeys) => show_ssh_keys::show_ssh_keys(&app()?)?,
        Command::Create(Create::ApiKey(arguments)) => create_api_key::create_api_key(&app()?, arguments)?,
        Command::Create(Create::SshKey(arguments)) => create_ssh_key::create_ssh_key(&app()?, arguments)?,
        Command::Update(Update::SshKey(arguments)) => update_ssh_key::update_ssh_key(&app()?, &arguments)?,
        Command::Delete(Delete::ApiKey(arguments)) => {
            return delete_api_key::delete_api_key(&app()?, &arguments);
        }
        Command::Delete(Delete::SshKey(arguments)) => {
            return delete_ssh_key::delete_ssh_key(&app()?, &arguments);
        }
        Command::Remember(arguments) => remember_env_var::remember_env_var(&app()?, *arguments)?,
        Command::Forget(Forget::EnvVar(arguments)) => forget_env_var::forget_env_var(&app()?, &arguments)?,
        Command::Reset(Reset::ApiKey) => reset_api_key::reset_api_key(&app()?)?,
        Command::Create(Create::EnvVar(arguments)) => create_env_var::create_env_var(&app()?, arguments)?,
        Command::Update(Update::EnvVar(arguments)) => update_env_var::update_env_var(&app()?, arguments)?,
        Command::Set(Set::EnvVar(arguments)) => set_env_var::set_env_var(&app()?, arguments)?,
        Command::Set(Set::ApiKey(arguments)) => set_api_key::set_api_key(&app()?, arguments)?,
        Command::Delete(Delete::EnvVar(arguments)) => {
            return delete_env_var::delete_env_var(&app()?, &arguments);
        }
        Command::Import(arguments) => return import::import(&app()?, &arguments),
        Command::Diff(arguments) => return diff::diff(&app()?, &arguments),
        Command::Sandbox(arguments) => return Ok(sandbox::sandbox(arguments, ui)?),
        Command::Man(arguments) => man::man(&arguments, ui)?,
        Command::Help(arguments) => help::help(&arguments, ui)?,
    }
    Ok(ExitCode::SUCCESS)
}
