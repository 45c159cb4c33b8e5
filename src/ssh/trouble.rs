//! Why nothing ran at the other end, from what came in its place.

/// `ssh`'s exit code for its own failures.
const FAILED: u8 = 255;

/// What tmux says where it cannot start, and where it ends.
const TMUX: [&str; 4] =
    ["open terminal failed: not a terminal", "no sessions", "[exited]", "[detached (from session "];

/// What keeps a script from running.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// `ssh` has said so itself: the key is not let in.
    NotAdmitted,
    /// `ssh` has said so itself: the host's key is another one.
    UnknownHost,
    /// `ssh` has said why.
    NotConnected,
    /// A signal ended `ssh`.
    Ended { signal: u8 },
    /// The login goes into tmux and runs nothing else.
    Tmux,
    /// The login runs something else.
    NotRun(u8),
}

/// Why the script did not run: the exit code of `ssh`, and what was printed before.
pub(crate) fn trouble(code: u8, printed: &[u8]) -> Trouble {
    let text = String::from_utf8_lossy(printed);
    let says = |words: &str| text.contains(words);
    if TMUX.iter().any(|words| says(words)) {
        Trouble::Tmux
    } else if (129..192).contains(&code) {
        Trouble::Ended { signal: code - 128 }
    } else if code != FAILED {
        Trouble::NotRun(code)
    } else if says("Permission denied (") {
        Trouble::NotAdmitted
    } else if says("Host key verification failed") {
        Trouble::UnknownHost
    } else {
        Trouble::NotConnected
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_printed_says_more_than_the_exit_code() {
        for (code, printed, expected) in [
            (255, "root@h: Permission denied (publickey).\r\n", Trouble::NotAdmitted),
            (255, "Host key verification failed.\r\n", Trouble::UnknownHost),
            (255, "ssh: connect to host h port 22: Connection refused\r\n", Trouble::NotConnected),
            (1, "open terminal failed: not a terminal\n", Trouble::Tmux),
            (0, "no sessions\n", Trouble::Tmux),
            (0, "\x1b[?1049l[detached (from session ssh_tmux)]\r\n", Trouble::Tmux),
            (0, "Welcome\n", Trouble::NotRun(0)),
            (130, "Welcome\n", Trouble::Ended { signal: 2 }),
        ] {
            assert_eq!(trouble(code, printed.as_bytes()), expected, "{printed:?}");
        }
    }
}
