//! What makes the system start a watch with the session: a systemd user unit, or a launchd agent.

use std::path::{Path, PathBuf};

use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::cli::Global;
use crate::context::{self, variables};
use crate::domain::{Failure, Result, hex};
use crate::files::{read_to_replace, remove, replace, write_public};
use crate::process::find_program;
use crate::ui::Ui;

/// By this a unit is known as one that was written here; a digest of the rest follows.
const MARK: &str = "Written by vastenv to start `vastenv watch`.";
const DIGEST_LENGTH: usize = 16;

/// The folders' variables, which a service manager does not know from a shell's start-up file.
const FOLDERS: [&str; 4] = ["XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"];

/// The longest file name.
const LONGEST_NAME: usize = 255;

/// Who starts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manager {
    Systemd,
    Launchd,
}

/// The unit of one profile, or of none.
pub(super) struct Unit {
    manager: Manager,
    name: String,
    path: PathBuf,
}

/// What a unit starts.
struct Service {
    words: Vec<String>,
    environment: Vec<(String, String)>,
    log: Option<String>,
}

impl Unit {
    pub(super) fn of(global: &Global) -> Result<Self> {
        let manager = if cfg!(target_os = "macos") { Manager::Launchd } else { Manager::Systemd };
        let home = context::home().ok_or_else(|| {
            Failure::failed("HOME is not set, so the unit's folder is unknown")
                .hint("set HOME to your home folder")
        })?;
        let profile = global.profile.as_deref().map(|profile| format!("-{}", escape_name(profile)));
        let profile = profile.unwrap_or_default();
        let (folder, name) = match manager {
            Manager::Systemd => {
                let config = context::var("XDG_CONFIG_HOME").map(PathBuf::from);
                let config = config.filter(|folder| folder.is_absolute());
                let folder = config.unwrap_or_else(|| home.join(".config")).join("systemd/user");
                (folder, format!("vastenv-watch{profile}.service"))
            }
            Manager::Launchd => (home.join("Library/LaunchAgents"), format!("vastenv.watch{profile}.plist")),
        };
        if name.len() > LONGEST_NAME {
            return Err(Failure::failed("the profile's name is too long for a unit"));
        }
        Ok(Self { manager, path: folder.join(&name), name })
    }

    pub(super) fn install(&self, global: &Global, ui: Ui) -> Result<()> {
        if global.api_key.is_some() {
            return Err(
                Failure::usage("a unit does not hold an API key").hint("save it first: vastenv set api-key")
            );
        }
        let text = self.text(&service(global)?)?;
        let before = self.read()?;
        let is_changed = before.as_ref().is_none_or(|(_, before)| *before != text.as_bytes());
        match &before {
            Some((real, _)) if is_changed => replace(real, text.as_bytes())?,
            None => write_public(&self.path, text.as_bytes())?,
            Some(_) => {}
        }
        let done = if is_changed { "written" } else { "unchanged" };
        self.report(ui, is_changed, done, &self.starts())?;
        for name in [variables::VAST_API_KEY, variables::VAST_URL, variables::VASTENV_PROFILE] {
            if context::var(name).is_some() {
                ui.warn(&format!("{name} is set here; the unit does not see it"));
            }
        }
        if self.manager == Manager::Systemd
            && find_program("systemctl".as_ref(), &context::var("PATH").unwrap_or_default()).is_none()
        {
            ui.warn("systemctl is not in PATH: without systemd nothing starts the unit");
        }
        Ok(())
    }

    pub(super) fn remove(&self, ui: Ui) -> Result<()> {
        if self.read()?.is_none() {
            return self.report(ui, false, "does not exist", &[]);
        }
        remove(&self.path)?;
        if let (Manager::Systemd, Some(folder)) = (self.manager, self.path.parent()) {
            // What `systemctl enable` made would lead nowhere.
            remove(&folder.join("default.target.wants").join(&self.name))?;
        }
        self.report(ui, true, "removed", &self.stops())
    }

    /// The unit that is there, and where it really is.
    ///
    /// # Errors
    /// It is somebody else's work, or was edited.
    fn read(&self) -> Result<Option<(PathBuf, Vec<u8>)>> {
        let Some((real, text)) = read_to_replace(&self.path)? else { return Ok(None) };
        let refused =
            |why| Err(Failure::failed(format!("{} {why}", self.path.display())).hint("move it away first"));
        match String::from_utf8_lossy(&text).split_once(MARK) {
            None => refused("is not from `vastenv watch --install`"),
            Some((before, after)) => {
                let (digest, after) = after.split_at_checked(DIGEST_LENGTH + 1).unwrap_or_default();
                if digest.trim_start() == self::digest(&format!("{before}{MARK}{after}")) {
                    return Ok(Some((real, text)));
                }
                refused("was edited since `vastenv watch --install`")
            }
        }
    }

