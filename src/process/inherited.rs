//! What a command's process does before it becomes the command.
//!
//! It ignores SIGPIPE if that was ignored when this program was started.
//! Rust's runtime ignores it before `main`, and gives every command the default. `nohup`, cron jobs and
//! scripts with `trap '' PIPE` mean the command, whatever stands between.
#![allow(unsafe_code, reason = "nothing safe runs before the runtime, nor between fork and exec")]

use std::fs::File;
use std::io::Write;
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
        before_exec(command, || {
            // SAFETY: one call that may be made between fork and exec.
            unsafe { libc::signal(libc::SIGPIPE, libc::SIG_IGN) };
        });
    }
}

/// Lets the process of `command` write `letter` and its own id to `to` before it becomes the command, which
/// does not have `to`.
pub(super) fn announce(command: &mut Command, to: File, letter: u8) {
    before_exec(command, move || {
        let [a, b, c, d] = std::process::id().to_ne_bytes();
        // SAFETY: such calls may be made between fork and exec. A pipe that nobody reads is no end.
        let before = unsafe { libc::signal(libc::SIGPIPE, libc::SIG_IGN) };
        let _ = (&to).write_all(&[letter, a, b, c, d]);
        // SAFETY: as above.
        unsafe { libc::signal(libc::SIGPIPE, before) };
    });
}

/// `act` allocates nothing and takes no lock.
fn before_exec(command: &mut Command, act: impl Fn() + Send + Sync + 'static) {
    // SAFETY: see what is passed here.
    unsafe {
        command.pre_exec(move || {
            act();
            Ok(())
        })
    };
}
