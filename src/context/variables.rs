//! Every environment variable that steers vastenv (beside `HOME` and the `XDG_*` folders).

/// The API key, as the official client reads it.
pub const VAST_API_KEY: &str = "VAST_API_KEY";

/// The server's address, as the official client reads it.
pub const VAST_URL: &str = "VAST_URL";

/// Set (to anything but `0`): take the account's variables out of the shell, and load none.
pub const VASTENV_DISABLE: &str = "VASTENV_DISABLE";

/// How much the hook says: `off` nothing, `info` (default) changes and problems, `debug` also at
/// the start of a shell and why variables were skipped.
pub const VASTENV_LOG: &str = "VASTENV_LOG";

/// What a completion script asks about: the words of a command line, with U+001F between them (in bash
/// the line before the cursor, and the line after it). Not an argument: what is typed may be a secret,
/// and arguments are seen in `ps`.
pub const LINE: &str = "__vastenv_line";

/// Set: no colour, see <https://no-color.org>.
pub const NO_COLOR: &str = "NO_COLOR";

/// `dumb`: no colour and no progress.
pub const TERM: &str = "TERM";

/// The shell of the user's login, for hints.
pub const SHELL: &str = "SHELL";

/// The user's name, for the comment of a new SSH key.
pub const USER: &str = "USER";

/// Where an SSH agent listens, to tell which of the account's keys it holds.
pub const SSH_AUTH_SOCK: &str = "SSH_AUTH_SOCK";
