//! What the examples of the help texts find when they are run, and what is done to them.
//!
//! An example needs a row only if it is fed, asked or looked at further than its exit code. Every
//! account has the variables `HF_TOKEN` and `OLD_TOKEN`, API keys 1 (in use) and 42, and SSH keys 12
//! and 15; every home has the files of [`FILES`] and the programs of [`PROGRAMS`].

use serde_json::{Value, json};

/// The value of `HF_TOKEN`.
pub const TOKEN: &str = "hf_example_value";

/// A key of the account that is not in use.
const OTHER_KEY: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// An SSH key that the account does not have.
const ED25519: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILM+rvN+ot98qgEN796jTiQfZfG1KaT0PtFDJ/XFSqti me@here";

/// Files below the home folder, which is where examples run.
pub const FILES: [(&str, &str); 7] = [
    (".env", "HF_TOKEN=hf_example_value\nOLD_TOKEN=old\n"),
    ("secrets.env", "NEW_TOKEN=sealed\n"),
    (".ssh/id_ed25519.pub", ED25519),
    ("rights.json", "{\"api\": {\"user_read\": {}}}"),
    ("token", "hf_from_a_file"),
    ("train.py", "import os"),
    ("environ", "CONTAINER_ID=20931234\0HF_TOKEN=hf_example_value\0OLD_TOKEN=old\0"),
];

/// Programs in the place of those that examples call: scripts of sh.
pub const PROGRAMS: [(&str, &str); 9] = [
    // An instance on this machine, with the environment of the file.
    (
        "ssh",
        "for line; do :; done; sh -c \"$(echo \"$line\" | sed \"s,/proc/[1\\$]p*/environ,$HOME/environ,g\")\"",
    ),
    ("nano", "echo 'max_age = \"1h\"' >> \"$1\""),
    ("sops", "cat \"$2\""),
    ("jq", "grep -o '\"HF_TOKEN\": *\"[^\"]*\"'"),
    ("make", "echo \"made with ${HF_TOKEN:?}\""),
    ("pass", "cat \"$HOME/.key\""),
    ("op", "cat \"$HOME/.key\""),
    ("vastai", "echo \"$* with ${VAST_API_KEY:?}\""),
    ("python", "echo \"$1 with ${HF_TOKEN:?}\""),
];

/// The account, its key in use given.
pub fn account(key: &str) -> Value {
    let line = |byte: char| {
        format!("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{} old@there", byte.to_string().repeat(43))
    };
    json!({
        "secrets": {"HF_TOKEN": TOKEN, "OLD_TOKEN": "old"},
        "api_keys": [{"id": 1, "key": key}, {"id": 42, "key": OTHER_KEY}],
        "instances": [{"id": 20_931_234}],
        "ssh_keys": [{"id": 12, "public_key": line('A')}, {"id": 15, "public_key": line('B')}],
    })
}

