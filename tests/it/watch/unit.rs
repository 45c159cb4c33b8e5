//! `watch --install` and `--remove`: a unit that systemd takes, and no file of anybody else's.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::common::process::program;
use crate::home::{Home, VASTENV};

const UNIT: &str = ".config/systemd/user/vastenv-watch.service";

/// A home, with the program in a folder of that name.
fn home(folder: &str) -> (Home, PathBuf) {
    let home = Home::new();
    let program = home.path(folder).join("vastenv");
    fs::create_dir_all(program.parent().expect("a folder")).expect("made");
    fs::hard_link(VASTENV, &program).or_else(|_| fs::copy(VASTENV, &program).map(drop)).expect("copied");
    (home, program)
}

/// What systemd has against a unit.
fn verified(home: &Home, unit: &Path) -> Option<String> {
    let analyze = program("systemd-analyze")?;
    fs::create_dir_all(home.path("run")).expect("made");
    let unit = unit.to_str().expect("a path");
    let said =
        home.command(analyze, &["--user", "verify", unit]).env("XDG_RUNTIME_DIR", home.path("run")).run();
    Some(if said.code == 0 { said.err } else { format!("{}: {}", said.code, said.err) })
}

fn refuses(home: &Home, arguments: &[&str], parts: &[&str]) {
    home.vastenv(arguments).run().refuses(1, parts);
}

#[test]
#[cfg(not(target_os = "macos"))]
fn a_unit_is_written_verified_and_removed() {
    for folder in ["bin", "it is $HOME/100%/{a};&*"] {
        for profile in [None, Some("work"), Some("a b/%$é")] {
            let (home, program) = home(folder);
            let options: Vec<String> = profile.iter().map(|profile| format!("--profile={profile}")).collect();
            let run = |option: &'static str| {
                let words = ["watch", option].into_iter().chain(options.iter().map(String::as_str));
                home.command(&program, &words.collect::<Vec<_>>()).run().expect(0)
            };
            let name = match profile {
                None => "vastenv-watch.service",
                Some("work") => "vastenv-watch-work.service",
                Some(_) => "vastenv-watch-a\\x20b\\x2f\\x25\\x24\\xc3\\xa9.service",
            };
            let unit = home.path(".config/systemd/user").join(name);
            run("--install").mentions(&["written: ", "next: systemctl --user daemon-reload", "enable --now"]);
            let text = fs::read_to_string(&unit).expect("a unit");
            assert_eq!(text.contains("--profile="), profile.is_some(), "{text}");
            if let Some(said) = verified(&home, &unit) {
                assert_eq!(said, "", "{folder}, {profile:?}: {text}");
            }
            run("--install").mentions(&["unchanged: "]);
            assert_eq!(fs::read_to_string(&unit).expect("a unit"), text);
            let wanted = home.path(".config/systemd/user/default.target.wants");
            fs::create_dir(&wanted).expect("made");
            std::os::unix::fs::symlink(&unit, wanted.join(name)).expect("linked");
            run("--remove").mentions(&["removed: ", "next: systemctl --user stop"]);
            assert!(!unit.exists() && wanted.join(name).symlink_metadata().is_err());
            run("--remove").mentions(&["does not exist: "]);
        }
    }
}

#[test]
#[cfg(not(target_os = "macos"))]
fn what_the_shell_alone_knows_is_in_the_unit_or_told_of_and_no_key() {
    let (mut home, program) = home("bin");
    home.set("XDG_STATE_HOME", home.path("state of 100%"));
    home.set("VAST_API_KEY", "0123456789abcdef");
    let said =
        home.command(&program, &["watch", "--install", "--url", "http://localhost:1/a%20$b"]).run().expect(0);
    said.mentions(&["VAST_API_KEY is set here; the unit does not see it"]);
    let text = fs::read_to_string(home.path(UNIT)).expect("a unit");
    assert!(
        text.contains("state of 100%%\"\n") && text.contains("\"--url=http://localhost:1/a%%20$$b\""),
        "{text}"
    );
    assert!(!text.contains("0123456789"), "{text}");
    if let Some(said) = verified(&home, &home.path(UNIT)) {
        assert_eq!(said, "", "{text}");
    }
    home.command(&program, &["watch", "--install", "--api-key", "0123456789abcdef"])
        .run()
        .refuses(2, &["key"]);
}

#[test]
#[cfg(not(target_os = "macos"))]
fn a_unit_of_somebody_elses_is_left_alone() {
    let home = Home::new();
    home.write(UNIT, "[Service]\nExecStart=/usr/bin/true\n");
    for option in ["--install", "--remove"] {
        refuses(&home, &["watch", option], &["is not from `vastenv watch --install`", "hint: move it away"]);
    }
    assert!(fs::read_to_string(home.path(UNIT)).expect("a unit").contains("/usr/bin/true"));
    fs::remove_file(home.path(UNIT)).expect("removed");
    home.vastenv(&["watch", "--install"]).run().expect(0);
    let written = fs::read_to_string(home.path(UNIT)).expect("a unit");
    for edited in [
        written.replace("RestartSec=60", "RestartSec=5"),
        format!("{written}# mine\n"),
        format!("# mine\n{written}"),
        written[..60].to_owned(),
    ] {
        home.write(UNIT, &edited);
        for option in ["--install", "--remove"] {
            refuses(&home, &["watch", option], &["was edited since", "hint: move it away"]);
        }
        assert_eq!(fs::read_to_string(home.path(UNIT)).expect("a unit"), edited);
    }
    home.write(UNIT, &written);
    home.vastenv(&["watch", "--remove"]).run().expect(0);
    fs::create_dir(home.path(UNIT)).expect("made");
    refuses(&home, &["watch", "--install"], &["not a plain file"]);
}

#[test]
fn what_a_unit_cannot_hold_is_refused() {
    let (home, program) = home("a\nb");
    home.command(&program, &["watch", "--install"]).run().refuses(1, &["cannot hold a line break"]);
    if cfg!(not(target_os = "macos")) {
        for folder in ["a\"b", "a'b", "a\\b"] {
            let (home, program) = self::home(folder);
            home.command(&program, &["watch", "--install"]).run().refuses(1, &["cannot start", "hint: "]);
        }
    }
    refuses(&home, &["watch", "--install", &format!("--profile={}", "x".repeat(255))], &["too long"]);
    assert!(!home.path(UNIT).exists());
}

#[test]
#[cfg(not(target_os = "macos"))]
fn programs_are_told_what_to_run_next() {
    let home = Home::new();
    for (option, changed) in
        [("--install", true), ("--install", false), ("--remove", true), ("--remove", false)]
    {
        let said = home.vastenv(&["watch", option, "--raw"]).run().expect(0);
        let told: Value = serde_json::from_str(&said.out).expect("JSON");
        assert_eq!(told["changed"], changed, "{told}");
        assert!(told["path"].as_str().is_some_and(|path| path.ends_with(UNIT)), "{told}");
        assert_eq!(
            told["next"].as_array().map(Vec::len),
            Some(if changed || option == "--install" { 2 } else { 0 })
        );
    }
}
