//! No core dump of this process: it would hold every value.

use std::sync::OnceLock;

use nix::sys::resource::{Resource, getrlimit, rlim_t, setrlimit};

/// The size of core dumps that the user allows, where that is not none.
static USERS_LIMIT: OnceLock<rlim_t> = OnceLock::new();

/// Forbids core dumps of this process, and other processes of the user to look into its memory.
/// Called once, before anything secret is read.
pub(crate) fn forbid_core_dumps() {
    if let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_CORE)
        && soft > 0
        && setrlimit(Resource::RLIMIT_CORE, 0, hard).is_ok()
    {
        // A second call finds a limit of 0, and never comes here.
        let _ = USERS_LIMIT.set(soft);
    }
    // What cannot be had here costs the protection, not the work.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let _ = nix::sys::prctl::set_dumpable(false);
}

/// Starts a program of the user, which is to have the user's own limit. The kernel itself makes a
/// process dumpable again that starts a program.
pub(crate) fn with_users_limits<T>(start: impl FnOnce() -> T) -> T {
    let set_soft = |soft| {
        if let Ok((_, hard)) = getrlimit(Resource::RLIMIT_CORE) {
            // Lowering always works, and raising back to what was allowed before does too.
            let _ = setrlimit(Resource::RLIMIT_CORE, soft, hard);
        }
    };
    let Some(users) = USERS_LIMIT.get() else { return start() };
    set_soft(*users);
    let started = start();
    set_soft(0);
    started
}
