//! A keyring that is locked, absent, silent, or has lost the key: what is lost is said, nothing is
//! written in clear, and there is a way on.

use std::fs;
use std::os::unix::net::UnixListener;

use super::machine::{Machine, VALUES};
use crate::session::Keyring;

fn whole(text: &str) -> bool {
    VALUES.iter().all(|(_, value)| text.contains(value))
}

#[test]
fn a_locked_keyring_keeps_remembered_values_and_says_so() {
    let machine = Machine::sealed();
    let before = fs::read(machine.file("values.json")).expect("read");
    machine.session.kill_keyring(Keyring::Locked);
    let said = machine.anew(&["export", "json"]).run();
    assert_eq!((said.code, said.out.as_str()), (1, ""), "{said:?}");
    said.mentions(&["the 3 values remembered in", "cannot be opened: the keyring is locked", "unlock"]);
    let said = machine.anew(&["remember", "env-var", "TWO", "else"]).run();
    assert_eq!(said.code, 1, "{said:?}");
    said.mentions(&["the keyring is locked"]);
    let said = machine.anew(&["storage", "file"]).run();
    assert_eq!(said.code, 1, "{said:?}");
    said.mentions(&["nothing changed", "the keyring is locked"]);
    let said = machine.anew(&["storage"]).run().expect(0);
    assert!(said.out.contains("the keyring is locked"), "{said:?}");
    assert_eq!(fs::read(machine.file("values.json")).expect("read"), before);
    assert_eq!(machine.holds_a_value(), None);
    machine.session.kill_keyring(Keyring::Unlocked);
    assert!(whole(&machine.anew(&["export", "json"]).run().expect(0).out));
}

#[test]
fn what_the_server_tells_is_fetched_and_not_written_while_the_keyring_is_away() {
    let machine = Machine::telling();
    machine.home.ok(&["storage", "keyring", "--quiet"]);
    for keyring in [Keyring::Locked, Keyring::Broken] {
        machine.session.kill_keyring(keyring);
        let said = machine.anew(&["export", "json"]).run().expect(0);
        assert!(whole(&said.out), "{said:?}");
        let said = machine.anew(&["refresh"]).run();
        assert_eq!(said.code, 1, "{said:?}");
        said.mentions(&["nothing is written in clear text"]);
        assert_eq!(machine.holds_a_value(), None);
        machine.session.next(Keyring::Locked);
        machine.anew(&["status"]).run().expect(0);
    }
    machine.session.kill_keyring(Keyring::Unlocked);
    let said = machine.anew(&["export", "json"]).run().expect(0);
    assert!(whole(&said.out) && !said.err.contains("vastenv:"), "{said:?}");
}

#[test]
fn no_keyring_at_all_is_said_and_nothing_falls_back_to_plain_files() {
    let mut machine = Machine::sealed();
    machine.home.unset("DBUS_SESSION_BUS_ADDRESS");
    machine.anew(&["export", "json"]).run().expect(1).mentions(&["no keyring", "has no D-Bus"]);
    machine.anew(&["create", "env-var", "NEW", "v-in-clear"]).run().mentions(&["no keyring"]);
    assert!(machine.files().iter().all(|(_, bytes)| !String::from_utf8_lossy(bytes).contains("v-in-clear")));
    let said = machine.anew(&["status"]).run().expect(0);
    assert!(said.out.contains("no keyring"), "{said:?}");
    assert_eq!(machine.holds_a_value(), None);
}

#[test]
fn a_silent_keyring_is_given_up() {
    let mut machine = Machine::sealed();
    let socket = machine.home.path("silent");
    let _listener = UnixListener::bind(&socket).expect("a socket");
    machine.home.set("DBUS_SESSION_BUS_ADDRESS", format!("unix:path={}", socket.display()));
    machine.anew(&["export", "json"]).run().expect(1).mentions(&["did not answer in time"]);
}

#[test]
fn a_lost_key_costs_what_is_said_and_no_sealed_file() {
    let machine = Machine::sealed();
    machine.lose_entries();
    let said = machine.anew(&["export", "json", "--allow-missing"]).run();
    // Nothing waits for what is lost: all else goes on, for whom that is enough.
    machine.anew(&["export", "json"]).run().refuses(1, &["values unknown here: "]);
    assert_eq!((said.code, said.out.as_str()), (0, "{}\n"), "{said:?}");
    let values = machine.file("values.json");
    said.mentions(&[
        &format!("the 3 values remembered in {}", machine.home.shown(&values)),
        "are encrypted with a key that the keyring no longer has",
        "vastenv remember env-var --all",
    ]);
    let sealed = fs::read(&values).expect("read");
    // Looking on, and asking the server, leaves them alone.
    machine.anew(&["refresh"]).run();
    machine.anew(&["status"]).run().expect(0);
    assert_eq!(fs::read(&values).expect("read"), sealed);

    let lost = values.with_extension("json.lost");
    let said = machine.anew(&["remember", "env-var", "TWO", "given-anew"]).run().expect(0);
    said.mentions(&["no longer has the key of 3 remembered values", &machine.home.shown(&lost)]);
    assert_eq!(fs::read(&lost).expect("kept"), sealed);
    let said = machine.anew(&["export", "json", "--allow-missing"]).run().expect(0);
    assert!(said.out.contains("given-anew") && !said.out.contains("hf_first"), "{said:?}");

    // A second loss does not overwrite the file of the first.
    machine.lose_entries();
    let said = machine.anew(&["remember", "env-var", "TWO", "once more"]).run().expect(1);
    said.mentions(&[&machine.home.shown(&lost), "is there already"]);
    assert_eq!(fs::read(&lost).expect("kept"), sealed);
}

#[test]
fn a_lost_key_is_told_also_beside_a_new_one() {
    let machine = Machine::sealed();
    machine.lose_entries();
    // The snapshot is written anew, and sealed with a new key; the values stay with the old one.
    machine.anew(&["refresh"]).run();
    assert_eq!(machine.entries(), 1);
    let values = machine.file("values.json");
    let shown = machine.home.shown(&values);
    let lost = format!("the keyring no longer has the key of the 3 values in {shown}");
    for command in ["storage", "status", "doctor"] {
        let said = machine.anew(&[command]).run();
        assert!(format!("{}{}", said.out, said.err).contains(&lost), "{said:?}");
        assert!(format!("{}{}", said.out, said.err).contains("vastenv remember env-var --all"), "{said:?}");
        assert_eq!(said.code, i32::from(command == "doctor"), "{said:?}");
    }
    let said = machine.anew(&["storage", "--raw"]).run().expect(0);
    let report: serde_json::Value = serde_json::from_str(&said.out).expect("JSON");
    assert_eq!((&report["lost"][0], &report["keyring"]), (&values.to_str().into(), &"reachable".into()));
}

#[test]
fn what_the_session_still_keeps_goes_back_into_the_keyring() {
    let machine = Machine::sealed();
    machine.lose_entries();
    Machine::assert_whole(&machine.home, "kept by the kernel");
    machine.home.ok(&["storage", "keyring", "--quiet"]);
    assert_eq!(machine.entries(), 1);
    assert!(whole(&machine.anew(&["export", "json"]).run().expect(0).out));
}