    fn text(&self, service: &Service) -> Result<String> {
        let all = service.words.iter().chain(service.environment.iter().map(|(_, value)| value));
        if let Some(bad) = all.into_iter().find(|word| word.chars().any(char::is_control)) {
            let shown = bad.escape_default();
            return Err(Failure::failed(format!("a unit cannot hold a line break: {shown}")));
        }
        let program = service.words.first().map(String::as_str).unwrap_or_default();
        if self.manager == Manager::Systemd && program.contains(['"', '\'', '\\']) {
            return Err(Failure::failed(format!("systemd cannot start {program}: quotes and backslashes"))
                .hint("call vastenv by a link in another folder"));
        }
        let text = match self.manager {
            Manager::Systemd => systemd_unit(service),
            Manager::Launchd => launchd_agent(service, self.name.trim_end_matches(".plist")),
        };
        Ok(text.replacen(MARK, &format!("{MARK} {}", digest(&text)), 1))
    }

    fn starts(&self) -> Vec<String> {
        let name = shell_escape::escape(self.name.as_str().into());
        match self.manager {
            Manager::Systemd => vec![
                "systemctl --user daemon-reload".to_owned(),
                format!("systemctl --user enable --now {name}"),
            ],
            Manager::Launchd => vec![format!("launchctl bootstrap gui/$(id -u) {}", quoted(&self.path))],
        }
    }

    fn stops(&self) -> Vec<String> {
        let name = shell_escape::escape(self.name.as_str().into());
        match self.manager {
            Manager::Systemd => {
                vec![format!("systemctl --user stop {name}"), "systemctl --user daemon-reload".to_owned()]
            }
            Manager::Launchd => {
                vec![format!("launchctl bootout gui/$(id -u)/{}", self.name.trim_end_matches(".plist"))]
            }
        }
    }

    fn report(&self, ui: Ui, changed: bool, done: &str, next: &[String]) -> Result<()> {
        if ui.raw {
            let path = self.path.to_string_lossy();
            return ui.json(&json!({"path": path, "changed": changed, "next": next}));
        }
        ui.say(&format!("{done}: {}", self.path.display()));
        for command in next {
            ui.say(&format!("next: {command}"));
        }
        Ok(())
    }
}

/// What tells an edited unit from one that was only written.
fn digest(text: &str) -> String {
    let mut digest = hex(&Sha256::digest(text));
    digest.truncate(DIGEST_LENGTH);
    digest
}

fn quoted(path: &Path) -> String {
    shell_escape::escape(path.to_string_lossy()).into_owned()
}

/// The watch as it is asked for here.
fn service(global: &Global) -> Result<Service> {
    let text = |path: PathBuf| {
        path.into_os_string()
            .into_string()
            .map_err(|path| Failure::failed(format!("not UTF-8: {}", PathBuf::from(path).display())))
    };
    let mut words = vec![text(context::own_path()?)?, "watch".to_owned()];
    for (option, value) in [("--profile", &global.profile), ("--url", &global.url)] {
        words.extend(value.iter().map(|value| format!("{option}={value}")));
    }
    let mut environment = Vec::new();
    for name in FOLDERS {
        if let Some(folder) = context::var(name).map(PathBuf::from).filter(|folder| folder.is_absolute()) {
            environment.push((name.to_owned(), text(folder)?));
        }
    }
    let log = context::home().map(|home| home.join("Library/Logs/vastenv-watch.log"));
    Ok(Service { words, environment, log: log.and_then(|log| text(log).ok()) })
}

fn systemd_unit(service: &Service) -> String {
    let mut words = service.words.iter();
    // systemd puts no variable into the program's path, and knows no `$$` there.
    let program = words.next().map(|program| systemd_word(program, "$")).unwrap_or_default();
    let words = words.map(|word| format!(" {}", systemd_word(word, "$$"))).collect::<Vec<_>>().concat();
    let set = |(name, value): &(String, String)| {
        format!("Environment={}\n", systemd_word(&format!("{name}={value}"), "$"))
    };
    let environment = service.environment.iter().map(set).collect::<Vec<_>>().concat();
    // No more is locked up than the commands that may print the key (`api_key_command`) can do without.
    format!(
        "# {MARK}\n\
         [Unit]\n\
         Description=vastenv: keep the variables of a Vast.ai account fresh\n\
         \n\
         [Service]\n\
         Type=exec\n\
         ExecStart={program}{words}\n\
         {environment}\
         Restart=on-failure\n\
         RestartSec=60\n\
         RestartPreventExitStatus=2\n\
         UMask=0077\n\
         LimitCORE=0\n\
         NoNewPrivileges=yes\n\
         LockPersonality=yes\n\
         RestrictRealtime=yes\n\
         RestrictSUIDSGID=yes\n\
         SystemCallArchitectures=native\n\
         \n\
         [Install]\n\
         WantedBy=default.target\n"
    )
}

