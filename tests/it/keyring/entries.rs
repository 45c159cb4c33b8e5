//! Entries of the keyring: kept, found, and told apart where they are not to be had.

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use vastenv::domain::Secret;
use vastenv::sealing::{Disk, Keyring as Client, Trouble, Vault};

use super::inside::{in_session, on_bus};
use crate::session::{Keyring, Session};

fn client(session: &Session) -> Client {
    Client::on(Some(session.address()))
}

fn vault_in(folder: &Path, session: &Session) -> Vault {
    Vault::new(&Rc::new(Disk::new(folder, folder, folder)), client(session))
}

#[test]
fn an_entry_is_kept_as_other_programs_see_it_until_it_is_deleted() {
    in_session(
        "keyring::entries::an_entry_is_kept_as_other_programs_see_it_until_it_is_deleted",
        Keyring::Unlocked,
        |session| {
            let client = client(session);
            assert_eq!(client.get("data-key-1"), Err(Trouble::Missing));
            for (entry, text) in
                [("data-key-1", "one"), ("data-key-2", "two words, ü and \"quotes\""), ("x", "")]
            {
                assert_eq!(client.put(entry, "a label", &Secret::new(text)), Ok(()));
                assert_eq!(client.get(entry), Ok(Secret::new(text)), "{entry}");
            }
            let long = Secret::new("long ".repeat(20_000));
            assert_eq!(client.put("long", "a label", &long), Ok(()));
            assert!(client.get("long") == Ok(long));
            let seen = session.secret_tool(&["lookup", "service", "vastenv", "username", "data-key-1"]);
            assert_eq!(String::from_utf8_lossy(&seen.stdout), "one");
            assert_eq!(client.delete("data-key-1"), Ok(()));
            assert_eq!(client.delete("data-key-1"), Ok(()));
            assert_eq!(client.get("data-key-1"), Err(Trouble::Missing));
            assert!(
                session
                    .secret_tool(&["clear", "service", "vastenv", "username", "data-key-2"])
                    .status
                    .success()
            );
            assert_eq!(client.get("data-key-2"), Err(Trouble::Missing));
        },
    );
}

#[test]
fn a_keyring_whose_process_was_killed_is_locked_and_then_whole_again() {
    in_session(
        "keyring::entries::a_keyring_whose_process_was_killed_is_locked_and_then_whole_again",
        Keyring::Unlocked,
        |session| {
            let client = client(session);
            let kept = Secret::new("kept");
            assert_eq!(client.put("data-key-1", "a label", &kept), Ok(()));
            session.kill_keyring(Keyring::Locked);
            assert_eq!(client.get("data-key-1"), Err(Trouble::Locked));
            // Nor is what is not there called lost, while nobody can look.
            assert_eq!(client.get("data-key-2"), Err(Trouble::Locked));
            assert_eq!(client.put("data-key-3", "a label", &kept), Err(Trouble::Locked));
            assert_eq!(client.delete("data-key-1"), Err(Trouble::Locked));
            // Nobody is there to answer, and the keyring says so.
            let asking = self::client(session);
            asking.may_ask(true);
            assert_eq!(asking.get("data-key-1"), Err(Trouble::Locked));
            session.kill_keyring(Keyring::Broken);
            assert!(matches!(client.get("data-key-1"), Err(Trouble::Absent(_))));
            session.next(Keyring::Unlocked);
            assert_eq!(client.get("data-key-1"), Ok(kept));
        },
    );
}

#[track_caller]
fn assert_absent(answer: &Result<Secret, Trouble>) {
    assert!(matches!(answer, Err(Trouble::Absent(_))), "{answer:?}");
}

#[test]
fn a_keyring_that_is_not_there_is_absent_and_not_empty() {
    for bus in [None, Some("autolaunch:".to_owned()), Some("unixexec:path=/bin/false".to_owned())] {
        assert_absent(&Client::on(bus).get("data-key-1"));
    }
    in_session(
        "keyring::entries::a_keyring_that_is_not_there_is_absent_and_not_empty",
        Keyring::Absent,
        |session| {
            assert_absent(&client(session).get("data-key-1"));
        },
    );
}

#[test]
fn a_bus_that_is_not_there_is_absent() {
    on_bus(
        "keyring::entries::a_bus_that_is_not_there_is_absent",
        |folder| folder.join("bus"),
        |address| {
            assert_absent(&Client::on(Some(address)).get("data-key-1"));
        },
    );
}

#[test]
fn a_bus_that_is_killed_while_it_is_asked_does_not_take_us_along() {
    let test = "keyring::entries::a_bus_that_is_killed_while_it_is_asked_does_not_take_us_along";
    in_session(test, Keyring::KillsBus, |session| {
        for _ in 0..2 {
            assert_absent(&client(session).get("data-key-1"));
        }
    });
}

