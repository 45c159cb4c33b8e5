//! A shell in a sandbox: all is there without a word, and gone with it.

use super::follow::each;
use crate::pty::{Home, Terminal};

#[test]
fn a_shell_in_a_sandbox_has_variables_the_hook_and_a_way_out() {
    each(|shell| {
        let mut home = Home::new();
        // Nothing here is to be found by that shell, and no file of it changes.
        home.variable("TMPDIR", home.path("").to_str().expect("a path").to_owned().as_str());
        let program = home.binary.to_str().expect("a path").to_owned();
        let words = [program.as_str(), "sandbox", "--", shell.name()];
        let mut terminal = Terminal::start_without_waiting(&home, shell, &words);
        let said = terminal.until("leave with `exit`");
        assert!(said.contains("HF_TOKEN, WANDB_API_KEY and GREETING"), "{said}");
        terminal.send("printf '<%s>' \"$GREETING\" \"$HF_TOKEN\"\n");
        terminal.until("<it's a sandbox><hf_Sandbox");
        // The program is found, remembers what the server hides, and the hook follows.
        terminal.send("vastenv why WANDB_API_KEY\n");
        terminal.until("remembered");
        terminal.send("vastenv set env-var GREETING changed\n");
        terminal.until("updated GREETING");
        terminal.send("printf '<%s>' \"$GREETING\"\n");
        terminal.until("<changed>");
        terminal.exit();
        let left = std::fs::read_dir(home.path("")).expect("a home").map(|entry| entry.expect("an entry"));
        let left: Vec<_> = left.map(|entry| entry.file_name()).collect();
        assert!(!left.iter().any(|name| name.to_string_lossy().contains("sandbox")), "{left:?}");
        assert!(!home.path(".cache").exists() && !home.path(".local/share/vastenv").exists(), "{left:?}");
    });
}
