//! `vastenv allow` and `vastenv deny`.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;

use serde_json::{Value, json};

use super::{ADDS, FILE, counts, project, say};
use crate::home::{Home, mode};
use crate::terminal::Terminal;

fn list(home: &Home) -> Value {
    serde_json::from_str(&say(home, "", &["allow", "--list", "--raw"]).expect(0).out).expect("JSON")
}

#[test]
fn what_a_file_adds_is_shown_and_counts_until_the_next_edit() {
    let home = Home::new();
    let file = project(
        &home,
        "p",
        "only = [\"A\"]\nprofile = \"nowhere\"\nprefix = \"T_\"\nrename = { B = \"C\" }\n[set]\nX = \"a ${B}\\u001b\"\n",
    );
    assert!(!counts(&home, "p"));
    let said = say(&home, "p", &["allow"]).expect(0).mentions(&["allowed ", "there is no profile nowhere"]);
    assert_eq!(said.out, "+profile = nowhere\n+rename B = C\n+prefix = T_\n+set X = a ${B}\\u{1b}\n");
    assert!(counts(&home, "p"));
    let records: Vec<_> =
        fs::read_dir(home.path(".local/share/vastenv/projects")).expect("a folder").flatten().collect();
    assert_eq!((records.len(), mode(&records[0].path())), (1, 0o600));

    let edited = fs::read_to_string(&file).expect("read").replace("B = \"C\"", "B = \"D\"") + "# end";
    project(&home, "p", &edited);
    assert!(!counts(&home, "p"));
    assert_eq!(list(&home)[0]["state"], "changed");
    let said = say(&home, "p", &["allow"]).expect(0);
    let shown = " only = [\"A\"]\n profile = \"nowhere\"\n prefix = \"T_\"\n-rename = { B = \"C\" }\n+rename = { B = \"D\" }\n [set]\n X = \"a ${B}\\u001b\"\n+# end\n";
    assert_eq!(said.out, shown);
    assert!(counts(&home, "p"));
    // As it was, it is another file than the one that is allowed now.
    project(&home, "p", &edited.replace("# end", ""));
    assert!(!counts(&home, "p"));
}

#[test]
fn shells_hear_of_each_decision() {
    let home = Home::new();
    project(&home, "p", ADDS);
    let mut last = home.generation();
    for command in [["allow"], ["deny"], ["allow"]] {
        say(&home, "p", &command).expect(0);
        let next = home.generation();
        assert!(next.is_some() && next != last, "{command:?}");
        last = next;
    }
}

#[test]
fn a_denied_file_is_ignored_and_hides_the_one_above() {
    let home = Home::new();
    project(&home, "outer", ADDS);
    project(&home, "outer/inner", "onyl = []");
    say(&home, "outer", &["allow"]).expect(0);
    assert!(counts(&home, "outer"));
    say(&home, "outer/inner", &["storage"]).refuses(1, &["unknown key onyl"]);
    say(&home, "outer/inner", &["deny"]).expect(0).mentions(&["denied ", "it is ignored"]);
    assert!(!counts(&home, "outer/inner"));
    assert!(counts(&home, "outer"));
}

#[test]
fn a_moved_folder_or_link_asks_again_and_another_way_to_the_file_does_not() {
    let home = Home::new();
    project(&home, "p", ADDS);
    project(&home, "other", ADDS);
    say(&home, "", &["allow", "p"]).expect(0);
    symlink("p", home.path("way")).expect("linked");
    assert!(counts(&home, "way") && !counts(&home, "other"));
    fs::create_dir(home.path("linked")).expect("made");
    let link = home.path("linked").join(FILE);
    symlink(home.path("p").join(FILE), &link).expect("linked");
    assert!(counts(&home, "linked"));
    fs::remove_file(&link).expect("removed");
    // What is hard-linked is reached by another path.
    fs::hard_link(home.path("p").join(FILE), &link).expect("linked");
    assert!(!counts(&home, "linked"));
    fs::remove_file(&link).expect("removed");
    symlink(home.path("other").join(FILE), &link).expect("linked");
    assert!(!counts(&home, "linked"));
    fs::rename(home.path("p"), home.path("moved")).expect("moved");
    assert!(!counts(&home, "moved"));
    assert_eq!(list(&home)[0]["state"], "gone");
}

