//! Identities of a running agent.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use serde_json::json;
use vastenv::sandbox::Options;

use super::openssh::make_pair;
use crate::cli::account::TestAccount;
use crate::common::process::{command, program};
use crate::home::Home;

/// An agent of the home, until this is dropped.
struct Agent(Child);

impl Agent {
    fn start(home: &Home) -> Option<Self> {
        let mut command = command(program("ssh-agent")?);
        command.arg("-D").arg("-a").arg(home.path("agent")).stdout(Stdio::piped());
        let mut child = command.spawn().expect("started");
        let mut line = String::new();
        // It prints where it listens once it does.
        BufReader::new(child.stdout.as_mut().expect("a pipe")).read_line(&mut line).expect("a line");
        Some(Self(child))
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        self.0.kill().expect("killed");
        self.0.wait().expect("ended");
    }
}

#[test]
fn an_identity_of_the_agent_is_named_beside_its_file() {
    let home = Home::new();
    let Some(agent) = Agent::start(&home) else { return };
    let mut home = home;
    home.set("SSH_AUTH_SOCK", home.path("agent"));
    make_pair(&home, "held", &["-t", "ed25519"]);
    make_pair(&home, "plain", &["-t", "rsa", "-b", "2048"]);
    home.command(program("ssh-add").expect("ssh-add"), &["-q", "held"]).run().expect(0);
    let line = |name: &str| std::fs::read_to_string(home.path(&format!("{name}.pub"))).expect("a key");
    home.write(".ssh/held.pub", line("held"));
    let account = TestAccount::of(
        &json!({"ssh_keys": [{"id": 1, "public_key": line("held")}, {"id": 2, "public_key": line("plain")}]}),
        Options::default(),
    );
    let key = account.sandbox.key.expose();
    let show = || {
        let call = home.vastenv(&["show", "ssh-keys"]).env("VAST_URL", &account.sandbox.url);
        call.env("VAST_API_KEY", key).run().expect(0).out
    };
    let table = show();
    let rows: Vec<&str> = table.lines().collect();
    assert!(rows[1].ends_with("  ~/.ssh/held.pub, ssh-agent") && !rows[2].contains("ssh-agent"), "{table}");
    drop(agent);
    // A socket that nobody listens at any more is no failure.
    assert!(home.path("agent").exists());
    assert!(show().lines().nth(1).expect("a row").ends_with("  ~/.ssh/held.pub"));
}
