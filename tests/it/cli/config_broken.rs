//! Settings that are broken, or in an editor that breaks them: one clear line, and a way out.

use std::fs;
use std::os::unix::fs::chown;
use std::path::Path;

use serde_json::json;

use super::account::TestAccount;
use crate::common::skip::can;
use crate::home::{Home, chmod};
use crate::terminal::Terminal;

const CONFIG: &str = ".config/vastenv/config.toml";

/// The hook's call at a prompt.
const HOOK: [&str; 9] = ["export", "bash", "--hook", "1", "prompt", "", "", "", ""];

/// What is broken is one line for commands and for the hook, and what fixes it works.
#[track_caller]
fn check(home: &Home, parts: &[&str]) {
    for arguments in [&["export", "json"][..], &["run", "--", "true"], &["status"]] {
        let said = home.vastenv(arguments).run().expect(1).mentions(parts);
        // A report goes on to what is not broken.
        assert_eq!(said.out.is_empty(), arguments != ["status"], "{said:?}");
        let lines: Vec<&str> = said.err.lines().collect();
        assert!(lines.len() <= 2 && lines[1..].iter().all(|line| line.starts_with("hint: ")), "{said:?}");
        assert!(lines[0].len() < 400, "{said:?}");
    }
    let said = home.vastenv(&HOOK).run().expect(0);
    assert!(!said.out.contains("export A") && !said.out.contains("unset"), "{said:?}");
    let said = home.vastenv(&["doctor"]).run().expect(1);
    assert!(parts.iter().all(|part| said.out.contains(part)) && said.err.is_empty(), "{said:?}");
    for arguments in [&["config", "path"][..], &["help", "settings"], &["completions", "bash"], &["man"]] {
        assert!(!home.ok(arguments).is_empty(), "{arguments:?}");
    }
}

#[test]
fn settings_that_are_broken_are_one_clear_line_and_can_be_fixed() {
    let account = TestAccount::with(&json!({"A": "known"}));
    let home = account.known_home();
    let deep = format!("allow = {}", "[".repeat(10_000));
    let large = "# 0123456789\n".repeat(100_000);
    for (text, parts) in [
        ("max_ages = 1", &["config.toml:1:1: unknown key max_ages: did you mean max_age?"][..]),
        ("\n\n[profile.x]", &["config.toml:3:2: unknown key profile: did you mean profiles?"]),
        ("override = 1", &["config.toml:1:12: override: expected true or false"]),
        ("retry = 1\nretry = 2", &["config.toml:2:1: duplicate key"]),
        (
            "allow = [\n  \"A\",\n  \"AWS_*\",\n]",
            &["config.toml:3:3: allow: \"AWS_*\" is not a valid variable name"],
        ),
        ("run_only = [\"A\", \"B,C\"]", &["config.toml:1:18: run_only: \"B,C\" is not a name or a glob"]),
        (
            "[profiles.a]\napi_key_file = \"/a\"\napi_key_command = [\"a\"]",
            &["config.toml:3:1: profiles.a has two keys"],
        ),
        (&deep, &["config.toml:1:"]),
        (&large, &["config.toml is over 1 MiB"]),
    ] {
        home.write(CONFIG, text);
        check(&home, parts);
    }
    home.write(CONFIG, b"max_age = \"\xff\"");
    check(&home, &["config.toml:1:1: it is not UTF-8"]);
    if can(chown(home.path(CONFIG), Some(12_345), None).is_ok(), "only root gives a file to another user") {
        check(&home, &["config.toml belongs to another user"]);
    }
    fs::remove_file(home.path(CONFIG)).expect("removed");
    fs::create_dir(home.path(CONFIG)).expect("made");
    check(&home, &["config.toml is not a plain file"]);
    fs::remove_dir(home.path(CONFIG)).expect("removed");
    home.command("mkfifo", &[home.path(CONFIG)]).run().expect(0);
    check(&home, &["config.toml is not a plain file"]);
    home.vastenv(&["config", "set", "max_age", "1h"]).run().refuses(1, &["is not a plain file"]);
    // Of two faults, each is named: the one that would be gone is not blamed.
    fs::remove_file(home.path(CONFIG)).expect("removed");
    home.write(CONFIG, "max_ages = 1\nretrys = 1\n");
    home.vastenv(&["config", "unset", "max_ages"]).run().refuses(1, &["unknown key retrys", "config edit"]);
    home.vastenv(&["config", "unset", "retrys"]).run().refuses(1, &["config.toml:1:1: unknown key max_ages"]);
    fs::remove_file(home.path(CONFIG)).expect("removed");
    home.ok(&["config", "set", "max_age", "1h"]);
    assert!(home.ok(&["export", "json"]).contains("known"));
}

#[test]
fn a_default_profile_that_is_gone_is_set_right() {
    let home = Home::new();
    home.write(CONFIG, "default_profile = \"gone\"\n[profiles.work]\nurl = \"https://a\"\n");
    check(&home, &["there is no profile gone (default_profile)"]);
    home.vastenv(&["config", "list"]).run().expect(0).mentions(&["there is no profile gone"]);
    home.ok(&["config", "set", "default_profile", "work"]);
    assert_eq!(home.ok(&["config", "get", "default_profile"]), "work\n");
    home.ok(&["config", "unset", "default_profile"]);
    home.vastenv(&["config", "get", "default_profile"]).run().refuses(1, &["not set"]);
}

