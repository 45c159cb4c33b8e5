//! `remember env-var --from-ssh`: the values that a container was launched with.

use serde_json::json;

use vastenv::sandbox::Options;

use super::instance::{INIT, Instance, Launch, SSHD, is_root};
use crate::cli::account::TestAccount;
use crate::common::process::{find_program, program};
use crate::common::skip::can;
use crate::home::{Home, Said, chmod};

const TOKEN: &str = "hf_a secret' \"with\" $(everything) \\ and é🦀\n~.\r\tend ";

/// An account whose values the server hides, and a home that knows it.
fn masked(secrets: &serde_json::Value) -> (TestAccount, Home) {
    let account = TestAccount::serving(secrets, Options { mask: true, ..Options::default() });
    let home = account.known_home();
    (account, home)
}

fn remember(home: &Home, instance: &Instance, words: &[&str]) -> Said {
    let destination = instance.destination();
    let words = [&["remember", "env-var"], words, &["--from-ssh"]].concat();
    home.vastenv(&instance.arguments(&words, &destination)).run()
}

/// A variable's value as a program here gets it.
fn value(home: &Home, name: &str) -> String {
    home.ok(&["run", "--allow-missing", "--", "sh", "-c", &format!("printf %s \"${{{name}-none}}\"")])
}

#[test]
fn what_is_unknown_here_comes_home_byte_for_byte() {
    let (account, home) =
        masked(&json!({"HF_TOKEN": "x", "OTHER": "x", "GONE": "x", "KNOWN": "mine", "EMPTY": "x"}));
    let environ =
        [("HF_TOKEN", TOKEN), ("OTHER", "****"), ("KNOWN", "theirs"), ("EMPTY", ""), ("NOT_OURS", "x")];
    let Some(instance) = Instance::with(&home, &environ) else { return };
    home.ok(&["remember", "env-var", "KNOWN", "mine"]);
    instance.write(
        ".bashrc",
        "printf '\\033]0;title\\007\\033[1mWelcome\\033[0m\\r\\n'; echo noise >&2; echo -n x\n",
    );
    let said = remember(&home, &instance, &[]).expect(0).hides("hf_a").hides("theirs");
    assert_eq!(said.out, "");
    said.mentions(&[
        "remembered HF_TOKEN on this machine; the account is unchanged",
        "GONE is not in the environment there",
        "OTHER is all asterisks there: not a value",
        "EMPTY is empty there",
        "noise",
    ]);
    assert_eq!(value(&home, "HF_TOKEN"), TOKEN);
    assert_eq!(value(&home, "KNOWN"), "mine");
    assert_eq!(value(&home, "NOT_OURS"), "none");
    // The account was read, and never changed.
    assert!(account.requests().iter().all(|request| request.starts_with("GET ")), "{:?}", account.requests());
    // Named ones come although they are known, and so do all with --all.
    remember(&home, &instance, &["KNOWN"]).expect(0).mentions(&["remembered KNOWN on this machine"]);
    assert_eq!(value(&home, "KNOWN"), "theirs");
    remember(&home, &instance, &["KNOWN", "HF_TOKEN"]).expect(0).mentions(&["the same as here"]);
    home.ok(&["remember", "env-var", "HF_TOKEN", "old"]);
    home.ok(&["remember", "env-var", "KNOWN", "old"]);
    remember(&home, &instance, &["--all"]).expect(0).mentions(&["remembered HF_TOKEN, KNOWN on"]);
    assert_eq!((value(&home, "HF_TOKEN"), value(&home, "KNOWN")), (TOKEN.to_owned(), "theirs".to_owned()));
    remember(&home, &instance, &["NOT_OURS"]).refuses(1, &["the account has no variable NOT_OURS"]);
    // A value in the wrong place is not repeated.
    remember(&home, &instance, &["KNOWN", "hf_secret"])
        .refuses(1, &["name 2 is not a variable"])
        .hides("hf_secret");
    home.vastenv(&["remember", "env-var", "KNOWN", "a", "hf_secret"]).run().expect(2).hides("hf_secret");
    remember(&home, &instance, &["GONE"])
        .refuses(1, &["no value remembered for GONE", "enter the rest: vastenv remember env-var GONE"]);
}

