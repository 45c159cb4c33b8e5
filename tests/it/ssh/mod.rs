//! Values that come from another machine, and commands that run there: a real sshd in a namespace.

mod broken;
pub mod instance;
mod read;
mod run;
mod secrecy;
mod seen;
mod terminal;
