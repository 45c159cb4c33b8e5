//! What is wrong with a profile is one clear line, and shells keep what they have.

use std::fs;

use super::{CONFIG, Two, script, with_command};
use crate::cli::account::TestAccount;
use crate::home::Home;
use crate::pty::wait_for;

#[test]
fn a_profile_that_is_not_there_is_named_with_the_nearest_one() {
    let two = Two::new().fetched();
    for (given, hint) in [("wrok", "did you mean work?"), ("elsewhere", "the profiles are own, work")] {
        let refused = ["there is no profile ", given, hint];
        two.home.vastenv(&["refresh", "--profile", given]).run().refuses(1, &refused);
        two.home.vastenv(&["refresh"]).env("VASTENV_PROFILE", given).run().refuses(1, &refused);
        two.home.vastenv(&["profile", "use", given]).run().refuses(1, &refused);
        two.home.vastenv(&["profile", "show", given]).run().refuses(1, &refused);
    }
    two.config("default_profile = \"gone\"");
    two.home.vastenv(&["refresh"]).run().refuses(1, &["no profile gone (default_profile)"]);
    // What mends it works.
    two.home.vastenv(&["profile", "list"]).run().expect(0);
    two.home.ok(&["profile", "use", "--none"]);
    assert!(!fs::read_to_string(two.home.path(CONFIG)).expect("settings").contains("default_profile"));
    two.home.vastenv(&["status"]).run().expect(4).mentions(&["no API key"]);
}

#[test]
fn tables_that_are_no_profiles_are_refused() {
    let home = Home::new();
    for (text, why) in [
        ("[profiles.a]\napi_key_file = \"/k\"\napi_key_keyring = true", "two keys"),
        ("[profiles.a]\napi_key_command = []", "expected a program"),
        ("[profiles.a]\napi_key_command = [\"./key\"]", "relative path"),
        ("[profiles.a]\napi_key_file = \"key\"", "expected a path"),
        ("[profiles.\"../a\"]\napi_key_keyring = true", "profile's name"),
        ("[profiles.\"-a\"]\napi_key_keyring = true", "profile's name"),
        ("[profiles.a]\nkey = \"x\"", "unknown key profiles.a.key"),
    ] {
        home.write(CONFIG, text);
        let said = home.vastenv(&["refresh"]).run().refuses(1, &["config.toml", why]);
        assert_eq!(said.err.lines().count(), 2, "{said:?}");
    }
}

#[test]
fn a_command_without_a_key_is_one_line_and_never_what_it_printed() {
    let account = TestAccount::with(&serde_json::json!({"A": "1"}));
    let mut home = Home::new();
    home.set("VASTENV_PROFILE", "work");
    for (body, code, why) in [
        ("echo hidden-1; echo hidden-2", 4, "has 2 lines"),
        ("echo hidden-1 hidden-2", 4, "white space"),
        ("printf 'hidden-\\377'", 4, "not text"),
        ("true", 4, "is empty"),
        ("echo hidden-1; exit 3", 1, "exit code 3"),
        ("yes hidden-1 | head -c 10000000", 1, "prints more than a key"),
    ] {
        let path = script(&home, "key", body);
        with_command(&home, &account, &[path.to_str().expect("a path")]);
        let said = home.vastenv(&["refresh"]).run().refuses(code, &[why, "profile work", "hint: "]);
        let said = said.hides("hidden-");
        assert_eq!(said.err.lines().count(), 2, "{said:?}");
    }
    with_command(&home, &account, &["no-such-program-here"]);
    home.vastenv(&["refresh"])
        .run()
        .refuses(1, &["cannot run `no-such-program-here` (profile work)", "no such file"]);
    with_command(&home, &account, &["/"]);
    home.vastenv(&["refresh"]).run().refuses(1, &["cannot run `/` (profile work)", "permission denied"]);
    assert!(account.requests().is_empty());
}

#[test]
fn a_daemon_that_a_command_leaves_does_not_keep_its_answer() {
    let account = TestAccount::with(&serde_json::json!({"A": "1"}));
    let mut home = Home::new();
    home.set("VASTENV_PROFILE", "work");
    let stop = home.path("stop");
    nix::unistd::mkfifo(&stop, nix::sys::stat::Mode::S_IRWXU).expect("a pipe");
    let body =
        format!("(read -r line < {}) 2>/dev/null & echo {}", stop.display(), account.sandbox.key.expose());
    let path = script(&home, "key", &body);
    with_command(&home, &account, &[path.to_str().expect("a path")]);
    home.ok(&["refresh"]);
    // It lives on, and ends.
    fs::write(&stop, "\n").expect("written");
}

#[test]
#[ignore = "slow"]
fn a_command_that_hangs_is_ended_with_its_group() {
    let account = TestAccount::with(&serde_json::json!({"A": "1"}));
    let mut home = Home::new();
    home.set("VASTENV_PROFILE", "work");
    let path = script(&home, "key", "sleep 1000 & echo $! > child; mv child pid; wait");
    // The folder is `/` for the command.
    script(
        &home,
        "key",
        &format!("cd {}; sleep 1000 & echo $! > child; mv child pid; wait", home.path("").display()),
    );
    with_command(&home, &account, &[path.to_str().expect("a path")]);
    home.vastenv(&["refresh"]).run().refuses(1, &["no API key from", "within 10 s"]);
    let pid = fs::read_to_string(home.path("pid")).expect("a child");
    let status = format!("/proc/{}/status", pid.trim());
    wait_for("the end of the child", || {
        let text = fs::read_to_string(&status).unwrap_or_default();
        (text.is_empty() || text.contains("State:\tZ")).then_some(())
    });
}

#[test]
fn a_key_file_of_others_is_not_used() {
    use std::os::unix::fs::chown;
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    let two = Two::new().fetched();
    let file = two.home.path("work.key");
    crate::home::chmod(&file, 0o644);
    two.home.vastenv(&["status", "--profile", "work"]).run().expect(0).mentions(&["fixed (chmod 600)"]);
    chown(&file, Some(65534), None).expect("chown");
    two.home.vastenv(&["status", "--profile", "work"]).run().expect(1).mentions(&["belongs to another user"]);
}
