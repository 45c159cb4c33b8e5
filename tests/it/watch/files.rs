//! What a watch notices, and what it makes of it.

use std::fs;
use std::os::unix::fs::symlink;

use super::Watch;
use crate::common::process::program;
use crate::common::skip::can;
use crate::pty::wait_for;
use crate::shells::account::{Account, KEY_FILE, SECOND_KEY};

const CONFIG: &str = ".config/vastenv/config.toml";

/// The folder of the only account's remembered values.
fn values(account: &Account) -> String {
    let entries = fs::read_dir(account.home.path(".local/share/vastenv")).expect("a folder");
    let mut names = entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("text"));
    format!(".local/share/vastenv/{}/values.json", names.find(|name| name.len() == 16).expect("an account"))
}

/// Replaces a file as editors do.
fn replace(account: &Account, file: &str, text: &str) {
    account.home.write(&format!("{file}.new"), text);
    fs::rename(account.home.path(&format!("{file}.new")), account.home.path(file)).expect("moved");
}

#[test]
fn whatever_becomes_of_a_file_shells_hear_of_it() {
    let account = Account::masked(&[("HF_TOKEN", "hf_1")]);
    account.home.vastenv_ok(&["remember", "env-var", "HF_TOKEN", "hf_1"]);
    // Whose the other key is, is known.
    let mut refresh = account.home.command(&account.home.binary);
    assert!(refresh.arg("refresh").env("VAST_API_KEY", SECOND_KEY).status().expect("vastenv").success());
    let (values, path) = (values(&account), |below: &str| account.home.path(below));
    let written = account.home.read(&values);
    let rename = |from: &str, to: &str| fs::rename(path(from), path(to)).expect("moved");
    let mut watch = Watch::ready(&account.home);
    let mut after = |what: &str, name: &str, act: &dyn Fn()| {
        let generation = account.home.generation();
        act();
        watch.until(&format!("{name} changed: shells load again"));
        wait_for(what, || (account.home.generation() != generation).then_some(()));
    };
    // Neither the folder nor the file was there.
    after("a file in a new folder", "config.toml", &|| account.home.write(CONFIG, ""));
    after("a write", "config.toml", &|| account.home.write(CONFIG, "allow = []\n"));
    after("an atomic rename", "config.toml", &|| replace(&account, CONFIG, "allow = [\"PAGER\"]\n"));
    after("a deletion", "config.toml", &|| fs::remove_file(path(CONFIG)).expect("removed"));
    after("a creation", "config.toml", &|| account.home.write(CONFIG, ""));
    after("the folder's deletion", "config.toml", &|| {
        fs::remove_dir_all(path(".config/vastenv")).expect("removed");
    });
    after("the folder's creation", "config.toml", &|| account.home.write(CONFIG, ""));
    after("the folder's move", "config.toml", &|| rename(".config/vastenv", "dots"));
    after("a link to the folder", "config.toml", &|| {
        symlink("../dots", path(".config/vastenv")).expect("linked");
    });
    after("a write behind the link", "config.toml", &|| {
        account.home.write("dots/config.toml", "allow = []\n");
    });
    // The same file by another way is no change.
    rename("dots/config.toml", "config.toml");
    symlink("../config.toml", path("dots/config.toml")).expect("linked");
    after("a write behind both links", "config.toml", &|| replace(&account, "config.toml", "# behind\n"));
    after("another key", "vast_api_key", &|| account.home.write(KEY_FILE, SECOND_KEY));
    after("a folder above", "vast_api_key", &|| rename(".config", "gone"));
    after("its return", "vast_api_key", &|| rename("gone", ".config"));
    after("remembered values", "values.json", &|| {
        replace(&account, &values, &written.replace("hf_1", "hf_2"));
    });
    after("values of a backup", "values.json", &|| {
        fs::remove_dir_all(path(".local/share/vastenv")).expect("removed");
    });
    after("their return", "values.json", &|| account.home.write(&values, &written));
    after("how secrets are stored", "keyring.json", &|| {
        account.home.write(".local/share/vastenv/keyring.json", "{\"version\": 1}");
    });
    let project = path("src/project/.vastenv.toml").to_str().expect("a path").to_owned();
    let record = format!("{{\"path\": \"{project}\", \"decision\": \"denied\"}}");
    after("the record of a project", "one.json", &|| {
        account.home.write(".local/share/vastenv/projects/one.json", &record);
    });
    after("a project file", ".vastenv.toml", &|| {
        account.home.write("src/project/.vastenv.toml", "only = []\n");
    });
    after("an edit of it", ".vastenv.toml", &|| {
        replace(&account, "src/project/.vastenv.toml", "except = []\n");
    });
    after("a folder that is gone", ".vastenv.toml", &|| fs::remove_dir_all(path("src")).expect("removed"));
    watch.stop();
}

