//! Shells in a container: below a process 1 whose environment they do not inherit.

use std::collections::BTreeMap;
use std::os::unix::fs::{PermissionsExt, chown};

use super::account::{Account, FIRST_KEY, KEY_FILE};
use super::follow::each;
use super::trace::Traced;
use crate::common::container::{AWKWARD, CONTAINER, Container, environment};
use crate::common::process::{command, program};
use crate::common::skip::can;
use crate::keys::openssh::user_name;
use crate::pty::Home;

/// A user that the system does not know.
const USER: u32 = 1234;

/// Every name of `all` has its value, and none of `none` is there.
#[track_caller]
fn check(found: &BTreeMap<String, String>, all: &[(&str, &str)], none: &[&str]) {
    for (name, value) in all {
        assert_eq!(found.get(*name).map(String::as_str), Some(*value), "{name}");
    }
    for name in none {
        assert_eq!(found.get(*name), None, "{name}");
    }
}

/// What loads of [`CONTAINER`] without an account.
fn loaded() -> Vec<(&'static str, &'static str)> {
    let stays_out = ["HOME", "TERM", "VAST_API_KEY", "VAST_URL", "VASTENV_DISABLE", "PYTHONSTARTUP"];
    CONTAINER.into_iter().filter(|(name, _)| !stays_out.contains(name)).collect()
}

const STAYS_OUT: [&str; 4] = ["VAST_API_KEY", "VAST_URL", "VASTENV_DISABLE", "PYTHONSTARTUP"];

#[test]
fn a_session_has_what_its_container_was_launched_with_without_key_and_network() {
    each(|shell| {
        let mut home = Home::new();
        home.variable("HF_HOME", "/the/sessions");
        let large = "é'$(x)".repeat(14_000);
        let launch = [("HF_HOME", "/launch"), ("LARGE", large.as_str()), ("LC_TIME", "C.UTF-8")];
        let Some(container) = Container::of(&home, &[&CONTAINER, &AWKWARD, &launch]) else { return };
        let found = container.environment(shell);
        check(&found, &[loaded(), AWKWARD.to_vec()].concat(), &STAYS_OUT);
        check(&found, &[("HF_HOME", "/the/sessions"), ("TERM", "dumb"), ("LC_TIME", "C.UTF-8")], &[]);
        check(
            &found,
            &[("LARGE", &large), ("HOME", home.path("").to_str().expect("text").trim_end_matches('/'))],
            &[],
        );
        assert!(!home.path("PWNED").exists() && !std::path::Path::new("PWNED").exists());

        let mut terminal = container.open(shell);
        assert_eq!(terminal.inherited("QUOTES"), AWKWARD[3].1);
        terminal.run(&shell.export("MODEL", "mine"));
        let text = terminal.run(&shell.set("VASTENV_DISABLE", "1"));
        assert!(text.contains("-A_COMMAND") && !text.contains("PWNED"), "{text}");
        for (name, value) in [("QUOTES", "unset"), ("HF_HOME", "/the/sessions"), ("MODEL", "mine")] {
            assert_eq!(terminal.get(name), value, "{name}");
        }
        terminal.run(&shell.unset("VASTENV_DISABLE"));
        assert_eq!(terminal.get("A_WORD"), AWKWARD[1].1);
        assert_eq!(terminal.get("MODEL"), "mine");
    });
}

#[test]
fn a_variable_that_a_shell_does_not_export_is_not_replaced() {
    each(|shell| {
        let home = Home::new();
        home.rc(shell, &shell.set("MODEL", "mine"), "");
        let Some(container) = Container::of(&home, &[&CONTAINER, &AWKWARD]) else { return };
        let mut terminal = container.open(shell);
        assert_eq!((terminal.get("MODEL").as_str(), terminal.inherited("MODEL").as_str()), ("mine", "unset"));
        assert_eq!(terminal.get("CONTAINER_ID"), "20931234");
    });
}

#[test]
fn a_prompt_in_a_container_starts_no_process() {
    each(|shell| {
        let home = Home::new();
        let Some(container) = Container::of(&home, &[&CONTAINER, &AWKWARD]) else { return };
        let outer = container.words(&[]);
        let outer: Vec<&str> = outer.iter().map(String::as_str).collect();
        let mut traced = Traced::open_with(&home, shell, &outer);
        assert_eq!(traced.terminal.get("MODEL"), "llama");
        traced.assert_steady(20, "in a container");
    });
}

