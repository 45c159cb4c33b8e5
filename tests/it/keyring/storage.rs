//! `vastenv storage`: there and back, and what is left in which place.

use std::fs;

use serde_json::Value;

use super::machine::Machine;
use crate::home::mode;

#[test]
fn everything_is_sealed_and_unsealed_again() {
    let machine = Machine::new();
    let home = &machine.home;
    assert!(home.ok(&["storage"]).starts_with("private files"));
    assert!(machine.holds_a_value().is_some());
    let said = home.vastenv(&["storage", "keyring"]).run().expect(0);
    assert_eq!(said.err, "2 files encrypted; the key is in the keyring\n");
    assert_eq!(machine.holds_a_value(), None);
    for name in ["values.json", "snapshot.json"] {
        let path = machine.file(name);
        assert!(fs::read(&path).expect("read").starts_with(b"vastenv sealed 1 XChaCha20-Poly1305 "));
        assert_eq!(mode(&path), 0o600);
    }
    assert_eq!(machine.entries(), 1);
    Machine::assert_whole(home, "sealed");
    machine.anew(&["export", "json"]).run().expect(0);
    // What is written from now on is sealed too.
    home.ok(&["set", "env-var", "NEW", "a-new-value", "--quiet"]);
    home.ok(&["refresh", "--quiet"]);
    assert!(home.ok(&["export", "json"]).contains("a-new-value"));
    assert!(machine.files().iter().all(|(_, bytes)| !String::from_utf8_lossy(bytes).contains("a-new-value")));
    assert_eq!(home.ok(&["storage"]), "files encrypted with a key in the keyring (the keyring answers)\n");
    let again = home.vastenv(&["storage", "keyring"]).run().expect(0);
    assert_eq!(again.err, "0 files encrypted; the key is in the keyring\n");

    let said = home.vastenv(&["storage", "file"]).run().expect(0);
    assert_eq!(said.err, "2 files decrypted; secrets are stored in private files now\n");
    assert_eq!(machine.entries(), 0);
    Machine::assert_whole(home, "unsealed");
    assert!(home.ok(&["storage"]).starts_with("private files"));
}

#[test]
fn the_settings_keep_their_words() {
    let machine = Machine::new();
    let text = "# my settings\nmax_age = \"2h\" # long\n\n[profiles]\n";
    let path = machine.home.write(".config/vastenv/config.toml", text.replace("\n[profiles]\n", ""));
    machine.home.ok(&["storage", "keyring", "--quiet"]);
    let sealed = fs::read_to_string(&path).expect("read");
    assert!(sealed.starts_with("# my settings\nmax_age = \"2h\" # long\n"), "{sealed}");
    assert!(sealed.contains("storage = \"keyring\""), "{sealed}");
    machine.home.ok(&["storage", "file", "--quiet"]);
    assert_eq!(fs::read_to_string(&path).expect("read"), sealed.replace("\"keyring\"", "\"file\""));
}

#[test]
fn settings_that_came_from_another_machine_make_a_key_here() {
    let machine = Machine::new();
    machine.home.write(".config/vastenv/config.toml", "storage = \"keyring\"\n");
    let report: Value = serde_json::from_str(&machine.home.ok(&["--raw", "storage"])).expect("JSON");
    assert_eq!(report["keyring"], "reachable");
    assert_eq!(report["other_form"].as_array().map(Vec::len), Some(2), "{report}");
    Machine::assert_whole(&machine.home, "not yet sealed");
    machine.home.ok(&["remember", "env-var", "TWO", "another", "--quiet"]);
    assert_eq!(machine.entries(), 1);
    let values = fs::read(machine.file("values.json")).expect("read");
    assert!(values.starts_with(b"vastenv sealed 1 "));
}

#[test]
fn a_sealed_file_does_not_open_in_another_account() {
    let machine = Machine::sealed();
    let (values, snapshot) = (machine.file("values.json"), machine.file("snapshot.json"));
    // Under the other name, and so under another place.
    fs::copy(&values, &snapshot).expect("copied");
    let said = machine.home.vastenv(&["export", "json"]).run().expect(0);
    assert!(said.err.contains("was encrypted for another place"), "{said:?}");
    assert!(said.err.contains("moved away and fetched again"), "{said:?}");
    Machine::assert_whole(&machine.home, "fetched anew");
    // A changed byte is told from a lost key, and loses nothing.
    let mut bytes = fs::read(&values).expect("read");
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&values, &bytes).expect("written");
    machine
        .home
        .vastenv(&["remember", "env-var", "TWO", "x"])
        .run()
        .refuses(1, &["was changed since it was encrypted"]);
    assert_eq!(fs::read(&values).expect("read"), bytes);
}

#[test]
fn the_key_of_a_file_that_nobody_here_understands_stays() {
    let machine = Machine::sealed();
    let values = machine.file("values.json");
    let later = b"vastenv sealed 2 something-new\n...";
    fs::write(&values, later).expect("written");
    machine
        .home
        .vastenv(&["storage", "file"])
        .run()
        .refuses(1, &["was encrypted by a later version of vastenv"]);
    assert_eq!(fs::read(&values).expect("read"), later);
    assert_eq!(machine.entries(), 1);
}
