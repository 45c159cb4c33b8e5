//! `vastenv hook SHELL`: the text for a shell's start-up file.

use std::os::unix::ffi::OsStrExt;

use crate::context;
use crate::domain::{Failure, Result};
use crate::shell;
use crate::ui::Ui;

/// Prints the hook of the shell called `name`.
///
/// # Errors
/// There is no hook for it.
pub fn print_hook(name: &str, ui: Ui) -> Result<()> {
    let shell = shell::parse(name).ok_or_else(|| Failure::usage("no hook for this shell"))?;
    ui.data(&shell.hook(context::own_path()?.as_os_str().as_bytes()))
}
