//! When a call is sent again, and after how long.

use std::time::Duration;

use super::answer::{RawAnswer, Trouble};
use super::route::Unreached;

/// The wait before the second try, as in the official client.
pub(super) const FIRST_WAIT: Duration = Duration::from_millis(150);

/// The longest wait that a server may ask for; a longer one is left to the user.
pub(super) const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// How long to wait before the next try, and why.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wait {
    pub(super) time: Duration,
    pub(super) reason: String,
}

/// Whether a try that ended like this may be followed by another. `repeatable` says that the
/// call may also be sent again when it could have been carried out already.
pub(super) fn wait_after(
    outcome: &Result<RawAnswer, Trouble>,
    repeatable: bool,
    backoff: Duration,
) -> Option<Wait> {
    let wait = |time, reason: &str| Some(Wait { time, reason: reason.to_owned() });
    match outcome {
        Err(Trouble::NotSent(Unreached { cause, .. })) => wait(backoff, cause),
        Err(Trouble::Unanswered(cause)) if repeatable => wait(backoff, cause),
        Err(_) => None,
        Ok(answer) => {
            let reason = match answer.status {
                429 if answer.is_quota_used_up() => return None,
                429 => "rate limited".to_owned(),
                503 => "HTTP 503".to_owned(),
                // A gateway that lost the server cannot say whether the server acted.
                502 | 504 if repeatable => format!("HTTP {}", answer.status),
                200..=299 if repeatable && answer.is_broken_off() => "the answer was cut off".to_owned(),
                _ => return None,
            };
            let time = answer.asked_wait().unwrap_or(backoff);
            (time <= LONGEST_WAIT).then_some(Wait { time, reason })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::answer::Body;
    use super::*;

    const BACKOFF: Duration = Duration::from_millis(225);

    fn answered(status: u16, retry_after: Option<&str>, body: &str) -> Result<RawAnswer, Trouble> {
        Ok(RawAnswer::new(status, retry_after, Body::Complete(body.as_bytes().to_vec().into())))
    }

    fn seconds(outcome: &Result<RawAnswer, Trouble>) -> Option<f64> {
        wait_after(outcome, false, BACKOFF).map(|wait| wait.time.as_secs_f64())
    }

    #[test]
    fn a_rate_limit_is_waited_out_for_as_long_as_the_server_says() {
        let plain = "API requests too frequent: endpoint threshold=5.0";
        let json = format!(r#"{{"detail": "{plain}."}}"#);
        for (retry_after, body, expected) in [
            (None, "", Some(0.225)),
            (None, plain, Some(5.0)),
            (None, &json, Some(5.0)),
            (Some("2"), plain, Some(2.0)),
            (Some(" 0.5 "), "", Some(0.5)),
            (Some("60"), "", Some(60.0)),
            (Some("61"), "", None),
            (Some("-1"), "", Some(0.225)),
            (Some("NaN"), "", Some(0.225)),
            (Some("Wed, 21 Oct 2026 07:28:00 GMT"), "", Some(0.225)),
            (None, "threshold=3600", None),
            (None, "threshold=soon", Some(0.225)),
            (None, r#"{"error": "search_quota_exceeded"}"#, None),
        ] {
            assert_eq!(seconds(&answered(429, retry_after, body)), expected, "{retry_after:?} {body}");
        }
    }

    #[test]
    fn what_may_have_been_done_is_repeated_only_where_that_is_harmless() {
        let may = |outcome: &_, repeatable| wait_after(outcome, repeatable, BACKOFF).is_some();
        for status in [429, 503] {
            assert!(may(&answered(status, None, ""), false), "{status}");
        }
        for status in [502, 504] {
            assert!(may(&answered(status, None, ""), true), "{status}");
            assert!(!may(&answered(status, None, ""), false), "{status}");
        }
        for status in [200, 301, 400, 401, 404, 500, 501] {
            assert!(!may(&answered(status, None, ""), true), "{status}");
        }
        assert!(may(&Err(Trouble::NotSent(Unreached::default())), false));
        assert!(may(&Err(Trouble::Unanswered(String::new())), true));
        assert!(!may(&Err(Trouble::Unanswered(String::new())), false));
    }
}
