//! Every environment variable that steers vastenv (beside `HOME`, the `XDG_*` folders, and those in which a
//! shell names its own folders: `src/shell/`).

/// The API key, as the official client reads it.
pub const VAST_API_KEY: &str = "VAST_API_KEY";

/// An instance's own key, which Vast puts into each container: for calls about that instance alone.
pub const CONTAINER_API_KEY: &str = "CONTAINER_API_KEY";

/// The server's address, as the official client reads it.
pub const VAST_URL: &str = "VAST_URL";

/// The profile whose account is used.
pub const VASTENV_PROFILE: &str = "VASTENV_PROFILE";

/// Set (to anything but `0`): take the account's variables out of the shell, and load none.
pub const VASTENV_DISABLE: &str = "VASTENV_DISABLE";

/// Set by direnv for an `.envrc` while it runs.
pub const DIRENV_IN_ENVRC: &str = "DIRENV_IN_ENVRC";

/// How much the hook says: `off` nothing, `info` (default) changes and problems, `debug` also at
/// the start of a shell and why variables were skipped.
pub const VASTENV_LOG: &str = "VASTENV_LOG";

/// Set: values are printed to a terminal only, or with `--reveal`, as where an agent is at work; `0`: never
/// mind agents.
pub const VASTENV_GUARD: &str = "VASTENV_GUARD";

/// What coding agents set in the environment of the commands that they run. Only what tells of the
/// agent itself is here: what an editor or a hosted terminal sets for its user too (`TERM_PROGRAM`,
/// `CURSOR_TRACE_ID`, `REPL_ID`), or a user for the agent (`AIDER_…`, `CLAUDE_CODE_…`), tells nothing.
pub const AGENT_MARKERS: [&str; 22] = [
    // Any agent, as two proposals for a common marker have it (Amp, Goose and others set them).
    "AI_AGENT",
    "AGENT",
    // Claude Code
    "CLAUDECODE",
    // Codex
    "CODEX_THREAD_ID",
    "CODEX_SANDBOX",
    "CODEX_SANDBOX_NETWORK_DISABLED",
    "CODEX_CI",
    // Cursor
    "CURSOR_AGENT",
    // Gemini CLI, and Qwen Code that comes from it
    "GEMINI_CLI",
    "QWEN_CODE",
    // OpenCode
    "OPENCODE",
    "OPENCODE_CLIENT",
    // GitHub Copilot's agent in a terminal
    "COPILOT_CLI",
    "COPILOT_AGENT_SESSION_ID",
    // Antigravity
    "ANTIGRAVITY_AGENT",
    // Augment
    "AUGMENT_AGENT",
    // Cline
    "CLINE_ACTIVE",
    // Crush
    "CRUSH",
    // Goose
    "GOOSE_TERMINAL",
    // OpenClaw
    "OPENCLAW_SHELL",
    // Pi
    "PI_CODING_AGENT",
    // Trae
    "TRAE_AI_SHELL_ID",
];

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

/// Where the session's D-Bus is, and with it the keyring.
pub const DBUS_SESSION_BUS_ADDRESS: &str = "DBUS_SESSION_BUS_ADDRESS";

/// The folder in which systemd puts the session's D-Bus.
pub const XDG_RUNTIME_DIR: &str = "XDG_RUNTIME_DIR";

/// The user's editor on a terminal that can show one.
pub const VISUAL: &str = "VISUAL";

/// The user's editor.
pub const EDITOR: &str = "EDITOR";

/// The variables that users set.
pub const TABLE: [(&str, &str); 11] = [
    (VAST_API_KEY, "API key; --api-key overrides it"),
    (VAST_URL, "Server [default: https://console.vast.ai]"),
    (VASTENV_PROFILE, "Profile of config.toml; --profile overrides it"),
    (VASTENV_DISABLE, "1: unload the variables, and load none"),
    (VASTENV_LOG, "off: the hook is silent; info (default); debug: say more"),
    (VASTENV_GUARD, "1: print values to a terminal only; 0: to agents too"),
    (NO_COLOR, "1: disable colour"),
    (SHELL, "Login shell, for hints"),
    (VISUAL, "Editor of `vastenv config edit`, before EDITOR"),
    (EDITOR, "Editor of `vastenv config edit` [default: vi]"),
    ("XDG_*_HOME", "Folders in place of the usual ones, see FILES in vastenv(1)"),
];