#[test]
fn an_ordinary_user_has_it_too_and_one_of_another_process_1_from_the_oldest_process_of_theirs() {
    if !can(nix::unistd::geteuid().is_root(), "only root can be another user") {
        return;
    }
    let mut home = Home::new();
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).expect("chmod");
    std::fs::copy(&home.binary, folder.path().join("vastenv")).expect("copied");
    home.binary = folder.path().join("vastenv");
    home.write(".config/vastenv/config.toml", "container = \"on\"\n");
    each(|shell| home.rc(shell, "", ""));
    give(&home, USER);
    let Some(mut container) = Container::of(&home, &[&CONTAINER, &AWKWARD]) else { return };
    container.user = Some(USER);
    each(|shell| {
        // Process 1 is root's, and nothing else there tells.
        let output = container.run(&[shell.name(), "-ic", "env -0"]);
        check(&environment(&output.stdout), &[], &["CONTAINER_ID", "MODEL"]);
        // What the container started for this user.
        let before = "setpriv --reuid 1234 --regid 1234 --clear-groups sleep 1000 & \
                      until [ \"$(cat /proc/$!/comm)\" = sleep ]; do :; done";
        let found = Container { before, ..container.clone() }.environment(shell);
        check(&found, &[loaded(), AWKWARD.to_vec()].concat(), &STAYS_OUT);
    });
    // A container whose process 1 is the user's own.
    let container = Container { user: None, is_ordinary: true, ..container };
    let words = container.words(&["bash", "-ic", "env -0"]);
    let mut command = command("setpriv");
    command.env_clear().envs(home.variables.iter().cloned()).current_dir(home.path(""));
    command.args(["--reuid", "1234", "--regid", "1234", "--clear-groups"]).args(&words);
    let output = command.output().expect("ended");
    if can(output.status.success(), "an ordinary user can make no pid namespace here") {
        check(&environment(&output.stdout), &[loaded(), AWKWARD.to_vec()].concat(), &STAYS_OUT);
    }
}

/// Gives a home to another user.
fn give(home: &Home, user: u32) {
    let mut folders = vec![home.path("")];
    while let Some(folder) = folders.pop() {
        chown(&folder, Some(user), Some(user)).expect("given");
        for entry in std::fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                chown(&path, Some(user), Some(user)).expect("given");
            }
        }
    }
}

/// A login over SSH: each connection has a server in a container of its own.
#[test]
fn a_login_over_ssh_has_it() {
    let (Some(sshd), Some(ssh)) = (program("sshd"), program("ssh")) else { return };
    let home = Home::new();
    let Some(container) = Container::of(&home, &[&CONTAINER, &AWKWARD]) else { return };
    if nix::unistd::geteuid().is_root() {
        std::fs::create_dir_all("/run/sshd").expect("a folder");
    }
    let path = |name: &str| home.path(name).display().to_string();
    for name in ["host", "key"] {
        let mut keygen = home.command("ssh-keygen");
        assert!(
            keygen.args(["-q", "-N", "", "-t", "ed25519", "-f", name]).status().expect("ended").success()
        );
    }
    home.write(
        "config",
        &format!(
            "HostKey {}\nAuthorizedKeysFile {}\nStrictModes no\nUsePAM no\nPidFile none\n\
             PermitRootLogin prohibit-password\nAuthenticationMethods publickey\n",
            path("host"),
            path("key.pub")
        ),
    );
    let words = container.words(&[sshd.to_str().expect("text"), "-i", "-e", "-f", &path("config")]);
    let quoted: Vec<_> = words.iter().map(|word| format!("'{}'", word.replace('\'', "'\\''"))).collect();
    home.write("connect", &format!("exec {} 2>/dev/null\n", quoted.join(" ")));
    each(|shell| {
        let session = home.variables.iter().map(|(name, value)| format!("{name}='{value}'"));
        let session: Vec<_> = session.collect();
        let mut command = home.command(&ssh);
        command.args([
            "-F",
            "none",
            "-T",
            "-o",
            "StrictHostKeyChecking=no",
            "-o",
            "UserKnownHostsFile=/dev/null",
        ]);
        command.args(["-i", "key", "-o", "IdentitiesOnly=yes", "-o", "ProxyCommand=sh ./connect"]);
        command.arg(format!("{}@instance", user_name()));
        command.arg(format!("env {} {} -ic 'env -0'", session.join(" "), shell.name()));
        let output = command.output().expect("ended");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let found = environment(&output.stdout);
        assert!(found.contains_key("SSH_CONNECTION"), "{:?}", found.keys());
        check(&found, &[loaded(), AWKWARD.to_vec()].concat(), &STAYS_OUT);
    });
}

