//! A full disk: what is known stays known, and whoever changes something is told.

use serde_json::json;

use super::account::TestAccount;
use crate::common::skip::can;
use crate::home::VASTENV;

/// Moves cache and state to a tiny file system, and fills it.
const FILL: &str = r#"
set -e
mkdir "$HOME/tiny" && mount -t tmpfs -o size=64k tiny "$HOME/tiny"
cp -a "$HOME/.cache" "$HOME/.local" "$HOME/tiny/"
export XDG_CACHE_HOME="$HOME/tiny/.cache" XDG_STATE_HOME="$HOME/tiny/.local/state"
cat /dev/zero > "$HOME/tiny/fill" 2>/dev/null || true
set +e
"#;

#[test]
fn a_full_disk_loses_nothing_and_is_said() {
    let account = TestAccount::with(&json!({"A": "1"}));
    let home = account.known_home();
    let mounts = home.command("unshare", &["-rm", "true"]).run().code == 0;
    if !can(mounts, "no file system of its own can be mounted (unshare -rm)") {
        return;
    }
    let script = format!(
        "{FILL}
        before=$(ls $XDG_CACHE_HOME/vastenv/*)
        eval \"$('{VASTENV}' hook bash)\"; echo \"loaded $A\"
        '{VASTENV}' create env-var B 2; echo \"created $?\"
        __vastenv_hook; echo \"still $A\"
        [[ $(ls $XDG_CACHE_HOME/vastenv/*) == \"$before\" ]] && echo 'nothing left behind'
        '{VASTENV}' export json
        rm \"$HOME/tiny/fill\"
        '{VASTENV}' set env-var C 3
        __vastenv_hook; echo \"then $A$C\""
    );
    let said = home.command("unshare", &["-rm", "bash", "--norc", "-c", &script]).run().expect(0);
    for part in
        ["loaded 1\n", "created 1\n", "still 1\n", "nothing left behind\n", "\"A\": \"1\"", "then 13\n"]
    {
        assert!(said.out.contains(part), "{part}: {said:?}");
    }
    assert!(said.err.contains("nothing was sent: the change of B cannot be recorded here"), "{said:?}");
    assert_eq!(account.secrets(), json!({"A": "1", "C": "3"}));
    assert!(said.err.contains("no space left on device"), "{said:?}");
}
