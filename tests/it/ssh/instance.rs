//! An instance as Vast starts them: a process 1 that has the account's variables, and a real sshd whose
//! sessions do not. It is a PID namespace, in which root also has a `passwd` and an `sh` of its own.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::thread::JoinHandle;
use std::time::Instant;

use tempfile::TempDir;

use crate::common::process::{command, program};
use crate::common::skip::can;
use crate::home::{Home, chmod};
use crate::keys::openssh::{make_pair, user_name};
use crate::pty::PATIENCE;

/// A user who is not root.
pub const WORKER: u32 = 1234;

/// What process 1 is, as a line for bash; `$sshd` starts the server.
pub const INIT: &str = "$sshd & wait";
pub const SSHD: &str = "exec $sshd";

pub struct Instance {
    folder: TempDir,
    port: u16,
    namespace: Child,
    log: Option<JoinHandle<()>>,
    options: Vec<String>,
    user: String,
}

/// How an instance is started.
pub struct Launch<'a> {
    pub environ: &'a [(&'a str, &'a str)],
    pub process_1: &'a str,
    /// The login shell of its users.
    pub shell: &'a str,
    /// A line of its `sshd_config`.
    pub config: &'a str,
    /// A program in place of `/bin/sh`.
    pub sh: Option<&'a str>,
    /// Whether its sshd is run by an ordinary user.
    pub ordinary: bool,
}

impl Default for Launch<'_> {
    fn default() -> Self {
        Self { environ: &[], process_1: INIT, shell: "/bin/bash", config: "", sh: None, ordinary: false }
    }
}

/// Waits until a file is there.
pub fn wait_for(path: &Path) {
    let limit = Instant::now() + PATIENCE;
    while !path.exists() {
        assert!(Instant::now() < limit, "{} never came", path.display());
        std::thread::yield_now();
    }
}

/// An `sh` that waits at a gate before each `word`.
pub fn waiting_sh(word: &str) -> String {
    format!(
        "#!/bin/bash\n[ \"$1\" = -c ] || exec bash \"$@\"\ntrap 'echo $? >end; mv end ended' EXIT\n\
         {word}() {{ : >waits; : <gate; command {word} \"$@\"; }}\neval \"$2\"\n"
    )
}

pub fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

