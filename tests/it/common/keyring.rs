//! A login session with a D-Bus of its own, on which GNOME Keyring starts when it is first called.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

use tempfile::TempDir;

use crate::common::process::command;

/// A session bus and its keyring, until whoever started it drops it.
pub struct Session {
    folder: PathBuf,
    started: Option<(TempDir, Child)>,
}

/// How the keyring comes up when it is next called.
#[derive(Clone, Copy)]
pub enum Keyring {
    /// As after a login: its password is known.
    Unlocked,
    /// As after an automatic login: nobody has given the password.
    Locked,
    /// It is installed, but ends at once.
    Broken,
    /// The bus is killed as it is about to start.
    KillsBus,
    /// There is none.
    Absent,
}

const CONFIG: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path=FOLDER/bus</listen>
  <servicedir>FOLDER/services</servicedir>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#;

const SERVICE: &str = "[D-BUS Service]\nName=org.freedesktop.secrets\nExec=FOLDER/keyring\n";

/// Exactly one environment, and the process id for whoever wants to kill it.
const SCRIPT: &str = r#"#!/bin/sh
echo $$ > FOLDER/pid
set -- env -i PATH="$PATH" HOME=FOLDER/home XDG_RUNTIME_DIR=FOLDER/run DBUS_SESSION_BUS_ADDRESS=unix:path=FOLDER/bus
case $(cat FOLDER/mode) in
unlocked) exec "$@" gnome-keyring-daemon --foreground --unlock --components=secrets <FOLDER/password ;;
locked) exec "$@" gnome-keyring-daemon --foreground --components=secrets </dev/null ;;
kills-bus) kill -9 "$(cat FOLDER/bus-pid)" ;;
esac
exit 1
"#;

impl Session {
    /// A session with a keyring that comes up as told.
    pub fn start(keyring: Keyring) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        let write = |name: &str, text: &str| {
            let text = text.replace("FOLDER", folder.path().to_str().expect("text"));
            fs::write(path(name), text).expect("written");
        };
        for name in ["services", "home", "run"] {
            fs::create_dir(path(name)).expect("a folder");
            super::home::chmod(&path(name), 0o700);
        }
        write("config", CONFIG);
        write("keyring", SCRIPT);
        super::home::chmod(&path("keyring"), 0o700);
        write("password", "the keyring's own password");
        if !matches!(keyring, Keyring::Absent) {
            write("services/keyring.service", SERVICE);
        }
        let mut bus = command("dbus-daemon")
            .args(["--nofork", "--print-address", "--config-file"])
            .arg(path("config"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("dbus-daemon");
        // It prints its address once it listens.
        let mut line = String::new();
        BufReader::new(bus.stdout.take().expect("a pipe")).read_line(&mut line).expect("read");
        assert!(line.starts_with("unix:path="), "{line:?}");
        write("bus-pid", &bus.id().to_string());
        let session = Self { folder: folder.path().to_owned(), started: Some((folder, bus)) };
        session.next(keyring);
        session
    }

    /// The session in this folder, which another process started.
    pub fn of_another_process(folder: PathBuf) -> Self {
        Self { folder, started: None }
    }

    /// The address of the session's D-Bus.
    pub fn address(&self) -> String {
        format!("unix:path={}", self.path("bus").display())
    }

    /// A path in the session's folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Says how the keyring comes up when it is next called.
    pub fn next(&self, keyring: Keyring) {
        let mode = match keyring {
            Keyring::Unlocked => "unlocked",
            Keyring::Locked => "locked",
            Keyring::Broken | Keyring::Absent => "broken",
            Keyring::KillsBus => "kills-bus",
        };
        fs::write(self.path("mode"), mode).expect("written");
    }

    /// Kills the keyring's process, and says how it comes up when it is next called.
    pub fn kill_keyring(&self, next: Keyring) {
        self.next(next);
        let pid = fs::read_to_string(self.path("pid")).expect("a running keyring");
        let waited = command("sh")
            // The bus knows of the end as soon as the socket is closed; the process is the bus's child.
            .args(["-c", "kill -9 $1 && while kill -0 $1 2>/dev/null; do :; done", "sh", pid.trim()])
            .status()
            .expect("sh");
        assert!(waited.success());
    }

    /// Runs libsecret's own tool in this session.
    pub fn secret_tool(&self, arguments: &[&str]) -> Output {
        self.tool().args(arguments).stdin(Stdio::null()).output().expect("secret-tool")
    }

    fn tool(&self) -> Command {
        let mut tool = command("secret-tool");
        tool.env_clear()
            .env("PATH", std::env::var_os("PATH").expect("a PATH"))
            .env("HOME", self.path("home"))
            .env("DBUS_SESSION_BUS_ADDRESS", self.address());
        tool
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let Some((_, bus)) = &mut self.started else { return };
        if let Ok(pid) = fs::read_to_string(self.folder.join("pid")) {
            let _ = command("kill").args(["-9", pid.trim()]).stderr(Stdio::null()).status();
        }
        let _ = bus.kill();
        let _ = bus.wait();
    }
}
