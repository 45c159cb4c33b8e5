//! What goes back to the client, in the shapes that the service uses.

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION};
use hyper::{Response, StatusCode};
use serde_json::{Value, json};

/// One answer: a status, a body, and at most one header beside the content type.
#[derive(Debug, PartialEq)]
pub(super) struct Answer {
    status: StatusCode,
    body: Body,
    header: Option<(HeaderName, String)>,
}

#[derive(Debug, PartialEq)]
enum Body {
    Json(Value),
    Text(String),
}

impl Answer {
    /// 200 with `value`.
    pub(super) fn ok(value: Value) -> Self {
        Self::json(StatusCode::OK, value)
    }

    /// A refusal in the usual shape: a code for programs and a message for people.
    pub(super) fn refused(status: StatusCode, error: &str, msg: impl Into<String>) -> Self {
        Self::json(status, json!({"success": false, "error": error, "msg": msg.into()}))
    }

    /// A refusal of the request's contents: 400.
    pub(super) fn bad_request(error: &str, msg: &str) -> Self {
        Self::refused(StatusCode::BAD_REQUEST, error, msg)
    }

    /// A refusal that is a message alone, as some endpoints have it.
    pub(super) fn message(status: StatusCode, msg: &str) -> Self {
        Self::json(status, json!({"msg": msg}))
    }

    /// A failure of the sandbox itself, not one that the service would give: 500.
    pub(super) fn broken(msg: impl Into<String>) -> Self {
        Self::refused(StatusCode::INTERNAL_SERVER_ERROR, "sandbox_error", msg)
    }

    /// 404 for a path that is none of the API's.
    pub(super) fn unknown_path() -> Self {
        Self::refused(StatusCode::NOT_FOUND, "not_found", "No such endpoint")
    }

    /// 405 with the methods that the endpoint takes.
    pub(super) fn wrong_method(allowed: &str) -> Self {
        let msg = format!("This endpoint takes {allowed}");
        let answer = Self::refused(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", msg);
        Self { header: Some((ALLOW, allowed.to_owned())), ..answer }
    }

    /// A redirect to the same endpoint's real path.
    pub(super) fn redirect(status: StatusCode, location: String) -> Self {
        let body = Body::Text(format!("moved to {location}\n"));
        Self { status, body, header: Some((LOCATION, location)) }
    }

    /// 429 as plain text; the service sends no `Retry-After`.
    pub(super) fn too_frequent(threshold: f64) -> Self {
        let body = Body::Text(format!("API requests too frequent: endpoint threshold={threshold:.1}"));
        Self { status: StatusCode::TOO_MANY_REQUESTS, body, header: None }
    }

    fn json(status: StatusCode, value: Value) -> Self {
        Self { status, body: Body::Json(value), header: None }
    }

    /// The HTTP status.
    pub(super) fn status(&self) -> StatusCode {
        self.status
    }

    /// The answer as HTTP.
    pub(super) fn into_response(self) -> Response<Full<Bytes>> {
        let (kind, text) = match self.body {
            Body::Json(value) => ("application/json", value.to_string()),
            Body::Text(text) => ("text/plain; charset=utf-8", text),
        };
        let mut response = Response::new(Full::new(Bytes::from(text)));
        *response.status_mut() = self.status;
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        if let Some((name, text)) = self.header
            && let Ok(value) = HeaderValue::try_from(text)
        {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

#[cfg(test)]
impl Answer {
    /// The `error` code of a refusal.
    pub(super) fn error(&self) -> Option<&str> {
        match &self.body {
            Body::Json(value) => value["error"].as_str(),
            Body::Text(_) => None,
        }
    }
}
