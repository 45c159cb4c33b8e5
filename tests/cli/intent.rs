//! A change that cannot be remembered: the old value never passes for the new one.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};

use serde_json::json;

use crate::home::Home;
use crate::masks::{MASK, exports, masked, values_path};
use crate::raw_server::{RawServer, Reply};

#[test]
fn a_change_killed_after_the_send_leaves_the_value_unknown() {
    let (sent, was_sent) = mpsc::channel();
    let server = RawServer::start(move |target| match target {
        "GET /api/v0/users/current/" => Reply::json(200, r#"{"id": 7, "email": "a@b.c"}"#),
        "GET /api/v0/secrets/" => {
            Reply::json(200, &json!({"success": true, "secrets": {"A": MASK, "B": MASK}}).to_string())
        }
        _ => {
            let _ = sent.send(());
            Reply::Silence
        }
    });
    let home = Home::at(&server.url(), "a-key-of-this-server-0001");
    home.ok(&["refresh", "--quiet"]);
    for name in ["A", "B"] {
        home.ok(&["remember", "env-var", name, "old"]);
    }
    let mut child = home.vastenv(&["set", "env-var", "A", "new"]).spawn();
    was_sent.recv().expect("sent");
    child.kill().expect("killed");
    child.wait().expect("ended");
    exports(&home, &json!({"B": "old"}));
    home.ok(&["remember", "env-var", "A", "new"]);
    exports(&home, &json!({"A": "new", "B": "old"}));
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
    let blocked = home.write(".local/state/vastenv/superseded", "");
    let refused = home.vastenv(&["update", "env-var", "A", "new"]).run();
    refused.refuses(1, &["nothing was sent: the change of A cannot be noted here", "hint: "]);
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
    fs::write(&values, backup).expect("put back");
    exports(&home, &json!({}));
}
