//! How fast many changes may follow each other.

use std::time::{Duration, Instant};

use super::{CHANGE_INTERVAL, Remote};

/// The way in which a variable is changed; the service limits each on its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    /// A new variable.
    Create,
    /// Another value for a variable.
    Update,
}

impl Method {
    /// Its name in the state folder.
    fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
        }
    }
}

impl Remote<'_> {
    /// Notes when changes were last sent, for who sends many of them next.
    pub(super) fn note_sent(&self) {
        let sent = self.client.take_sent();
        if self.only_shown {
            return;
        }
        for (was_sent, method) in [(sent.create, Method::Create), (sent.update, Method::Update)] {
            if was_sent {
                // Where this cannot be written, the service may ask for a wait.
                let _ = self.account.store.note_change(&self.account.key, method.name());
            }
        }
    }

    /// Brings `pace` up to date with what other processes sent.
    pub(super) fn follow_others(&self, pace: &mut Pace, now: Instant) {
        for method in [Method::Create, Method::Update] {
            if let Some(ago) = self.account.store.last_change(&self.account.key, method.name()) {
                pace.follow(method, ago, now);
            }
        }
    }
}

/// What an answer takes before any was seen.
const USUAL_ANSWER: Duration = Duration::from_millis(300);

/// When the next change of each kind may be sent, and how long answers take.
///
/// An interval counts from the answer, not from the sending: the service saw the request at some
/// moment before, so it can never find the next one too early.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pace {
    next_create: Option<Instant>,
    next_update: Option<Instant>,
    answered: u32,
    answering: Duration,
}

impl Pace {
    /// What to send next, of so many creations and updates, and after what wait: what may go first,
    /// and of two that may go at once that of which there is more. `None` if there is nothing left.
    pub(super) fn next(&self, creates: usize, updates: usize, now: Instant) -> Option<(Method, Duration)> {
        let (create, update) = (self.wait(Method::Create, now), self.wait(Method::Update, now));
        match (creates, updates) {
            (0, 0) => None,
            (_, 0) => Some((Method::Create, create)),
            (0, _) => Some((Method::Update, update)),
            _ if create < update || (create == update && creates >= updates) => {
                Some((Method::Create, create))
            }
            _ => Some((Method::Update, update)),
        }
    }

    /// Keeps the interval to a change that any process sent so long `ago`.
    pub(super) fn follow(&mut self, method: Method, ago: Duration, now: Instant) {
        let next = now + CHANGE_INTERVAL.saturating_sub(ago);
        let known = match method {
            Method::Create => &mut self.next_create,
            Method::Update => &mut self.next_update,
        };
        *known = Some(known.map_or(next, |known| known.max(next)));
    }

    /// Notes that a change was sent and has been answered.
    pub(super) fn answered(&mut self, method: Method, sent: Instant, now: Instant) {
        let next = Some(now + CHANGE_INTERVAL);
        match method {
            Method::Create => self.next_create = next,
            Method::Update => self.next_update = next,
        }
        self.answered += 1;
        self.answering += now.saturating_duration_since(sent);
    }

    /// How long so many creations and updates will take from now on: each kind fills the gaps of
    /// the other.
    pub(super) fn left(&self, creates: usize, updates: usize, now: Instant) -> Duration {
        let of = |count: usize, method| match u32::try_from(count).unwrap_or(u32::MAX) {
            0 => Duration::ZERO,
            count => {
                let answers = self.usual_answer().saturating_mul(count);
                self.wait(method, now) + CHANGE_INTERVAL.saturating_mul(count - 1) + answers
            }
        };
        of(creates, Method::Create).max(of(updates, Method::Update))
    }

    fn wait(&self, method: Method, now: Instant) -> Duration {
        let next = match method {
            Method::Create => self.next_create,
            Method::Update => self.next_update,
        };
        next.map_or(Duration::ZERO, |next| next.saturating_duration_since(now))
    }

    fn usual_answer(&self) -> Duration {
        self.answering.checked_div(self.answered).unwrap_or(USUAL_ANSWER)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sends so many of each, every answer taking 100 ms; gives what was sent when, in milliseconds.
    fn schedule(mut creates: usize, mut updates: usize) -> Vec<(Method, u128)> {
        let began = Instant::now();
        let (mut now, mut pace, mut sent) = (began, Pace::default(), Vec::new());
        while let Some((method, wait)) = pace.next(creates, updates, now) {
            let at = now + wait;
            now = at + Duration::from_millis(100);
            pace.answered(method, at, now);
            sent.push((method, at.duration_since(began).as_millis()));
            let left = if method == Method::Create { &mut creates } else { &mut updates };
            *left -= 1;
        }
        sent
    }

    #[test]
    fn both_kinds_keep_their_own_interval_and_fill_each_others_gaps() {
        use Method::{Create, Update};
        assert_eq!(schedule(3, 0), [(Create, 0), (Create, 3100), (Create, 6200)]);
        assert_eq!(
            schedule(2, 3),
            [(Update, 0), (Create, 100), (Update, 3100), (Create, 3200), (Update, 6200)]
        );
        assert_eq!(schedule(0, 0), []);
    }

    #[test]
    fn what_others_sent_counts_too() {
        let (now, mut pace) = (Instant::now(), Pace::default());
        pace.follow(Method::Create, Duration::from_secs(1), now);
        pace.follow(Method::Update, Duration::from_secs(60), now);
        assert_eq!(pace.next(1, 0, now), Some((Method::Create, Duration::from_secs(2))));
        assert_eq!(pace.next(1, 1, now), Some((Method::Update, Duration::ZERO)));
        // What was sent from here later counts more.
        pace.answered(Method::Create, now, now);
        pace.follow(Method::Create, Duration::from_secs(1), now);
        assert_eq!(pace.next(1, 0, now), Some((Method::Create, CHANGE_INTERVAL)));
    }

    #[test]
    fn no_two_of_a_kind_are_ever_too_close() {
        let sent = schedule(17, 23);
        assert_eq!(sent.len(), 40);
        for method in [Method::Create, Method::Update] {
            let times: Vec<_> = sent.iter().filter(|(kind, _)| *kind == method).map(|(_, at)| *at).collect();
            assert!(times.windows(2).all(|two| two[1] - two[0] >= CHANGE_INTERVAL.as_millis()), "{times:?}");
        }
        // 23 updates and nothing beside them.
        assert_eq!(sent[39].1, 22 * 3100);
    }

    #[test]
    fn what_is_left_is_told_from_the_start_and_by_what_was_seen() {
        let (began, mut pace) = (Instant::now(), Pace::default());
        assert_eq!(pace.left(40, 10, began), Duration::from_secs(39 * 3 + 12));
        assert_eq!(pace.left(0, 0, began), Duration::ZERO);
        let now = began + Duration::from_secs(1);
        pace.answered(Method::Create, began, now);
        assert_eq!(pace.left(2, 1, now), Duration::from_secs(3 + 3 + 2));
        assert_eq!(pace.left(0, 3, now), Duration::from_secs(6 + 3));
    }
}
