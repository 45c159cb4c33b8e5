//! The program from outside: what it prints, says, sends, writes and exits with.

mod account;
mod bad_files;
mod bad_servers;
#[path = "../common/mod.rs"]
mod common;
mod credentials;
mod diff;
mod disk_full;
mod doctor;
mod dotenv_files;
mod env_vars;
mod export;
mod guard;
#[path = "../common/home.rs"]
mod home;
mod homes;
mod hygiene;
mod import;
mod import_ends;
mod inputs;
mod inspect;
mod intent;
mod interrupted;
mod masks;
mod names;
#[path = "../common/official.rs"]
mod official;
mod paths;
mod prompt;
#[allow(dead_code)]
#[path = "../common/raw_server.rs"]
mod raw_server;
mod redact;
mod redact_terminal;
mod refresh;
mod remember;
mod run;
mod sandbox_command;
mod set_api_key;
mod side_by_side;
mod status;
mod surroundings;
#[path = "../common/terminal.rs"]
mod terminal;
mod usage;
mod who_is_to_blame;
mod why;
