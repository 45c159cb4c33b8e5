//! Many variables sent one after the other, as fast as the service lets them.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::pace::{Method, Pace};
use super::{Changed, Keeping, Remote};
use crate::domain::{Failure, Kind, Result};
use crate::dotenv::{Pending, Plan};

/// What is to be sent, and what has been. It outlives a connection, so that another key can go on.
#[derive(Debug, Default)]
pub struct Batch {
    creates: VecDeque<Pending>,
    updates: VecDeque<Pending>,
    pace: Pace,
    /// What became of what is not waiting any more.
    pub sent: Sent,
}

/// What became of what was sent.
#[derive(Debug, Default)]
pub struct Sent {
    /// Names that are new in the account.
    pub created: Vec<String>,
    /// Names that have another value now.
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
pub enum Ended<S> {
    /// Everything was tried.
    Complete,
    /// It was told to stop.
    Stopped(S),
}

impl Batch {
    /// What a plan wants sent.
    pub fn new(plan: Plan) -> Self {
        Self { creates: plan.create.into(), updates: plan.update.into(), ..Self::default() }
    }

    /// How many variables there are in all.
    pub fn total(&self) -> usize {
        self.done() + self.sent.failed.len() + self.creates.len() + self.updates.len()
    }

    /// How many variables the account has taken.
    pub fn done(&self) -> usize {
        self.sent.created.len() + self.sent.updated.len()
    }

    /// How long the rest will take, about.
    pub fn left(&self) -> Duration {
        self.pace.left(self.creates.len(), self.updates.len(), Instant::now())
    }

    /// The names that are still to be sent.
    pub fn unsent(&self) -> Vec<String> {
        let mut names: Vec<_> =
            self.creates.iter().chain(&self.updates).map(|pending| pending.name.to_string()).collect();
        names.sort_unstable();
        names
    }

    fn queue(&mut self, method: Method) -> &mut VecDeque<Pending> {
        match method {
            Method::Create => &mut self.creates,
            Method::Update => &mut self.updates,
        }
    }

    /// Notes what became of the first variable of a queue.
    ///
    /// # Errors
    /// It failed for a reason that the others would meet too: it waits for another time.
    fn settle(&mut self, method: Method, result: Result<Changed>) -> Result<()> {
        match result {
            Ok(changed) => {
                self.queue(method).pop_front();
                let names = if changed.created { &mut self.sent.created } else { &mut self.sent.updated };
                names.push(changed.name);
                self.sent.not_followed = self.sent.not_followed.take().or(changed.not_followed);
                self.sent.not_remembered = self.sent.not_remembered.take().or(changed.not_remembered);
                Ok(())
            }
            Err(failure) if is_about_one_variable(&failure) => {
                let refused = self.queue(method).pop_front();
                self.sent.failed.extend(refused.map(|refused| (refused.name.to_string(), failure)));
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
    /// Sends what is waiting until nothing is, or until `stop` says so. What has been sent by then is
    /// waited for, so that its end is known; a second word from `stop` ends that wait too.
    ///
    /// # Errors
    /// A failure that every variable would meet: a refused key, a full account, a server that
    /// cannot be reached. What is not sent stays in the batch.
    pub async fn send_batch<S>(
        &self,
        batch: &mut Batch,
        mut stop: impl AsyncFnMut() -> S,
    ) -> Result<Ended<S>> {
        self.client.hush(batch.creates.iter().chain(&batch.updates).map(|pending| pending.value.clone()));
        loop {
            self.follow_others(&mut batch.pace, Instant::now());
            let waiting = (batch.creates.len(), batch.updates.len());
            let Some((method, wait)) = batch.pace.next(waiting.0, waiting.1, Instant::now()) else {
                return Ok(Ended::Complete);
            };
            let tried = batch.done() + batch.sent.failed.len();
            self.listener.progress(tried, batch.total(), batch.left());
            tokio::select! {
                biased;
                word = stop() => return Ok(Ended::Stopped(word)),
                () = tokio::time::sleep(wait) => {}
            }
            let Some(pending) = batch.queue(method).front().cloned() else { continue };
            let began = Instant::now();
            let (result, word) = until_answered(self.send_one(method, &pending), &mut stop).await;
            batch.pace.answered(method, began, Instant::now());
            if let Some(result) = result {
                batch.settle(method, result)?;
            } else {
                batch.sent.unclear = Some(pending.name.to_string());
                self.invalidate();
            }
            if let Some(word) = word {
                return Ok(Ended::Stopped(word));
            }
        }
    }

    async fn send_one(&self, method: Method, pending: &Pending) -> Result<Changed> {
        match method {
            Method::Create => self.create(&pending.name, &pending.value, Keeping::Remembered).await,
            Method::Update => self.update(&pending.name, &pending.value, Keeping::Remembered).await,
        }
    }
}

/// Waits for the answer, also after the first word from `stop`, but not after the second.
async fn until_answered<T, S>(
    sending: impl Future<Output = T>,
    mut stop: impl AsyncFnMut() -> S,
) -> (Option<T>, Option<S>) {
    tokio::pin!(sending);
    let mut stopped = None;
    loop {
        tokio::select! {
            answer = &mut sending => return (Some(answer), stopped),
            word = stop() => {
                if stopped.is_some() {
                    return (None, stopped);
                }
                stopped = Some(word);
            }
        }
    }
}
