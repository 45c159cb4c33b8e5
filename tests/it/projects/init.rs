//! `vastenv init`.

use std::fs;
use std::os::unix::fs::symlink;

use serde_json::{Value, json};

use super::{FILE, project, say};
use crate::cli::account::TestAccount;
use crate::home::{Home, VASTENV, mode};

/// The lines of the file that are none of a comment.
fn settings(home: &Home, folder: &str) -> String {
    let text = fs::read_to_string(home.path(folder).join(FILE)).expect("a file");
    text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
}

#[test]
fn a_file_is_written_from_the_names_of_the_account() {
    let account = TestAccount::with(&json!({"HF_TOKEN": "v1", "WANDB": "v2"}));
    let home = account.known_home();
    let said = say(&home, "", &["init"]).expect(0).mentions(&["wrote ", "edit it"]);
    assert_eq!(said.out, "");
    let text = fs::read_to_string(home.path(FILE)).expect("a file");
    assert!(text.contains("# only = [\n#   \"HF_TOKEN\",\n#   \"WANDB\",\n# ]\n"), "{text}");
    assert!(!text.contains("v1"));
    assert_eq!(settings(&home, ""), "");
    // Nothing to ask for: it adds nothing.
    let raw: Value = serde_json::from_str(&say(&home, "", &["allow", "--raw"]).expect(0).out).expect("JSON");
    assert_eq!(raw["adds"], json!([]));
    assert_eq!(account.requests(), [""; 0]);
}

#[test]
fn only_is_preset_and_checked() {
    let home = Home::new();
    fs::create_dir(home.path("p")).expect("made");
    say(&home, "", &["init", "--only", "HF_*,wandb", "--only", "A", "p"]).expect(0);
    assert_eq!(settings(&home, "p"), "only = [  \"HF_*\",  \"wandb\",  \"A\",]");
    for bad in ["", "A,,B", "A\"\n[set]", "{A,B}"] {
        say(&home, "", &["init", "--only", bad]).refuses(2, &["--only", "is not a name or a glob"]);
    }
    assert!(!home.path(FILE).exists());
}

#[test]
fn what_is_there_is_never_written_over() {
    let home = Home::new();
    let file = project(&home, "file", "only = []");
    fs::create_dir_all(home.path("folder").join(FILE)).expect("made");
    fs::create_dir(home.path("link")).expect("made");
    let link = home.path("link").join(FILE);
    symlink(home.path("nowhere"), &link).expect("linked");
    for folder in ["file", "folder", "link"] {
        say(&home, folder, &["init"]).refuses(1, &["exists: nothing is written", "hint: "]);
        assert_eq!(fs::read_dir(home.path(folder)).expect("a folder").count(), 1);
    }
    assert_eq!(fs::read_to_string(file).expect("read"), "only = []");
    assert!(link.is_symlink() && !home.path("nowhere").exists());
    say(&home, "", &["init", "absent"]).refuses(1, &["there is no folder absent"]);
}

#[test]
fn others_can_read_it_as_the_umask_says_and_never_write_it() {
    let home = Home::new();
    for (umask, expected) in [("000", 0o644), ("002", 0o644), ("022", 0o644), ("077", 0o600)] {
        let script = format!("umask {umask}; mkdir {umask}; exec {VASTENV} init {umask}");
        home.command("sh", &["-c", &script]).run().expect(0);
        assert_eq!(mode(&home.path(umask).join(FILE)), expected, "{umask}");
        say(&home, umask, &["storage"]).expect(0);
    }
}

#[test]
fn a_file_above_or_settings_that_are_broken_are_no_obstacle() {
    let home = Home::new();
    project(&home, "p", "onyl = []");
    fs::create_dir_all(home.path("p/below")).expect("made");
    home.write(".config/vastenv/config.toml", "=");
    let before = home.generation();
    say(&home, "p/below", &["init"]).expect(0);
    assert_ne!(home.generation(), before);
    home.write(".config/vastenv/config.toml", "scope = \"projects\"");
    say(&home, "p/below", &["storage"]).expect(0);
    fs::create_dir(home.path("q")).expect("made");
    say(&home, "q", &["init"]).expect(0).mentions(&["vastenv allow"]);
}
