//! The back-off after failed refreshes, shared by all shells of a user.

use serde::{Deserialize, Serialize};

use crate::domain::{Failure, Result, Timestamp};
use crate::files::Slot;

/// The first wait after a failure, in seconds; it doubles with each further one.
const FIRST_WAIT: u64 = 5;

/// The longest wait, in seconds.
const LONGEST_WAIT: u64 = 300;

/// A day, in seconds.
const DAY: u64 = 86_400;

/// The last failed refreshes with one key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Backoff {
    failures: u32,
    failed_at: Timestamp,
    /// What the last failure said; it never holds a value.
    pub reason: String,
    /// The HTTP status of the last failure; 0 where no server answered.
    #[serde(default)]
    pub status: u16,
}

impl Backoff {
    /// Seconds until a refresh may be tried again; 0 when it may. A clock set back ends the wait.
    pub(crate) fn wait(&self, now: Timestamp) -> u64 {
        let wait = FIRST_WAIT.saturating_mul(1 << self.failures.saturating_sub(1).min(10)).min(LONGEST_WAIT);
        self.left_of(wait, now)
    }

    /// Whether the key had no right to this, less than a day ago: to ask every few minutes would not give
    /// it one.
    pub(crate) fn may_not(&self, now: Timestamp) -> bool {
        self.status == 403 && self.left_of(DAY, now) > 0
    }

    fn left_of(&self, wait: u64, now: Timestamp) -> u64 {
        now.since(self.failed_at).map_or(0, |passed| wait.saturating_sub(passed))
    }
}

impl Slot<'_, Backoff> {
    /// Records one more failure.
    pub(crate) fn record(&self, failure: &Failure, now: Timestamp) -> Result<Backoff> {
        let failures = self.get().map_or(0, |before| before.failures).saturating_add(1);
        let (reason, status) = (failure.message().to_owned(), failure.status_code());
        let backoff = Backoff { failures, failed_at: now, reason, status };
        self.save(&backoff).map(|()| backoff)
    }

    /// Ends it: a success, or the user's own wish.
    pub(crate) fn clear(&self) {
        // A file that cannot be removed only makes the next background refresh wait.
        let _ = self.remove();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::Disk;

    #[test]
    fn waits_double_up_to_five_minutes_and_end_with_a_success() {
        let folder = tempfile::tempdir().expect("a folder");
        let disk = Disk::new(folder.path(), folder.path(), folder.path());
        let backoff = Slot::<Backoff>::new(&disk, folder.path().join("backoff.json"));
        let now = Timestamp(1000);
        let fail = || backoff.record(&Failure::failed("down"), now).expect("written").wait(now);
        assert_eq!([fail(), fail(), fail()], [5, 10, 20]);
        assert_eq!((0..20).map(|_| fail()).max(), Some(300));
        let recorded = backoff.get().expect("recorded");
        assert_eq!(
            (recorded.wait(now.plus(299)), recorded.wait(now.plus(300)), recorded.wait(Timestamp(1))),
            (1, 0, 0)
        );
        assert!(!recorded.may_not(now));
        backoff.clear();
        assert_eq!(backoff.get(), None);
        let forbidden = Failure::failed("no right").status(403);
        let recorded = backoff.record(&forbidden, now).expect("written");
        assert_eq!([0, 86_399, 86_400].map(|after| recorded.may_not(now.plus(after))), [true, true, false]);
    }
}
