//! Refused names, with the programs that follow them.

use serde_json::json;

use super::account::TestAccount;
use crate::common::locales;
use crate::home::chmod;

/// A name, its value, and a command that writes the file `followed` if it follows them.
const CASES: [[&str; 3]; 5] = [
    [
        "Https_Proxy",
        "http://192.0.2.1:8",
        r#"python3 -c 'import urllib.request as r; "https" in r.getproxies() and open("followed", "w")'"#,
    ],
    ["HARNESS_PERL_SWITCHES", "-I. -Mevil", "prove -Q empty.t"],
    ["SSH_SK_HELPER", "./troff", "ssh-keygen -q -t ed25519-sk -N '' -f key"],
    ["GROFF_BIN_PATH", ".", "echo text | groff -Tascii"],
    ["TEXTDOMAINDIR", ".", r#"TEXTDOMAIN=evil LANGUAGE=xx LC_ALL=zh_CN.GBK bash -c ': $"hello"'"#],
];

#[test]
fn what_programs_would_follow_does_not_reach_them() {
    for [name, value, command] in CASES {
        let account = TestAccount::with(&json!({name: value}));
        let mut home = account.known_home();
        // No locale of the C library's own is translated everywhere.
        let Some((_, locales)) = locales::multi_byte() else { return };
        home.set("LOCPATH", locales);
        home.write("evil.pm", "open(my $file, '>', 'followed'); 1;");
        home.write("empty.t", "print qq(1..0\\n);");
        chmod(&home.write("troff", "#!/bin/sh\n: > followed\n"), 0o700);
        home.write("xx/LC_MESSAGES/evil.mo", catalogue("hello", "$(: > followed)"));
        let followed = || {
            home.vastenv(&["run", "--", "sh", "-c", &format!("cd && {command}")]).run();
            home.path("followed").exists()
        };
        assert!(!followed(), "{name}");
        // The command proves something: it follows the name where the config lets it load.
        home.write(".config/vastenv/config.toml", format!("allow = [\"{name}\"]\n"));
        assert!(followed(), "{command} does not follow {name}");
    }
}

/// A catalogue of gettext's with one translation.
fn catalogue(text: &str, translation: &str) -> Vec<u8> {
    let after = 44 + text.len() + 1;
    let words = [0x9504_12de, 0, 1, 28, 36, 0, 0, text.len(), 44, translation.len(), after];
    let mut bytes: Vec<u8> =
        words.iter().flat_map(|word| u32::try_from(*word).expect("32 bits").to_ne_bytes()).collect();
    bytes.extend(format!("{text}\0{translation}\0").bytes());
    bytes
}