#[test]
fn a_destination_is_anything_that_ssh_takes_but_an_option() {
    let (_account, home) = masked(&json!({"HF_TOKEN": "x"}));
    let Some(instance) = Instance::with(&home, &[("HF_TOKEN", "hf")]) else { return };
    let url = format!("ssh://{}:{}", instance.destination(), instance.port());
    home.vastenv(&instance.arguments(&["remember", "env-var", "--from-ssh"], &url)).run().expect(0);
    assert_eq!(value(&home, "HF_TOKEN"), "hf");
    for option in ["-oProxyCommand=touch ran", "--", "-"] {
        home.vastenv(&["remember", "env-var", &format!("--from-ssh={option}")]).run().expect(2);
    }
    home.vastenv(&["run", "--on=-oProxyCommand=touch ran", "true"]).run().expect(2);
    assert!(!home.path("ran").exists());
    // The user's own configuration must not keep it from running, and a mistyped option is not forgiven.
    let destination = instance.destination();
    let arguments = instance.arguments(&["remember", "env-var", "--all", "--from-ssh"], &destination);
    let with = |more: &[&str]| home.vastenv(&[&arguments[..], more].concat()).run();
    instance
        .configure(&home, "RemoteCommand echo no\nSessionType none\nStdinNull yes\nUseSomethingNew yes\n");
    with(&[]).expect(0).mentions(&["the same as here"]);
    with(&["--ssh-option", "UserKnownHotsFile=x"]).expect(1).mentions(&["userknownhotsfile"]);
}

#[test]
fn an_instance_is_reached_by_its_id() {
    // Who has its key.
    let owner = Home::new();
    let Some(instance) = Instance::with(&owner, &[("HF_TOKEN", "hf")]) else { return };
    if !can(is_root(), "an instance is logged in to as root") {
        return;
    }
    let ports = json!({"22/tcp": [{"HostPort": instance.port().to_string()}]});
    let account = TestAccount::of(
        &json!({"secrets": {"HF_TOKEN": "x"}, "instances": [
            {"id": 7, "ports": ports, "public_ipaddr": "127.0.0.1"},
            {"id": 8, "actual_status": "exited"},
        ]}),
        Options { mask: true, ..Options::default() },
    );
    let home = account.known_home();
    let remember =
        |id| home.vastenv(&instance.arguments(&["remember", "env-var", "--from-instance"], id)).run();
    remember("8").refuses(1, &["instance 8 is not running (exited)", "vastai start instance 8"]);
    remember("9").refuses(1, &["no instance 9 in the account"]);
    remember("x").refuses(2, &["--from-instance"]);
    remember("7").expect(0).mentions(&["remembered HF_TOKEN on this machine"]);
    assert_eq!(value(&home, "HF_TOKEN"), "hf");
    // Everything is known now: nobody is asked.
    account.forget();
    remember("7").expect(0).mentions(&["nothing to remember"]);
    assert_eq!(account.requests(), [""; 0]);
    let words = instance.arguments(&["run", "--on"], "7");
    assert_eq!(home.ok(&[&words[..], &["printenv", "HF_TOKEN"]].concat()), "hf\n");
    let words = instance.arguments(&["run", "--on"], "8");
    home.vastenv(&[&words[..], &["true"]].concat()).run().refuses(1, &["instance 8 is not running"]);
}

