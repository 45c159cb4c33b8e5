//! Shells follow the project of their folder at the next prompt, and tell what they cannot do once.

use std::path::Path;

use super::FILE;
use crate::pty::{Shell, Terminal};
use crate::shells::account::Account;
use crate::shells::follow::each;
use crate::shells::trace::Traced;

fn account() -> Account {
    Account::with(&[("HF_TOKEN", "hf_1"), ("WANDB_API_KEY", "w_1"), ("OTHER", "o_1")])
}

fn project(account: &Account, folder: &str, text: &str) {
    account.home.write(&format!("{folder}/{FILE}"), text);
    // Below 5.0 bash cannot tell changes within one second apart.
    let path = account.home.path(folder).join(FILE);
    let file = std::fs::File::open(&path).expect("a project file");
    file.set_modified(std::time::SystemTime::now() - std::time::Duration::from_secs(text.len() as u64 + 60))
        .expect("dated");
}

fn held(terminal: &mut Terminal) -> [String; 3] {
    ["HF_TOKEN", "WANDB_API_KEY", "OTHER"].map(|name| terminal.get(name))
}

#[test]
fn what_a_project_hides_comes_back_on_leaving() {
    each(|shell| {
        let account = account();
        project(&account, "p", "only = [\"HF_*\"]\n");
        project(&account, "p/inner", "except = [\"HF_TOKEN\"]\n");
        std::fs::create_dir_all(account.home.path("p/sub")).expect("a folder");
        account.home.rc(shell, &shell.export("OTHER", "mine"), "");
        let mut terminal = Terminal::open(&account.home, shell);
        assert_eq!(held(&mut terminal), ["hf_1", "w_1", "o_1"]);
        let text = terminal.run("cd p");
        assert!(text.contains("-WANDB_API_KEY"), "{shell:?}: {text}");
        assert_eq!(held(&mut terminal), ["hf_1", "unset", "mine"], "{shell:?}");
        terminal.run("cd sub");
        assert_eq!(held(&mut terminal), ["hf_1", "unset", "mine"], "{shell:?}");
        terminal.run("cd ../inner");
        assert_eq!(held(&mut terminal), ["unset", "w_1", "o_1"], "{shell:?}: the nearest alone counts");
        terminal.run("cd ..");
        assert_eq!(held(&mut terminal), ["hf_1", "unset", "mine"], "{shell:?}");
        // What the user changes inside stays, whatever comes.
        terminal.run(&shell.export("HF_TOKEN", "edited"));
        terminal.run("cd");
        assert_eq!(held(&mut terminal), ["edited", "w_1", "o_1"], "{shell:?}");
        terminal.run("cd p/inner");
        assert_eq!(held(&mut terminal), ["edited", "w_1", "o_1"], "{shell:?}");
        terminal.run(&shell.export("VASTENV_DISABLE", "1"));
        assert_eq!(held(&mut terminal), ["edited", "unset", "mine"], "{shell:?}");
    });
}

#[test]
fn an_edit_is_followed_at_the_next_prompt() {
    each(|shell| {
        let account = account();
        project(&account, "p", "only = [\"HF_TOKEN\"]\n");
        let mut terminal = Terminal::open(&account.home, shell);
        terminal.run("cd p");
        assert_eq!(held(&mut terminal), ["hf_1", "unset", "unset"]);
        let path = account.home.path("p").join(FILE);
        project(&account, "p", "except = [\"HF_TOKEN\"]  # longer\n");
        terminal.run("");
        assert_eq!(held(&mut terminal), ["unset", "w_1", "o_1"], "{shell:?}: edited");
        std::fs::rename(&path, account.home.path("away")).expect("renamed");
        terminal.run("");
        assert_eq!(held(&mut terminal), ["hf_1", "w_1", "o_1"], "{shell:?}: renamed");
        std::fs::rename(account.home.path("away"), &path).expect("renamed");
        terminal.run("");
        assert_eq!(held(&mut terminal), ["unset", "w_1", "o_1"], "{shell:?}: back");
        std::fs::rename(account.home.path("p"), account.home.path("moved")).expect("moved");
        terminal.run("cd ~/moved");
        assert_eq!(held(&mut terminal), ["unset", "w_1", "o_1"], "{shell:?}: moved");
        std::fs::remove_file(account.home.path("moved").join(FILE)).expect("removed");
        terminal.run("");
        assert_eq!(held(&mut terminal), ["hf_1", "w_1", "o_1"], "{shell:?}: removed");
    });
}

