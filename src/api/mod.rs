//! The HTTP client for the Vast account API.
//!
//! One [`Client::send`] carries every call: it retries what may be retried, follows only
//! redirects that stay within the service, and turns every answer into an `Answer` or a
//! failure that holds neither a key nor a value. Nothing here prints: what a person should
//! see goes through a [`Listener`].

mod answer;
mod api_keys;
mod client;
mod inspect;
mod instances;
mod judge;
mod listing;
mod notice;
mod pace;
mod redact;
mod redirect;
mod request;
mod retry;
mod route;
mod runtime;
mod secrets;
mod ssh_keys;
mod users;

#[cfg(test)]
mod tests;

pub(crate) use api_keys::{ApiKey, CreatedApiKey};
pub(crate) use client::{Client, Inspect, Listener, Outstanding, Settings};
pub(crate) use judge::{Reply, TWO_FACTOR};
pub(crate) use listing::Listing;
pub(crate) use runtime::block_on;
pub(crate) use secrets::Listed;
pub(crate) use ssh_keys::{SavedSshKey, SshKey};
