//! The Secret Service, as GNOME Keyring, `KWallet` and `KeePassXC` offer it on the session's D-Bus.

use super::dbus::{Bus, Method};
use super::wire::{Body, Message};
use super::{Keyring, LIMIT, PATIENCE, SERVICE, Trouble};
use crate::domain::Secret;

const DESTINATION: &str = "org.freedesktop.secrets";
const ROOT: &str = "/org/freedesktop/secrets";
const COLLECTION: &str = "org.freedesktop.Secret.Collection";
const ITEM: &str = "org.freedesktop.Secret.Item";

/// The path that stands for "none".
const NONE: &str = "/";

pub(super) fn get(keyring: &Keyring, entry: &str) -> Result<Secret, Trouble> {
    with_service(keyring, |service| {
        let item = service.find(entry)?;
        // The bus reaches no further than this machine's own socket: nothing to encrypt against.
        let session = service.session()?;
        let answer = service.call(&item, ITEM, "GetSecret", Body::default().path(&session))?;
        read_secret(&answer).ok_or_else(Trouble::unintelligible)
    })
}

pub(super) fn put(keyring: &Keyring, entry: &str, label: &str, text: &Secret) -> Result<(), Trouble> {
    with_service(keyring, |service| {
        let collection = service.unlocked_default()?;
        let session = service.session()?;
        let item = Body::default()
            .item_properties(label, &attributes(entry))
            .secret(&session, text.expose().as_bytes())
            .flag(true);
        let answer = service.call(&collection, COLLECTION, "CreateItem", item)?;
        let mut reader = answer.read();
        let (created, prompt) = (reader.text(), reader.text());
        if created == Some(NONE) { service.ask(prompt.ok_or_else(Trouble::unintelligible)?) } else { Ok(()) }
    })
}

pub(super) fn delete(keyring: &Keyring, entry: &str) -> Result<(), Trouble> {
    with_service(keyring, |service| {
        let item = service.find(entry)?;
        let answer = service.call(&item, ITEM, "Delete", Body::default())?;
        let prompt = answer.read().text().ok_or_else(Trouble::unintelligible)?;
        if prompt == NONE { Ok(()) } else { service.ask(prompt) }
    })
}

/// Does `work` on the connection that is open, or on a new one.
fn with_service<T>(
    keyring: &Keyring,
    work: impl Fn(&mut Service) -> Result<T, Trouble>,
) -> Result<T, Trouble> {
    if let Some(mut service) = keyring.service.take() {
        service.bus.extend(LIMIT);
        service.may_ask = keyring.may_ask;
        match work(&mut service) {
            // The keyring's process may be another one by now.
            Err(Trouble::Absent(_) | Trouble::Failed(_)) => {}
            done => {
                keyring.service.replace(Some(service));
                return done;
            }
        }
    }
    let mut service = Service::connect(keyring)?;
    let done = work(&mut service)?;
    keyring.service.replace(Some(service));
    Ok(done)
}

impl Trouble {
    /// What an error on the bus means.
    pub(super) fn of_error(name: &str) -> Self {
        let short = name.rsplit('.').next().unwrap_or(name);
        match short {
            "IsLocked" => Self::Locked,
            "NoSuchObject" | "UnknownObject" => Self::Missing,
            "ServiceUnknown" | "NameHasNoOwner" => {
                Self::Absent("no keyring service on the session's D-Bus".to_owned())
            }
            "NoReply" | "Disconnected" => Self::Absent("the keyring service ended".to_owned()),
            "Timeout" | "TimedOut" => Self::TimedOut,
            _ if name.contains(".Spawn.") => Self::Absent(format!("its service does not start ({short})")),
            _ => Self::Failed(crate::domain::printable_capped(name, 120)),
        }
    }

    /// What an error of the bus's socket means.
    pub(super) fn of_socket(error: &std::io::Error) -> Self {
        use std::io::ErrorKind::{TimedOut, WouldBlock};
        if matches!(error.kind(), TimedOut | WouldBlock) {
            return Self::TimedOut;
        }
        Self::Absent(format!("the session's D-Bus cannot be reached: {}", crate::files::reason(error)))
    }

    /// Something answers that is no bus, or no keyring.
    pub(super) fn unintelligible() -> Self {
        Self::Failed("its answer makes no sense".to_owned())
    }
}

fn attributes(entry: &str) -> [(&str, &str); 2] {
    // The names that password managers and other programs use.
    [("service", SERVICE), ("username", entry)]
}

