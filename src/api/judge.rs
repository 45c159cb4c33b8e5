//! What an outcome means: an answer to use, a refusal, or no way to know.

use serde::Deserialize;
use serde_json::Value;
use zeroize::Zeroizing;

use super::answer::{Body, RawAnswer, Trouble};
use super::notice::{Form, Notice};
use super::redact::Redactor;
use super::route::Unreached;
use crate::domain::{Failure, Kind, Remedy, Result, format_duration};

/// What must be known of a call to speak about its end.
pub(super) struct Call {
    /// What it does, to follow "cannot".
    pub(super) purpose: String,
    pub(super) host: String,
    pub(super) is_read: bool,
    /// The permission that it takes.
    pub(super) right: &'static str,
    pub(super) redactor: Redactor,
}

/// A success: 200, 201 or, for a change, 204, that did not say otherwise, in JSON or, for a change, empty.
pub(crate) struct Answer {
    call: Call,
    status: u16,
    body: Zeroizing<Vec<u8>>,
    message: String,
}

/// What the server said to a change that it made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    /// The server's words, fit to show; empty if there were none.
    pub message: String,
}

/// Judges the outcome of the last try.
pub(super) fn judge(call: Call, outcome: std::result::Result<RawAnswer, Trouble>) -> Result<Answer> {
    match outcome {
        Ok(answer) => match answer.status {
            200 | 201 => accept(call, answer),
            204 if !call.is_read => accept(call, answer),
            status @ 200..=299 => {
                Err(call.unclear(&format!("{} answered HTTP {status}", call.host)).status(status))
            }
            _ => Err(refusal(&call, &answer)),
        },
        Err(Trouble::Final(failure)) => Err(failure),
        Err(Trouble::NotSent(Unreached { cause, hint })) => {
            Err(Failure::unavailable(format!("cannot {}: {cause}", call.purpose)).hint(hint))
        }
        Err(Trouble::Unanswered(cause)) => Err(call.unclear(&cause)),
    }
}

fn accept(call: Call, answer: RawAnswer) -> Result<Answer> {
    let status = answer.status;
    let came = |what: &str| call.unclear(&format!("{} {what} (HTTP {status})", call.host)).status(status);
    let body = match answer.body {
        Body::Complete(body) => body,
        Body::TooLarge => return Err(came("answered with more than 8 MiB")),
        Body::BrokenOff => return Err(came("cut off its answer")),
        Body::Compressed => {
            return Err(came("sent a compressed answer that was not requested"));
        }
    };
    let notice = Notice::read(&body);
    match notice.form {
        Form::Object if notice.refused => {
            let text = notice.text.as_deref().unwrap_or("the server says it failed, without a reason");
            let said = call.redactor.show(text);
            let failure = Failure::failed(format!("cannot {}: {said}", call.purpose)).status(status);
            return Err(failure.with_code(notice.code));
        }
        Form::Empty if call.is_read => return Err(came("sent an empty answer")),
        Form::Object | Form::OtherJson | Form::Empty => {}
        Form::Html | Form::Text | Form::Garbage => {
            return Err(came(&format!("answered with {}", notice.form.describe())));
        }
    }
    let message = call.redactor.show(notice.text.as_deref().unwrap_or_default());
    Ok(Answer { call, status, body, message })
}

fn refusal(call: &Call, answer: &RawAnswer) -> Failure {
    let status = answer.status;
    let notice = Notice::read(answer.bytes());
    let said = match &notice.text {
        Some(text) => format!("{} (HTTP {status})", call.redactor.show(text)),
        None if matches!(answer.body, Body::Compressed) => {
            format!("{} answered HTTP {status} with a compressed body that was not requested", call.host)
        }
        None => format!("{} answered HTTP {status} with {}", call.host, notice.form.describe()),
    };
    if matches!(status, 502 | 504) && !call.is_read {
        return call.unclear(&said).status(status);
    }
    // Only Vast speaks in JSON objects: a proxy or a login page must not pass for its word.
    let words = if notice.form == Form::Object { notice.text.as_deref() } else { None };
    let wants_session = words.is_some_and(|words| words.contains("Two Factor Authentication"));
    let is_dead = is_dead_session(status, words.unwrap_or_default());
    let kind = match status {
        400..=499 if wants_session => Kind::SessionWanted,
        400..=499 if is_dead => Kind::SessionOver,
        401 | 403 if words.is_some() => Kind::NotAuthenticated,
        401 | 403 | 407 | 429 => Kind::Unavailable,
        400..=499 => Kind::Failed,
        _ => Kind::Unavailable,
    };
    let failure = Failure::new(kind, format!("cannot {}: {said}", call.purpose)).status(status);
    let failure = match remedy(call, answer, kind, notice.form, words.unwrap_or_default()) {
        Some(remedy) => failure.hint(remedy),
        None => failure,
    };
    failure.with_code(notice.code)
}

