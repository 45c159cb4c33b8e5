//! What came back from one try, before anybody judged it.

use std::time::Duration;

use reqwest::Response;
use reqwest::header::{CONTENT_ENCODING, RETRY_AFTER};
use zeroize::Zeroizing;

use super::notice::Notice;
use super::route::Unreached;
use crate::domain::Failure;

/// The largest body that is read, in bytes.
const BODY_LIMIT: usize = 8 << 20;

/// A try that ended without an answer. The texts say why, in words fit to show.
pub(super) enum Trouble {
    NotSent(Unreached),
    /// Something was sent, and no whole answer came.
    Unanswered(String),
    /// No further try can help.
    Final(Failure),
}

/// A status and what is known of the body.
pub(super) struct RawAnswer {
    pub(super) status: u16,
    pub(super) body: Body,
    retry_after: Option<Duration>,
}

/// A body as far as it could be read.
pub(super) enum Body {
    Complete(Zeroizing<Vec<u8>>),
    TooLarge,
    /// The connection ended before the body did.
    BrokenOff,
    /// It is compressed, which was not asked for.
    Compressed,
}

impl RawAnswer {
    /// `retry_after` is the header of that name.
    pub(super) fn new(status: u16, retry_after: Option<&str>, body: Body) -> Self {
        Self { status, body, retry_after: retry_after.and_then(seconds) }
    }

    /// Reads the body of `response`, up to the limit.
    pub(super) async fn read(response: Response) -> Self {
        let status = response.status().as_u16();
        let retry_after = response.headers().get(RETRY_AFTER).and_then(|text| text.to_str().ok());
        let retry_after = retry_after.map(str::to_owned);
        let body = read_body(response).await;
        Self::new(status, retry_after.as_deref(), body)
    }

    /// The complete body; nothing where it is not complete.
    pub(super) fn bytes(&self) -> &[u8] {
        match &self.body {
            Body::Complete(bytes) => bytes,
            Body::TooLarge | Body::BrokenOff | Body::Compressed => &[],
        }
    }

    /// How long the server wants to be left alone, by its header or by the words of a rate limit.
    pub(super) fn asked_wait(&self) -> Option<Duration> {
        self.retry_after.or_else(|| if self.status == 429 { threshold(self.bytes()) } else { None })
    }

    /// Whether this is the daily quota, which no short wait brings back.
    pub(super) fn is_quota_used_up(&self) -> bool {
        Notice::read(self.bytes()).code.as_deref() == Some("search_quota_exceeded")
    }

    pub(super) fn is_broken_off(&self) -> bool {
        matches!(self.body, Body::BrokenOff)
    }
}

/// What some servers put before text, and no JSON may hold.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

async fn read_body(mut response: Response) -> Body {
    if response.headers().get(CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
        return Body::Compressed;
    }
    let announced = response.content_length().and_then(|length| usize::try_from(length).ok());
    if announced.is_some_and(|length| length > BODY_LIMIT) {
        return Body::TooLarge;
    }
    // Room for all of it at once: growing would leave copies of secrets behind.
    let mut body = Zeroizing::new(Vec::with_capacity(announced.unwrap_or(0)));
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() > BODY_LIMIT => return Body::TooLarge,
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => {
                if body.starts_with(BYTE_ORDER_MARK) {
                    body.drain(..BYTE_ORDER_MARK.len());
                }
                return Body::Complete(body);
            }
            Err(_) => return Body::BrokenOff,
        }
    }
}

/// The number in `API requests too frequent: endpoint threshold=5.0`, plain or within JSON.
fn threshold(body: &[u8]) -> Option<Duration> {
    let text = String::from_utf8_lossy(body);
    let (_, rest) = text.split_once("threshold=")?;
    let number = rest.split(|c: char| !c.is_ascii_digit() && c != '.').next()?;
    seconds(number.trim_end_matches('.'))
}

/// Seconds with or without a fraction; a date, a negative or an absurd number is none.
fn seconds(text: &str) -> Option<Duration> {
    Duration::try_from_secs_f64(text.trim().parse().ok()?).ok()
}