impl Launch<'_> {
    /// Starts it; `None` where this machine cannot.
    pub fn start(&self, home: &Home) -> Option<Instance> {
        let (sshd, _) = (program("sshd")?, program("ssh")?);
        let unshare = program("unshare")?;
        if !is_root() && !can(self.ordinary, "only root can give an instance users of its own") {
            return None;
        }
        if is_root() {
            fs::create_dir_all("/run/sshd").expect("a folder");
        }
        let folder = tempfile::tempdir().expect("a folder");
        chmod(folder.path(), 0o755);
        if !home.path("key").exists() {
            make_pair(home, "key", &["-t", "ed25519"])?;
        }
        self.furnish(home, folder.path())?;
        // A port is free until somebody else takes it.
        for _ in 0..5 {
            let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("bound").port();
            let mut started = self.namespace(&unshare, &sshd, folder.path(), port).spawn().expect("started");
            let mut log = BufReader::new(started.stderr.take().expect("a log"));
            let mut said = String::new();
            while !said.contains("Server listening") && log.read_line(&mut said).expect("text") > 0 {}
            if said.contains("Server listening") {
                let log = std::thread::spawn(move || log.lines().map_while(Result::ok).for_each(drop));
                let options = options(home, folder.path(), port);
                let user = match (is_root(), self.ordinary) {
                    (false, _) => user_name(),
                    (true, ordinary) => if ordinary { "worker" } else { "root" }.to_owned(),
                };
                return Some(Instance { folder, port, namespace: started, log: Some(log), options, user });
            }
            started.wait().expect("ended");
            if !said.contains("in use") {
                let no_namespace = said.contains("unshare") || said.contains("Operation not permitted");
                assert!(no_namespace, "sshd did not start: {said}");
                can(false, "this machine has no namespaces");
                return None;
            }
        }
        panic!("no free port");
    }

    /// The files of the instance.
    fn furnish(&self, home: &Home, folder: &Path) -> Option<()> {
        let path = |name: &str| folder.join(name);
        make_pair(home, "host", &["-t", "ed25519"])?;
        fs::rename(home.path("host"), path("host")).expect("moved");
        fs::remove_file(home.path("host.pub")).expect("removed");
        fs::copy(home.path("key.pub"), path("authorized_keys")).expect("copied");
        chmod(&path("authorized_keys"), 0o644);
        let owner = if is_root() && self.ordinary { Some(WORKER) } else { None };
        std::os::unix::fs::chown(path("host"), owner, owner).expect("chown");
        for (user, id) in [("root", 0), ("worker", WORKER)] {
            fs::create_dir(path(user)).expect("a folder");
            if is_root() {
                std::os::unix::fs::chown(path(user), Some(id), Some(id)).expect("chown");
            }
        }
        let passwd = fs::read_to_string("/etc/passwd").expect("users");
        let others = passwd.lines().filter(|line| !line.starts_with("root:")).map(|line| format!("{line}\n"));
        let users = [("root", 0), ("worker", WORKER)]
            .map(|(user, id)| format!("{user}:x:{id}:{id}::{}:{}\n", path(user).display(), self.shell));
        fs::write(path("passwd"), users.concat() + &others.collect::<String>()).expect("written");
        chmod(&path("passwd"), 0o644);
        if let Some(sh) = self.sh {
            fs::write(path("sh"), sh).expect("written");
            chmod(&path("sh"), 0o755);
        }
        Some(())
    }

    /// The command that becomes the namespace. Values are in no argument.
    fn namespace(&self, unshare: &Path, sshd: &Path, folder: &Path, port: u16) -> std::process::Command {
        let text = format!(
            "ListenAddress 127.0.0.1:{port}\nHostKey {0}/host\nAuthorizedKeysFile {0}/authorized_keys\n\
             StrictModes no\nUsePAM no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nPidFile none\n\
             PermitRootLogin prohibit-password\nMaxStartups 100\n{1}\n",
            folder.display(),
            self.config
        );
        let config = folder.join("sshd_config");
        fs::write(&config, text).expect("written");
        chmod(&config, 0o644);
        let server = format!("{} -D -e -f {}", sshd.display(), config.display());
        let mut words: Vec<&str> = vec!["--pid", "--fork", "--kill-child", "--mount-proc"];
        let mounts = "mount --bind passwd /etc/passwd; [ ! -e sh ] || mount --bind sh /bin/sh; cd /; ";
        let mounts = if is_root() { mounts } else { "" };
        let become_process_1 = format!("sshd='{server}'; {}", self.process_1);
        let script = if self.ordinary && is_root() {
            // Through the same door as for somebody who has never been root.
            words = vec!["--mount"];
            format!(
                "{mounts} exec setpriv --reuid={WORKER} --regid={WORKER} --clear-groups {} -U --map-current-user \
                 --pid --fork --kill-child --mount-proc bash -c \"$1\"",
                unshare.display()
            )
        } else {
            if self.ordinary {
                words.extend(["-U", "--map-current-user"]);
            }
            format!("{mounts} exec bash -c \"$1\"")
        };
        let mut command = command(unshare);
        command.args(words).args(["bash", "-c", &script, "bash", &become_process_1]);
        command.env_clear().env("PATH", std::env::var_os("PATH").expect("PATH"));
        command.envs(self.environ.iter().copied()).current_dir(folder);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        command
    }
}

