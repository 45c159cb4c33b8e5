//! Many variables sent one after the other, as fast as the server lets them.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::change::{Changed, Keeping};
use super::remote::Remote;
use crate::domain::{Failure, Kind, Result};
use crate::dotenv::{Pending, Plan};

/// What is to be sent, and what has been. It outlives a connection, so that another key can go on.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    waiting: VecDeque<(Method, Pending)>,
    elapsed: Duration,
    /// What became of what is not waiting any more.
    pub sent: Sent,
}

/// How a variable is sent.
#[derive(Clone, Copy, Debug)]
enum Method {
    Create,
    Update,
}

/// What became of what was sent.
#[derive(Debug, Default)]
pub(crate) struct Sent {
    pub created: Vec<String>,
    pub updated: Vec<String>,
    /// Names that the server refused, and why.
    pub failed: Vec<(String, Failure)>,
    /// A name that was sent, and whose answer nobody waited for.
    pub unclear: Option<String>,
    /// Why shells will follow later than at their next prompt, if that is so.
    pub not_followed: Option<Failure>,
    /// Why a value could not be remembered here, if that is so.
    pub not_remembered: Option<Failure>,
}

/// How the sending ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended<S> {
    Complete,
    Stopped(S),
}

impl Batch {
    /// What a plan wants sent: creations and updates by turns, as a server that limits them limits
    /// each on its own.
    pub(crate) fn new(plan: Plan) -> Self {
        let mut creates = plan.create.into_iter().map(|pending| (Method::Create, pending)).fuse();
        let mut updates = plan.update.into_iter().map(|pending| (Method::Update, pending)).fuse();
        let mut waiting = VecDeque::new();
        loop {
            let before = waiting.len();
            waiting.extend(creates.next());
            waiting.extend(updates.next());
            if waiting.len() == before {
                return Self { waiting, ..Self::default() };
            }
        }
    }

    /// How many variables there are in all.
    pub(crate) fn total(&self) -> usize {
        self.tried() + self.waiting.len()
    }

    /// How many variables the account has taken.
    pub(crate) fn done(&self) -> usize {
        self.sent.created.len() + self.sent.updated.len()
    }

    fn tried(&self) -> usize {
        self.done() + self.sent.failed.len()
    }

    /// How long the rest will take, going by what was sent so far.
    fn left(&self) -> Option<Duration> {
        let each = self.elapsed.checked_div(u32::try_from(self.tried()).ok()?)?;
        each.checked_mul(u32::try_from(self.waiting.len()).ok()?)
    }

    /// The names that are still to be sent.
    pub(crate) fn unsent(&self) -> Vec<String> {
        let mut names: Vec<_> = self.waiting.iter().map(|(_, pending)| pending.name.to_string()).collect();
        names.sort_unstable();
        names
    }

    /// Notes what became of the first variable that was waiting.
    fn settle(&mut self, result: Result<Changed>) -> Result<()> {
        match result {
            Ok(changed) => {
                self.waiting.pop_front();
                let names = if changed.created { &mut self.sent.created } else { &mut self.sent.updated };
                names.push(changed.name);
                self.sent.not_followed = self.sent.not_followed.take().or(changed.not_followed);
                self.sent.not_remembered = self.sent.not_remembered.take().or(changed.not_remembered);
                Ok(())
            }
            Err(failure) if is_about_one_variable(&failure) => {
                let refused = self.waiting.pop_front();
                self.sent.failed.extend(refused.map(|(_, refused)| (refused.name.to_string(), failure)));
                Ok(())
            }
            Err(failure) => Err(failure),
        }
    }
}

/// Whether the server refused this very variable, and may take the next one.
fn is_about_one_variable(failure: &Failure) -> bool {
    failure.kind() == Kind::Failed && failure.status_code() != 0
}

impl Remote<'_> {
    /// Sends what is waiting until nothing is, or until `stop` says so. A change that is under way by
    /// then is waited for, so that its end is known; a second word from `stop` ends that wait too.
    pub(crate) async fn send_batch<S>(
        &self,
        batch: &mut Batch,
        mut stop: impl AsyncFnMut() -> S,
    ) -> Result<Ended<S>> {
        self.client.redact(batch.waiting.iter().map(|(_, pending)| pending.value.clone()));
        while let Some((method, pending)) = batch.waiting.front().cloned() {
            self.listener.progress(batch.tried(), batch.total(), batch.left());
            let began = Instant::now();
            let (result, word) = self.until_answered(self.send_one(method, &pending), &mut stop).await;
            batch.elapsed += began.elapsed();
            match result {
                Some(result) => batch.settle(result)?,
                None if self.out.change().is_some() => {
                    batch.sent.unclear = Some(pending.name.to_string());
                    self.invalidate();
                }
                None => {}
            }
            if let Some(word) = word {
                return Ok(Ended::Stopped(word));
            }
        }
        Ok(Ended::Complete)
    }

    async fn send_one(&self, method: Method, pending: &Pending) -> Result<Changed> {
        match method {
            Method::Create => self.create(&pending.name, &pending.value, Keeping::Remembered).await,
            Method::Update => self.update(&pending.name, &pending.value, Keeping::Remembered).await,
        }
    }

    /// Waits for the end of `sending`. After the first word from `stop` only a change that is under
    /// way is waited for, after the second nothing.
    async fn until_answered<T, S>(
        &self,
        sending: impl Future<Output = T>,
        mut stop: impl AsyncFnMut() -> S,
    ) -> (Option<T>, Option<S>) {
        tokio::pin!(sending);
        let mut stopped = None;
        loop {
            tokio::select! {
                biased;
                word = stop() => {
                    let is_second = stopped.is_some();
                    let word = stopped.unwrap_or(word);
                    if is_second || self.out.change().is_none() {
                        return (None, Some(word));
                    }
                    stopped = Some(word);
                }
                answer = &mut sending => return (Some(answer), stopped),
            }
        }
    }
}