#[test]
fn every_login_shell_reads_alike() {
    for shell in ["bash", "dash", "zsh", "fish", "tcsh"] {
        let Some(path) = program(shell) else { continue };
        let (_account, home) = masked(&json!({"HF_TOKEN": "x"}));
        let environ = [("VAST_CONTAINERLABEL", "C.7"), ("HF_TOKEN", TOKEN)];
        let path = path.to_str().expect("text");
        let launch = Launch { environ: &environ, shell: path, ..Launch::default() };
        let Some(instance) = launch.start(&home) else { return };
        for file in [".bashrc", ".profile", ".zshenv", ".config/fish/config.fish", ".tcshrc"] {
            instance.write(file, "echo noise\n");
        }
        remember(&home, &instance, &[]).expect(0);
        assert_eq!(value(&home, "HF_TOKEN"), TOKEN, "{shell}");
    }
}

#[test]
fn an_overwritten_or_emptied_process_1_is_not_believed() {
    for (process_1, found) in [
        (INIT, true),
        (SSHD, false),
        ("sleep 1000 & exec $sshd", true),
        ("sleep 1000 & exec env -i PATH=\"$PATH\" bash -c \"$sshd & wait\"", true),
        ("exec env -i PATH=\"$PATH\" bash -c \"$sshd & wait\"", false),
    ] {
        let (_account, home) = masked(&json!({"HF_TOKEN": "x"}));
        let environ = [("HF_TOKEN", "hf"), ("CONTAINER_ID", "7"), ("Z", "z")];
        let launch = Launch { environ: &environ, process_1, ..Launch::default() };
        let Some(instance) = launch.start(&home) else { return };
        if found {
            remember(&home, &instance, &[]).expect(0);
            assert_eq!(value(&home, "HF_TOKEN"), "hf", "{process_1}");
        } else {
            let said = remember(&home, &instance, &[]);
            said.refuses(1, &["no process there has a Vast container's environment", "a VM"]);
        }
    }
}

#[test]
fn who_is_not_root_is_told_or_takes_the_way_that_the_images_have() {
    let (_account, home) = masked(&json!({"HF_TOKEN": "x"}));
    let Some(instance) = Instance::with(&home, &[("HF_TOKEN", "hf")]) else { return };
    let instance = instance.for_worker();
    remember(&home, &instance, &[])
        .refuses(1, &["worker may not read the environment of process 1", "sudo -n"]);
    let sudo =
        "#!/bin/sh\n[ \"$1\" = -n ] && shift\nprogram=$1\nshift\nexec \"${0%/*}/root-$program\" \"$@\"\n";
    chmod(&instance.write("bin/sudo", sudo), 0o755);
    for program in ["cat", "grep"] {
        let path = instance.path(&format!("bin/root-{program}"));
        std::fs::copy(find_program(program).expect("found"), &path).expect("copied");
        chmod(&path, 0o4755);
    }
    instance.write(".bashrc", "PATH=$HOME/bin:$PATH\n");
    remember(&home, &instance, &[]).expect(0);
    assert_eq!(value(&home, "HF_TOKEN"), "hf");
}

#[test]
fn an_ordinary_user_may_host_it() {
    let (_account, home) = masked(&json!({"HF_TOKEN": "x"}));
    let environ = [("HF_TOKEN", TOKEN), ("CONTAINER_ID", "7")];
    let Some(instance) = (Launch { environ: &environ, ordinary: true, ..Launch::default() }).start(&home)
    else {
        return;
    };
    remember(&home, &instance, &[]).expect(0);
    assert_eq!(value(&home, "HF_TOKEN"), TOKEN);
    let destination = instance.destination();
    let words = instance.arguments(&["run", "--on"], &destination);
    let script = ["--", "sh", "-c", "printf '<%s>' \"$HF_TOKEN\"; cat; exit 7"];
    let said = home.vastenv(&[&words[..], &script].concat()).stdin("through").run().expect(7);
    assert_eq!(said.out, format!("<{TOKEN}>through"));
}

