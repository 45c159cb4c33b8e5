//! A change that cannot be remembered: the old value never passes for the new one.

use std::fs;
use std::process::Child;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use serde_json::{Value, json};
use vastenv::sandbox::{Options, RateLimits};

use super::account::TestAccount;
use super::masks::{MASK, exports, masked, values_path};
use crate::common::skip::can;
use crate::home::{Call, Home, VASTENV, said};
use crate::raw_server::{RawServer, Reply};
use crate::terminal::Terminal;

/// A server that answers questions as it is told to, and changes not at all.
struct Mute {
    server: RawServer,
    listing: Arc<Mutex<Value>>,
    was_sent: mpsc::Receiver<()>,
}

impl Mute {
    fn listing(secrets: Value) -> Self {
        let listing = Arc::new(Mutex::new(secrets));
        let (sent, was_sent) = mpsc::channel();
        let listed = Arc::clone(&listing);
        let server = RawServer::start(move |target| match target {
            "GET /api/v0/users/current/" => Reply::json(200, r#"{"id": 7, "email": "a@b.c"}"#),
            "GET /api/v0/secrets/" => {
                let secrets = listed.lock().expect("a listing").clone();
                Reply::json(200, &json!({"success": true, "secrets": secrets}).to_string())
            }
            instances if instances.starts_with("GET ") => Reply::json(200, r#"{"instances": []}"#),
            _ => {
                let _ = sent.send(());
                Reply::Silence
            }
        });
        Self { server, listing, was_sent }
    }

    fn home(&self) -> Home {
        let home = Home::at(&self.server.url(), "a-key-of-this-server-0001");
        home.ok(&["refresh", "--quiet"]);
        home
    }

    fn send(&self, call: Call) -> Child {
        let child = call.spawn();
        self.was_sent.recv().expect("sent");
        child
    }

    /// Ends the program by SIGKILL when the change is out.
    fn kill(&self, call: Call) {
        let mut child = self.send(call);
        child.kill().expect("killed");
        child.wait().expect("ended");
    }

    fn now_lists(&self, home: &Home, secrets: Value) {
        *self.listing.lock().expect("a listing") = secrets;
        home.age_snapshot(10);
        home.ok(&["refresh", "--quiet"]);
    }
}

/// Every command that sends a new value of A.
const PUTS: [&[&str]; 4] = [
    &["create", "env-var", "A", "new"],
    &["update", "env-var", "A", "new"],
    &["set", "env-var", "A", "new", "--no-remember"],
    &["import", "-y", ".env"],
];

#[test]
fn a_hidden_value_is_unknown_after_a_change_that_was_killed() {
    let server = Mute::listing(json!({"A": MASK, "B": MASK}));
    for put in PUTS {
        let home = server.home();
        home.write(".env", "A=new\n");
        for name in ["A", "B"] {
            home.ok(&["remember", "env-var", name, "old"]);
        }
        server.kill(home.vastenv(put));
        for _ in 0..2 {
            exports(&home, &json!({"B": "old"}));
            let why = home.ok(&["why", "A"]);
            assert!(
                why.contains("unknown: nobody can tell whether a change from here was made"),
                "{put:?}: {why}"
            );
            for command in ["status", "doctor"] {
                let said = home.vastenv(&[command]).run().out;
                assert!(said.contains("1 to load, 1 unknown"), "{put:?}: {said}");
            }
            // Whatever else the server says meanwhile, it has not told the value.
            server.now_lists(&home, json!({"A": MASK, "B": MASK}));
        }
        server.now_lists(&home, json!({"B": MASK}));
        server.now_lists(&home, json!({"A": MASK, "B": MASK}));
        exports(&home, &json!({"B": "old"}));
        home.ok(&["remember", "env-var", "A", "new"]);
        exports(&home, &json!({"A": "new", "B": "old"}));
    }
}

#[test]
fn a_told_value_is_unknown_after_a_change_that_was_killed_until_the_server_tells_it_again() {
    let server = Mute::listing(json!({"A": "old", "b": "old"}));
    for (put, name) in
        PUTS.map(|put| (put, "A")).into_iter().chain([(&["set", "env-var", "b", "n"][..], "b")])
    {
        let home = server.home();
        home.write(".env", "A=new\n");
        let generation = home.generation();
        server.kill(home.vastenv(put));
        assert_ne!(home.generation(), generation, "no open shell looks again");
        let mut left = json!({"A": "old", "b": "old"});
        left.as_object_mut().expect("an object").remove(name);
        exports(&home, &left);
        server.now_lists(&home, json!({"A": "told", "b": "told"}));
        exports(&home, &json!({"A": "told", "b": "told"}));
        server.now_lists(&home, json!({"A": "old", "b": "old"}));
    }
}

#[test]
fn after_a_removal_that_was_killed_the_servers_next_answer_counts() {
    for (value, known) in [(MASK, "old"), ("old", "old")] {
        let server = Mute::listing(json!({"A": value}));
        let home = server.home();
        home.ok(&["remember", "env-var", "A", "old"]);
        let generation = home.generation();
        server.kill(home.vastenv(&["delete", "env-var", "A"]));
        assert_ne!(home.generation(), generation);
        let asked = server.server.targets().len();
        home.ok(&["run", "--", "true"]);
        assert!(server.server.targets().len() > asked, "nobody asked again");
        exports(&home, &json!({"A": known}));
        server.kill(home.vastenv(&["delete", "env-var", "A"]));
        server.now_lists(&home, json!({}));
        exports(&home, &json!({}));
    }
}

#[test]
fn an_open_shell_keeps_a_value_while_it_is_changed_and_drops_it_after_a_kill() {
    let server = Mute::listing(json!({"A": MASK}));
    let home = server.home();
    home.ok(&["remember", "env-var", "A", "old"]);
    mkfifo(&home.path("sent"), Mode::S_IRWXU).expect("made");
    let script = format!(
        "eval \"$('{VASTENV}' hook bash)\"; echo \"loaded $A\"
        '{VASTENV}' set env-var A new & read -r _ < sent
        __vastenv_hook; echo \"during $A\"
        kill -9 $!; wait $! 2>/dev/null
        SECONDS=$((SECONDS + 20)); __vastenv_hook; echo \"then ${{A-unset}}\""
    );
    let shell = server.send(home.command("bash", &["--norc", "-c", &script]));
    fs::write(home.path("sent"), "now\n").expect("told");
    let said = said(shell.wait_with_output().expect("ended"));
    assert_eq!(said.out, "loaded old\nduring old\nthen unset\n", "{said:?}");
}

#[test]
fn a_change_that_was_never_out_leaves_the_value_as_it_was() {
    let limits = Some(RateLimits::Strict);
    let account = TestAccount::serving(
        &json!({"A": "1", "B": "2"}),
        Options { mask: true, rate_limits: limits, ..Options::default() },
    );
    let mut home = account.home();
    home.set("TERM", "xterm");
    home.ok(&["refresh", "--quiet"]);
    for name in ["A", "B"] {
        home.ok(&["remember", "env-var", name, "old"]);
    }
    home.write("two.env", "A=new\nB=new\n");
    let mut terminal = Terminal::open(&home, 80, "vastenv import -y two.env");
    terminal.wait_for(" 1 of 2, about ");
    terminal.type_in("\u{3}");
    terminal.end();
    assert_eq!(account.secrets(), json!({"A": "new", "B": "2"}));
    exports(&home, &json!({"A": "new", "B": "old"}));
}

#[test]
fn a_server_that_breaks_may_have_made_the_change() {
    for (status, left) in [(500, json!({})), (502, json!({})), (503, json!({"A": "old"}))] {
        let server = RawServer::start(move |target| match target {
            "GET /api/v0/users/current/" => Reply::json(200, r#"{"id": 7}"#),
            "GET /api/v0/secrets/" => {
                Reply::json(200, &json!({"success": true, "secrets": {"A": MASK}}).to_string())
            }
            _ => Reply::json(status, r#"{"msg": "no"}"#),
        });
        let home = Home::at(&server.url(), "a-key-of-this-server-0001");
        home.ok(&["refresh", "--quiet"]);
        home.ok(&["remember", "env-var", "A", "old"]);
        home.vastenv(&["update", "env-var", "A", "new", "--retry", "1"]).run().expect(1);
        exports(&home, &left);
    }
}

#[test]
fn another_key_of_the_account_knows_of_the_older_value() {
    let server = Mute::listing(json!({"A": MASK}));
    let mut home = server.home();
    home.ok(&["remember", "env-var", "A", "old"]);
    let first = home.variables().iter().find(|(name, _)| name == "VAST_API_KEY").expect("a key").1.clone();
    home.set("VAST_API_KEY", "another-key-of-this-user-0002");
    server.kill(home.vastenv(&["set", "env-var", "A", "new"]));
    home.set("VAST_API_KEY", first);
    exports(&home, &json!({}));
}

#[test]
fn notes_that_cannot_be_read_hide_what_is_remembered_and_hold_up_changes() {
    let account = masked(&json!({"A": "1"}));
    let home = account.known_home();
    home.ok(&["remember", "env-var", "A", "old"]);
    let folder = home.path(".local/state/vastenv/changes");
    fs::create_dir_all(&folder).expect("made");
    let id = values_path(&home);
    let id = id.parent().and_then(|folder| folder.file_name()).expect("an account").to_owned();
    let notes = folder.join(id).with_extension("json");
    fs::write(&notes, "{").expect("damaged");
    crate::home::chmod(&notes, 0o600);
    home.vastenv(&["run", "--", "true"]).run().refuses(1, &["is damaged", "hint: rm "]);
    home.vastenv(&["update", "env-var", "A", "new"]).run().refuses(1, &["nothing was sent", "hint: rm "]);
    assert_eq!(account.secrets(), json!({"A": "1"}));
    fs::remove_file(notes).expect("removed");
    exports(&home, &json!({"A": "old"}));
}

#[test]
fn a_refused_change_leaves_the_value_as_it_was() {
    let refuses = Arc::new(AtomicBool::new(false));
    let now_refuses = Arc::clone(&refuses);
    let server = RawServer::start(move |target| match target {
        "GET /api/v0/users/current/" => Reply::json(200, r#"{"id": 7, "email": "a@b.c"}"#),
        "GET /api/v0/secrets/" => {
            Reply::json(200, &json!({"success": true, "secrets": {"A": MASK}}).to_string())
        }
        _ if refuses.load(Ordering::SeqCst) => {
            Reply::json(400, r#"{"error": "invalid_characters", "msg": "no"}"#)
        }
        _ => Reply::json(200, r#"{"success": true, "msg": "done"}"#),
    });
    let home = Home::at(&server.url(), "a-key-of-this-server-0001");
    home.ok(&["refresh", "--quiet"]);
    // Twice the same: nothing new to write, and still in force.
    for _ in 0..2 {
        home.ok(&["set", "env-var", "A", "old"]);
        exports(&home, &json!({"A": "old"}));
    }
    now_refuses.store(true, Ordering::SeqCst);
    home.vastenv(&["update", "env-var", "A", "new"]).run().expect(1);
    exports(&home, &json!({"A": "old"}));
}

#[test]
fn what_cannot_be_noted_is_not_sent_and_what_cannot_be_kept_is_a_failure() {
    let account = masked(&json!({"A": "1", "B": "2"}));
    let home = account.known_home();
    home.ok(&["remember", "env-var", "A", "old"]);
    // No folder can be made where a file is.
    let blocked = home.write(".local/state/vastenv/changes", "");
    let refused = home.vastenv(&["update", "env-var", "A", "new"]).run();
    refused.refuses(1, &["nothing was sent: the change of A cannot be recorded here", "hint: "]);
    home.vastenv(&["update", "env-var", "A", "new", "--no-remember"]).run().refuses(1, &["nothing was sent"]);
    home.ok(&["update", "env-var", "B", "new", "--no-remember"]);
    assert_eq!(account.secrets(), json!({"A": "1", "B": "new"}));
    fs::remove_file(blocked).expect("removed");
    let values = values_path(&home);
    let backup = fs::read(&values).expect("read");
    fs::write(&values, "{").expect("damaged");
    home.vastenv(&["update", "env-var", "A", "new"])
        .run()
        .expect(1)
        .mentions(&["the account has the change"]);
    assert_eq!(account.secrets(), json!({"A": "new", "B": "new"}));
    // Nothing was to be kept, and what may be kept of before is not in force.
    home.vastenv(&["update", "env-var", "A", "newer", "--no-remember"])
        .run()
        .expect(0)
        .mentions(&["warning: the account has the change"]);
    fs::write(&values, backup).expect("put back");
    exports(&home, &json!({}));
}

#[test]
fn a_disk_that_is_full_after_the_send_leaves_the_value_unknown() {
    let account = masked(&json!({"A": "1"}));
    let home = account.known_home();
    home.ok(&["remember", "env-var", "A", "old"]);
    let mounts = home.command("unshare", &["-rm", "true"]).run().code == 0;
    if !can(mounts, "no file system of its own can be mounted (unshare -rm)") {
        return;
    }
    // Notes have room, values have none.
    let script = format!(
        "set -e; mkdir tiny; mount -t tmpfs -o size=16k tiny tiny; cp -a .local/share/. tiny
        export XDG_DATA_HOME=$PWD/tiny; cat /dev/zero > tiny/fill 2>/dev/null || true
        '{VASTENV}' set env-var A new || echo \"set $?\"
        echo A=newer > .env; '{VASTENV}' import -y .env > said || echo \"import $?\"
        '{VASTENV}' export json"
    );
    let said = home.command("unshare", &["-rm", "bash", "--norc", "-c", &script]).run().expect(0);
    assert_eq!(said.out, "set 1\nimport 1\n{}\n", "{said:?}");
    assert_eq!(said.err.matches("free disk space or fix the file, then ").count(), 2, "{said:?}");
    assert_eq!(account.secrets(), json!({"A": "newer"}));
}