/// A configuration of ssh for this instance alone: that of the tester is not read.
fn options(home: &Home, folder: &Path, port: u16) -> Vec<String> {
    let text = format!(
        "Host *\n Port {port}\n IdentityFile {}\n IdentitiesOnly yes\n UserKnownHostsFile {}/known\n\
         StrictHostKeyChecking accept-new\n GlobalKnownHostsFile /dev/null\n LogLevel ERROR\n",
        home.path("key").display(),
        folder.display()
    );
    let config = home.write(&format!("ssh-{port}"), text);
    vec!["--ssh-option".to_owned(), format!("-F{}", config.display())]
}

impl Instance {
    /// An instance whose process 1 has these variables, and is one.
    pub fn with(home: &Home, environ: &[(&str, &str)]) -> Option<Self> {
        let id = [("CONTAINER_ID", "20931234")];
        Launch { environ: &[&id[..], environ].concat(), ..Launch::default() }.start(home)
    }

    /// The destination for its main user.
    pub fn destination(&self) -> String {
        format!("{}@127.0.0.1", self.user)
    }

    pub fn for_worker(mut self) -> Self {
        "worker".clone_into(&mut self.user);
        self
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Arguments for vastenv: a command with an option that takes the destination.
    pub fn arguments<'a>(&'a self, words: &[&'a str], destination: &'a str) -> Vec<&'a str> {
        [words, &[destination], &self.options.iter().map(String::as_str).collect::<Vec<_>>()].concat()
    }

    /// Adds lines to the configuration of ssh for it.
    pub fn configure(&self, home: &Home, lines: &str) {
        let path = home.path(&format!("ssh-{}", self.port));
        let text = fs::read_to_string(&path).expect("text") + lines;
        fs::write(path, text).expect("written");
    }

    /// A path below the home folder of its user, as seen from outside too.
    pub fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(if self.user == "worker" { "worker" } else { "root" }).join(below)
    }

    /// Writes a file there.
    pub fn write(&self, below: &str, text: &str) -> PathBuf {
        let path = self.path(below);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(&path, text).expect("written");
        chmod(&path, 0o644);
        path
    }

    /// Closes the gate at which its `sh` waits, if that is [`waiting_sh`].
    pub fn close_gate(&self) {
        let path = self.path("gate");
        nix::unistd::mkfifo(&path, nix::sys::stat::Mode::from_bits_truncate(0o666)).expect("a pipe");
    }

    /// Opens it, for as long as the file is open.
    pub fn open_gate(&self) -> fs::File {
        wait_for(&self.path("waits"));
        fs::OpenOptions::new().read(true).write(true).open(self.path("gate")).expect("opened")
    }

    /// Waits for the end of its `sh`; gives its exit code. One that became a command has none.
    pub fn exit_code(&self) -> String {
        wait_for(&self.path("ended"));
        fs::read_to_string(self.path("ended")).expect("read").trim_end().to_owned()
    }

    /// The processes that it began with: the namespace, its process 1, and sshd.
    pub fn own_processes(&self) -> Vec<u32> {
        let first = self.namespace.id();
        let (process_1, servers): (Vec<_>, Vec<_>) = (children(first), children(children(first)[0]));
        [vec![first], process_1, servers].concat()
    }

    /// The processes of its sshd for connections.
    pub fn sessions(&self) -> Vec<u32> {
        let server = *self.own_processes().last().expect("a server");
        let sessions = children(server);
        sessions
            .iter()
            .flat_map(|session| children(*session))
            .chain(sessions.clone())
            .filter(|id| is_sshd(*id))
            .collect()
    }
}

/// The processes below `parent`.
pub fn children(parent: u32) -> Vec<u32> {
    let text = fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).unwrap_or_default();
    text.split_whitespace().map(|id| id.parse().expect("an id")).collect()
}

fn is_sshd(id: u32) -> bool {
    fs::read_to_string(format!("/proc/{id}/comm")).is_ok_and(|name| name.starts_with("sshd"))
}

impl Drop for Instance {
    fn drop(&mut self) {
        // It ignores every other signal, and takes the namespace with it.
        let _ = self.namespace.kill();
        let _ = self.namespace.wait();
        if let Some(log) = self.log.take() {
            let _ = log.join();
        }
    }
}