#[test]
fn a_storm_is_few_news() {
    let account = Account::with(&[("HF_TOKEN", "hf_1")]);
    account.home.write(CONFIG, "");
    let mut watch = Watch::ready(&account.home);
    for round in 0..1000 {
        account.home.write(CONFIG, &format!("# {round}\n"));
        replace(&account, KEY_FILE, SECOND_KEY);
    }
    watch.until("config.toml changed");
    // The last word counts, and every look before it was one of those that are counted.
    account.home.write(CONFIG, "max_age = \"1h\"\n");
    watch.until("asking the server every 60 min");
    watch.stop();
    let told = watch.lines().iter().filter(|line| line.contains("config.toml changed")).count();
    assert!(told < 20, "{told} generations: {:?}", watch.lines());
}

#[test]
fn what_commands_publish_themselves_is_not_published_again() {
    let account = Account::masked(&[("HF_TOKEN", "hf_1")]);
    account.home.vastenv_ok(&["remember", "env-var", "HF_TOKEN", "hf_1"]);
    let mut watch = Watch::ready(&account.home);
    for (round, arguments) in [
        &["remember", "env-var", "HF_TOKEN", "hf_2"][..],
        &["create", "env-var", "TWO", "2"],
        &["forget", "env-var", "HF_TOKEN"],
        &["refresh"],
        &["set", "api-key", SECOND_KEY],
        &["delete", "env-var", "TWO"],
    ]
    .into_iter()
    .enumerate()
    {
        account.home.vastenv_ok(arguments);
        // Within one tick of the file system's clock, the file counts as the command's own.
        let written = |name| {
            account.home.write(name, "");
            fs::metadata(account.home.path(name)).and_then(|file| file.modified()).expect("a time")
        };
        let command = written("first");
        wait_for("the next tick", || (written("later") > command).then_some(()));
        account.home.write(CONFIG, &format!("# {round}\n"));
        watch.until("config.toml changed");
    }
    watch.stop();
    let others = |line: &&String| line.contains("changed") && !line.contains("config.toml");
    assert_eq!(watch.lines().iter().find(others), None);
}

#[test]
fn where_no_folder_can_be_watched_files_are_looked_at() {
    let Some(unshare) = program("unshare") else { return };
    let account = Account::with(&[("HF_TOKEN", "hf_1")]);
    for (limit, name) in
        [("max_inotify_watches", "max_user_watches"), ("max_inotify_instances", "max_user_instances")]
    {
        account.home.write(CONFIG, "");
        let script = format!("echo 0 >/proc/sys/user/{limit} && exec \"$@\"");
        let run = |words: &[&str]| {
            let mut command = account.home.command(&unshare);
            command.args(["-Ur", "sh", "-c", &script, "sh"]).args(words);
            command
        };
        let may = run(&["true"]).output().expect("unshare").status.success();
        if !can(may, "no user namespaces, or no limits of their own in them") {
            return;
        }
        let mut watch = Watch::spawn(run(&[account.home.binary.to_str().expect("a path"), "watch"]));
        watch.until(&format!(
            "warning: the inotify limit is reached (sysctl fs.inotify.{name}): looking at files every"
        ));
        watch.until("watching with the key");
        account.home.write(CONFIG, "allow = []\n");
        watch.until("config.toml changed");
        watch.stop();
    }
}
