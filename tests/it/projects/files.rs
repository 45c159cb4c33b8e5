//! Files that are refused or broken.

use std::fs;
use std::os::unix::fs::{chown, lchown, symlink};

use nix::sys::stat::Mode;
use nix::unistd::{geteuid, mkfifo};

use vastenv::project::{KEYS, Project};

use super::{ADDS, FILE, counts, project, say};
use crate::common::skip::can;
use crate::help::docs::page;
use crate::home::{Home, chmod};

#[test]
fn every_key_is_documented_as_it_is() {
    let page = page("docs/projects-and-profiles.md");
    for key in KEYS {
        let counts = if key.waits { "when allowed" } else { "at once" };
        let row = format!("| `{}` | {} | {counts} | {} |", key.name, key.takes, key.about);
        assert!(page.lines().any(|line| line == row), "{row}");
    }
    let rows = page.lines().filter(|line| {
        line.ends_with(" |") && line.contains("| at once |") || line.contains("| when allowed |")
    });
    assert_eq!(rows.count(), KEYS.len());
    let (_, example) = page.split_once("```toml\n").expect("an example");
    let example = example.split("```").next().expect("its end");
    assert_eq!(Project::parse(example).expect("valid").additions(), ["rename", "set"]);
}

/// Somebody else.
const OTHER: u32 = 65_534;

fn is_root() -> bool {
    can(geteuid().is_root(), "only root can make files of other users")
}

/// Checks that the file is refused, with these words, by all that would go by it.
#[track_caller]
fn is_refused(home: &Home, folder: &str, parts: &[&str]) {
    for command in [&["storage"][..], &["run", "--", "true"], &["export", "json"], &["show", "env-vars"]] {
        let said = say(home, folder, command).refuses(1, parts);
        said.mentions(&["hint: ", "--no-project"]);
    }
    say(home, folder, &["--no-project", "storage"]).expect(0);
}

/// Checks that a file is none, as it is somebody else's business.
#[track_caller]
fn is_ignored(home: &Home, folder: &str) {
    assert_eq!(say(home, folder, &["storage"]).expect(0).err, "");
}

#[test]
fn a_file_that_cannot_be_used_is_one_clear_line() {
    let home = Home::new();
    for (folder, text, parts) in [
        ("syntax", "only = [", &[".vastenv.toml:1:9: unclosed array"][..]),
        ("key", "\nexept = []", &[".vastenv.toml:2:1: unknown key exept", "did you mean except?"]),
        ("type", "only = \"A\"", &[".vastenv.toml:1:8: only: this is a string, not a list of names"]),
        ("name", "rename = { 1A = \"A\" }", &[".vastenv.toml:1:12: rename: \"1A\" is not a valid"]),
        ("nul", "[set]\nA = \"hunter2\\u0000\"", &[".vastenv.toml:2:5: set: A: it holds a NUL"]),
        ("dollar", "[set]\nA = \"hunter2$(id)\"", &[".vastenv.toml:2:5: set: A: a `$`"]),
        ("deep", &format!("only = {}", "[".repeat(30_000)), &[".vastenv.toml:1:"]),
        ("large", &format!("[set]\nA = \"{}\"", "x".repeat(1024 * 1024)), &["65536 bytes or more"]),
    ] {
        project(&home, folder, text);
        is_refused(&home, folder, parts);
        say(&home, folder, &["allow"]).refuses(1, parts).hides("unter2");
    }
    fs::create_dir_all(home.path("folder").join(FILE)).expect("made");
    fs::create_dir_all(home.path("pipe")).expect("made");
    mkfifo(&home.path("pipe").join(FILE), Mode::S_IRUSR | Mode::S_IWUSR).expect("made");
    fs::create_dir_all(home.path("device")).expect("made");
    symlink("/dev/zero", home.path("device").join(FILE)).expect("linked");
    for folder in ["folder", "pipe", "device"] {
        is_refused(&home, folder, &["is not a plain file"]);
        say(&home, folder, &["allow"]).refuses(1, &["is not a plain file"]);
        // Whatever it is, it can be ignored.
        say(&home, folder, &["deny"]).expect(0);
        is_ignored(&home, folder);
    }
}

#[test]
fn a_file_that_others_can_write_is_refused_even_when_allowed() {
    let home = Home::new();
    let file = project(&home, "p", ADDS);
    say(&home, "p", &["allow"]).expect(0);
    for mode in [0o620, 0o602] {
        chmod(&file, mode);
        is_refused(&home, "p", &["is writable by others", "chmod go-w"]);
        say(&home, "p", &["allow"]).refuses(1, &["is writable by others"]);
        let list = say(&home, "p", &["allow", "--list"]).expect(0).out;
        assert!(list.contains("refused"), "{list}");
    }
    chmod(&file, 0o644);
    assert!(counts(&home, "p"));
}