fn read_secret(answer: &Message) -> Option<Secret> {
    let mut reader = answer.read();
    reader.align(8);
    let (_session, _parameters) = (reader.text()?, reader.bytes()?);
    std::str::from_utf8(reader.bytes()?).ok().map(Secret::new)
}

/// A connection to the service.
pub(super) struct Service {
    bus: Bus,
    may_ask: bool,
    session: Option<String>,
}

impl Service {
    fn connect(keyring: &Keyring) -> Result<Self, Trouble> {
        let address =
            keyring.bus.as_deref().ok_or_else(|| Trouble::Absent("this session has no D-Bus".to_owned()))?;
        Ok(Self { bus: Bus::connect(address, LIMIT)?, may_ask: keyring.may_ask, session: None })
    }

    fn call(&mut self, path: &str, interface: &str, name: &str, body: Body) -> Result<Message, Trouble> {
        self.bus.call(&Method { destination: DESTINATION, path, interface, name }, &body)
    }

    fn call_root(&mut self, name: &str, body: Body) -> Result<Message, Trouble> {
        self.call(ROOT, "org.freedesktop.Secret.Service", name, body)
    }

    /// A session in which secrets pass as they are.
    fn session(&mut self) -> Result<String, Trouble> {
        if let Some(session) = &self.session {
            return Ok(session.clone());
        }
        let answer = self.call_root("OpenSession", Body::default().text("plain").variant_text(""))?;
        let mut reader = answer.read();
        let session = reader.skip("v").and_then(|()| reader.text());
        let session = session.ok_or_else(Trouble::unintelligible)?.to_owned();
        self.session = Some(session.clone());
        Ok(session)
    }

    /// The item of `entry`, unlocked.
    fn find(&mut self, entry: &str) -> Result<String, Trouble> {
        let (unlocked, locked) = self.search(entry)?;
        if let Some(item) = unlocked.into_iter().next() {
            return Ok(item);
        }
        if let Some(item) = locked.into_iter().next() {
            self.unlock(&item)?;
            return Ok(item);
        }
        // Some keyrings do not tell what a locked one holds: only an unlocked one can have lost it.
        self.unlocked_default()?;
        self.search(entry)?.0.into_iter().next().ok_or(Trouble::Missing)
    }

    fn search(&mut self, entry: &str) -> Result<(Vec<String>, Vec<String>), Trouble> {
        let answer = self.call_root("SearchItems", Body::default().dictionary(&attributes(entry)))?;
        let mut reader = answer.read();
        reader.paths().zip(reader.paths()).ok_or_else(Trouble::unintelligible)
    }

    /// The keyring where new items go, unlocked.
    fn unlocked_default(&mut self) -> Result<String, Trouble> {
        let answer = self.call_root("ReadAlias", Body::default().text("default"))?;
        let collection = answer.read().text().ok_or_else(Trouble::unintelligible)?.to_owned();
        if collection == NONE {
            return Err(Trouble::Absent("the keyring service has no default keyring".to_owned()));
        }
        let locked = Body::default().text(COLLECTION).text("Locked");
        let answer = self.call(&collection, "org.freedesktop.DBus.Properties", "Get", locked)?;
        let mut reader = answer.read();
        let is_locked = reader.signature().filter(|kind| kind == "b").and_then(|_| reader.number());
        if is_locked.ok_or_else(Trouble::unintelligible)? != 0 {
            self.unlock(&collection)?;
        }
        Ok(collection)
    }

    fn unlock(&mut self, object: &str) -> Result<(), Trouble> {
        if !self.may_ask {
            return Err(Trouble::Locked);
        }
        let answer = self.call_root("Unlock", Body::default().paths(&[object.to_owned()]))?;
        let mut reader = answer.read();
        let prompt = reader.paths().and_then(|_| reader.text()).ok_or_else(Trouble::unintelligible)?;
        if prompt == NONE { Ok(()) } else { self.ask(prompt) }
    }

    /// Lets the keyring ask its user, who has more time than a program.
    fn ask(&mut self, prompt: &str) -> Result<(), Trouble> {
        if !self.may_ask {
            return Err(Trouble::Locked);
        }
        self.bus.listen(prompt, "Completed")?;
        self.call(prompt, "org.freedesktop.Secret.Prompt", "Prompt", Body::default().text(""))?;
        self.bus.extend(PATIENCE);
        let completed = self.bus.signal(prompt, "Completed");
        let dismissed = completed?.read().number().ok_or_else(Trouble::unintelligible)? != 0;
        self.bus.extend(LIMIT);
        if dismissed { Err(Trouble::Locked) } else { Ok(()) }
    }
}
