//! Shells whose variables rest behind the keyring.

use std::os::unix::net::UnixListener;

use super::machine::{Machine, VALUES};
use crate::home::VASTENV;
use crate::session::Keyring;

const NOTICE: &str = "cannot be opened: the keyring is locked";

/// The same few lines in each shell: load, and load again when told to.
const SHELLS: [(&str, &[&str], &str, &str); 3] = [
    ("bash", &["--norc", "-c"], r#"eval "$("$VASTENV" hook bash)""#, "__vastenv_hook"),
    ("zsh", &["-f", "-c"], r#"eval "$("$VASTENV" hook zsh)""#, "__vastenv_hook"),
    ("fish", &["--no-config", "-c"], r#""$VASTENV" hook fish | source"#, "__vastenv_hook"),
];

/// What the keyring is to do from now on, for a shell that must look again.
const NEXT: &str = r#"
keyctl clear @s
echo "$1" > "$SESSION/mode"
old=$(cat "$SESSION/pid")
kill -9 "$old" && while kill -0 "$old"; do :; done 2> /dev/null
rm -f "$HOME"/.local/state/vastenv/gen-*
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
        machine.home.write("next", NEXT);
        let name = VALUES[0].0;
        let script = format!("cd\n{load}\nsh ./next locked\n{again}\n{again}\necho \"${name}\"\n");
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

/// Of what a shell may say of values that it cannot read.
const PROBLEM: &str = "cannot be opened: ";

#[test]
fn an_open_shell_tells_each_cause_once_until_all_is_well() {
    for (shell, options, load, again) in SHELLS {
        let machine = Machine::sealed();
        machine.home.write("next", NEXT);
        let steps: String =
            ["locked", "locked", "broken", "locked", "broken", "unlocked", "locked", "locked"]
                .map(|next| format!("sh ./next {next}\n{again}\n"))
                .concat();
        let script = format!("cd\n{load}\n{steps}");
        let arguments = [&["session", "-", shell][..], options, &[script.as_str()]].concat();
        let call = machine.home.command("keyctl", &arguments).env("VASTENV", VASTENV);
        let said = call.env("SESSION", machine.session.path("")).run().expect(0);
        assert_eq!(said.err.matches(NOTICE).count(), 2, "{shell}: {said:?}");
        assert_eq!(said.err.matches(PROBLEM).count(), 3, "{shell}: {said:?}");
    }
}

#[test]
fn new_shells_tell_each_cause_once() {
    let (shell, options, load, _) = SHELLS[0];
    let mut machine = Machine::sealed();
    let arguments = [&["session", "-", shell][..], options, &[load]].concat();
    let told = |machine: &Machine| {
        let said = machine.home.command("keyctl", &arguments).env("VASTENV", VASTENV).run().expect(0);
        said.err.matches("vastenv:").count()
    };
    machine.session.kill_keyring(Keyring::Locked);
    assert_eq!([told(&machine), told(&machine)], [1, 0]);
    machine.session.kill_keyring(Keyring::Broken);
    assert_eq!([told(&machine), told(&machine)], [1, 0]);
    machine.session.next(Keyring::Locked);
    assert_eq!(told(&machine), 0);
    // It does not even answer.
    let socket = machine.home.path("silent");
    let _listener = UnixListener::bind(&socket).expect("a socket");
    let address = machine.session.address();
    machine.home.set("DBUS_SESSION_BUS_ADDRESS", format!("unix:path={}", socket.display()));
    assert_eq!([told(&machine), told(&machine)], [1, 0]);
    machine.home.set("DBUS_SESSION_BUS_ADDRESS", address);
    machine.session.kill_keyring(Keyring::Unlocked);
    assert_eq!(told(&machine), 0);
    machine.lose_entries();
    for expected in [[1, 0], [0, 0]] {
        // That the server answers is no news of them.
        machine.anew(&["refresh"]).run().expect(0);
        assert_eq!([told(&machine), told(&machine)], expected);
    }
}
