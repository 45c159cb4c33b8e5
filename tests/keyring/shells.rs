//! Shells whose variables rest behind the keyring.

use crate::home::VASTENV;
use crate::machine::{Machine, VALUES};
use crate::session::Keyring;

const NOTICE: &str = "cannot be opened: the keyring is locked";

/// The same few lines in each shell: load, and load again when told to.
const SHELLS: [(&str, &[&str], &str, &str); 3] = [
    ("bash", &["--norc", "-c"], r#"eval "$("$VASTENV" hook bash)""#, "__vastenv_hook"),
    ("zsh", &["-f", "-c"], r#"eval "$("$VASTENV" hook zsh)""#, "__vastenv_hook"),
    ("fish", &["--no-config", "-c"], r#""$VASTENV" hook fish | source"#, "__vastenv_hook"),
];

/// Forgets what the kernel keeps, and takes the keyring's password away.
const LOCK: &str = r#"
keyctl clear @s
echo locked > "$SESSION/mode"
kill -9 (cat "$SESSION/pid")
rm "$HOME"/.local/state/vastenv/gen-*
"#;

#[test]
fn a_new_shell_loads_from_sealed_files() {
    let machine = Machine::sealed();
    for (shell, options, load, _) in SHELLS {
        let script = format!("{load}\necho \"${}\"", VALUES[0].0);
        let arguments = [&["session", "-", shell][..], options, &[script.as_str()]].concat();
        let said = machine.home.command("keyctl", &arguments).env("VASTENV", VASTENV).run().expect(0);
        assert_eq!(said.out.trim_end(), VALUES[0].1, "{shell}: {said:?}");
        assert!(!said.err.contains("vastenv:"), "{shell}: {said:?}");
    }
}

#[test]
fn a_shell_keeps_what_it_has_when_the_keyring_is_locked_and_says_so_once() {
    for (shell, options, load, again) in SHELLS {
        let machine = Machine::sealed();
        let lock = if shell == "fish" { LOCK.to_owned() } else { LOCK.replace("(cat", "$(cat") };
        let name = VALUES[0].0;
        let script = format!("{load}\n{lock}\n{again}\n{again}\necho \"${name}\"\n");
        let arguments = [&["session", "-", shell][..], options, &[script.as_str()]].concat();
        let said = machine
            .home
            .command("keyctl", &arguments)
            .env("VASTENV", VASTENV)
            .env("SESSION", machine.session.path(""))
            .run()
            .expect(0);
        assert_eq!(said.out.trim_end(), VALUES[0].1, "{shell}: {said:?}");
        assert_eq!(said.err.matches(NOTICE).count(), 1, "{shell}: {said:?}");
        // A new shell stays as it was, without a second word.
        let script = format!("{load}\necho \"[${name}]\"\n");
        let arguments = [&["session", "-", shell][..], options, &[script.as_str()]].concat();
        let said = machine.home.command("keyctl", &arguments).env("VASTENV", VASTENV).run().expect(0);
        assert_eq!(said.out.trim_end(), "[]", "{shell}: {said:?}");
        assert!(!said.err.contains(NOTICE), "{shell}: {said:?}");
        machine.session.kill_keyring(Keyring::Unlocked);
        let said = machine.home.command("keyctl", &arguments).env("VASTENV", VASTENV).run().expect(0);
        assert_eq!(said.out.trim_end(), format!("[{}]", VALUES[0].1), "{shell}: {said:?}");
    }
}
