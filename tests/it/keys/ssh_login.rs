//! A real login with what `create ssh-key` made: OpenSSH's own server on a port of this machine.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use serde_json::{Value, json};

use super::openssh::{make_pair, user_name};
use crate::cli::account::TestAccount;
use crate::common::process::{command, program};
use crate::home::{Home, Said};
use crate::terminal::Terminal;

/// An SSH server with a configuration of its own, which lets the account's keys in.
struct Server {
    address: SocketAddr,
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// `None` where OpenSSH's server or client is not installed.
    fn start(home: &Home) -> Option<Self> {
        let sshd = program("sshd")?;
        program("ssh")?;
        make_pair(home, "host", &["-t", "ed25519"])?;
        // What the system's own start script does for a server run by root.
        if nix::unistd::geteuid().is_root() {
            fs::create_dir_all("/run/sshd").expect("a folder");
        }
        let path = |name: &str| home.path(name).display().to_string();
        home.write(
            "sshd_config",
            format!(
                "HostKey {}\nAuthorizedKeysFile {}\nStrictModes no\nUsePAM no\nPasswordAuthentication no\n\
                 KbdInteractiveAuthentication no\nPidFile none\nPermitRootLogin prohibit-password\n",
                path("host"),
                path("authorized_keys")
            ),
        );
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let ended = Arc::new(AtomicBool::new(false));
        let (end, config) = (Arc::clone(&ended), home.path("sshd_config"));
        let thread = thread::spawn(move || {
            while let Ok((stream, _)) = listener.accept() {
                if end.load(Ordering::SeqCst) {
                    break;
                }
                let output = OwnedFd::from(stream.try_clone().expect("a stream"));
                // One server a connection, on its own streams.
                let mut command = command(&sshd);
                command.arg("-i").arg("-e").arg("-f").arg(&config);
                command.stdin(OwnedFd::from(stream)).stdout(output).stderr(Stdio::null());
                command.spawn().expect("started").wait().expect("ended");
            }
        });
        Some(Self { address, ended, thread: Some(thread) })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
        drop(std::net::TcpStream::connect(self.address));
        let ended = self.thread.take().map(JoinHandle::join);
        assert!(thread::panicking() || matches!(ended, Some(Ok(()))), "the server panicked");
    }
}

/// Logs in with a private key and says where the login got to.
fn log_in(home: &Home, server: &Server, key: &str) -> Said {
    let ssh: PathBuf = program("ssh").expect("ssh");
    let (port, target) = (server.address.port().to_string(), format!("{}@127.0.0.1", user_name()));
    let known = format!("UserKnownHostsFile={}", home.path("known").display());
    let arguments = [
        "-F",
        "none",
        "-p",
        &port,
        "-i",
        key,
        "-o",
        "IdentitiesOnly=yes",
        "-o",
        "StrictHostKeyChecking=no",
        "-o",
        &known,
        "-o",
        "PreferredAuthentications=publickey",
        &target,
        "echo logged in",
    ];
    home.command(ssh, &arguments).run()
}

/// What the account would put on an instance.
fn authorize(home: &Home, account: &TestAccount) {
    let state: Value = account.state();
    let keys = state["ssh_keys"].as_array().expect("keys");
    let lines: Vec<&str> = keys.iter().map(|key| key["public_key"].as_str().expect("text")).collect();
    home.write("authorized_keys", lines.join("\n"));
}

#[test]
fn a_server_lets_in_whoever_has_the_new_key() {
    let account = TestAccount::with(&json!({}));
    let home = account.home();
    let Some(server) = Server::start(&home) else { return };
    home.ok(&["create", "ssh-key", "--output", "key"]);
    home.write("authorized_keys", "");
    let said = log_in(&home, &server, "key").expect(255);
    assert!(said.err.contains("Permission denied (publickey)"), "{said:?}");
    authorize(&home, &account);
    assert_eq!(log_in(&home, &server, "key").expect(0).out, "logged in\n");
}

#[test]
fn a_locked_key_opens_with_its_passphrase_alone() {
    let account = TestAccount::with(&json!({}));
    let mut home = account.home();
    let Some(server) = Server::start(&home) else { return };
    let mut terminal = Terminal::open(&home, 200, "vastenv create ssh-key --passphrase --output key");
    for question in ["passphrase (not shown): ", "the same again (not shown): "] {
        terminal.wait_for(question);
        terminal.type_in("open sesame\r");
    }
    let (seen, code) = terminal.end();
    assert_eq!(code, 0, "{seen}");
    authorize(&home, &account);
    home.set("SSH_ASKPASS_REQUIRE", "force");
    for (passphrase, code) in [("wrong", 255), ("open sesame", 0)] {
        let asker = home.write("askpass", format!("#!/bin/sh\necho '{passphrase}'\n"));
        crate::home::chmod(&asker, 0o700);
        home.set("SSH_ASKPASS", &asker);
        let said = log_in(&home, &server, "key").expect(code);
        assert_eq!(said.out == "logged in\n", code == 0, "{said:?}");
    }
}
