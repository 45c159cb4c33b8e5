//! A command whose output is for us, and whose messages are for the user.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};

use zeroize::Zeroizing;

use super::{Trouble, exit_code, pump, with_users_limits};

/// The most that is read of an output, in bytes.
const MOST: u64 = 64 * 1024 * 1024;

/// What a command that has ended printed.
pub(crate) struct Captured {
    pub code: u8,
    pub output: Zeroizing<Vec<u8>>,
    /// The end of its messages.
    pub messages: Vec<u8>,
}

/// Runs `command` to its end, without input. Its messages are shown on `stderr` as they come.
pub(crate) fn capture(mut command: Command, stderr: File) -> Result<Captured, Trouble> {
    let trouble = |error| Trouble::Surroundings("cannot read the command's output", error);
    let (end, runs) = io::pipe().map_err(trouble)?;
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = with_users_limits(|| command.spawn()).map_err(Trouble::NotStarted)?;
    let messages = child.stderr.take().map(|from| {
        let from = File::from(OwnedFd::from(from));
        std::thread::spawn(move || pump::shown(from, stderr, &end))
    });
    let mut output = Zeroizing::new(Vec::new());
    let read = child.stdout.take().map(|from| from.take(MOST).read_to_end(&mut output));
    let status = child.wait().map_err(trouble)?;
    // What it left behind may keep its messages open.
    drop(runs);
    let messages = messages.and_then(|messages| messages.join().ok()).unwrap_or_default();
    read.transpose().map_err(trouble)?;
    Ok(Captured { code: exit_code(status), output, messages })
}
