//! `import`: what is planned, asked, sent, kept and said.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use vastenv::sandbox::Options;

use super::account::TestAccount;
use crate::home::Home;
use crate::official::vastai;
use crate::raw_server::{RawServer, Reply};
use crate::terminal::Terminal;

const FILE: &str = "# mine\nNEW='it is # \"new\"'\nexport CHANGED=pa$$word${X}\nSAME=1\nEMPTY=\nMASK=*****\n\
                    1bad=hidden\nPATH=/hidden\n";

fn account() -> TestAccount {
    TestAccount::with(&json!({"CHANGED": "old", "SAME": "1", "OTHER": "x"}))
}

fn json_of(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

#[test]
fn the_plan_has_names_only_and_nothing_is_sent_without_a_yes() {
    let account = account();
    let home = account.home();
    home.write(".env", FILE);
    let plan = "create: NEW, PATH\nupdate: CHANGED\nskip: MASK (a mask, not a value)\n\
                skip: EMPTY (empty, which an account cannot hold)\n\
                skip: line 7 (not a variable name: it starts with a digit)\nskip: SAME (same value)\n\
                not loaded into shells: PATH (refused: changes how the shell works)\n";
    let said = home.vastenv(&["import", ".env"]).run().expect(2).hides("hidden").hides("word");
    assert_eq!(said.out, plan);
    said.mentions(&[
        ".env: CHANGED holds a ${…}, which is kept as it is",
        "cannot ask for confirmation: stdin is not a terminal (Send 3 variables to 127.0.0.1",
        "hint: add --yes",
    ]);
    let home = account.home();
    home.write(".env", FILE);
    assert_eq!(home.ok(&["import", "-n", ".env"]), plan);
    let home = account.home();
    home.write(".env", FILE);
    let raw = home.vastenv(&["import", "--dry-run", "--raw", "-q", ".env"]).run().expect(0);
    let bad = "not a variable name: it starts with a digit";
    let skip = json!({
        "EMPTY": "empty, which an account cannot hold", "MASK": "a mask, not a value",
        "SAME": "same value", "line 7": bad,
    });
    assert_eq!(json_of(&raw.out), json!({"create": ["NEW", "PATH"], "update": ["CHANGED"], "skip": skip}));
    assert_eq!(raw.err, "");
    assert!(account.requests().iter().all(|request| request.starts_with("GET ")), "{:?}", account.requests());
}

#[test]
fn what_is_sent_arrives_to_the_byte_and_a_second_time_there_is_nothing_to_do() {
    let value = "it's \"$(touch x)\" `y` \\ é🦀\r\n\ttail \u{202e}";
    for mask in [false, true] {
        let account = TestAccount::serving(&json!({"OLD": "1"}), Options { mask, ..Options::default() });
        let home = account.home();
        let line = |name: &str| vastenv::dotenv::dotenv_line(name, value).trim_end().to_owned() + "\r\n";
        home.write("my file.env", line("new") + &line("OLD"));
        let said = home.vastenv(&["import", "-y", "my file.env"]).run().expect(0).hides("touch");
        assert_eq!(said.out, "create: NEW\nupdate: OLD\n");
        said.mentions(&[
            "new is NEW in the account",
            "sending 2 variables",
            "created 1, updated 1, skipped 0",
        ]);
        let held = json!({"NEW": value, "OLD": value});
        assert_eq!(account.secrets(), held, "mask: {mask}");
        assert_eq!(json_of(&home.ok(&["export", "json"])), held, "mask: {mask}");
        account.forget();
        let raw = home.vastenv(&["import", "--raw", "my file.env"]).run().expect(0);
        let same = json!({"NEW": "same value", "OLD": "same value"});
        let done = json!({"created": [], "updated": [], "skipped": same, "failed": {}, "unsent": []});
        assert_eq!(json_of(&raw.out), done);
        assert_eq!(account.requests(), ["GET /secrets/ 200"]);
        assert!(!home.path("x").exists());
    }
}

#[test]
fn the_official_client_sees_the_same_values() {
    let Some(vastai) = vastai() else { return };
    let account = TestAccount::with(&json!({"B": "old"}));
    let home = account.home();
    home.write(".env", "A='it is \"quoted\" # $HOME'\nB=\"two\\nlines \\\\ é🦀\\t\"\n");
    home.ok(&["import", "-y", ".env"]);
    let arguments = ["show", "env-vars", "--raw", "-s"];
    let theirs = home.command(vastai, &arguments).env("VASTAI_NO_UPDATE_CHECK", "1").run().expect(0);
    let held = json!({"A": "it is \"quoted\" # $HOME", "B": "two\nlines \\ é🦀\t"});
    assert_eq!(json_of(&theirs.out), held);
}

/// How long a server wants between two changes of a kind.
const INTERVAL: Duration = Duration::from_millis(50);

#[test]
fn the_pace_is_learnt_from_the_first_refusal_of_each_kind() {
    let admitted = Mutex::new(HashMap::<String, Instant>::new());
    let refused = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&refused);
    let server = RawServer::start(move |target| match target {
        "GET /api/v0/users/current/" => Reply::json(200, r#"{"id": 7}"#),
        "GET /api/v0/secrets/" => Reply::json(200, r#"{"success": true, "secrets": {"C": "x", "D": "x"}}"#),
        change => {
            let mut admitted = admitted.lock().expect("whole");
            if admitted.get(change).is_some_and(|last| last.elapsed() < INTERVAL) {
                count.fetch_add(1, Ordering::SeqCst);
                return Reply::whole(429, "", "API requests too frequent: endpoint threshold=0.05");
            }
            admitted.insert(change.to_owned(), Instant::now());
            Reply::json(200, r#"{"success": true}"#)
        }
    });
    let home = Home::at(&server.url(), "a-key-of-this-server-0001");
    home.write(".env", "A=1\nB=2\nE=3\nF=4\nC=5\nD=6\n");
    home.vastenv(&["import", "-y", "--retry", "2", ".env"])
        .run()
        .expect(0)
        .mentions(&["created 4, updated 2"]);
    assert!(refused.load(Ordering::SeqCst) <= 2, "{:?}", server.targets());
    let changes: Vec<_> = server.targets().into_iter().filter(|target| !target.starts_with("GET")).collect();
    // By turns, so that each kind fills the other's gaps.
    assert_eq!(changes[..2], ["POST /api/v0/secrets/", "PUT /api/v0/secrets/"]);
}

#[test]
fn a_person_is_asked_and_may_say_no() {
    let account = TestAccount::with(&json!({}));
    let home = account.home();
    home.write(".env", "A=hidden-v\n");
    for (script, answer, said, code) in [
        ("vastenv import .env", "n\r", "cancelled", 1),
        // Stdin holds the file: the terminal itself is asked.
        ("printf 'A=hidden-v\\n' | vastenv import -", "\r", "cancelled", 1),
        ("cat .env | vastenv import -", "yes\r", "created 1, updated 0, skipped 0", 0),
    ] {
        assert_eq!(account.secrets(), json!({}), "{script}");
        // A home of its own, so that the account may be read at once.
        let home = account.home();
        home.write(".env", "A=hidden-v\n");
        let mut terminal = Terminal::open(&home, 80, script);
        terminal.wait_for("? [y/N] ");
        terminal.type_in(answer);
        let (seen, ended) = terminal.end();
        assert_eq!(ended, code, "{seen}");
        assert!(seen.contains("create: A\n") && seen.contains(said) && !seen.contains("hidden"), "{seen}");
    }
    assert_eq!(account.secrets(), json!({"A": "hidden-v"}));
    home.vastenv(&["import", "-"]).stdin("B=1\n").run().expect(2).mentions(&["add --yes"]);
    let home = account.home();
    home.vastenv(&["import", "-y", "-"]).stdin("B=1\n").run().expect(0);
    assert_eq!(account.secrets(), json!({"A": "hidden-v", "B": "1"}));
}

#[test]
fn what_cannot_be_imported_is_refused_before_anything_is_asked() {
    let account = account();
    let home = account.home();
    home.write(".env", FILE);
    home.vastenv(&["import", "--curl", ".env"]).run().refuses(2, &["--curl", "--dry-run"]);
    home.vastenv(&["import"]).run().refuses(2, &["missing: <FILE>", "vastenv import --help"]);
    home.vastenv(&["import", ".env", "hidden"]).run().refuses(2, &["vastenv import --help"]);
    assert_eq!(account.requests(), [""; 0]);
    let home = Home::new();
    home.write(".env", FILE);
    home.vastenv(&["import", ".env"]).run().refuses(4, &["hint: "]);
}