#[test]
fn a_setting_turns_it_off_or_on_everywhere() {
    each(|shell| {
        let home = Home::new();
        let pod = [("POD_ID", "7"), ("MODEL", "llama")];
        let Some(other) = Container::of(&home, &[&pod]) else { return };
        let output = other.run(&[shell.name(), "-ic", "env -0"]);
        check(&environment(&output.stdout), &[], &["POD_ID", "MODEL"]);
        home.write(".config/vastenv/config.toml", "container = \"on\"\n");
        check(&other.environment(shell), &pod, &[]);
        home.write(".config/vastenv/config.toml", "container = \"off\"\n");
        let Some(vast) = Container::of(&home, &[&CONTAINER, &AWKWARD]) else { return };
        let output = vast.run(&[shell.name(), "-ic", "env -0"]);
        check(&environment(&output.stdout), &[], &["CONTAINER_ID", "MODEL"]);
        home.write(".config/vastenv/config.toml", "");
        let mut terminal = vast.open(shell);
        assert_eq!(terminal.get("MODEL"), "llama");
        terminal.run("mount --bind /dev/null /proc/1/environ");
        home.write(".config/vastenv/config.toml", "max_age = \"1h\"\n");
        terminal.run("");
        assert_eq!(terminal.get("MODEL"), "llama");
        home.write(".config/vastenv/config.toml", "container = \"off\"\n");
        terminal.run("");
        assert_eq!((terminal.get("MODEL").as_str(), terminal.get("TERM").as_str()), ("unset", "dumb"));
    });
}

#[test]
fn with_a_key_the_account_says_what_is_its_own() {
    each(|shell| {
        // The server hides every value.
        let listed =
            [("HF_TOKEN", "x"), ("KNOWN", "x"), ("OLD", "x"), ("LD_LIBRARY_PATH", "x"), ("NEW", "x")];
        let account = Account::masked(&listed);
        account.home.vastenv_ok(&["remember", "env-var", "KNOWN", "remembered"]);
        let launch = [("HF_TOKEN", "launch"), ("KNOWN", "launch"), ("OLD", "launch"), ("TEMPLATE", "launch")];
        let Some(container) = Container::of(&account.home, &[&CONTAINER, &launch]) else { return };
        account.home.rc(
            shell,
            &format!("{}\n{}", shell.export("HF_TOKEN", "mine"), shell.export("TEMPLATE", "mine")),
            "",
        );
        let mut terminal = container.open(shell);
        let now = [
            ("HF_TOKEN", "launch"),
            ("KNOWN", "remembered"),
            ("OLD", "launch"),
            ("TEMPLATE", "mine"),
            ("LD_LIBRARY_PATH", "unset"),
            ("NEW", "unset"),
            // It is known not to be the account's.
            ("PYTHONSTARTUP", "/refused.py"),
        ];
        for (name, value) in now {
            assert_eq!(terminal.get(name), value, "{name}");
        }
        // What the account lists no more, here and in new shells.
        let mut elsewhere = account.home.command(&account.home.binary);
        elsewhere.env("HOME", account.home.path("elsewhere")).env("VAST_API_KEY", FIRST_KEY);
        std::fs::create_dir(account.home.path("elsewhere")).expect("made");
        assert!(elsewhere.args(["delete", "env-var", "OLD"]).status().expect("ended").success());
        account.home.vastenv_ok(&["refresh"]);
        let text = terminal.run("");
        assert!(text.contains("vastenv: -OLD"), "{text}");
        assert_eq!(
            (terminal.get("OLD").as_str(), terminal.get("CUDA_HOME").as_str()),
            ("unset", "/usr/local/cuda")
        );
        check(&container.environment(shell), &[("HF_TOKEN", "launch"), ("TEMPLATE", "mine")], &["OLD"]);
        // What cannot be read any more is not gone.
        terminal.run("mount --bind /dev/null /proc/1/environ");
        account.home.vastenv_ok(&["create", "env-var", "LATER", "1"]);
        account.home.vastenv_ok(&["delete", "env-var", "NEW"]);
        terminal.run("");
        for (name, value) in
            [("LATER", "1"), ("HF_TOKEN", "launch"), ("CUDA_HOME", "/usr/local/cuda"), ("OLD", "unset")]
        {
            assert_eq!(terminal.get(name), value, "{name}");
        }
        // Without a key what is loaded stays, and a new shell has what the container has.
        std::fs::remove_file(account.home.path(KEY_FILE)).expect("removed");
        terminal.run("");
        for (name, value) in now.iter().filter(|(name, _)| *name != "OLD") {
            assert_eq!(terminal.get(name), *value, "{name}");
        }
        terminal.run(&shell.set("VASTENV_DISABLE", "1"));
        assert_eq!((terminal.get("HF_TOKEN").as_str(), terminal.get("KNOWN").as_str()), ("mine", "unset"));
        check(
            &container.environment(shell),
            &[("HF_TOKEN", "mine"), ("KNOWN", "launch")],
            &["PYTHONSTARTUP"],
        );
    });
}

