//! The Secret Service, as GNOME Keyring, `KWallet` and `KeePassXC` offer it on the session's D-Bus.
//!
//! The library bounds each call, but not the way to the bus: it works in its own thread, which keeps
//! the connection for further questions, and is left behind when it takes too long. It raises no prompt
//! where its time for one is nought.

use std::collections::HashMap;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use dbus_secret_service::{Collection, EncryptionType, Error, Item, SecretService};
use zeroize::Zeroizing;

use super::{Keyring, LIMIT, PATIENCE, SERVICE, Trouble};
use crate::domain::Secret;

/// The library's own limit for a call.
const CALL_LIMIT: Duration = Duration::from_secs(2);

pub(super) fn get(keyring: &Keyring, entry: &str) -> Result<Secret, Trouble> {
    let entry = entry.to_owned();
    ask(keyring, move |service| {
        // libdbus does not wipe what it received; the copies from there on are wiped.
        let bytes = Zeroizing::new(service.find(&entry)?.get_secret()?);
        let text = std::str::from_utf8(&bytes).map_err(|_| Trouble::unintelligible())?;
        Ok(Secret::new(text))
    })
}

pub(super) fn put(keyring: &Keyring, entry: &str, label: &str, text: &Secret) -> Result<(), Trouble> {
    let (entry, label, text) = (entry.to_owned(), label.to_owned(), text.clone());
    ask(keyring, move |service| {
        let collection = service.unlocked_default()?;
        service.tell_if_asking();
        let secret = text.expose().as_bytes();
        collection.create_item(&label, attributes(&entry), secret, true, "text/plain")?;
        Ok(())
    })
}

pub(super) fn delete(keyring: &Keyring, entry: &str) -> Result<(), Trouble> {
    let entry = entry.to_owned();
    ask(keyring, move |service| {
        let item = service.find(&entry)?;
        service.tell_if_asking();
        Ok(item.delete()?)
    })
}

fn attributes(entry: &str) -> HashMap<&str, &str> {
    // The names that password managers and other programs use.
    HashMap::from([("service", SERVICE), ("username", entry)])
}

/// Asks on the connection that is open, or on a new one.
fn ask<T: Send + 'static>(
    keyring: &Keyring,
    question: impl Fn(&Service<'_>) -> Result<T, Trouble> + Clone + Send + 'static,
) -> Result<T, Trouble> {
    check_address(keyring.bus.as_deref())?;
    let open = keyring.connection.take().filter(|connection| connection.may_ask == keyring.may_ask.get());
    if let Some(connection) = open {
        match connection.ask(question.clone()) {
            // The keyring's process may be another one by now.
            Err(Trouble::Absent(_) | Trouble::Failed(_)) => {}
            Err(Trouble::TimedOut) => return Err(Trouble::TimedOut),
            done => {
                keyring.connection.replace(Some(connection));
                return done;
            }
        }
    }
    let connection = Connection::open(keyring.may_ask.get())?;
    let done = connection.ask(question)?;
    keyring.connection.replace(Some(connection));
    Ok(done)
}

/// A connection to the service, in its own thread.
pub(super) struct Connection {
    questions: Sender<Question>,
    may_ask: bool,
}

/// Something to do with the library, or with the word why it is not connected.
type Question = Box<dyn FnOnce(Result<&SecretService, &Trouble>) + Send>;

/// What the thread lets us know.
enum News<T> {
    /// From now on a person may be asked.
    Asks,
    Answer(Result<T, Trouble>),
}

impl Connection {
    fn open(may_ask: bool) -> Result<Self, Trouble> {
        let (sender, questions) = mpsc::channel::<Question>();
        let talk = move || {
            let library = connect(may_ask);
            for question in questions {
                question(library.as_ref());
            }
        };
        thread::Builder::new().name("keyring".to_owned()).spawn(talk).map_err(|error| {
            Trouble::Failed(format!("cannot start a thread: {}", crate::files::reason(&error)))
        })?;
        Ok(Self { questions: sender, may_ask })
    }

    /// The answer to `question`, or the word that there is none in time.
    fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Service<'_>) -> Result<T, Trouble> + Send + 'static,
    ) -> Result<T, Trouble> {
        let (sender, news) = mpsc::channel();
        // Nobody listens any more where it took too long.
        let send = move |news| drop(sender.send(news));
        let may_ask = self.may_ask;
        let work = move |library: Result<&SecretService, &Trouble>| {
            let asks = || send(News::Asks);
            let answer = library.map_err(Clone::clone).and_then(|library| {
                let service = Service { library, asks: may_ask.then_some(&asks as &dyn Fn()) };
                told_from_silence(|| question(&service))
            });
            send(News::Answer(answer));
        };
        self.questions.send(Box::new(work)).map_err(|_| Trouble::hung_up())?;
        let mut limit = LIMIT;
        loop {
            match news.recv_timeout(limit) {
                Ok(News::Asks) => limit = PATIENCE + LIMIT,
                Ok(News::Answer(answer)) => return answer,
                Err(RecvTimeoutError::Timeout) => return Err(Trouble::TimedOut),
                Err(RecvTimeoutError::Disconnected) => return Err(Trouble::hung_up()),
            }
        }
    }
}

fn connect(may_ask: bool) -> Result<SecretService, Trouble> {
    let patience = if may_ask { PATIENCE.as_secs() } else { 0 };
    // The bus reaches no further than this machine's own socket, and whoever may listen there may ask
    // for the secret as well: nothing to encrypt against.
    told_from_silence(|| Ok(SecretService::connect_with_max_prompt_timeout(EncryptionType::Plain, patience)?))
}

