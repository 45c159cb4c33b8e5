//! Locales whose characters may end in `\`, or swallow one: what an account says is still data.

use super::account::Account;
use super::follow::each;
use crate::common::locales::multi_byte;
use crate::pty::Shell;

const VALUES: [(&str, &str); 5] = [
    ("BREAKS_OUT", "中'; touch pwned #"),
    ("HARMLESS", "中's"),
    ("BACKSLASH", "表\\"),
    ("DOLLAR", "ソ$(touch pwned)`touch pwned`"),
    ("TEXT", "é\n家'\n"),
];

#[test]
fn values_arrive_byte_for_byte_in_every_locale() {
    let Some((locales, folder)) = multi_byte() else { return };
    let account = Account::with(&VALUES);
    let locales: Vec<_> = locales.collect();
    each(|shell| {
        for locale in &locales {
            let loads = ["printf '%s\\n' begin; env -0 > environment".to_owned(), exported(&account, shell)];
            for line in &loads {
                let mut command = account.home.command(shell.name());
                command.args(["-i", "-c", line]).env("LC_ALL", locale).env("LOCPATH", folder);
                let output = command.output().expect("the shell runs");
                let environment = std::fs::read(account.home.path("environment")).expect("an environment");
                std::fs::remove_file(account.home.path("environment")).expect("removed");
                let entries: Vec<&[u8]> = environment.split(|byte| *byte == 0).collect();
                for (name, value) in VALUES {
                    let expected = format!("{name}={value}");
                    assert!(entries.contains(&expected.as_bytes()), "{shell:?} {locale}: {name}: {output:?}");
                }
                assert!(!account.home.path("pwned").exists(), "{shell:?} {locale}: a value ran");
                let told = [output.stdout, output.stderr].concat();
                assert!(
                    !String::from_utf8_lossy(&told).contains("touch"),
                    "{shell:?} {locale}: a value was printed"
                );
            }
        }
    });
}

/// A line that loads by hand, as without the hook.
fn exported(account: &Account, shell: Shell) -> String {
    let clear: String = VALUES.iter().map(|(name, _)| shell.unset(name) + "; ").collect();
    let binary = account.home.binary.display();
    let load = match shell {
        Shell::Fish => format!("{binary} export fish | source"),
        _ => format!("eval \"$({binary} export {})\"", shell.name()),
    };
    format!("{clear}{load}; env -0 > environment")
}