/// What an example is given while it runs.
pub enum Given {
    /// Nothing on stdin.
    Nothing,
    /// This text on stdin.
    Stdin(&'static str),
    /// On a terminal, after each question a line.
    Answers(&'static [(&'static str, &'static str)]),
    /// On a terminal, the account's key where it asks for it.
    Key,
    /// An interrupt, once it has printed this.
    Interrupt(&'static str),
}

/// How an example is run.
pub struct Preparation {
    /// The example, or its start: the row is for all that start so.
    pub example: &'static str,
    /// Whether the server hides the account's values.
    pub mask: bool,
    /// What is run before it, in the same home.
    pub before: &'static str,
    pub given: Given,
    /// What is run after it, in the same shell.
    pub after: &'static str,
    /// What must be seen of all that.
    pub shows: &'static str,
}

/// The row of an example that needs none of its own.
pub const PLAIN: Preparation =
    Preparation { example: "", mask: false, before: ":", given: Given::Nothing, after: ":", shows: "" };

/// The rows; the first that fits counts.
pub const PREPARED: &[Preparation] = &[
    Preparation {
        example: "eval \"$(vastenv hook",
        after: "echo $HF_TOKEN",
        shows: TOKEN,
        before: "vastenv refresh",
        ..PLAIN
    },
    Preparation { example: "eval \"$(vastenv export", after: "echo $HF_TOKEN", shows: TOKEN, ..PLAIN },
    Preparation { example: "vastenv export json |", shows: TOKEN, ..PLAIN },
    Preparation { example: "vastenv export dotenv | vastenv diff", before: "vastenv refresh", ..PLAIN },
    Preparation {
        example: "vastenv import .env",
        before: "echo NEW_TOKEN=1 >> .env",
        given: Given::Answers(&[("Send 1 variable to", "y")]),
        shows: "created 1, updated 0, skipped 2",
        ..PLAIN
    },
    Preparation {
        example: "vastenv import --dry-run",
        before: "echo NEW_TOKEN=1 >> .env",
        shows: "create: NEW_TOKEN",
        ..PLAIN
    },
    Preparation {
        example: "vastenv init --only",
        before: "vastenv refresh",
        after: "cat .vastenv.toml",
        shows: "\nonly = [\n  \"HF_TOKEN\",",
        ..PLAIN
    },
    Preparation {
        example: "vastenv allow --list",
        before: "vastenv init && vastenv allow",
        shows: "allowed",
        ..PLAIN
    },
    Preparation {
        example: "vastenv allow",
        before: "echo 'prefix = \"T_\"' > .vastenv.toml",
        shows: "+prefix = T_",
        ..PLAIN
    },
    Preparation { example: "vastenv deny", before: "vastenv init", shows: "it is ignored", ..PLAIN },
    Preparation { example: "sops -d", shows: "created 1", ..PLAIN },
    Preparation { example: "vastenv export age", shows: "sealed 2 variables for 1 key", ..PLAIN },
    Preparation { example: "vastenv export dotenv", after: "cat .env", shows: TOKEN, ..PLAIN },
    Preparation { example: "vastenv run --with-api-key", shows: "show instances with fedcba98", ..PLAIN },
    Preparation {
        example: "vastenv storage keyring",
        before: "vastenv refresh",
        shows: "1 file encrypted; the key is in the keyring",
        after: "vastenv export json",
        ..PLAIN
    },
    Preparation {
        example: "vastenv storage file",
        after: "vastenv storage",
        shows: "private files",
        ..PLAIN
    },
    Preparation {
        example: "vastenv export json --only",
        shows: "{\n \"TRAIN_HF_TOKEN\": \"hf_example_value\"\n}",
        ..PLAIN
    },
    Preparation { example: "vastenv run --only", shows: "train.py with hf_example_value", ..PLAIN },
    Preparation {
        example: "vastenv run --require",
        mask: true,
        before: "vastenv remember env-var HF_TOKEN hf_example_value",
        shows: "train.py with hf_example_value",
        ..PLAIN
    },
    Preparation { example: "vastenv run -- python", shows: "train.py with hf_example_value", ..PLAIN },
    Preparation {
        example: "vastenv run --preserve-env",
        shows: "made with mine",
        before: "export HF_TOKEN=mine",
        ..PLAIN
    },
    Preparation { example: "vastenv run --on", shows: "train.py with hf_example_value", ..PLAIN },
    Preparation { example: "vastenv diff --on", shows: "2 variables, all the same", ..PLAIN },
    Preparation {
        example: "vastenv remember env-var --from-instance",
        mask: true,
        after: "vastenv export dotenv",
        shows: "HF_TOKEN='hf_example_value'",
        ..PLAIN
    },
    Preparation { example: "vastenv status", shows: "2 to load", before: "vastenv refresh", ..PLAIN },
    Preparation { example: "vastenv why", shows: "account", before: "vastenv refresh", ..PLAIN },
    Preparation { example: "vastenv show env-vars -s --raw", shows: TOKEN, ..PLAIN },
    Preparation {
        example: "vastenv show env-vars --unknown",
        mask: true,
        shows: "HF_TOKEN\nOLD_TOKEN\n",
        ..PLAIN
    },
    Preparation { example: "vastenv show env-vars", shows: "HF_TOKEN", ..PLAIN },
    Preparation { example: "vastenv show env-var HF_TOKEN", shows: TOKEN, ..PLAIN },
    Preparation { example: "vastenv show env-var -n", shows: "16", ..PLAIN },
    Preparation {
        example: "vastenv create env-var HF_TOKEN < token",
        before: "vastenv delete env-var HF_TOKEN",
        shows: "created HF_TOKEN",
        ..PLAIN
    },
    Preparation {
        example: "vastenv create env-var HF_TOKEN",
        before: "vastenv delete env-var HF_TOKEN",
        given: Given::Answers(&[("value of HF_TOKEN (not shown): ", "new")]),
        shows: "created HF_TOKEN",
        ..PLAIN
    },
    Preparation {
        example: "vastenv update env-var HF_TOKEN",
        given: Given::Answers(&[("value of HF_TOKEN (not shown): ", "new")]),
        shows: "updated HF_TOKEN",
        ..PLAIN
    },
    Preparation {
        example: "vastenv set env-var WANDB_API_KEY",
        given: Given::Answers(&[("value of WANDB_API_KEY (not shown): ", "new")]),
        shows: "created WANDB_API_KEY",
        ..PLAIN
    },
    Preparation {
        example: "vastenv remember env-var HF_TOKEN",
        mask: true,
        given: Given::Answers(&[("value of HF_TOKEN (not shown): ", "new")]),
        after: "vastenv export dotenv --allow-missing",
        shows: "HF_TOKEN='new'",
        ..PLAIN
    },
    Preparation {
        example: "vastenv remember env-var --all",
        mask: true,
        before: "vastenv refresh 2>/dev/null",
        given: Given::Answers(&[
            ("1 of 2, HF_TOKEN (Enter skips): ", "new"),
            ("2 of 2, OLD_TOKEN (Enter skips): ", ""),
        ]),
        after: "vastenv export dotenv --allow-missing",
        shows: "HF_TOKEN='new'",
    },
    Preparation {
        example: "vastenv remember env-var --from-env",
        mask: true,
        before: "export HF_TOKEN=mine",
        after: "vastenv export dotenv --allow-missing",
        shows: "HF_TOKEN='mine'",
        ..PLAIN
    },
    Preparation {
        example: "vastenv remember env-var --from .env",
        mask: true,
        before: "echo HF_TOKEN=filed > .env",
        after: "vastenv export dotenv --allow-missing",
        shows: "HF_TOKEN='filed'",
        ..PLAIN
    },
    Preparation {
        example: "vastenv remember env-var --from vars.age",
        mask: true,
        before: "{ rm .ssh/*; vastenv create ssh-key; vastenv remember env-var HF_TOKEN sealed; vastenv export \
                 age --to .ssh/id_ed25519.pub --output vars.age --allow-missing; vastenv forget env-var HF_TOKEN; } 2>/dev/null",
        after: "vastenv export dotenv --only HF_TOKEN",
        shows: "HF_TOKEN='sealed'",
        ..PLAIN
    },
    Preparation {
        example: "vastenv forget env-var OLD_TOKEN",
        mask: true,
        before: "vastenv remember env-var OLD_TOKEN old",
        shows: "forgot the value of OLD_TOKEN",
        ..PLAIN
    },
    Preparation {
        example: "vastenv forget env-var --all",
        mask: true,
        before: "vastenv remember env-var OLD_TOKEN old",
        given: Given::Answers(&[("[y/N] ", "y")]),
        shows: "forgot 1 value",
        ..PLAIN
    },
    Preparation { example: "vastenv doctor", shows: "answers as you@sandbox.invalid", ..PLAIN },
    Preparation { example: "vastenv delete env-var", shows: "deleted OLD_TOKEN", ..PLAIN },
    Preparation {
        example: "vastenv set api-key --profile work",
        before: "vastenv profile add work < .key",
        given: Given::Key,
        shows: ".config/vastenv/keys/work (profile work)",
        ..PLAIN
    },
    Preparation {
        example: "vastenv profile add work",
        given: Given::Key,
        after: "vastenv export json --profile work",
        shows: TOKEN,
        ..PLAIN
    },
    Preparation {
        example: "vastenv profile add ci",
        before: "mkdir ~/.secrets && cp ~/.key ~/.secrets/vast-ci",
        shows: "found the key",
        ..PLAIN
    },
    Preparation { example: "vastenv profile add team", shows: "found the key", ..PLAIN },
    Preparation {
        example: "vastenv profile remove work",
        before: "vastenv profile add work < .key",
        shows: "removed the profile work",
        ..PLAIN
    },
    Preparation {
        example: "vastenv profile list",
        before: "vastenv profile add work < .key",
        shows: "you@sandbox.invalid",
        ..PLAIN
    },
    Preparation {
        example: "vastenv profile use work",
        before: "vastenv profile add work < .key",
        after: "vastenv profile show",
        shows: "chosen by default_profile",
        ..PLAIN
    },
    Preparation { example: "vastenv profile use --none", shows: "no profile is the default", ..PLAIN },
    Preparation {
        example: "vastenv profile show work",
        before: "vastenv profile add work < .key",
        shows: "not in use",
        ..PLAIN
    },
    Preparation { example: "vastenv set api-key", given: Given::Key, shows: "saved the key", ..PLAIN },
    Preparation { example: "pass show vast |", shows: "saved the key", ..PLAIN },
    Preparation {
        example: "vastenv delete api-key 42",
        given: Given::Answers(&[("may be the one in use. Delete it?", "y")]),
        shows: "deleted the API key 42",
        ..PLAIN
    },
    Preparation { example: "vastenv show api-key 42", shows: "42", ..PLAIN },
    Preparation {
        example: "vastenv create api-key --name ci --permission_file",
        after: "vastenv show env-vars",
        shows: "CI_KEY",
        ..PLAIN
    },
    Preparation {
        example: "vastenv reset api-key",
        given: Given::Answers(&[("Reset it? [y/N] ", "y")]),
        shows: "the new key",
        ..PLAIN
    },
    Preparation { example: "vastenv delete ssh-key", shows: "vastenv create ssh-key", ..PLAIN },
    Preparation {
        example: "vastenv create ssh-key  ",
        before: "rm .ssh/id_ed25519.pub",
        after: "test -s .ssh/id_ed25519 && echo a pair",
        shows: "a pair",
        ..PLAIN
    },
    Preparation {
        example: "vastenv sandbox -- bash",
        given: Given::Stdin("echo \"served at $VAST_URL\"\n"),
        shows: "served at http://127.0.0.1:",
        ..PLAIN
    },
    Preparation { example: "vastenv sandbox --state", given: Given::Interrupt("VAST_API_KEY="), ..PLAIN },
    Preparation { example: "vastenv watch --once", after: "vastenv status", shows: "2 to load", ..PLAIN },
    Preparation {
        example: "vastenv watch --install",
        after: "cat ~/.config/systemd/user/vastenv-watch.service",
        shows: "ExecStart=",
        ..PLAIN
    },
    Preparation { example: "vastenv watch  ", given: Given::Interrupt("watching with the key"), ..PLAIN },
    Preparation { example: "vastenv man > ", after: "cat vastenv.1", shows: ".SH NAME", ..PLAIN },
    Preparation {
        example: "vastenv man ~",
        after: "ls ~/.local/share/man/man1",
        shows: "vastenv-why.1",
        ..PLAIN
    },
];
