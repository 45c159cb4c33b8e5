//! The machinery of every call: built once, then send, wait, send again.

use std::cell::RefCell;
use std::error::Error;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Response, Url};
use zeroize::Zeroizing;

use super::answer::{RawAnswer, Trouble};
use super::judge::{Answer, Call, judge};
use super::pace::Pace;
use super::redact::{Redactor, Secrets};
use super::request::Request;
use super::route::{self, Route};
use super::{inspect, redirect, retry};
use crate::domain::{Failure, Kind, Result, Secret, ServerUrl, printable_capped};

/// The limit for reaching the server; kept below that of a whole try.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

const USER_AGENT: &str = concat!("vastenv/", env!("CARGO_PKG_VERSION"));

/// How to reach an account.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub server: ServerUrl,
    /// The API key or the key of a 2FA session.
    pub key: Option<Secret>,
    /// The limit for one whole try, redirects and body included.
    pub timeout: Duration,
    /// How often a call is sent at most (`--retry`); 0 counts as 1.
    pub tries: u32,
    pub insecure_http: bool,
    pub inspect: Inspect,
    pub out: Outstanding,
}

/// The change that was sent and not answered yet, in words to follow "the request to".
#[derive(Clone, Debug, Default)]
pub(crate) struct Outstanding(Arc<Mutex<Option<String>>>);

impl Outstanding {
    /// The change, if there is one; it may have been made already.
    pub(crate) fn change(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, change: Option<String>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = change;
    }
}

/// Whether and how calls are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Inspect {
    Off,
    Explain,
    /// Shown as a curl command and not sent (`--curl`).
    Curl {
        /// Whether values stand in the command: only if they were typed on the command line too.
        show_values: bool,
    },
}

/// Hears what a person should see while a call is under way; without its own methods, nobody does.
pub(crate) trait Listener: Send + Sync {
    /// A call written out, for `--explain` and `--curl`, without a newline at the end.
    fn explain(&self, _text: &str) {}

    /// The call is sent again after `wait`; the reason is like `rate limited`.
    fn waiting(&self, _reason: &str, _wait: Duration) {}

    /// Of `total` calls, `done` are done, and the rest will take about `left` if that can be told.
    fn progress(&self, _done: usize, _total: usize, _left: Option<Duration>) {}
}

/// A client for one account.
pub(crate) struct Client {
    http: reqwest::Client,
    settings: Settings,
    authorization: Option<HeaderValue>,
    listener: Arc<dyn Listener>,
    secrets: RefCell<Secrets>,
    route: Route,
    pace: Pace,
}

impl Client {
    /// Sets up a client; nothing is sent yet.
    pub(crate) fn new(settings: Settings, listener: Arc<dyn Listener>) -> Result<Self> {
        settings.server.check_transport(settings.insecure_http)?;
        let authorization = settings.key.as_ref().map(bearer).transpose()?;
        let route = if settings.server.is_loopback() {
            Route::default()
        } else {
            Route::of_environment(settings.server.as_str())?
        };
        let http = http_client(&settings)?;
        let (secrets, pace) = (RefCell::default(), Pace::default());
        Ok(Self { http, settings, authorization, listener, secrets, route, pace })
    }

    /// What follows the server's name: the proxy between, if there is one.
    pub(crate) fn via(&self) -> String {
        self.route.via()
    }

    /// Takes `values` out of every message of the server from now on.
    pub(crate) fn redact(&self, values: impl IntoIterator<Item = Secret>) {
        self.secrets.borrow_mut().add(values);
    }

    /// Sends a call, again where that is safe and may help, and judges the answer. A change without
    /// an answer to rely on is [`Kind::Ambiguous`]. A call that is only shown is never answered.
    pub(crate) async fn send(&self, request: &Request) -> Result<Answer> {
        let call = Call {
            purpose: request.purpose.clone(),
            host: printable_capped(self.settings.server.host(), 100),
            is_read: request.is_read(),
            right: request.right,
            redactor: Redactor::new(self.settings.key.as_ref(), request, self.secrets.borrow().clone()),
        };
        let url = self.address(request)?;
        self.show(request, &url).await;

        let mut backoff = retry::FIRST_WAIT;
        let mut tries_left = self.settings.tries.max(1);
        loop {
            let wait = self.pace.wait(request, Instant::now());
            if !wait.is_zero() {
                self.listener.waiting("keeping the server's pace", wait);
                tokio::time::sleep(wait).await;
            }
            self.settings.out.set((!call.is_read).then(|| call.purpose.clone()));
            let outcome = self.attempt(request, &call, &url).await;
            self.settings.out.set(None);
            self.pace.answered(request, Instant::now());
            tries_left -= 1;
            let wait = retry::wait_after(&outcome, request.repeatable, backoff);
            if let (Some(wait), Ok(RawAnswer { status: 429, .. })) = (&wait, &outcome) {
                self.pace.learn(request, wait.time, Instant::now());
            }
            match wait {
                Some(wait) if tries_left > 0 => {
                    self.listener.waiting(&wait.reason, wait.time);
                    tokio::time::sleep(wait.time).await;
                    backoff += backoff / 2;
                }
                _ => return judge(call, outcome),
            }
        }
    }