#[test]
fn what_keeps_it_from_running_is_told_apart() {
    let (_account, home) = masked(&json!({"HF_TOKEN": "x"}));
    let environ = [("HF_TOKEN", "hf"), ("CONTAINER_ID", "7")];
    let start = |config| Launch { environ: &environ, config, ..Launch::default() }.start(&home);
    let Some(forced) = start("ForceCommand echo CONTAINER_ID=forced") else { return };
    remember(&home, &forced, &[]).refuses(1, &["the login runs no commands (ssh ended with 0)", "hint: "]);
    let Some(instance) = start("") else { return };
    let unguarded = "echo 'open terminal failed: not a terminal' >&2; exit 1\n";
    instance.write(".bashrc", unguarded);
    remember(&home, &instance, &[]).refuses(1, &["tmux", "touch ~/.no_auto_tmux"]);
    instance.write(".bashrc", "");
    let destination = instance.destination();
    let arguments = instance.arguments(&["remember", "env-var", "--from-ssh"], &destination);
    let with = |options: &[&str]| home.vastenv(&[&arguments[..], options].concat()).run();
    with(&["--ssh-option", "PubkeyAuthentication=no"])
        .refuses(1, &["Permission denied", "does not accept your SSH key", "vastai attach ssh"]);
    with(&["--ssh-option", "Port=1"])
        .refuses(1, &["Connection refused", "cannot reach root@127.0.0.1", "by hand: ssh ", " -o Port=1 "]);
    let strict =
        ["--ssh-option", "UserKnownHostsFile=/dev/null", "--ssh-option", "StrictHostKeyChecking=yes"];
    with(&strict).refuses(1, &["Host key verification failed", "its host key is not trusted"]);
    home.vastenv(&arguments).env("PATH", "/nowhere").run().refuses(1, &["cannot run ssh: not found"]);
    assert_eq!(value(&home, "HF_TOKEN"), "none");
}

#[test]
fn nothing_is_asked_of_a_machine_if_nothing_is_unknown() {
    let account = TestAccount::with(&json!({"HF_TOKEN": "x"}));
    let home = account.known_home();
    home.vastenv(&["remember", "env-var", "--from-ssh", "nobody.invalid"])
        .run()
        .expect(0)
        .mentions(&["nothing to remember: no value is unknown"]);
}

#[test]
fn what_an_instance_has_otherwise_is_named() {
    let (_account, home) = masked(&json!({"SAME": "x", "CHANGED": "x", "NEW": "x", "HIDDEN": "x"}));
    let environ = [("SAME", "a\nb"), ("CHANGED", "the old one"), ("HIDDEN", "hf"), ("THEIRS", "z")];
    let Some(instance) = Instance::with(&home, &environ) else { return };
    for (name, value) in [("SAME", "a\nb"), ("CHANGED", "the new one"), ("NEW", "mine")] {
        home.ok(&["remember", "env-var", name, value]);
    }
    let destination = instance.destination();
    let diff = |words: &[&str]| home.vastenv(&instance.arguments(words, &destination)).run();
    let said = diff(&["diff", "--on"]).expect(1).hides("the old one").hides("the new one");
    assert_eq!(said.out, "~ CHANGED\n? HIDDEN\n- NEW\n");
    said.mentions(&[
        "0 in the container only, 1 in the account only, 1 different, 1 unknown; 1 variable the same",
    ]);
    let raw: serde_json::Value =
        serde_json::from_str(&diff(&["diff", "--raw", "--on"]).expect(1).out).expect("JSON");
    assert_eq!((&raw["different"], &raw["same"]), (&json!(["CHANGED"]), &json!(["SAME"])));
    diff(&["diff", "-s", "--on"]).refuses(2, &[]);
    home.vastenv(&["diff"]).run().refuses(2, &["FILE"]);
    // What is for ssh is in vain without it.
    for command in [&["diff", "x"][..], &["run", "true"], &["remember", "env-var", "A"], &["remember"]] {
        let words = [&command[..1], &["--ssh-option", "Port=1"], &command[1..]].concat();
        let option = if command[0] == "remember" {
            "--from-instance <INSTANCE> or --from-ssh <DEST>"
        } else {
            "--on <DEST|ID>"
        };
        home.vastenv(&words).run().refuses(2, &[&format!("vastenv: missing: {option}\n")]);
    }
}
