//! Accounts that hold what nobody should put into a shell.

use super::account::Account;
use super::follow::each;
use crate::pty::{Shell, Terminal};

#[test]
fn names_that_are_none_or_steer_the_shell_are_left_out() {
    each(|shell| {
        let account = Account::with(&[
            ("A;touch pwned", "1"),
            ("B=$(touch pwned)", "1"),
            ("C\ntouch pwned", "1"),
            ("-x", "1"),
            ("9A", "1"),
            ("", "1"),
            ("a[$(touch pwned)]", "1"),
            ("é", "1"),
            ("PATH", "/nowhere"),
            ("precmd_functions", "touch"),
            ("PROMPT_COMMAND", "touch pwned"),
            ("status", "1"),
            ("argv", "1"),
            ("fish_greeting", "pwned"),
            ("BASH_ENV", "/tmp/x"),
            ("LD_PRELOAD", "/tmp/x"),
            ("__vastenv_bin", "/bin/touch"),
            ("VAST_API_KEY", "theirs"),
            ("SECONDS", "1"),
            ("IFS", "x"),
            // Words of the hook's own language are names as well.
            ("file", "plain 1"),
            ("slot", "plain 2"),
            ("age", "plain 3"),
            ("mode", "plain 4"),
            ("reply", "plain 5"),
            ("_x", "plain 6"),
            ("HF_TOKEN", "hf_1"),
        ]);
        let (mut terminal, greeting) = Terminal::start(&account.home, shell, &[shell.name(), "-i"]);
        assert!(greeting.lines().count() == 1, "{greeting}");
        assert_eq!(terminal.inherited("HF_TOKEN"), "hf_1");
        for (name, value) in [
            ("file", "plain 1"),
            ("slot", "plain 2"),
            ("age", "plain 3"),
            ("mode", "plain 4"),
            ("reply", "plain 5"),
            ("_x", "plain 6"),
        ] {
            assert_eq!(terminal.inherited(name), value);
        }
        for name in ["BASH_ENV", "LD_PRELOAD", "fish_greeting", "VAST_API_KEY", "__vastenv_bin"] {
            assert_eq!(terminal.inherited(name), "unset", "{name}");
        }
        assert!(!terminal.inherited("PATH").contains("nowhere"));
        terminal.run("");
        assert!(!account.home.path("pwned").exists());
        terminal.run(&shell.set("VASTENV_DISABLE", "1"));
        assert_eq!(terminal.inherited("HF_TOKEN"), "unset");
    });
}

#[test]
fn values_arrive_byte_for_byte_and_do_nothing() {
    let long = "0123456789abcdef".repeat(8_000);
    let too_long = "x".repeat(131_072);
    let values: Vec<String> = [
        "it's \"quoted\"",
        "$(touch pwned) `touch pwned` ${PATH} $HOME",
        "'; touch pwned; '",
        "\\'; touch pwned; #",
        "\"; touch pwned; \"",
        "line\nline\n\n",
        "\n",
        " ",
        "ends in a backslash \\",
        "\\",
        "\u{1b}[31mred\u{1b}]0;title\u{7}",
        "\u{202e}bidi\u{2066}",
        "tab\tcr\rbell\u{7}del\u{7f}",
        "!! !x ~ ~root * ? [a] {a,b} =ls & | < > ; ( )",
        "é ü 😀 \u{f600} \u{fdd0} \u{ffff}",
        "-n",
        "x[$(touch pwned)]",
        "#comment",
        "%s %n",
        "__vastenv_done",
        "\n__vastenv_done",
    ]
    .map(str::to_owned)
    .into();
    each(|shell| {
        let named: Vec<(String, &str)> = values
            .iter()
            .map(String::as_str)
            .chain([long.as_str()])
            .enumerate()
            .map(|(index, value)| (format!("V{index}"), value))
            .collect();
        let mut variables: Vec<(&str, &str)> =
            named.iter().map(|(name, value)| (name.as_str(), *value)).collect();
        variables.push(("HOLDS_NUL", "a\0b"));
        variables.push(("TOO_LONG", &too_long));
        let account = Account::with(&variables);
        let mut terminal = Terminal::open(&account.home, shell);
        terminal.run("env -0 > environment");
        let environment = std::fs::read(account.home.path("environment")).expect("an environment");
        let entries: Vec<&[u8]> = environment.split(|byte| *byte == 0).collect();
        for (name, value) in &named {
            let expected = format!("{name}={value}");
            assert!(entries.contains(&expected.as_bytes()), "{name}: {value:?} did not arrive");
        }
        for name in ["HOLDS_NUL", "TOO_LONG"] {
            assert_eq!(terminal.get(name), "unset");
        }
        assert!(!account.home.path("pwned").exists());
        // Given back what was there, byte for byte too.
        terminal.run(&shell.set("VASTENV_DISABLE", "1"));
        assert_eq!(terminal.get("V0"), "unset");
    });
}

#[test]
fn hidden_values_come_back_byte_for_byte() {
    each(|shell| {
        let account = Account::with(&[("HF_TOKEN", "hf_1"), ("OTHER", "o_1")]);
        let line = match shell {
            Shell::Fish => "set -gx HF_TOKEN a\\'b\\n\\e\\xffé' $x'; set -g OTHER \"$HF_TOKEN\"",
            _ => "export HF_TOKEN=$'a\\'b\\n\\033\\377é $x'; OTHER=$HF_TOKEN",
        };
        account.home.rc(shell, line, "");
        let mut terminal = Terminal::open(&account.home, shell);
        assert_eq!([terminal.get("HF_TOKEN"), terminal.get("OTHER")], ["hf_1", "o_1"]);
        terminal.run(&shell.set("VASTENV_DISABLE", "1"));
        terminal.run("printf %s \"$OTHER\" > other; env -0 > environment");
        let expected = b"a'b\n\x1b\xff\xc3\xa9 $x";
        assert_eq!(std::fs::read(account.home.path("other")).expect("a value"), expected);
        let environment = std::fs::read(account.home.path("environment")).expect("an environment");
        let entry = [b"HF_TOKEN=".as_slice(), expected].concat();
        assert!(environment.split(|byte| *byte == 0).any(|other| other == entry));
    });
}
