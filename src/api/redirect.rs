//! Where a redirect may lead: never out of the service that the key belongs to.

use reqwest::header::{HeaderMap, LOCATION};
use reqwest::{StatusCode, Url};

use super::judge::Call;
use crate::domain::{Failure, Origin};

/// The most redirects that are followed.
pub(super) const LIMIT: usize = 10;

/// Where an answer sends the call on to; `None` if it is not a redirect.
///
/// `service` is the configured server and `asked` the address that answered.
pub(super) fn target(
    call: &Call,
    service: &Origin,
    asked: &Url,
    status: StatusCode,
    headers: &HeaderMap,
) -> Result<Option<Url>, Failure> {
    let status = status.as_u16();
    if !matches!(status, 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let unavailable = |what: &str| {
        Failure::unavailable(format!("cannot {}: {} {what}", call.purpose, call.host)).status(status)
    };
    let target = headers
        .get(LOCATION)
        .and_then(|location| location.to_str().ok())
        .and_then(|location| asked.join(location).ok())
        .filter(|target| target.username().is_empty() && target.password().is_none())
        .ok_or_else(|| unavailable("redirects without a usable target"))?;
    let site = target.origin().ascii_serialization();
    if !service.is_same_service(&Origin::of(&target)) {
        return Err(unavailable(&format!("redirects to another site ({})", call.redactor.show(&site)))
            .hint("the key was not sent there; check the address given with --url or VAST_URL"));
    }
    if !call.is_read && !matches!(status, 307 | 308) {
        let place = call.redactor.show(&format!("{site}{}", target.path()));
        return Err(Failure::failed(format!("cannot {}: {} redirects to {place}", call.purpose, call.host))
            .status(status)
            .hint("give the server's own address with --url or VAST_URL"));
    }
    Ok(Some(target))
}

/// The failure of a call that was sent around in circles.
pub(super) fn too_many(call: &Call) -> Failure {
    Failure::unavailable(format!("cannot {}: {} redirects more than {LIMIT} times", call.purpose, call.host))
}
