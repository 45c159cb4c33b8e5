//! API keys and SSH keys: every command, from outside.

mod agent;
mod api_keys;
mod generate;
mod help;
pub mod openssh;
mod permissions;
mod private_keys;
mod reset;
mod sessions;
mod ssh_keys;
mod ssh_login;
