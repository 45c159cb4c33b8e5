//! `vastenv storage`: there and back, and what is left in which place.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::time::SystemTime;

use serde_json::Value;

use super::machine::Machine;
use crate::home::{chmod, mode};

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

/// Settings that are read-only, and what tells whether anybody wrote or replaced them.
fn read_only(machine: &Machine, text: &str) -> impl Fn() -> (u64, SystemTime, Vec<u8>) + use<> {
    let path = machine.home.write(".config/vastenv/config.toml", text);
    chmod(&path, 0o400);
    chmod(path.parent().expect("a folder"), 0o500);
    move || {
        let metadata = fs::metadata(&path).expect("there");
        (metadata.ino(), metadata.modified().expect("a time"), fs::read(&path).expect("read"))
    }
}

#[test]
fn read_only_settings_are_no_hindrance() {
    let machine = Machine::new();
    let settings = read_only(&machine, "# my settings\nmax_age = \"2h\" # long\n");
    let before = settings();
    machine.home.ok(&["storage", "keyring", "--quiet"]);
    assert_eq!((machine.holds_a_value(), machine.entries()), (None, 1));
    machine.home.ok(&["set", "env-var", "NEW", "a-new-value", "--quiet"]);
    assert!(machine.files().iter().all(|(_, bytes)| !String::from_utf8_lossy(bytes).contains("a-new-value")));
    machine.home.ok(&["storage", "file", "--quiet"]);
    assert!(machine.home.ok(&["storage"]).starts_with("private files"));
    Machine::assert_whole(&machine.home, "unsealed");
    assert_eq!(settings(), before);
    chmod(&machine.home.path(".config/vastenv"), 0o700);
}

#[test]
fn a_setting_of_an_earlier_version_counts_until_it_is_recorded() {
    let machine = Machine::new();
    let settings = read_only(&machine, "storage = \"keyring\"\n");
    let before = settings();
    let recorded = || {
        let text = fs::read(machine.home.path(".local/share/vastenv/keyring.json"));
        let entries: Option<Value> = text.ok().map(|text| serde_json::from_slice(&text).expect("JSON"));
        entries.map_or(Value::Null, |entries| entries["storage"].clone())
    };
    assert!(machine.home.ok(&["storage"]).starts_with("files encrypted with a key"));
    assert_eq!(recorded(), Value::Null, "who only looks records nothing");
    machine.home.ok(&["remember", "env-var", "TWO", "another", "--quiet"]);
    assert_eq!(recorded(), "keyring");
    assert!(fs::read(machine.file("values.json")).expect("read").starts_with(b"vastenv sealed 1 "));
    assert_eq!(settings(), before);
    // The line is not needed any more.
    let folder = machine.home.path(".config/vastenv");
    chmod(&folder, 0o700);
    fs::remove_file(folder.join("config.toml")).expect("removed");
    machine.home.ok(&["remember", "env-var", "TWO", "a-third", "--quiet"]);
    assert!(fs::read(machine.file("values.json")).expect("read").starts_with(b"vastenv sealed 1 "));
    // Nor does it change what was chosen since.
    let settings = read_only(&machine, "storage = \"keyring\"\n");
    let before = settings();
    let said = machine.home.vastenv(&["storage", "file"]).run().expect(0);
    said.mentions(&["`storage` in ", "no longer counts: vastenv config unset storage"]);
    machine.home.ok(&["remember", "env-var", "TWO", "in-clear", "--quiet"]);
    assert!(machine.home.ok(&["storage"]).starts_with("private files"));
    assert_eq!((recorded(), machine.entries()), ("file".into(), 0));
    assert_eq!(settings(), before);
    chmod(&folder, 0o700);
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
