//! The pace that the server asked for: learnt from its answers, never assumed.

use std::cell::RefCell;
use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::request::Request;

/// The intervals learnt so far, each for one method and endpoint.
#[derive(Debug, Default)]
pub(super) struct Pace(RefCell<HashMap<String, Interval>>);

#[derive(Clone, Copy, Debug)]
struct Interval {
    length: Duration,
    /// The server saw the last request before this moment.
    answered: Instant,
}

impl Pace {
    /// How long `request` has to wait.
    pub(super) fn wait(&self, request: &Request, now: Instant) -> Duration {
        let known = self.0.borrow().get(&endpoint(request)).copied();
        known.map_or(Duration::ZERO, |known| (known.answered + known.length).saturating_duration_since(now))
    }

    /// Notes that `request` was answered.
    pub(super) fn answered(&self, request: &Request, now: Instant) {
        if let Some(known) = self.0.borrow_mut().get_mut(&endpoint(request)) {
            known.answered = now;
        }
    }

    /// Keeps `length` between two requests like this one from now on.
    pub(super) fn learn(&self, request: &Request, length: Duration, now: Instant) {
        let mut intervals = self.0.borrow_mut();
        let known = intervals.entry(endpoint(request)).or_insert(Interval { length, answered: now });
        *known = Interval { length: known.length.max(length), answered: now };
    }
}

/// Method, version and path without an id.
fn endpoint(request: &Request) -> String {
    let path =
        request.path.trim_end_matches(|character: char| character.is_ascii_digit() || character == '/');
    format!("{} {}{path}", request.method, request.version)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_interval_is_kept_for_its_method_and_endpoint_and_never_shrinks() {
        let (pace, start) = (Pace::default(), Instant::now());
        let after = |seconds| start + Duration::from_secs(seconds);
        let delete = |path: &str| Request::delete(path, json!({}), "");
        let (one, list) = (delete("/ssh/7/"), Request::get("/ssh/", ""));
        pace.answered(&one, start);
        assert_eq!(pace.wait(&one, start), Duration::ZERO, "nothing is assumed");
        pace.learn(&one, Duration::from_secs(3), start);
        pace.learn(&one, Duration::from_secs(1), after(1));
        assert_eq!(pace.wait(&delete("/ssh/812/"), after(2)), Duration::from_secs(2));
        assert_eq!(pace.wait(&list, after(2)), Duration::ZERO);
        pace.answered(&one, after(4));
        assert_eq!(pace.wait(&one, after(5)), Duration::from_secs(2));
        assert_eq!(pace.wait(&one, after(9)), Duration::ZERO);
    }
}
