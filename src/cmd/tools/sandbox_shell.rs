//! A shell to try things in: the hook, and three variables in the sandbox's account, remembered as if they
//! had been created here.

use std::ffi::OsString;
use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::context;
use crate::domain::{Failure, Result};
use crate::files::{make_folder, reason, unwritable};
use crate::shell::{self, Folders, Shell};

/// What the account begins with, as a dotenv file; the values look like real ones.
const VARIABLES: &str = "HF_TOKEN=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\n\
     WANDB_API_KEY=0123456789abcdef0123456789abcdef01234567\n\
     GREETING=\"it's a sandbox\"\n";

/// The shell that these words start to be typed in, if they do.
pub(crate) fn typed_in(words: &[OsString]) -> Option<Shell> {
    match words {
        [program] => shell::parse(program.to_str()?),
        _ => None,
    }
}

/// Puts the hook into the shell's start-up file below `home`.
pub(crate) fn install_hook(shell: Shell, home: &Path) -> Result<()> {
    let folders = Folders { home: Some(home.to_owned()), variable: |_| None };
    let Some(file) = shell.start_file().find(&folders).0 else { return Ok(()) };
    let folder = file.parent().unwrap_or(home);
    make_folder(folder, 0o700).map_err(|error| unwritable(folder, &error))?;
    std::fs::write(&file, shell.hook_line() + "\n").map_err(|error| unwritable(&file, &error))
}

/// Starts what creates the variables; `prepare` gives it the sandbox's environment.
pub(crate) fn start_seeding(prepare: impl FnOnce(&mut Command)) -> Result<Child> {
    let mut command = Command::new(context::own_path()?);
    command.args(["--quiet", "--yes", "import", "-"]).stdin(Stdio::piped()).stdout(Stdio::null());
    prepare(&mut command);
    let failed = |error| Failure::failed(format!("cannot fill the sandbox: {}", reason(&error)));
    let mut child = command.spawn().map_err(failed)?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(VARIABLES.as_bytes()).map_err(failed)?;
    }
    Ok(child)
}