/// A word of a unit's setting; `dollar` is how a dollar sign is written.
fn systemd_word(word: &str, dollar: &str) -> String {
    let mut text = String::from('"');
    for character in word.chars() {
        match character {
            '"' | '\\' => text.extend(['\\', character]),
            '%' => text.push_str("%%"),
            '$' => text.push_str(dollar),
            other => text.push(other),
        }
    }
    text.push('"');
    text
}

/// A profile's name as a part of a unit's, as systemd-escape(1) writes it but for dashes.
fn escape_name(name: &str) -> String {
    let mut text = String::new();
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-' | b'.' => text.push(char::from(byte)),
            other => text.push_str(&format!("\\x{other:02x}")),
        }
    }
    text
}

fn launchd_agent(service: &Service, label: &str) -> String {
    let string = |text: &str| format!("<string>{}</string>", xml(text));
    let words = service.words.iter().map(|word| format!("    {}\n", string(word)));
    let words = words.collect::<Vec<_>>().concat();
    let set = |(name, value): &(String, String)| format!("    <key>{}</key>{}\n", xml(name), string(value));
    let environment = service.environment.iter().map(set).collect::<Vec<_>>().concat();
    let log = service
        .log
        .as_deref()
        .map_or(String::new(), |log| format!("  <key>StandardErrorPath</key>{}\n", string(log)));
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n\
         <!-- {MARK} -->\n\
         <plist version=\"1.0\">\n\
         <dict>\n  \
           <key>Label</key>{}\n  \
           <key>ProgramArguments</key>\n  <array>\n{words}  </array>\n  \
           <key>EnvironmentVariables</key>\n  <dict>\n{environment}  </dict>\n  \
           <key>RunAtLoad</key><true/>\n  \
           <key>KeepAlive</key><dict><key>SuccessfulExit</key><false/></dict>\n  \
           <key>ThrottleInterval</key><integer>60</integer>\n  \
           <key>ProcessType</key><string>Background</string>\n\
         {log}\
         </dict>\n\
         </plist>\n",
        string(label)
    )
}

fn xml(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(words: &[&str]) -> Service {
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        let environment = vec![("XDG_STATE_HOME".to_owned(), "/s & <s>/50%".to_owned())];
        Service { words, environment, log: Some("/h/log".to_owned()) }
    }

    #[test]
    fn words_are_written_by_the_rules_of_each_manager() {
        let service = service(&["/a $b/50%/vastenv", "watch", "--profile=a $b\\\""]);
        let unit = systemd_unit(&service);
        for line in [
            r#"ExecStart="/a $b/50%%/vastenv" "watch" "--profile=a $$b\\\"""#,
            r#"Environment="XDG_STATE_HOME=/s & <s>/50%%""#,
        ] {
            assert!(unit.lines().any(|found| found == line), "{line}: {unit}");
        }
        let agent = launchd_agent(&service, "vastenv.watch");
        for part in ["<string>--profile=a $b\\\"</string>", "<string>/s &amp; &lt;s&gt;/50%</string>", MARK] {
            assert!(agent.contains(part), "{part}: {agent}");
        }
        assert!(!MARK.contains("--"), "the end of a comment");
    }

    #[test]
    fn a_profile_is_part_of_a_units_name_and_no_two_are_one() {
        assert_eq!(escape_name("work-1.b_c"), "work-1.b_c");
        assert_eq!(escape_name("a/b é%@\\x2f"), "a\\x2fb\\x20\\xc3\\xa9\\x25\\x40\\x5cx2f");
    }

    #[test]
    fn a_line_break_is_refused_by_every_manager() {
        for (manager, name) in [(Manager::Systemd, "a.service"), (Manager::Launchd, "a.plist")] {
            let unit = Unit { manager, name: name.to_owned(), path: PathBuf::from("/a") };
            let failure = unit.text(&service(&["/a\nb", "watch"])).unwrap_err();
            assert!(failure.message().contains("/a\\nb"), "{failure:?}");
            assert!(unit.text(&service(&["/a", "watch"])).is_ok());
        }
    }
}