#[test]
fn the_list_tells_what_became_of_each_file_and_prune_forgets_what_is_gone() {
    let home = Home::new();
    assert_eq!(list(&home), json!([]));
    for folder in ["a", "b", "c", "d"] {
        project(&home, folder, "prefix = \"T_\"");
        say(&home, folder, &["allow"]).expect(0);
    }
    project(&home, "b", "prefix = \"U_\"");
    say(&home, "c", &["deny"]).expect(0);
    fs::remove_dir_all(home.path("d")).expect("removed");
    let real = fs::canonicalize(home.path("")).expect("a path");
    let row = |folder: &str, state: &str| json!({"path": real.join(folder).join(FILE), "state": state});
    let rows = [row("a", "allowed"), row("b", "changed"), row("c", "denied"), row("d", "gone")];
    assert_eq!(list(&home), json!(rows));
    let text = say(&home, "", &["allow", "--list"]).expect(0).out;
    for state in ["allowed", "changed", "denied", "gone"] {
        assert!(text.lines().any(|line| line.starts_with(state)), "{text}");
    }
    say(&home, "", &["allow", "--prune"]).expect(0).mentions(&["forgot 1 file"]);
    assert_eq!(list(&home), json!(rows[..3]));
    let raw = say(&home, "", &["allow", "--prune", "--raw"]).expect(0).out;
    assert_eq!(raw, "[]\n");
}

#[test]
fn the_file_is_named_by_its_folder_by_itself_or_by_where_one_is() {
    let home = Home::new();
    let file = project(&home, "p", "prefix = \"T_\"");
    let shown = file.display().to_string();
    fs::create_dir_all(home.path("p/below")).expect("made");
    for (folder, words) in [
        ("p/below", &["allow"][..]),
        ("p/below", &["allow", "."]),
        ("p/below", &["deny", ".."]),
        ("p/below", &["allow", "../.vastenv.toml"]),
        ("p", &["deny", ".vastenv.toml"]),
        ("", &["allow", "p/below"]),
        ("", &["allow", "~/p"]),
    ] {
        let said = say(&home, folder, words).expect(0);
        assert!(said.err.contains(&shown) || said.err.contains("~/p/.vastenv.toml"), "{words:?}: {said:?}");
        let raw: Value =
            serde_json::from_str(&say(&home, folder, &[words, &["--raw"]].concat()).out).expect("JSON");
        assert_eq!(raw["path"], shown);
    }
    for (folder, word, part) in [
        ("", ".", "no .vastenv.toml in"),
        ("", ".vastenv.toml", "there is no "),
        ("", "nowhere", "there is no folder nowhere"),
        ("", "nowhere/.vastenv.toml", "there is no folder nowhere"),
        ("p", "../p/.vastenv.toml/x", "there is no folder"),
    ] {
        for command in ["allow", "deny"] {
            say(&home, folder, &[command, word]).refuses(1, &[part, "hint: "]);
        }
    }
    say(&home, "p", &["allow", "--list", "."]).refuses(2, &["hint: "]);
    say(&home, "p", &["allow", "--list", "--prune"]).refuses(2, &["hint: "]);
    let folder = home.path("").join(OsStr::from_bytes(b"\xff"));
    fs::create_dir(&folder).expect("made");
    fs::write(folder.join(FILE), "prefix = \"T_\"").expect("written");
    crate::home::chmod(&folder.join(FILE), 0o644);
    let said = home.vastenv(&["allow"]).inside(&folder).run();
    said.expect(1).mentions(&["is not UTF-8", "rename its folder"]);
}

#[test]
fn a_decision_needs_neither_an_account_nor_settings() {
    let home = Home::new();
    project(&home, "p", ADDS);
    home.write(".config/vastenv/config.toml", "=");
    say(&home, "p", &["deny"]).expect(0);
    let said = say(&home, "p", &["allow"]).expect(0).mentions(&["config.toml:1:1: "]);
    assert!(!said.err.contains("no profile"), "{said:?}");
    home.write(".config/vastenv/config.toml", "");
    assert!(counts(&home, "p"));
    say(&home, "p", &["deny"]).expect(0);
    assert!(!counts(&home, "p"));
}

#[test]
fn a_name_that_is_refused_is_told() {
    let home = Home::new();
    project(&home, "", "rename = { LD_PRELOAD = \"A\" }\n[set]\nPATH = \"x\"\nPAGER = \"y\"");
    home.write(".config/vastenv/config.toml", "allow = [\"PAGER\"]");
    let said = say(&home, "", &["allow"]).expect(0);
    let said =
        said.mentions(&["LD_PRELOAD is refused: changes how programs are loaded", "PATH is refused: "]);
    assert!(!said.err.contains("PAGER"), "{said:?}");
}

#[test]
fn what_is_shown_has_colour_on_a_terminal() {
    let mut home = Home::new();
    home.set("TERM", "xterm");
    project(&home, "", "prefix = \"T_\"\n");
    let vastenv = crate::home::VASTENV;
    let (seen, code) = Terminal::open(&home, 80, &format!("exec {vastenv} allow")).end();
    assert!(code == 0 && seen.contains("\u{1b}[32m+prefix = T_"), "{seen}");
    project(&home, "", "");
    let (seen, _) = Terminal::open(&home, 80, &format!("exec {vastenv} allow")).end();
    assert!(seen.contains("\u{1b}[31m-prefix = \"T_\""), "{seen}");
}
