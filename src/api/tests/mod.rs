//! Calls against a fake server that lies, hangs and breaks off.

mod answers;
mod inspections;
mod instances;
mod redirects;
mod retries;
mod secrets;
mod server;
mod transport;

#[allow(dead_code, unreachable_pub, reason = "no program is looked for here")]
#[path = "../../../tests/it/common/process.rs"]
mod process;
#[allow(dead_code, unreachable_pub, reason = "other tests use the rest")]
#[path = "../../../tests/it/common/raw_server.rs"]
mod raw_server;
#[allow(dead_code, unreachable_pub, reason = "nothing is skipped here")]
#[path = "../../../tests/it/common/skip.rs"]
mod skip;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::{Client, Inspect, Listener, Outstanding, Settings, block_on};
use crate::domain::{EnvName, Failure, Result, Secret, ServerUrl};

/// The key of every test.
const KEY: &str = "key-abcdef0123456789";

/// The value that writes send; long enough to be found in any message.
const VALUE: &str = "hf_SuperSecretValue";

/// Keeps what a person would have seen.
#[derive(Default)]
struct Seen {
    shown: Mutex<Vec<String>>,
    waits: Mutex<Vec<(String, Duration)>>,
}

impl Listener for Seen {
    fn explain(&self, text: &str) {
        self.shown.lock().unwrap().push(text.to_owned());
    }

    fn waiting(&self, reason: &str, wait: Duration) {
        self.waits.lock().unwrap().push((reason.to_owned(), wait));
    }
}

impl Seen {
    fn shown(&self) -> Vec<String> {
        self.shown.lock().unwrap().clone()
    }

    fn reasons(&self) -> Vec<String> {
        self.waits.lock().unwrap().iter().map(|(reason, _)| reason.clone()).collect()
    }
}

/// Generous limits: a test that needs a time-out lowers them.
fn settings(server: &str) -> Settings {
    Settings {
        server: ServerUrl::parse(server).unwrap(),
        key: Some(Secret::new(KEY)),
        timeout: Duration::from_secs(30),
        tries: 3,
        insecure_http: false,
        inspect: Inspect::Off,
        out: Outstanding::default(),
    }
}

fn client(settings: Settings) -> (Client, Arc<Seen>) {
    let seen = Arc::new(Seen::default());
    (Client::new(settings, seen.clone()).unwrap(), seen)
}

/// A client that tries once.
fn single(server: &str) -> Client {
    client(Settings { tries: 1, ..settings(server) }).0
}

/// What one call of each kind of risk ends with.
fn read(client: &Client) -> Result<usize> {
    block_on(async { Ok(client.secrets().await?.variables.len()) })
}

fn create(client: &Client) -> Result<String> {
    block_on(async { Ok(client.create_secret(&name(), &Secret::new(VALUE)).await?.message) })
}

fn update(client: &Client) -> Result<String> {
    block_on(async { Ok(client.update_secret(&name(), &Secret::new(VALUE)).await?.message) })
}

fn delete(client: &Client) -> Result<String> {
    block_on(async { Ok(client.delete_secret("NAME").await?.message) })
}

fn name() -> EnvName {
    EnvName::parse("NAME").unwrap()
}

/// The failure of a call, checked to hold no secret.
fn failure<T: std::fmt::Debug>(result: Result<T>) -> Failure {
    let failure = result.expect_err("a failure");
    let shown = format!("{failure:?}");
    assert!(!shown.contains(KEY) && !shown.contains(VALUE), "{shown}");
    failure
}