/// What the server says to the key of a 2FA session that is over, or to a deleted API key.
fn is_dead_session(status: u16, words: &str) -> bool {
    (status == 401 && words.contains("Invalid user key"))
        || (status == 404 && words.contains("Session expired"))
}

fn remedy(call: &Call, answer: &RawAnswer, kind: Kind, form: Form, words: &str) -> Option<Remedy> {
    let lacks = |right: &str| {
        let missing = format!("the permission {right}");
        let text = format!("the key lacks {missing}");
        Remedy::GrantRights { missing, text }
    };
    Some(match (answer.status, kind) {
        (_, Kind::SessionWanted) => {
            "this takes a 2FA session: `vastai tfa login --method-type totp -c CODE`, then try again".into()
        }
        (403, Kind::NotAuthenticated) if words.contains("delete this API Key") => {
            let text = "the API key to delete is another user's or team's".to_owned();
            Remedy::GrantRights { missing: "the right to delete it".to_owned(), text }
        }
        (401 | 403, Kind::NotAuthenticated) if let Some(right) = named_category(words) => lacks(right),
        (403, Kind::NotAuthenticated) => lacks(call.right),
        (_, Kind::NotAuthenticated | Kind::SessionOver) => {
            Remedy::SaveKey(format!("set a valid key with `vastenv set api-key`; {TWO_FACTOR}"))
        }
        (407, _) => {
            "the proxy requires a user name and password: HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT, \
                     or HTTP_PROXY"
                .into()
        }
        (404 | 410, _) if form != Form::Object => {
            "check the address (--url, VAST_URL), or who answers instead".into()
        }
        (429 | 503, _) => match answer.asked_wait() {
            Some(wait) => {
                let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
                format!("try again in {}", format_duration(seconds)).into()
            }
            None => "try again in a moment".into(),
        },
        (500..=599, _) => "try again later".into(),
        (400..=499, _) if form != Form::Object => {
            "this did not come from Vast: check for a proxy or a network's login page".into()
        }
        _ => return None,
    })
}

/// What else ends an API key: turning two-factor login on.
pub(crate) const TWO_FACTOR: &str = "if two-factor login was turned on since: `vastai tfa login`";

/// The permission category that a server's words name, like `user_write`.
fn named_category(words: &str) -> Option<&str> {
    let is_part = |character: char| character.is_ascii_lowercase() || character == '_';
    words.split(|character| !is_part(character)).find(|word| {
        word.strip_suffix("_read")
            .or_else(|| word.strip_suffix("_write"))
            .is_some_and(|area| !area.is_empty())
    })
}

impl Call {
    /// The failure of a call that got no answer to rely on: a read is unavailable, a change may
    /// have been made.
    fn unclear(&self, what: &str) -> Failure {
        let purpose = &self.purpose;
        if self.is_read {
            return Failure::unavailable(format!("cannot {purpose}: {what}"))
                .hint("try again; if it persists, check the address (--url, VAST_URL) and any proxy");
        }
        Failure::new(
            Kind::Ambiguous,
            format!("no clear answer to the request to {purpose}: it may or may not have been done ({what})"),
        )
        .hint("check the account before you try again")
    }
}

impl Answer {
    /// The body; null where it was empty.
    pub(crate) fn value(&self) -> Result<Value> {
        if self.body.trim_ascii().is_empty() { Ok(Value::Null) } else { self.parse() }
    }

    /// Reads the body as a `T`. The message of a failure quotes nothing of it.
    pub(crate) fn parse<'a, T: Deserialize<'a>>(&'a self) -> Result<T> {
        serde_json::from_slice(&self.body).map_err(|error| {
            let what = if error.is_data() { "JSON of an unknown shape" } else { "invalid JSON" };
            let place = format!("line {}, column {}", error.line(), error.column());
            self.unusable(&format!("{what} ({place})"))
        })
    }

    /// The failure of an invalid answer; `what` follows "answered with" and must be
    /// fit to show.
    pub(crate) fn unusable(&self, what: &str) -> Failure {
        self.call.unclear(&format!("{} answered with {what}", self.call.host)).status(self.status)
    }

    /// Whether the body is a JSON object, and not a list, which serde would also take for a struct.
    pub(super) fn is_object(&self) -> bool {
        self.body.trim_ascii_start().first() == Some(&b'{')
    }
}

impl From<Answer> for Reply {
    fn from(answer: Answer) -> Self {
        Self { message: answer.message }
    }
}