#[test]
fn a_file_of_another_user_is_refused_even_when_allowed() {
    if !is_root() {
        return;
    }
    let home = Home::new();
    let file = project(&home, "p/below", ADDS);
    say(&home, "p/below", &["allow"]).expect(0);
    chown(&file, Some(OTHER), None).expect("given away");
    let refused = ["belongs to another user", "vastenv deny"];
    is_refused(&home, "p/below", &refused);
    say(&home, "p/below", &["allow"]).refuses(1, &refused);
    // Our link to it is no better, nor is their link to ours.
    fs::create_dir_all(home.path("link")).expect("made");
    symlink(&file, home.path("link").join(FILE)).expect("linked");
    is_refused(&home, "link", &refused);
    let ours = project(&home, "ours", ADDS);
    fs::create_dir_all(home.path("theirs")).expect("made");
    let link = home.path("theirs").join(FILE);
    symlink(&ours, &link).expect("linked");
    lchown(&link, Some(OTHER), None).expect("given away");
    is_refused(&home, "theirs", &refused);
    say(&home, "theirs", &["deny"]).expect(0);
    is_ignored(&home, "theirs");
}

#[test]
fn a_file_of_roots_counts_where_only_root_or_the_user_can_have_put_it() {
    if !is_root() {
        return;
    }
    let mut home = Home::new();
    chmod(&home.path(""), 0o755);
    project(&home, "p", "onyl = []");
    chmod(&home.path("p").join(FILE), 0o644);
    let own = home.path("own");
    fs::create_dir(&own).expect("made");
    chown(&own, Some(OTHER), None).expect("given away");
    home.set("HOME", &own);
    let status = |home: &Home| home.vastenv_as(OTHER, &["storage"]).inside(home.path("p")).run();
    for (owner, mode, is_read) in
        [(0, 0o755, true), (OTHER, 0o755, true), (0, 0o777, false), (0, 0o775, false), (1, 0o755, false)]
    {
        chown(home.path("p"), Some(owner), None).expect("given away");
        chmod(&home.path("p"), mode);
        let why = if is_read { "unknown key onyl" } else { "belongs to another user" };
        status(&home).refuses(1, &[why]);
    }
}

#[test]
fn what_anybody_can_plant_in_a_common_folder_is_no_project() {
    if !is_root() {
        return;
    }
    let home = Home::new();
    fs::create_dir_all(home.path("common/work")).expect("made");
    chmod(&home.path("common"), 0o1777);
    let planted = project(&home, "common", "onyl = []");
    let ours = project(&home, "ours", ADDS);
    let give = || lchown(&planted, Some(OTHER), None).expect("given away");
    give();
    is_ignored(&home, "common/work");
    say(&home, "common/work", &["allow"]).refuses(1, &["belongs to another user"]);
    fs::remove_file(&planted).expect("removed");
    mkfifo(&planted, Mode::S_IRUSR).expect("made");
    give();
    is_ignored(&home, "common/work");
    fs::remove_file(&planted).expect("removed");
    symlink(&ours, &planted).expect("linked");
    give();
    is_ignored(&home, "common/work");
    // It must not lift what a file of ours takes away.
    let above = project(&home, "", "only = []");
    say(&home, "common/work", &["storage"]).refuses(1, &["common/.vastenv.toml belongs to another user"]);
    fs::remove_file(above).expect("removed");
    // Here they could have replaced ours.
    chmod(&home.path("common"), 0o777);
    say(&home, "common/work", &["storage"]).refuses(1, &["belongs to another user"]);
    chmod(&home.path("common"), 0o1777);
    // Our own file there is safe.
    fs::remove_file(&planted).expect("removed");
    project(&home, "common", ADDS);
    say(&home, "common", &["allow"]).expect(0);
    assert!(counts(&home, "common/work"));
}

#[test]
fn nothing_in_a_path_or_a_file_moves_a_cursor() {
    let home = Home::new();
    let folder = "a\u{1b}[2J\u{202e}\nb";
    project(&home, folder, "\"\\u001b[2J\\u202e\" = 1");
    let commands: [&[&str]; 5] = [&["storage"], &["allow"], &["deny"], &["allow", "--list"], &["init"]];
    for command in commands {
        let said = say(&home, folder, command);
        assert!(!(said.out + &said.err).contains(['\u{1b}', '\u{202e}']), "{command:?}");
    }
}