/// libdbus has one word for silence and for a lost connection, but waits only in silence.
fn told_from_silence<T>(call: impl FnOnce() -> Result<T, Trouble>) -> Result<T, Trouble> {
    let began = Instant::now();
    call().map_err(|trouble| match trouble {
        Trouble::TimedOut if began.elapsed() < CALL_LIMIT => Trouble::hung_up(),
        other => other,
    })
}

/// Whether there is a bus to ask, and only by sockets of this machine: other kinds of address start
/// programs (`autolaunch:`, `unixexec:`), or lead elsewhere.
fn check_address(addresses: Option<&str>) -> Result<(), Trouble> {
    let addresses = addresses.ok_or_else(|| Trouble::Absent("this session has no D-Bus".to_owned()))?;
    if addresses.split(';').all(|address| address.starts_with("unix:")) {
        return Ok(());
    }
    Err(Trouble::Absent("unknown kind of address of the session's D-Bus".to_owned()))
}

/// The Secret Service, and how to tell that it may now ask a person.
struct Service<'a> {
    library: &'a SecretService,
    asks: Option<&'a dyn Fn()>,
}

impl Service<'_> {
    /// The item of `entry`, unlocked.
    fn find(&self, entry: &str) -> Result<Item<'_>, Trouble> {
        let found = self.library.search_items(attributes(entry))?;
        if let Some(item) = found.unlocked.into_iter().next() {
            return Ok(item);
        }
        if let Some(item) = found.locked.into_iter().next() {
            self.ask_for(|| item.unlock())?;
            return Ok(item);
        }
        // Some keyrings do not tell what a locked one holds: only an unlocked one can have lost it.
        self.unlocked_default()?;
        let found = self.library.search_items(attributes(entry))?;
        found.unlocked.into_iter().next().ok_or(Trouble::Missing)
    }

    /// The keyring where new items go, unlocked.
    fn unlocked_default(&self) -> Result<Collection<'_>, Trouble> {
        let collection = self.library.get_default_collection().map_err(|error| match error {
            Error::NoResult => Trouble::Absent("the keyring service has no default keyring".to_owned()),
            other => other.into(),
        })?;
        if collection.is_locked()? {
            self.ask_for(|| collection.unlock())?;
        }
        Ok(collection)
    }

    /// Lets the keyring ask its user, who has more time than a program.
    fn ask_for(&self, unlocking: impl FnOnce() -> Result<(), Error>) -> Result<(), Trouble> {
        let asks = self.asks.ok_or(Trouble::Locked)?;
        asks();
        Ok(unlocking()?)
    }

    /// Some keyrings ask before they take or remove an entry.
    fn tell_if_asking(&self) {
        if let Some(asks) = self.asks {
            asks();
        }
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        match error {
            Error::Dbus(error) => {
                Self::of_dbus(error.name().unwrap_or_default(), error.message().unwrap_or_default())
            }
            // The prompt was dismissed, or none was allowed.
            Error::Locked | Error::Prompt => Self::Locked,
            Error::NoResult => Self::Missing,
            Error::Unavailable => Self::Absent("no keyring service on the session's D-Bus".to_owned()),
            _ => Self::unintelligible(),
        }
    }
}

impl Trouble {
    /// What an error of libdbus, of the bus or of the service means.
    fn of_dbus(name: &str, words: &str) -> Self {
        let short = name.rsplit('.').next().unwrap_or(name);
        match short {
            "IsLocked" => Self::Locked,
            "NoSuchObject" | "UnknownObject" => Self::Missing,
            "ServiceUnknown" | "NameHasNoOwner" => {
                Self::Absent("no keyring service on the session's D-Bus".to_owned())
            }
            // The bus says so of a service that ended, and libdbus of one that is silent.
            "NoReply" if words.contains("disconnected") => {
                Self::Absent("the keyring service ended".to_owned())
            }
            "NoReply" | "Timeout" | "TimedOut" => Self::TimedOut,
            "Disconnected" => Self::hung_up(),
            "FileNotFound" | "NoServer" | "BadAddress" | "AuthFailed" | "IOError" => {
                Self::Absent(format!("the session's D-Bus cannot be reached ({short})"))
            }
            _ if name.contains(".Spawn.") => Self::Absent(format!("its service does not start ({short})")),
            _ => Self::Failed(crate::domain::printable_capped(name, 120)),
        }
    }

    fn hung_up() -> Self {
        Self::Absent("the session's D-Bus hung up".to_owned())
    }

    /// Something answers that is not a keyring.
    fn unintelligible() -> Self {
        Self::Failed("invalid answer".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_buses_of_this_machine_are_asked() {
        for local in ["unix:path=/run/user/1/bus,guid=0", "unix:path=/a;unix:abstract=b"] {
            assert_eq!(check_address(Some(local)), Ok(()), "{local}");
        }
        for other in ["", "autolaunch:", "unixexec:path=/bin/true", "unix:path=/a;tcp:host=localhost,port=1"]
        {
            assert!(matches!(check_address(Some(other)), Err(Trouble::Absent(_))), "{other}");
        }
    }

    #[test]
    fn a_service_that_ended_is_told_from_a_silent_one() {
        let of = |name, words| Trouble::of_dbus(&format!("org.freedesktop.DBus.Error.{name}"), words);
        assert_eq!(of("NoReply", "Did not receive a reply."), Trouble::TimedOut);
        let ended = of("NoReply", "Message recipient disconnected from message bus without replying");
        assert!(matches!(ended, Trouble::Absent(_)));
        assert!(matches!(of("Spawn.ExecFailed", ""), Trouble::Absent(why) if why.contains("ExecFailed")));
        assert_eq!(of("AccessDenied", ""), Trouble::Failed("org.freedesktop.DBus.Error.AccessDenied".into()));
    }
}
