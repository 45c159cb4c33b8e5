//! At a prompt where nothing changed, no process is started.

use super::account::{Account, FIRST_KEY, KEY_FILE};
use super::follow::each;
use super::trace::Traced;
use crate::pty::{Shell, Terminal};

/// What a home may have beside the key file.
type Setting = (&'static str, fn(&mut Account));

const SETTINGS: [Setting; 6] = [
    ("with a key file", |_| {}),
    ("with VAST_API_KEY", |account| account.home.variable("VAST_API_KEY", FIRST_KEY)),
    ("with a config file", |account| account.home.write(".config/vastenv/config.toml", "max_age = \"1h\"\n")),
    ("with a two-factor key", |account| account.home.write(".config/vastai/vast_tfa_key", FIRST_KEY)),
    ("without any key", |account| {
        std::fs::remove_file(account.home.path(KEY_FILE)).expect("removed");
    }),
    ("with a broken config file", |account| account.home.write(".config/vastenv/config.toml", "=")),
];

#[test]
fn an_unchanged_prompt_starts_no_process() {
    each(|shell| {
        for (when, set) in SETTINGS {
            let mut account = Account::with(&[("HF_TOKEN", "hf_1")]);
            set(&mut account);
            let mut traced = Traced::open(&account.home, shell);
            let prompts = if when == SETTINGS[0].0 { 200 } else { 20 };
            traced.assert_steady(prompts, when);
            let moves = traced.processes(|terminal| {
                terminal.run("cd /");
                terminal.run("cd /usr/bin");
                terminal.run("cd");
            });
            assert!(moves.is_none_or(|count| count == 0), "{moves:?} processes for cd {when}");
        }
    });
}

#[test]
fn a_state_folder_that_cannot_be_used_is_asked_about_once() {
    each(|shell| {
        let account = Account::with(&[("HF_TOKEN", "hf_1")]);
        std::fs::remove_dir_all(account.home.path(".local/state/vastenv")).expect("removed");
        account.home.write(".local/state/vastenv", "a file in its place");
        let mut traced = Traced::open(&account.home, shell);
        traced.assert_steady(20, "without a state folder");
        let told = traced.terminal.text().matches("is not a folder").count();
        assert_eq!(told, 1, "{}", traced.terminal.text());
    });
}

#[test]
fn a_binary_that_is_gone_is_missed_once_and_found_again() {
    each(|shell| {
        let mut account = Account::with(&[("HF_TOKEN", "hf_1")]);
        let installed = account.home.path("bin/it is here/vast\"env");
        std::fs::create_dir_all(installed.parent().expect("a folder")).expect("a folder");
        let original = std::mem::replace(&mut account.home.binary, installed.clone());
        std::fs::copy(&original, &installed).expect("copied");
        account.home.rc(shell, "", "");
        let mut traced = Traced::open(&account.home, shell);
        assert_eq!(traced.terminal.get("HF_TOKEN"), "hf_1");

        std::fs::remove_file(&installed).expect("removed");
        account.home.binary = original.clone();
        account.home.vastenv_ok(&["create", "env-var", "NEW", "1"]);
        let text = traced.terminal.run("");
        assert!(text.contains("vastenv: no answer from"), "{text}");
        traced.assert_steady(20, "without a binary");
        assert_eq!(traced.terminal.text().matches("no answer").count(), 1);
        assert_eq!(traced.terminal.get("HF_TOKEN"), "hf_1");

        // Atomically, as installers do it.
        std::fs::copy(&original, installed.with_extension("new")).expect("copied");
        std::fs::rename(installed.with_extension("new"), &installed).expect("moved");
        traced.terminal.run("");
        assert_eq!(traced.terminal.get("NEW"), "1");
        traced.assert_steady(20, "with the binary back");
    });
}

#[test]
fn shells_with_other_config_folders_leave_each_other_in_peace() {
    each(|shell| {
        let mut account = Account::with(&[("HF_TOKEN", "hf_1"), ("PAGER", "my-pager")]);
        let mut one = Traced::open(&account.home, shell);
        account.home.write("other/vastai/vast_api_key", FIRST_KEY);
        account.home.write("other/vastenv/config.toml", "allow = [\"PAGER\"]\n");
        let folder = account.home.path("other").to_str().expect("a path").to_owned();
        if shell == Shell::Fish {
            // fish itself reads its start-up file there.
            account.home.write("other/fish/config.fish", &account.home.read(".config/fish/config.fish"));
        }
        account.home.variable("XDG_CONFIG_HOME", &folder);
        let mut other = Traced::open(&account.home, shell);
        assert_eq!(other.terminal.get("PAGER"), "my-pager");
        one.terminal.run("");
        other.assert_steady(5, "beside another shell");
        one.assert_steady(5, "beside another shell");
        account.home.write("other/vastenv/config.toml", "allow = []\n");
        assert_eq!(other.terminal.get("PAGER"), "my-pager", "gone before the prompt");
        assert_eq!(other.terminal.get("PAGER"), "unset");
        one.terminal.run("");
        other.terminal.run("");
        one.assert_steady(5, "after the other's change");
        other.assert_steady(5, "after its change");
    });
}

#[test]
fn a_watched_file_of_the_future_does_not_keep_shells_busy() {
    each(|shell| {
        let account = Account::with(&[("HF_TOKEN", "hf_1")]);
        let future = std::time::SystemTime::now() + std::time::Duration::from_secs(1_000_000);
        let file = std::fs::File::open(account.home.path(KEY_FILE)).expect("a key file");
        file.set_modified(future).expect("dated");
        let mut traced = Traced::open(&account.home, shell);
        let mut second = Terminal::open(&account.home, shell);
        traced.assert_steady(20, "with a key file of the future");
        assert_eq!(second.get("HF_TOKEN"), "hf_1");
    });
}