#[test]
fn a_folder_that_is_moved_under_a_shell_is_where_it_is() {
    each(|shell| {
        let account = account();
        project(&account, "p", "only = [\"HF_TOKEN\"]\n");
        project(&account, "q", "only = [\"OTHER\"]\n");
        std::fs::create_dir(account.home.path("p/sub")).expect("a folder");
        let mut traced = Traced::open(&account.home, shell);
        traced.terminal.run("cd p/sub");
        std::fs::rename(account.home.path("p/sub"), account.home.path("q/sub")).expect("moved");
        traced.terminal.run("");
        traced.assert_steady(3, "after a move");
        // It asks again some day, or when anything changes.
        account.home.vastenv_ok(&["create", "env-var", "NEW", "1"]);
        traced.terminal.run("");
        assert_eq!(held(&mut traced.terminal), ["unset", "unset", "o_1"], "{shell:?}");
        traced.assert_steady(3, "after a move");
        traced.terminal.run("cd ~");
        assert_eq!(held(&mut traced.terminal), ["hf_1", "w_1", "o_1"], "{shell:?}");
    });
}

/// What is told, and how a file comes to be so.
type Broken = (&'static str, fn(&Path));

#[test]
fn a_broken_or_refused_file_changes_nothing_and_is_told_once() {
    each(|shell| {
        let account = account();
        project(&account, "p", "only = [\"HF_TOKEN\"]\n");
        let broken: [Broken; 4] = [
            ("unknown key", |file| std::fs::write(file, "onyl = []\n").expect("written")),
            ("not a plain file", |file| {
                std::fs::remove_file(file).expect("removed");
                std::fs::create_dir(file).expect("made");
            }),
            ("writable by others", |file| {
                use std::os::unix::fs::PermissionsExt;
                std::fs::remove_dir(file).expect("removed");
                std::fs::write(file, "only = []\n").expect("written");
                std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o666)).expect("a mode");
            }),
            ("invalid", |file| {
                std::fs::remove_file(file).expect("removed");
                std::fs::write(file, "only = [\n# never ends").expect("written");
            }),
        ];
        let mut traced = Traced::open(&account.home, shell);
        traced.terminal.run("cd p");
        for (number, (said, make)) in broken.into_iter().enumerate() {
            let path = account.home.path("p").join(FILE);
            make(&path);
            let time =
                std::time::SystemTime::now() - std::time::Duration::from_secs(100 * number as u64 + 100);
            std::fs::File::open(&path).and_then(|file| file.set_modified(time)).expect("dated");
            let text = traced.terminal.run("") + &traced.terminal.run("") + &traced.terminal.run("cd ../p");
            assert_eq!(text.matches("vastenv: ").count(), 1, "{shell:?}: {said}: {text}");
            assert!(number == 3 || text.contains(said), "{shell:?}: {said}: {text}");
            assert!(text.contains("--no-project"), "{shell:?}: {said}: {text}");
            assert_eq!(held(&mut traced.terminal), ["hf_1", "unset", "unset"], "{shell:?}: {said}");
            traced.assert_steady(3, said);
        }
        traced.terminal.run("cd ~");
        assert_eq!(held(&mut traced.terminal), ["hf_1", "w_1", "o_1"], "{shell:?}");
    });
}

#[test]
fn what_waits_is_told_once_and_what_takes_away_counts_at_once() {
    each(|shell| {
        let account = account();
        project(
            &account,
            "p",
            "only = [\"HF_*\"]\nrequire = [\"NOT_THERE\"]\nrename = { HUB = \"HF_TOKEN\" }\n[set]\nX = \"1\"\n",
        );
        let mut traced = Traced::open(&account.home, shell);
        let mut text = traced.terminal.run("cd p");
        assert_eq!(held(&mut traced.terminal), ["hf_1", "unset", "unset"], "{shell:?}");
        assert_eq!([traced.terminal.get("HUB"), traced.terminal.get("X")], ["unset", "unset"]);
        for line in ["", "cd ..", "cd p", ""] {
            text += &traced.terminal.run(line);
        }
        for said in ["rename, set count once allowed", "vastenv allow", "requires NOT_THERE"] {
            assert_eq!(text.matches(said).count(), 1, "{shell:?}: {said}: {text}");
        }
        traced.assert_steady(3, "told");
        // Another cause is told anew.
        project(&account, "p", "rename = { HUB = \"HF_TOKEN\" }\n");
        let text = traced.terminal.run("") + &traced.terminal.run("");
        assert_eq!(text.matches("rename counts once allowed").count(), 1, "{shell:?}: {text}");
    });
}

