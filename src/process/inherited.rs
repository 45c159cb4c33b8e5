//! Whether SIGPIPE was ignored when this program was started, and a command that is started so as well.
//!
//! Rust's runtime ignores it before `main`, and gives every command the default. `nohup`, cron jobs and
//! scripts with `trap '' PIPE` mean the command, whatever stands between.
#![allow(unsafe_code, reason = "nothing safe runs before the runtime, nor between fork and exec")]

use std::os::unix::process::CommandExt;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

use nix::libc;

static IS_IGNORED: AtomicBool = AtomicBool::new(false);

/// Called by the loader.
#[used]
#[cfg_attr(target_vendor = "apple", unsafe(link_section = "__DATA,__mod_init_func"))]
#[cfg_attr(not(target_vendor = "apple"), unsafe(link_section = ".init_array"))]
static LOOK: extern "C" fn() = look;

extern "C" fn look() {
    // SAFETY: all zero is a valid value, and only the disposition is read.
    let mut found: libc::sigaction = unsafe { std::mem::zeroed() };
    // SAFETY: as above; nothing is changed.
    let result = unsafe { libc::sigaction(libc::SIGPIPE, std::ptr::null(), &raw mut found) };
    IS_IGNORED.store(result == 0 && found.sa_sigaction == libc::SIG_IGN, Ordering::Relaxed);
}

/// Starts `command` with SIGPIPE ignored if it was for this program.
pub(crate) fn pass_on_ignored_pipe(command: &mut Command) {
    if IS_IGNORED.load(Ordering::Relaxed) {
        let ignore = || {
            // SAFETY: one call that may be made between fork and exec.
            unsafe { libc::signal(libc::SIGPIPE, libc::SIG_IGN) };
            Ok(())
        };
        // SAFETY: it allocates nothing and takes no lock.
        unsafe { command.pre_exec(ignore) };
    }
}