#[test]
fn a_refused_key_is_told_and_the_container_stands_in_for_no_account() {
    let account = Account::masked(&[("HF_TOKEN", "x")]);
    let Some(container) = Container::of(&account.home, &[&CONTAINER, &[("HF_TOKEN", "launch")]]) else {
        return;
    };
    let run = |arguments: &[&str]| {
        let vastenv = account.home.binary.to_str().expect("text");
        let output = container.run(&[&[vastenv], arguments].concat());
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    assert_eq!(run(&["run", "--", "printenv", "HF_TOKEN"]), (Some(0), "launch\n".to_owned()));
    account.home.write(KEY_FILE, "0123456789abcdef0123456789abcdef");
    assert_eq!(run(&["refresh"]).0, Some(4));
    for command in [&["run", "--", "echo", "started"][..], &["export", "json"]] {
        assert_eq!(run(command), (Some(4), String::new()), "{command:?}");
    }
}

#[test]
fn commands_use_it_and_say_where_a_value_is_from() {
    let home = Home::new();
    let vastenv = home.binary.to_str().expect("text");
    let Some(container) = Container::of(&home, &[&CONTAINER, &AWKWARD]) else { return };
    let out = |arguments: &[&str]| {
        let output = container.run(&[&[vastenv], arguments].concat());
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {said}");
        String::from_utf8(output.stdout).expect("text")
    };
    let found = environment(out(&["run", "--", "env", "-0"]).as_bytes());
    check(&found, &[loaded(), AWKWARD.to_vec()].concat(), &STAYS_OUT);
    let exported: BTreeMap<String, String> = serde_json::from_str(&out(&["export", "json"])).expect("JSON");
    check(&exported, &[loaded(), AWKWARD.to_vec()].concat(), &["HOME", "TERM", "PATH", "VAST_URL"]);
    for (name, value) in AWKWARD.iter().chain(&[("CUDA_HOME", "/usr/local/cuda")]) {
        assert_eq!(out(&["show", "env-var", "-n", name]), *value, "{name}");
    }
    for (name, why) in
        [("PYTHONSTARTUP", "is not taken from this container"), ("TYPO", "container has no variable")]
    {
        let output = container.run(&[vastenv, "show", "env-var", name]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(1) && said.contains(why), "{said}");
    }
    assert_eq!(out(&["run", "--redact", "--", "printenv", "A_WORD"]), "*****\n");
    for report in [&["status"][..], &["doctor"], &[]] {
        let said = out(report);
        assert!(said.contains("from its launch environment") && !said.contains("set api-key"), "{said}");
    }
    assert!(out(&["why", "MODEL"]).contains("container's launch environment"));
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&out(&["why", "MODEL", "--raw"])).expect("JSON")["source"],
        "instance"
    );
    // One value, and all of them, read like `export`.
    for (name, value) in AWKWARD {
        assert_eq!(out(&["show", "env-var", "-n", name]), value, "{name}");
    }
    let table = out(&["show", "env-vars", "--only", "MODEL,CUDA_*", "--rename", "M=MODEL"]);
    let rows: Vec<Vec<&str>> = table.lines().skip(1).map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[0], ["CUDA_HOME", "*****", "instance"]);
    assert_eq!(rows[1], ["M", "*****", "instance", "MODEL", "in", "the", "container"]);
    assert_eq!(out(&["show", "env-vars", "--unknown"]), "");
    assert_eq!(
        serde_json::from_str::<BTreeMap<String, String>>(&out(&["show", "env-vars", "-s", "--raw"]))
            .expect("JSON"),
        exported
    );
    // What stays out has its reason.
    for (name, why) in [
        ("TERM", "it is the session's own"),
        ("VAST_URL", "it configures vastenv"),
        ("PYTHONSTARTUP", "it may be a variable of your account, and its name is refused"),
    ] {
        assert!(out(&["why", name]).contains(&format!("no: {why}\n")), "{name}: {}", out(&["why", name]));
        let refused = container.run(&[vastenv, "show", "env-var", name]);
        let said = String::from_utf8_lossy(&refused.stderr);
        assert_eq!((refused.status.code(), refused.stdout.len()), (Some(1), 0), "{said}");
        assert!(said.contains(why), "{said}");
    }

    // The same with an account that lists the name.
    let account = Account::masked(&[("MODEL", "x"), ("NEW", "x")]);
    let container = Container { home: &account.home, ..container };
    let output = container.run(&[vastenv, "show", "env-vars"]);
    let table = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(table.lines().any(|line| line.starts_with("MODEL") && line.contains("instance")), "{table}");
    assert_eq!(container.run(&[vastenv, "show", "env-var", "-n", "MODEL"]).stdout, b"llama");
    assert_eq!(container.run(&[vastenv, "show", "env-var", "-n", "CUDA_HOME"]).stdout, b"/usr/local/cuda");
}
