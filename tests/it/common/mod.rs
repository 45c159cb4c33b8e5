//! What the suites share, and a sandbox that serves in a thread of its own until it is dropped.

pub mod container;
pub mod home;
pub mod keyring;
pub mod locales;
pub mod official;
pub mod packages;
pub mod process;
pub mod pty;
// The unit tests of src/api have it too, and use all of it.
#[allow(dead_code)]
pub mod raw_server;
pub mod screen;
pub mod skip;
pub mod terminal;
pub mod values;
mod words;

use std::sync::mpsc::{Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use vastenv::domain::Secret;
use vastenv::sandbox::{Options, Sandbox};

pub struct RunningSandbox {
    pub url: String,
    pub key: Secret,
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl RunningSandbox {
    /// Serves with the clock `now`.
    pub fn start(options: &Options, now: impl Fn() -> Duration + Send + 'static) -> Self {
        let sandbox = Sandbox::bind(options, now).expect("a sandbox");
        let (url, key) = (sandbox.url(), sandbox.api_key().clone());
        let (stop, stopped) = channel();
        let thread = thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            let until = async {
                let waiting = tokio::task::spawn_blocking(move || stopped.recv());
                // Dropping the sender ends the wait as well.
                let _ = waiting.await.expect("the wait for the end");
            };
            runtime.block_on(sandbox.serve(until)).expect("served");
        });
        Self { url, key, stop: Some(stop), thread: Some(thread) }
    }
}

impl Drop for RunningSandbox {
    fn drop(&mut self) {
        drop(self.stop.take());
        let ended = self.thread.take().map(JoinHandle::join);
        assert!(thread::panicking() || matches!(ended, Some(Ok(()))), "the sandbox panicked");
    }
}
