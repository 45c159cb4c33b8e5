//! From request to answer: who asks, whether they may, and what happens to the account.

use std::time::Duration;

use hyper::{Method, StatusCode};

use super::account::Account;
use super::answer::Answer;
use super::limits::Limits;
use super::record::Record;
use super::request::{self, Request};
use super::routes::{Endpoint, Target};
use super::state_file::StateFile;
use super::{Options, Outcome, api_keys, instances, secrets, ssh_keys};
use crate::domain::{Failure, Result, Secret, Timestamp, hex};
use crate::files::random;

/// The time since 1970.
type Clock = Box<dyn Fn() -> Duration + Send>;

/// The account and everything that an answer depends on.
pub(super) struct Service {
    account: Account,
    state: Option<StateFile>,
    record: Option<Record>,
    limits: Option<Limits>,
    mask: bool,
    now: Clock,
}

impl Service {
    /// Loads or creates the account, and saves it as completed.
    pub(super) fn open(options: &Options, now: Clock) -> Result<Self> {
        let record = options.record.as_deref().map(Record::open).transpose()?;
        let state = options.state.as_deref().map(StateFile::at);
        let mut account = state.as_ref().map(StateFile::load).transpose()?.unwrap_or_default();
        options.instances.iter().for_each(|seed| seed.plant(&mut account));
        account.complete(new_user_id()?, new_api_key()?, Timestamp(now().as_secs()));
        if let Some(file) = &state {
            file.save(&account)?;
        }
        let limits = options.rate_limits.map(Limits::new);
        Ok(Self { account, state, record, limits, mask: options.mask, now })
    }

    /// The first key that opens the account.
    pub(super) fn first_key(&self) -> Option<Secret> {
        self.account.own_keys().next().map(|key| key.key.clone())
    }

    /// Whether the account has no variables.
    pub(super) fn is_empty(&self) -> bool {
        self.account.secrets.is_empty()
    }

    /// Answers `request`; what it changed is saved and the request recorded when this returns.
    pub(super) fn handle(&mut self, request: &Request) -> Answer {
        let answer = self.answer(request).unwrap_or_else(|refusal| refusal);
        let recorded = self.record.as_mut().map_or(Ok(()), |record| record.add(request, answer.status()));
        match recorded {
            Ok(()) => answer,
            Err(failure) => broken(&failure),
        }
    }

    fn answer(&mut self, request: &Request) -> std::result::Result<Answer, Answer> {
        let method = &request.method;
        let endpoint = match Target::of(&request.path) {
            Target::Endpoint(endpoint) => endpoint,
            Target::Redirect(path) => return Ok(redirect(method, path + &request.query)),
            Target::Nothing => return Err(Answer::unknown_path()),
        };
        if !endpoint.methods().split(", ").any(|taken| taken == method.as_str()) {
            return Err(Answer::wrong_method(endpoint.methods()));
        }
        if request.body.is_none() {
            return Err(request::too_large());
        }
        let caller = self.account.authorize(request.token.as_ref(), endpoint.category(method))?;
        if let Some(limits) = &mut self.limits {
            limits.admit(endpoint, method, caller.key.expose(), (self.now)())?;
        }
        let caller = caller.id;
        let value = if method == Method::GET {
            self.read(endpoint, &request.query)?
        } else {
            self.change(endpoint, request, caller)?
        };
        Ok(Answer::ok(value))
    }

    fn read(&self, endpoint: Endpoint, query: &str) -> Outcome {
        match endpoint {
            Endpoint::Secrets => Ok(secrets::list(&self.account, self.mask)),
            Endpoint::ApiKeys => Ok(api_keys::list(&self.account)),
            Endpoint::ApiKey(id) => api_keys::show(&self.account, id),
            Endpoint::SshKeys => Ok(ssh_keys::list(&self.account)),
            Endpoint::Instances => instances::list(&self.account, query),
            Endpoint::Instance(id) => Ok(instances::show(&self.account, id)),
            Endpoint::CurrentUser => Ok(self.account.show_user()),
            Endpoint::ResetApiKey | Endpoint::SshKey(_) => Err(Answer::wrong_method(endpoint.methods())),
        }
    }

    /// Changes a copy of the account, which takes the account's place once it is saved.
    fn change(&mut self, endpoint: Endpoint, request: &Request, caller: u64) -> Outcome {
        let fields = request.fields()?;
        let now = Timestamp((self.now)().as_secs());
        let new_key = || new_api_key().map_err(|failure| broken(&failure));
        let mut changed = self.account.clone();
        let account = &mut changed;
        let value = match (endpoint, request.method.as_str()) {
            (Endpoint::Secrets, "POST") => secrets::create(account, &fields),
            (Endpoint::Secrets, "PUT") => secrets::update(account, &fields),
            (Endpoint::Secrets, "DELETE") => secrets::delete(account, &fields),
            (Endpoint::ApiKeys, "POST") => api_keys::create(account, &fields, new_key()?, now),
            (Endpoint::ApiKey(id), "DELETE") => api_keys::delete(account, id),
            (Endpoint::ResetApiKey, "PUT") => api_keys::reset(account, &fields, caller, new_key()?),
            (Endpoint::SshKeys, "POST") => ssh_keys::create(account, &fields, now),
            (Endpoint::SshKey(id), "PUT") => ssh_keys::update(account, &fields, id),
            (Endpoint::SshKey(id), "DELETE") => ssh_keys::delete(account, id),
            _ => Err(Answer::wrong_method(endpoint.methods())),
        }?;
        if let Some(file) = &self.state {
            file.save(&changed).map_err(|failure| broken(&failure))?;
        }
        self.account = changed;
        Ok(value)
    }
}

/// The service's redirects keep the method: 301 does so for GET only.
fn redirect(method: &Method, location: String) -> Answer {
    let keeps = method == Method::GET || method == Method::HEAD;
    let status = if keeps { StatusCode::MOVED_PERMANENTLY } else { StatusCode::PERMANENT_REDIRECT };
    Answer::redirect(status, location)
}

fn broken(failure: &Failure) -> Answer {
    Answer::broken(failure.message())
}

/// 64 hex digits, as the service's own keys are.
fn new_api_key() -> Result<Secret> {
    Ok(Secret::new(hex(&*random::<32>()?)))
}

/// Six digits. Were they the same in every sandbox, two that happen to get the same port would pass
/// for one account.
fn new_user_id() -> Result<u64> {
    Ok(100_000 + u64::from(u32::from_le_bytes(*random()?)) % 900_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_keys_and_ids_look_like_the_services_own() {
        let (one, other) = (new_api_key().expect("a key"), new_api_key().expect("a key"));
        assert_ne!(one, other);
        assert_eq!(one.expose().len(), 64);
        assert!(one.expose().bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')));
        assert!((100_000..1_000_000).contains(&new_user_id().expect("an id")));
    }
}