    fn address(&self, request: &Request) -> Result<Url> {
        let text = format!("{}/api/{}{}", self.settings.server, request.version, request.path);
        let mut url = Url::parse(&text).map_err(|error| {
            Failure::failed(format!("{} is not a valid address: {error}", printable_capped(&text, 100)))
        })?;
        if !request.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&request.query);
        }
        Ok(url)
    }

    async fn show(&self, request: &Request, url: &Url) {
        let has_key = self.authorization.is_some();
        match self.settings.inspect {
            Inspect::Off => {}
            Inspect::Explain => {
                self.listener.explain(&inspect::explain(request, url, has_key, USER_AGENT));
            }
            Inspect::Curl { show_values } => {
                self.listener.explain(&inspect::curl(request, url, has_key, show_values));
                std::future::pending::<()>().await;
            }
        }
    }

    /// One try, within its time limit.
    async fn attempt(
        &self,
        request: &Request,
        call: &Call,
        url: &Url,
    ) -> std::result::Result<RawAnswer, Trouble> {
        let limit = self.settings.timeout;
        tokio::time::timeout(limit, self.exchange(request, call, url)).await.unwrap_or_else(|_| {
            Err(Trouble::Unanswered(format!(
                "no answer from {}{} within {limit:?}",
                call.host,
                self.route.via()
            )))
        })
    }

    /// Sends the request to where the redirects, if any, lead.
    async fn exchange(
        &self,
        request: &Request,
        call: &Call,
        url: &Url,
    ) -> std::result::Result<RawAnswer, Trouble> {
        let service = self.settings.server.origin();
        let mut url = url.clone();
        for _ in 0..=redirect::LIMIT {
            let response = self.transmit(request, call, &url).await?;
            let next = redirect::target(call, &service, &url, response.status(), response.headers());
            match next.map_err(Trouble::Final)? {
                None => return Ok(RawAnswer::read(response).await),
                Some(next) => {
                    if self.settings.inspect == Inspect::Explain {
                        self.listener
                            .explain(&format!("redirected to {}", call.redactor.show(next.as_str())));
                    }
                    url = next;
                }
            }
        }
        Err(Trouble::Final(redirect::too_many(call)))
    }

    async fn transmit(
        &self,
        request: &Request,
        call: &Call,
        url: &Url,
    ) -> std::result::Result<Response, Trouble> {
        let mut prepared = self.http.request(request.method.clone(), url.clone());
        prepared = prepared.header(CONTENT_TYPE, "application/json");
        if let Some(authorization) = &self.authorization {
            prepared = prepared.header(AUTHORIZATION, authorization.clone());
        }
        if let Some(body) = &request.body {
            // Wiped when it was sent.
            let bytes = Zeroizing::new(body.to_string().into_bytes());
            prepared = prepared.body(Bytes::from_owner(bytes));
        }
        let error = match prepared.send().await {
            Ok(response) => return Ok(response),
            Err(error) => error,
        };
        let cause = call.redactor.show(&innermost(&error));
        Err(if error.is_connect() || error.is_builder() {
            Trouble::NotSent(self.route.blame(&call.host, url, &error, &cause).await)
        } else {
            Trouble::Unanswered(format!("{}{} closed the connection ({cause})", call.host, self.route.via()))
        })
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Client").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// The header that carries `key`.
fn bearer(key: &Secret) -> Result<HeaderValue> {
    let bad_key = || {
        Failure::new(Kind::NotAuthenticated, "the API key is empty or holds a character that no key has")
            .hint("set it again with `vastenv set api-key`")
    };
    let text = key.expose();
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(bad_key());
    }
    let mut header = HeaderValue::try_from(format!("Bearer {text}")).map_err(|_| bad_key())?;
    header.set_sensitive(true);
    Ok(header)
}

fn http_client(settings: &Settings) -> Result<reqwest::Client> {
    // An error means that a provider is in place already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    // Below the whole limit, so that a server that cannot be reached never counts as one that
    // was reached and did not answer.
    let connect_timeout = CONNECT_TIMEOUT.min(settings.timeout.mul_f64(0.9));
    let mut builder = reqwest::Client::builder()
        .user_agent(USER_AGENT)
        .connect_timeout(connect_timeout)
        .redirect(reqwest::redirect::Policy::none())
        .referer(false);
    if settings.server.is_loopback() {
        // Where no file names it, DNS would be asked.
        let here = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()].map(|ip: IpAddr| (ip, 0).into());
        builder = builder.no_proxy().resolve_to_addrs("localhost", &here);
    }
    if settings.server.is_plain_http() {
        // No TLS to come: reading the system's certificates would take longer than the request.
        builder = builder.tls_certs_only([]);
    }
    builder.build().map_err(|error| {
        Failure::failed(format!("cannot set up TLS: {}", printable_capped(&innermost(&error), 200)))
            .hint(route::NO_CERTIFICATES)
    })
}

/// The error at the bottom of the chain: the one that says what happened.
fn innermost(error: &dyn Error) -> String {
    let mut bottom = error;
    while let Some(source) = bottom.source() {
        bottom = source;
    }
    let text = bottom.to_string();
    // Rust's number for it tells a user nothing.
    text.split(" (os error").next().unwrap_or(&text).to_owned()
}