#[test]
fn what_is_for_programs_only_is_counted_once() {
    each(|shell| {
        let account = account();
        account.home.write(".config/vastenv/config.toml", "run_only = [\"O*\"]\n");
        project(&account, "p", "load = \"run\"\nrequire = [\"HF_TOKEN\"]\n");
        let (mut terminal, greeting) = Terminal::start(&account.home, shell, &[shell.name(), "-i"]);
        assert_eq!(
            greeting.matches("1 variable is for `vastenv run` only").count(),
            1,
            "{shell:?}: {greeting}"
        );
        assert_eq!(held(&mut terminal), ["hf_1", "w_1", "unset"], "{shell:?}");
        let mut text = terminal.run("cd p");
        assert_eq!(held(&mut terminal), ["unset", "unset", "unset"], "{shell:?}");
        for line in ["cd ..", "cd p", "cd ~"] {
            text += &terminal.run(line);
        }
        assert_eq!(text.matches("3 variables are for `vastenv run` only").count(), 1, "{shell:?}: {text}");
        assert!(!text.contains("requires"), "{shell:?}: {text}");
        assert_eq!(held(&mut terminal), ["hf_1", "w_1", "unset"], "{shell:?}");
        account.home.vastenv_ok(&["refresh"]);
        let (_, greeting) = Terminal::start(&account.home, shell, &[shell.name(), "-i"]);
        assert!(!greeting.contains("vastenv"), "{shell:?}: {greeting}");
    });
}

#[test]
fn what_is_hidden_is_told_once_whatever_projects_leave_out_of_it() {
    each(|shell| {
        let account = Account::masked(&[("HF_TOKEN", "hf_1"), ("OTHER", "o_1")]);
        project(&account, "p", "only = [\"HF_TOKEN\"]\n");
        project(&account, "q", "load = \"run\"\n");
        let (mut terminal, mut text) = Terminal::start(&account.home, shell, &[shell.name(), "-i"]);
        for line in ["cd p", "cd ../q", "cd ..", "cd p", "cd .."] {
            text += &terminal.run(line);
        }
        assert_eq!(text.matches("hidden by Vast").count(), 1, "{shell:?}: {text}");
    });
}

#[test]
fn a_shell_inside_a_shell_knows_its_own_folder() {
    each(|shell| {
        let account = account();
        project(&account, "p", "only = [\"HF_TOKEN\"]\n");
        project(&account, "q", "only = [\"OTHER\"]\n");
        account.home.rc(shell, &shell.export("OTHER", "mine"), "");
        let mut terminal = Terminal::open(&account.home, shell);
        terminal.run("cd p");
        // Its start-up file does not run again, nor does anything here, before the inner one loads.
        for (line, inner) in [
            (format!("cd ../q; {} -i", shell.name()), ["unset", "unset", "o_1"]),
            (format!("cd ..; {} -i", shell.name()), ["hf_1", "w_1", "o_1"]),
            (format!("cd ../p; exec {} -i", shell.name()), ["hf_1", "unset", "mine"]),
        ] {
            terminal.run("cd ~/p");
            terminal.send(&format!("{line}\n"));
            terminal.settle();
            assert_eq!(held(&mut terminal), inner, "{shell:?}: {line}");
            if !line.contains("exec") {
                terminal.send("exit\n");
                terminal.settle();
            }
        }
        terminal.run("cd ~");
        assert_eq!(held(&mut terminal), ["hf_1", "w_1", "o_1"], "{shell:?}");
    });
}

#[test]
fn outside_of_projects_there_may_be_nothing() {
    each(|shell| {
        let account = account();
        account.home.write(".config/vastenv/config.toml", "scope = \"projects\"\n");
        project(&account, "p", "only = [\"HF_TOKEN\"]\n");
        let mut terminal = Terminal::open(&account.home, shell);
        assert_eq!(held(&mut terminal), ["unset", "unset", "unset"], "{shell:?}");
        terminal.run("cd p");
        assert_eq!(held(&mut terminal), ["unset", "unset", "unset"], "{shell:?}: it is not allowed");
    });
}

#[test]
fn a_profile_is_switched_in_a_running_shell() {
    for shell in Shell::ALL.into_iter().filter(|shell| shell.is_here()) {
        let account = account();
        let url =
            account.home.variables.iter().find(|(name, _)| name == "VAST_URL").expect("a url").1.clone();
        let config =
            format!("[profiles.none]\nurl = \"{url}\"\nrun_only = [\"HF_*\"]\napi_key_file = \"~/key\"\n");
        account.home.write(".config/vastenv/config.toml", &config);
        let mut terminal = Terminal::open(&account.home, shell);
        for profile in ["missing", "gone"] {
            let text = terminal.run(&shell.export("VASTENV_PROFILE", profile));
            assert!(text.contains(&format!("there is no profile {profile}")), "{shell:?}: {text}");
            assert_eq!(held(&mut terminal), ["hf_1", "w_1", "o_1"], "{shell:?}");
        }
        terminal.run(&shell.unset("VASTENV_PROFILE"));
        assert_eq!(held(&mut terminal), ["hf_1", "w_1", "o_1"], "{shell:?}");
    }
}
