//! The way to an account's server.

use std::sync::Arc;
use std::time::Duration;

use crate::account::local::Account;
use crate::api::{Client, Inspect, Listener, Outstanding, Settings, TWO_FACTOR};
use crate::credentials::Credential;
use crate::domain::{Failure, Remedy, Result, Secret, format_duration};

/// The longest that a command waits for one request.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(30);

/// The longest that a background refresh waits for one request.
const REFRESH_TIMEOUT: Duration = Duration::from_secs(10);

/// How calls are made, as the command line says.
#[derive(Clone)]
pub(crate) struct Connection {
    pub tries: u32,
    pub inspect: Inspect,
    /// Whether plain http to other machines is let through.
    pub insecure_http: bool,
    pub listener: Arc<dyn Listener>,
    pub out: Outstanding,
}

/// An account with a way to its server.
pub(crate) struct Remote<'a> {
    pub account: Account<'a>,
    pub(in crate::account) client: Client,
    pub(in crate::account) listener: Arc<dyn Listener>,
    pub(in crate::account) out: Outstanding,
    /// Calls are shown in place of being sent (`--curl`).
    pub(in crate::account) only_shown: bool,
}

impl<'a> Remote<'a> {
    /// A way for a command that somebody waits for.
    pub(crate) fn for_command(account: Account<'a>, connection: Connection) -> Result<Self> {
        Self::new(account, connection, COMMAND_TIMEOUT, true)
    }

    /// A way for a refresh in the background.
    pub(crate) fn for_background(account: Account<'a>, connection: Connection) -> Result<Self> {
        let once = Connection { tries: 1, ..connection };
        let made = Self::new(account.clone(), once, REFRESH_TIMEOUT, false);
        if let (Err(failure), None) = (&made, &account.credential.key) {
            // Where this cannot be written down, the next prompt has the command run again.
            let _ = account.store().backoffs.of(&account.opened).record(failure, account.now());
        }
        made
    }

    /// The server did not answer in time.
    pub(super) fn no_answer_within(&self, limit: Duration) -> Failure {
        let (host, limit) = (self.account.server.host(), format_duration(limit.as_secs()));
        Failure::unavailable(format!("no answer from {host}{} within {limit}", self.client.via()))
    }

    /// `failure` with where the key came from, if it is the key that was refused.
    pub(crate) fn blame(&self, failure: Failure) -> Failure {
        if !failure.is_refusal() && !failure.is_right_missing() {
            return failure;
        }
        let Credential { key, source } = &self.account.credential;
        let suffix = key.as_ref().map_or(String::new(), |key| format!(" {}", key.suffix()));
        let from = format!("the key{suffix} is from {source}");
        let remedy = match failure.remedy() {
            Some(Remedy::GrantRights { missing, text }) => {
                Remedy::GrantRights { missing: missing.clone(), text: format!("{from}; {text}") }
            }
            _ if failure.status_code() == 401 => format!("{from}; {}; {TWO_FACTOR}", source.fix()).into(),
            _ => format!("{from}; {}", source.fix()).into(),
        };
        failure.hint(remedy)
    }

    fn new(account: Account<'a>, connection: Connection, timeout: Duration, is_heard: bool) -> Result<Self> {
        let only_shown = matches!(connection.inspect, Inspect::Curl { .. });
        // What is only shown has a variable in the key's place.
        let account = if only_shown { account } else { account.with_key(is_heard)? };
        let unneeded = || Secret::new("-");
        let settings = Settings {
            server: account.server.clone(),
            key: Some(account.credential.key.clone().unwrap_or_else(unneeded)),
            timeout,
            tries: connection.tries,
            insecure_http: connection.insecure_http || account.config.insecure_http,
            inspect: connection.inspect,
            out: connection.out.clone(),
        };
        let Connection { listener, out, .. } = connection;
        let client = Client::new(settings, Arc::clone(&listener))?;
        client.redact(account.all_values());
        Ok(Self { account, client, listener, out, only_shown })
    }
}
