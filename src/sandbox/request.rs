//! What came from the client, read whole.

use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, HeaderMap};
use hyper::{Method, StatusCode};
use serde_json::{Map, Value};

use super::answer::Answer;
use crate::domain::Secret;

/// The largest body that is taken, in bytes.
const MAX_BODY: usize = 1 << 20;

/// How much of a too large body is read and thrown away, so that the client, done with sending,
/// reads the answer rather than a reset connection.
const MAX_DRAINED: usize = 16 << 20;

/// One request, without its transport.
#[derive(Debug)]
pub(super) struct Request {
    pub method: Method,
    /// The path without the query.
    pub path: String,
    /// The query with its `?`, or nothing.
    pub query: String,
    pub token: Option<Secret>,
    /// The body; `None` if it was too large to keep.
    pub body: Option<Vec<u8>>,
}

impl Request {
    /// The body as a JSON object; no body at all is an empty object.
    pub(super) fn fields(&self) -> Result<Map<String, Value>, Answer> {
        let body = self.body.as_deref().unwrap_or_default();
        if body.is_empty() {
            return Ok(Map::new());
        }
        serde_json::from_slice(body)
            .map_err(|_| Answer::bad_request("invalid_request", "The request body is not a JSON object"))
    }
}

/// 413.
pub(super) fn too_large() -> Answer {
    let msg = format!("The request body is larger than {MAX_BODY} bytes");
    Answer::refused(StatusCode::PAYLOAD_TOO_LARGE, "request_too_large", msg)
}

/// Reads a request to its end; the answer tells of a body that broke off.
pub(super) async fn receive(request: hyper::Request<Incoming>) -> Result<Request, Answer> {
    let (head, body) = request.into_parts();
    let body = read_body(body)
        .await
        .map_err(|_| Answer::bad_request("invalid_request", "The request body broke off"))?;
    Ok(Request {
        method: head.method,
        path: head.uri.path().to_owned(),
        query: head.uri.query().map(|query| format!("?{query}")).unwrap_or_default(),
        token: bearer_token(&head.headers),
        body,
    })
}

async fn read_body(mut body: Incoming) -> hyper::Result<Option<Vec<u8>>> {
    let mut kept = Vec::new();
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else { continue };
        length += data.len();
        if length <= MAX_BODY {
            kept.extend_from_slice(&data);
        } else if length > MAX_DRAINED {
            break;
        }
    }
    Ok((length <= MAX_BODY).then_some(kept))
}

fn bearer_token(headers: &HeaderMap) -> Option<Secret> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then(|| Secret::new(token))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_bearer_with_a_token_is_one() {
        let token = |header: &'static str| {
            let headers = HeaderMap::from_iter([(AUTHORIZATION, header.parse().expect("a header"))]);
            bearer_token(&headers).map(|token| token.expose().to_owned())
        };
        assert_eq!(token("Bearer abc").as_deref(), Some("abc"));
        assert_eq!(token("bearer  abc").as_deref(), Some("abc"));
        for none in ["abc", "Basic abc", "Bearer ", "Bearer"] {
            assert_eq!(token(none), None, "{none:?}");
        }
        assert!(bearer_token(&HeaderMap::new()).is_none());
    }
}