/// The text that a message says it is in.
fn draft(home: &Home, err: &str) -> String {
    let (_, path) = err.trim().rsplit_once("your text is in ").unwrap_or_else(|| panic!("{err}"));
    let path = path.lines().next().expect("a path");
    let path = path.strip_prefix("~/").map_or_else(|| path.into(), |below| home.path(below));
    let text = fs::read_to_string(&path).expect("a draft");
    fs::remove_file(path).expect("removed");
    text
}

#[test]
fn an_editor_changes_the_file_only_to_what_is_valid() {
    let mut home = Home::new();
    home.set("TMPDIR", home.path(""));
    let edit = |editor: &str| home.vastenv(&["config", "edit"]).env("EDITOR", editor).run();
    edit("true").expect(0).mentions(&["nothing changed"]);
    edit("").refuses(1, &["no terminal to edit", "config set"]);
    assert!(!home.path(CONFIG).exists());
    // Where there is no file, every setting is there to be uncommented.
    edit("sed -i 's/^#\\(max_age = \\).*/\\1\"1h\"/'").expect(0).mentions(&["saved "]);
    assert_eq!(home.ok(&["config", "get", "max_age"]), "1h\n");
    fs::remove_file(home.path(CONFIG)).expect("removed");
    edit("sed -i -e '/_command\\|_keyring/d' -e 's/^#\\([a-z[]\\)/\\1/' -e 's/NAME/work/'").expect(0);
    assert_eq!(home.ok(&["config", "get", "profiles.work.api_key_file"]), "~/keys/work\n");
    let text = "# mine\nmax_age = \"1h\"\n";
    home.write(CONFIG, text);
    let said = edit("echo '= 1' >>").refuses(1, &["not saved: ", "config.toml:3:1: ", "is unchanged"]);
    assert_eq!(draft(&home, &said.err), format!("{text}= 1\n"));
    edit("printf '' >").expect(0);
    assert_eq!(fs::read(home.path(CONFIG)).expect("settings"), b"");
    home.write(CONFIG, text);
    for (editor, parts) in [
        ("exit 3; true", ["the editor failed", "exit code 3"]),
        ("no-such-editor", ["the editor failed", "VISUAL or EDITOR"]),
        ("rm", ["cannot read the edited text", "no such file"]),
    ] {
        edit(editor).refuses(1, &parts);
        assert_eq!(fs::read_to_string(home.path(CONFIG)).expect("settings"), text);
    }
    for (editor, why) in [("printf '\\377' >", "UTF-8"), ("truncate -s 2M", "over 1 MiB")] {
        let said = edit(editor).refuses(1, &["the edited text", why, "config.toml is unchanged"]);
        let path = said.err.rsplit_once("your text is in ~/").expect("a path").1.lines().next();
        fs::remove_file(home.path(path.expect("a path"))).expect("removed");
        assert_eq!(fs::read_to_string(home.path(CONFIG)).expect("settings"), text);
    }
    // Somebody else was faster.
    let other = format!("echo 'retry = 9' > '{}'; echo 'retry = 2' >>", home.path(CONFIG).display());
    let said = edit(&other).refuses(1, &["was changed by others", "your text is in "]);
    assert_eq!(draft(&home, &said.err), format!("{text}retry = 2\n"));
    assert_eq!(home.ok(&["config", "get", "retry"]), "9\n");
    // VISUAL comes first.
    home.vastenv(&["config", "edit"]).env("EDITOR", "false").env("VISUAL", "true").run().expect(0);
    let left = fs::read_dir(home.path("")).expect("a home").filter_map(|entry| {
        let name = entry.expect("an entry").file_name();
        name.to_string_lossy().starts_with("vastenv-").then_some(name)
    });
    assert_eq!(left.count(), 0);
}

/// An editor that appends `= 1`, and the second time takes it away.
fn clumsy(home: &Home) -> String {
    let script = "#!/bin/sh\nif grep -q '^= 1' \"$2\"; then sed -i 's/^= 1/retry = 4/' \"$2\"; else echo '= 1' >>\"$2\"; fi\n";
    let path = home.write("clumsy editor", script);
    chmod(&path, 0o700);
    format!("'{}' --wait", path.display())
}

#[test]
fn on_a_terminal_an_invalid_text_can_be_edited_again() {
    let mut home = Home::new();
    home.set("VISUAL", clumsy(&home));
    home.write(CONFIG, "max_age = \"1h\"\n");
    let mut terminal = Terminal::open(&home, 200, "vastenv config edit");
    terminal.wait_for("edit again? [y/N] ");
    assert_eq!(fs::read_to_string(home.path(CONFIG)).expect("settings"), "max_age = \"1h\"\n");
    terminal.type_in("y\n");
    let (seen, code) = terminal.end();
    assert_eq!(code, 0, "{seen}");
    assert!(seen.contains("config.toml:2:1: ") && seen.contains("saved "), "{seen}");
    assert_eq!(fs::read_to_string(home.path(CONFIG)).expect("settings"), "max_age = \"1h\"\nretry = 4\n");
    let mut terminal = Terminal::open(&home, 200, "vastenv config edit");
    terminal.wait_for("edit again? [y/N] ");
    terminal.type_in("n\n");
    let (seen, code) = terminal.end();
    assert_eq!(code, 1, "{seen}");
    assert!(Path::new(seen.trim().rsplit_once(' ').expect("a path").1).exists(), "{seen}");
    assert_eq!(draft(&home, &seen).lines().last(), Some("= 1"));
}
