//! The documented rate limits: a minimum interval between two requests to one endpoint with one
//! token and method, strictly or with room for a burst.

use std::collections::HashMap;
use std::time::Duration;

use hyper::Method;

use super::answer::Answer;
use super::routes::Endpoint;

/// How the intervals are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RateLimits {
    Strict,
    /// On average, after a burst that is let through: as the real service must, whose own client sends
    /// several requests back to back.
    Burst,
}

/// The requests of a burst.
const BURST: u32 = 10;

/// What was let through.
#[derive(Debug)]
pub(super) struct Limits {
    burst: u32,
    /// When the requests so far would have ended, had each taken its interval.
    paid_until: HashMap<(Family, Method, String), Duration>,
}

/// Endpoints that are limited together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Family {
    Secrets,
    ApiKeys,
    SshKeys,
    Instances,
    Instance,
}

impl Limits {
    /// Limits that have let nothing through yet.
    pub(super) fn new(kind: RateLimits) -> Self {
        let burst = if kind == RateLimits::Strict { 1 } else { BURST };
        Self { burst, paid_until: HashMap::new() }
    }

    /// Lets a request with `token` at the time `now` through, or refuses it with 429. A clock that
    /// was set back lets it through.
    pub(super) fn admit(
        &mut self,
        endpoint: Endpoint,
        method: &Method,
        token: &str,
        now: Duration,
    ) -> Result<(), Answer> {
        let reads = method == Method::GET;
        let Some((family, threshold)) = limit(endpoint, reads) else { return Ok(()) };
        let identity = (family, method.clone(), token.to_owned());
        let interval = Duration::from_secs_f64(threshold);
        let ahead = self.paid_until.get(&identity).map_or(Duration::ZERO, |paid| paid.saturating_sub(now));
        let (room, most) = (interval * (self.burst - 1), interval * self.burst);
        if ahead > room && ahead <= most {
            return Err(Answer::too_frequent(threshold));
        }
        let ahead = if ahead > most { Duration::ZERO } else { ahead };
        self.paid_until.insert(identity, now + ahead + interval);
        Ok(())
    }
}

/// The seconds between two requests; `None` where the documents name no limit.
fn limit(endpoint: Endpoint, reads: bool) -> Option<(Family, f64)> {
    match (endpoint, reads) {
        (Endpoint::Secrets, true) => Some((Family::Secrets, 5.0)),
        (Endpoint::Secrets, false) => Some((Family::Secrets, 3.0)),
        (Endpoint::ApiKeys | Endpoint::ApiKey(_), true) => Some((Family::ApiKeys, 1.0)),
        (Endpoint::ApiKeys | Endpoint::ApiKey(_), false) => Some((Family::ApiKeys, 2.0)),
        (Endpoint::SshKeys | Endpoint::SshKey(_), _) => Some((Family::SshKeys, 1.0)),
        (Endpoint::Instances, _) => Some((Family::Instances, 1.0)),
        (Endpoint::Instance(_), _) => Some((Family::Instance, 2.0)),
        (Endpoint::ResetApiKey | Endpoint::CurrentUser, _) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_endpoint_method_and_token_has_its_own_interval() {
        let mut limits = Limits::new(RateLimits::Strict);
        let start = Duration::from_secs(1000);
        let mut admit = |endpoint, method: Method, token, millis| {
            limits.admit(endpoint, &method, token, start + Duration::from_millis(millis))
        };
        assert_eq!(admit(Endpoint::Secrets, Method::GET, "a", 0), Ok(()));
        assert_eq!(admit(Endpoint::Secrets, Method::GET, "a", 4_999), Err(Answer::too_frequent(5.0)));
        assert_eq!(admit(Endpoint::Secrets, Method::GET, "b", 4_999), Ok(()));
        assert_eq!(admit(Endpoint::Secrets, Method::POST, "a", 4_999), Ok(()));
        assert_eq!(admit(Endpoint::Secrets, Method::PUT, "a", 5_000), Ok(()), "another method");
        assert_eq!(admit(Endpoint::Secrets, Method::POST, "a", 5_000), Err(Answer::too_frequent(3.0)));
        assert_eq!(admit(Endpoint::Secrets, Method::GET, "a", 5_000), Ok(()), "refusals do not count");
        assert_eq!(admit(Endpoint::ApiKeys, Method::GET, "a", 5_000), Ok(()));
        assert_eq!(admit(Endpoint::ApiKey(3), Method::GET, "a", 5_500), Err(Answer::too_frequent(1.0)));
        assert_eq!(admit(Endpoint::ApiKeys, Method::POST, "a", 5_000), Ok(()));
        assert_eq!(admit(Endpoint::ApiKeys, Method::POST, "a", 6_999), Err(Answer::too_frequent(2.0)));
        assert_eq!(admit(Endpoint::SshKeys, Method::GET, "a", 6_000), Ok(()));
        assert_eq!(admit(Endpoint::SshKeys, Method::GET, "a", 6_999), Err(Answer::too_frequent(1.0)));
        assert_eq!(admit(Endpoint::Instances, Method::GET, "a", 7_000), Ok(()));
        assert_eq!(admit(Endpoint::Instances, Method::GET, "a", 7_999), Err(Answer::too_frequent(1.0)));
        assert_eq!(admit(Endpoint::Instance(1), Method::GET, "a", 7_000), Ok(()));
        assert_eq!(admit(Endpoint::Instance(2), Method::GET, "a", 8_999), Err(Answer::too_frequent(2.0)));
        assert_eq!(admit(Endpoint::CurrentUser, Method::GET, "a", 7_000), Ok(()));
        assert_eq!(admit(Endpoint::CurrentUser, Method::GET, "a", 7_000), Ok(()));
        assert_eq!(admit(Endpoint::Secrets, Method::GET, "a", 0), Ok(()), "the clock was set back");
    }

    #[test]
    fn a_burst_is_let_through_and_then_one_for_each_interval() {
        let mut limits = Limits::new(RateLimits::Burst);
        let mut admit = |seconds| {
            limits.admit(Endpoint::Secrets, &Method::POST, "a", Duration::from_secs(seconds)).is_ok()
        };
        assert!((0..BURST).all(|_| admit(1000)));
        assert_eq!([1000, 1002, 1003, 1003, 1006].map(&mut admit), [false, false, true, false, true]);
        assert!((0..BURST).all(|_| admit(2000)), "rest brings the burst back");
    }
}
