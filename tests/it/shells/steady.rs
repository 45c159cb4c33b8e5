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

const ALLOW: &str = "allow = [\"PAGER\"]\n";

#[test]
fn what_is_absent_may_come_from_any_part_of_its_path() {
    type Make = fn(&Account);
    let link = |account: &Account, path: &str| {
        std::fs::create_dir_all(account.home.path(path).parent().expect("a folder")).expect("a folder");
        std::os::unix::fs::symlink(account.home.path("elsewhere"), account.home.path(path)).expect("a link");
    };
    let kinds: [(&str, Option<&str>, Make); 3] = [
        ("a folder", None, |account| account.home.write(".config/vastenv/config.toml", ALLOW)),
        ("a folder behind a link", Some(".config/vastenv"), |account| {
            account.home.write("elsewhere/config.toml", ALLOW);
        }),
        ("a file behind a link", Some(".config/vastenv/config.toml"), |account| {
            account.home.write("elsewhere", ALLOW);
        }),
    ];
    each(|shell| {
        for (what, linked, make) in kinds {
            let account = Account::with(&[("PAGER", "my-pager")]);
            if let Some(path) = linked {
                link(&account, path);
            }
            let mut traced = Traced::open(&account.home, shell);
            traced.assert_steady(5, what);
            assert_eq!(traced.terminal.get("PAGER"), "unset", "{shell:?}: {what}");
            make(&account);
            traced.terminal.run("");
            assert_eq!(traced.terminal.get("PAGER"), "my-pager", "{shell:?}: {what}");
            traced.assert_steady(5, what);
        }
    });
}

#[test]
fn options_that_are_switched_on_at_a_prompt_break_nothing_and_show_no_key() {
    each(|shell| {
        if shell == Shell::Fish {
            return;
        }
        let mut account = Account::with(&[("HF_TOKEN", "hf_1")]);
        account.home.variable("VAST_API_KEY", FIRST_KEY);
        for key in ["the key", "no key"] {
            let mut traced = Traced::open(&account.home, shell);
            if key == "no key" {
                traced.terminal.run("unset VAST_API_KEY");
            }
            for option in ["set -u", "set -x", "set +x", "set +u"] {
                let mut text = traced.terminal.run(option);
                text += &traced.terminal.run("");
                let name = if option == "set -u" { "ONE" } else { "TWO" };
                account.home.vastenv_ok(&["set", "env-var", name, option]);
                text += &traced.terminal.run("");
                assert!(
                    text.contains(&format!("vastenv: +{name}")) || text.contains(&format!("~{name}")),
                    "{text}"
                );
                for wrong in ["unbound", "parameter not set", FIRST_KEY] {
                    assert!(!text.contains(wrong), "{shell:?}, {key}, {option}: {text}");
                }
            }
            traced.assert_steady(5, key);
            account.home.vastenv_ok(&["delete", "env-var", "ONE"]);
            account.home.vastenv_ok(&["delete", "env-var", "TWO"]);
        }
    });
}

#[test]
fn a_variable_that_is_unset_where_that_is_an_error_is_seen_and_breaks_nothing() {
    each(|shell| {
        if shell == Shell::Fish {
            return;
        }
        for name in ["VASTENV_DISABLE", "VAST_API_KEY", "XDG_STATE_HOME"] {
            let mut account = Account::with(&[("HF_TOKEN", "hf_1")]);
            let value = match name {
                "VASTENV_DISABLE" => "1".to_owned(),
                "VAST_API_KEY" => FIRST_KEY.to_owned(),
                _ => account.home.path("state").to_str().expect("a path").to_owned(),
            };
            account.home.variable(name, &value);
            let mut traced = Traced::open(&account.home, shell);
            let text = traced.terminal.run(&format!("set -u; unset {name}")) + &traced.terminal.run("");
            for wrong in ["unbound", "parameter not set"] {
                assert!(!text.contains(wrong), "{shell:?}, {name}: {text}");
            }
            assert_eq!(traced.terminal.get("HF_TOKEN"), "hf_1", "{shell:?}, {name}");
            traced.assert_steady(5, name);
        }
    });
}

#[test]
fn a_file_that_takes_the_place_of_a_watched_one_is_seen_whatever_its_age() {
    each(|shell| {
        let account = Account::with(&[("PAGER", "my-pager"), ("HF_TOKEN", "hf_1")]);
        let config = account.home.path(".config/vastenv/config.toml");
        account.home.write(".config/vastenv/config.toml", "allow = []\n");
        let mut terminal = Terminal::open(&account.home, shell);
        let seen = std::fs::metadata(&config).and_then(|data| data.modified()).expect("a time");
        // A whole second for those that know no less; else the least that a file system holds.
        let least = if shell != Shell::Bash || Shell::Bash.knows("((BASH_VERSINFO[0] >= 5))") {
            std::time::Duration::from_nanos(1)
        } else {
            std::time::Duration::from_secs(1)
        };
        for (time, allow, pager) in [(seen - least, "PAGER", "my-pager"), (seen, "", "unset")] {
            account.home.write("new", &format!("allow = [\"{allow}\"]\n").replace("\"\"", ""));
            let new = account.home.path("new");
            let file = std::fs::File::options().write(true).open(&new).expect("a file");
            file.set_modified(time).expect("dated");
            std::fs::rename(&new, &config).expect("moved");
            terminal.run("");
            assert_eq!(terminal.get("PAGER"), pager, "{shell:?}");
        }
    });
}

#[test]
fn a_file_that_is_written_twice_within_a_second_is_seen() {
    let shell = Shell::Bash;
    if !shell.is_here() {
        return;
    }
    let account = Account::with(&[("PAGER", "my-pager")]);
    account.home.write(".config/vastenv/config.toml", "");
    let mut terminal = Terminal::open(&account.home, shell);
    terminal.run("write() { echo \"allow = [$1]\" >~/.config/vastenv/config.toml; __vastenv_hook; }");
    // Again, where the second ended meanwhile.
    terminal.run("until began=$(date +%s); write; write '\"PAGER\"'; [ $began = $(date +%s) ]; do :; done");
    assert_eq!(terminal.get("PAGER"), "my-pager");
}
