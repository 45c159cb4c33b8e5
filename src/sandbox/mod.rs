//! A local fake of the Vast account API: to try vastenv, or to test scripts against
//! Vast, without an account. The official client can talk to it as well.
//!
//! It answers as the documented service does: secrets, API keys, SSH keys, instances (read only) and the
//! current user under `/api/v0` and `/api/v1`, on loopback only. Where the documents are silent, the sandbox decides:
//! - values of secrets may hold any text, as those of real accounts do; an empty one is refused;
//! - an account holds at most 20 000 secrets;
//! - an account without SSH keys lists `[]` (not 404, which the official client takes for an error);
//! - a second copy of an SSH key is refused as `duplicate_ssh_key`, other text as `invalid_request`;
//! - a key without `permissions` may do everything; a category grants its endpoints whole, however
//!   its constraints narrow it;
//! - only requests that were let through count for the rate limits, and those of the API keys, of
//!   one key and of all, count together.
//!
//! A change is made, saved and recorded before its answer is sent (and before the latency), so a
//! client that hangs up early has still changed the account.

mod account;
mod answer;
mod api_keys;
mod instances;
mod limits;
mod permissions;
mod record;
mod request;
mod routes;
mod secrets;
mod service;
mod ssh_keys;
mod state_file;

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::domain::{Failure, Result, Secret};
use crate::files::reason;
pub use instances::InstanceSeed;
pub use limits::RateLimits;

use answer::Answer;
use service::Service;

/// How long to wait before accepting again after the system refused (say, no descriptors left).
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How a sandbox behaves.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The port on 127.0.0.1; 0 takes any free one.
    pub port: u16,
    /// The JSON file that keeps the account; none keeps it in memory only.
    pub state: Option<PathBuf>,
    /// Instances that the account has, beside those of its file.
    pub instances: Vec<InstanceSeed>,
    /// Whether values of secrets read as `********`, as the real service masks them.
    pub mask: bool,
    pub latency: Duration,
    /// Whether the documented minimum intervals between requests are kept (429 otherwise), and how.
    pub rate_limits: Option<RateLimits>,
    /// The file that gets one JSON line for every request: method, path, body, status; never a key
    /// from a header. It is made readable by its owner only, for bodies hold values.
    pub record: Option<PathBuf>,
}

/// A sandbox that has its port and its account, but serves nobody yet.
pub struct Sandbox {
    listener: TcpListener,
    port: u16,
    api_key: Secret,
    latency: Duration,
    service: Service,
}

impl Sandbox {
    /// Takes the port and loads the account, or creates one with a random user id and API key.
    ///
    /// `now` is the time since 1970; the rate limits and creation dates go by it.
    pub fn bind(options: &Options, now: impl Fn() -> Duration + Send + 'static) -> Result<Self> {
        let (listener, port) = listen(options.port)?;
        let service = Service::open(options, Box::new(now))?;
        let api_key = service.first_key().ok_or_else(|| Failure::failed("the sandbox account has no key"))?;
        Ok(Self { listener, port, api_key, latency: options.latency, service })
    }

    /// The address to give as `VAST_URL` or `--url`.
    pub fn url(&self) -> String {
        format!("http://{}:{}", Ipv4Addr::LOCALHOST, self.port)
    }

    /// The account's first API key.
    pub fn api_key(&self) -> &Secret {
        &self.api_key
    }

    /// Whether the account has no variables.
    pub fn is_empty(&self) -> bool {
        self.service.is_empty()
    }

    /// Serves until `until` resolves, then drops what connections there are.
    ///
    /// Needs a tokio runtime with I/O and time.
    pub async fn serve(self, until: impl Future<Output = ()>) -> Result<()> {
        let failed = |error: io::Error| {
            Failure::failed(format!("cannot serve on port {}: {}", self.port, reason(&error)))
        };
        let listener = tokio::net::TcpListener::from_std(self.listener).map_err(failed)?;
        let service = Arc::new(Mutex::new(self.service));
        let mut connections = JoinSet::new();
        let mut until = pin!(until);
        loop {
            let event = poll_fn(|context| {
                if until.as_mut().poll(context).is_ready() {
                    return Poll::Ready(None);
                }
                // Connections that ended are let go; how they ended is their clients' affair.
                while let Poll::Ready(Some(_)) = connections.poll_join_next(context) {}
                listener.poll_accept(context).map(Some)
            })
            .await;
            match event {
                None => return Ok(()),
                Some(Ok((stream, _))) => {
                    connections.spawn(converse(stream, Arc::clone(&service), self.latency));
                }
                Some(Err(_)) => tokio::time::sleep(ACCEPT_PAUSE).await,
            }
        }
    }
}

fn listen(port: u16) -> Result<(TcpListener, u16)> {
    let failed = |error: io::Error| {
        Failure::failed(format!(
            "cannot listen on port {port} of {}: {}",
            Ipv4Addr::LOCALHOST,
            reason(&error)
        ))
        .hint("give another port, or 0 for any free one")
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(failed)?;
    listener.set_nonblocking(true).map_err(failed)?;
    let port = listener.local_addr().map_err(failed)?.port();
    Ok((listener, port))
}

/// Answers the requests of one connection, one after the other.
async fn converse(stream: TcpStream, service: Arc<Mutex<Service>>, latency: Duration) {
    // Without this, answers on a kept connection wait for the client's delayed acknowledgement.
    // A failure costs speed only.
    let _ = stream.set_nodelay(true);
    let respond = service_fn(move |request: hyper::Request<Incoming>| {
        let service = Arc::clone(&service);
        async move {
            let answer = match request::receive(request).await {
                Ok(request) => service.lock().unwrap_or_else(PoisonError::into_inner).handle(&request),
                Err(answer) => answer,
            };
            if !latency.is_zero() {
                tokio::time::sleep(latency).await;
            }
            Ok::<_, Infallible>(answer.into_response())
        }
    });
    // A client that hangs up or talks nonsense ends its own connection, nothing else.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), respond).await;
}

/// What an endpoint's logic ends with: the body of a 200 answer, or the answer that refuses.
type Outcome = std::result::Result<serde_json::Value, Answer>;
