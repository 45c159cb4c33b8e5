//! Paths as they are typed: `~/` is the home wherever the shell leaves it alone, and never a folder.

use serde_json::json;

use super::account::TestAccount;
use crate::home::Home;

#[test]
fn a_tilde_is_the_home_in_every_path() {
    let account = TestAccount::with(&json!({}));
    let home = account.home();
    home.write("in/vars.env", "A=1\n");
    home.write("in/rights.json", "{\"api\": {\"user_read\": {}}}");
    home.ok(&["import", "~/in/vars.env", "--yes"]);
    home.ok(&["diff", "~/in/vars.env"]);
    home.ok(&["remember", "env-var", "--from=~/in/vars.env"]);
    home.ok(&["create", "api-key", "--name", "ci", "--permission_file=~/in/rights.json"]);
    home.ok(&["create", "ssh-key", "--output=~/keys/id", "--yes"]);
    assert!(home.path("keys/id").exists());
    home.ok(&["create", "ssh-key", "~/keys/id.pub"]);
    home.ok(&["man", "~/man"]);
    home.ok(&["completions", "bash", "--install", "--dir=~/completions", "--yes"]);
    let state = ["sandbox", "--state=~/state.json", "--record=~/record.jsonl", "--", "true"];
    home.ok(&state);
    for made in ["man", "completions", "state.json", "record.jsonl"] {
        assert!(home.path(made).exists(), "{made}");
    }
    assert!(!home.path("~").exists());
}

#[test]
fn a_folder_called_tilde_is_never_made() {
    let home = Home::new();
    for (path, home_variable) in [("./~/x", true), ("keys/~/x", true), ("~/x", false)] {
        let call = home.vastenv(&["create", "ssh-key", "--output", path, "--yes"]);
        let call = if home_variable { call } else { call.without("HOME") };
        let why =
            if home_variable { "`~` is the home only at the start of a path" } else { "HOME is not set" };
        call.run().refuses(2, &["--output", why]);
        assert!(!home.path("~").exists() && !home.path("keys").exists());
    }
}