/// A bus in `folder` that treats its first caller as told.
fn peer(folder: &Path, treat: impl FnOnce(UnixStream) + Send + 'static) -> PathBuf {
    let path = folder.join("bus");
    let listener = UnixListener::bind(&path).expect("a socket");
    std::thread::spawn(move || treat(listener.accept().expect("a caller").0));
    path
}

/// What the keyring behind the bus `address` says to a program, and to a person who may be asked.
fn answers(address: String, may_ask: bool) -> Result<Secret, Trouble> {
    let client = Client::on(Some(address));
    client.may_ask(may_ask);
    client.get("data-key-1")
}

#[test]
fn a_bus_that_never_answers_is_given_up() {
    let silent = |folder: &Path| {
        peer(folder, |mut stream| {
            // Reads until the caller has gone.
            let _ = stream.read_to_end(&mut Vec::new());
        })
    };
    on_bus("keyring::entries::a_bus_that_never_answers_is_given_up", silent, |address| {
        assert_eq!(answers(address.clone(), false), Err(Trouble::TimedOut));
        // Nobody was asked anything yet.
        assert_eq!(answers(address, true), Err(Trouble::TimedOut));
    });
}

#[test]
fn what_is_no_bus_is_not_believed() {
    let other = |folder: &Path| {
        peer(folder, |mut stream| {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        })
    };
    on_bus("keyring::entries::what_is_no_bus_is_not_believed", other, |address| {
        assert_absent(&answers(address, false));
    });
}

#[test]
fn a_bus_that_babbles_is_not_believed() {
    let babbling = |folder: &Path| {
        peer(folder, |mut stream| {
            let _ = stream.write_all(b"OK 0123456789abcdef0123456789abcdef\r\nAGREE_UNIX_FD\r\n");
            let _ = stream.write_all(&[b'x'; 4096]);
            let _ = stream.read_to_end(&mut Vec::new());
        })
    };
    on_bus("keyring::entries::a_bus_that_babbles_is_not_believed", babbling, |address| {
        assert_absent(&answers(address, false));
    });
}

#[test]
fn keys_go_under_new_names_and_are_found_by_them() {
    in_session(
        "keyring::entries::keys_go_under_new_names_and_are_found_by_them",
        Keyring::Unlocked,
        |session| {
            let folder = tempfile::tempdir().expect("a folder");
            let vault = || vault_in(folder.path(), session);
            let old = vault().new_data_key().expect("a key");
            let new = vault().new_data_key().expect("a key");
            assert_ne!(old.id(), new.id());
            assert_eq!(vault().entries().expect("read").data_key.as_ref(), Some(new.id()));
            for key in [&old, &new] {
                let found = vault().data_key_in_keyring(key.id()).expect("the key");
                assert_eq!(found.to_text(), key.to_text());
                assert!(vault().data_key(key.id()).is_ok());
            }
            vault().put_api_key(None, &Secret::new("first")).expect("kept");
            let first = vault().entries().expect("read").api_key.expect("an entry");
            vault().put_api_key(None, &Secret::new("second")).expect("kept");
            let second = vault().entries().expect("read").api_key.expect("an entry");
            assert_eq!(vault().api_key(&first), Err(Trouble::Missing));
            assert_eq!(vault().api_key(&second), Ok(Secret::new("second")));
            assert!(
                vault().delete_api_key(None).expect("deleted")
                    && !vault().delete_api_key(None).expect("gone")
            );
            assert_eq!(vault().api_key(&second), Err(Trouble::Missing));
            for key in [&old, &new] {
                vault().delete_data_key(key.id()).expect("deleted");
                assert_eq!(vault().data_key(key.id()).err(), Some(Trouble::Missing));
            }
            assert_eq!(vault().entries().expect("read").data_key, None);
        },
    );
}

#[test]
fn nothing_is_noted_that_the_keyring_did_not_take() {
    in_session(
        "keyring::entries::nothing_is_noted_that_the_keyring_did_not_take",
        Keyring::Locked,
        |session| {
            let folder = tempfile::tempdir().expect("a folder");
            let vault = vault_in(folder.path(), session);
            let failure = vault.new_data_key().err().expect("a failure");
            assert!(failure.message().contains("cannot be kept"), "{failure:?}");
            assert!(failure.next_step().is_some());
            assert!(vault.put_api_key(None, &Secret::new("key")).is_err());
            assert!(!folder.path().join("keyring.json").exists());
        },
    );
}
