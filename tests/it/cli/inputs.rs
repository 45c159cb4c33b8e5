//! Values as they are given: with a dash before them, with what no eye sees around them, in other encodings,
//! too long or empty.

use serde_json::json;
use vastenv::sandbox::Options;

use super::account::TestAccount;
use crate::home::Home;
use crate::raw_server::{RawServer, Reply};

/// What argparse takes for a value, as tests/compatibility checks with the official client.
const DASHED: [&str; 7] =
    ["--max-model-len 4096", "-1", "-.5", "-1.5", "-e A=b -p 80:80", "-", "-q and -y -s"];

#[test]
fn a_value_that_begins_with_a_dash_is_a_value_where_argparse_takes_it_for_one() {
    let account = TestAccount::with(&json!({"OLD": "x"}));
    let home = account.home();
    for value in DASHED {
        for (verb, name) in [("set", "NEW"), ("update", "OLD")] {
            home.ok(&[verb, "env-var", name, value, "--retry", "1"]);
            assert_eq!(account.secrets()[name], value);
        }
        home.ok(&["delete", "env-var", "NEW"]);
        home.ok(&["create", "env-var", "--quiet", "NEW", value]);
        assert_eq!(account.secrets()["NEW"], value);
        home.ok(&["remember", "env-var", "NEW", value]);
        home.ok(&["create", "api-key", "--name", value, "--permission", "misc", "--key_params", value]);
        let made = &account.state()["api_keys"];
        let made = made.as_array().expect("keys").last().expect("a key").clone();
        assert_eq!((&made["name"], &made["key_params"]), (&json!(value), &json!(value)));
    }
}

#[test]
fn the_words_of_a_command_that_is_run_are_left_alone() {
    let account = TestAccount::with(&json!({"A": "x"}));
    let home = account.known_home();
    let words = ["printf", "<%s>", "create", "env-var", "A", "-1", "-x y"];
    for before in [&["run"][..], &["run", "--"], &["--quiet", "run", "--"]] {
        assert_eq!(home.ok(&[before, &words].concat()), "<create><env-var><A><-1><-x y>");
    }
}

#[test]
fn what_argparse_takes_for_an_option_is_one_and_not_repeated() {
    let account = TestAccount::with(&json!({}));
    let home = account.home();
    for value in ["-x", "--hidden", "-1hidden", "-1e5", "-1.", "--retry=hidden 2", "--no-remember=hidden 2"] {
        home.vastenv(&["create", "env-var", "A", value]).run().expect(2).hides("hidden");
    }
    home.vastenv(&["create", "env-var", "-1", "x"]).run().refuses(2, &["not a valid variable name"]);
    assert_eq!(account.secrets(), json!({}));
    home.ok(&["create", "env-var", "A", "--", "-x"]);
    assert_eq!(account.secrets(), json!({"A": "-x"}));
}

#[test]
fn what_no_eye_sees_around_a_value_is_sent_only_if_it_is_meant() {
    let account = TestAccount::with(&json!({"OLD": "x"}));
    let home = account.home();
    for (edge, code) in
        [("\u{feff}", "FEFF"), ("\u{200b}", "200B"), ("\u{a0}", "00A0"), ("\u{2060}", "2060"), ("\r", "000D")]
    {
        for value in [format!("{edge}hidden"), format!("hidden{edge}")] {
            for (verb, name) in [("create", "NEW"), ("update", "OLD"), ("set", "OLD"), ("remember", "OLD")] {
                let question = format!("the value of {name} begins or ends with U+{code}");
                let typed = home.vastenv(&[verb, "env-var", name, &value]).run();
                typed.hides("hidden").refuses(2, &[&question, "add --yes"]);
            }
        }
        let piped = home.vastenv(&["create", "env-var", "NEW"]).stdin(format!("hidden{edge} {edge}")).run();
        piped.hides("hidden").refuses(2, &["begins or ends with"]);
        assert_eq!(account.secrets(), json!({"OLD": "x"}));
        let value = format!("{edge}meant");
        home.ok(&["set", "env-var", "OLD", &value, "-y"]);
        assert_eq!(account.secrets()["OLD"], value);
        home.ok(&["set", "env-var", "OLD", "x"]);
    }
    // A byte order mark is how a file begins, and no part of what it says; inside, all is text.
    home.vastenv(&["set", "env-var", "OLD"]).stdin("\u{feff} a\u{200b}\u{a0}b \n").run().expect(0);
    assert_eq!(account.secrets()["OLD"], " a\u{200b}\u{a0}b ");
}

/// UTF-16 as PowerShell writes it, and without its mark.
fn utf16(text: &str) -> [Vec<u8>; 2] {
    let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    [[&b"\xff\xfe"[..], &bytes].concat(), bytes]
}

#[test]
fn a_text_in_utf_16_is_called_that_wherever_it_is_read() {
    let account = TestAccount::with(&json!({}));
    let home = account.home();
    let inputs: [(&[&str], &str); 6] = [
        (&["set", "api-key"], "hidden"),
        (&["create", "env-var", "A"], "hidden"),
        (&["import", "-"], "A=hidden\n"),
        (&["diff", "-"], "A=hidden\n"),
        (&["create", "api-key", "--permission_file", "-"], "{\"api\": {\"misc\": {}}}"),
        (&["create", "ssh-key", "-"], "ssh-ed25519 hidden"),
    ];
    for (arguments, text) in inputs {
        for bytes in utf16(text) {
            let said = home.vastenv(arguments).stdin(&bytes).run().hides("hidden");
            said.refuses(1, &["stdin is UTF-16 text", "iconv -f UTF-16 -t UTF-8"]);
        }
    }
    let home = Home::at(&account.sandbox.url, "");
    home.write(".config/vastai/vast_api_key", &utf16("hidden")[0]);
    home.vastenv(&["show", "env-vars"]).run().refuses(4, &["the key in", "is UTF-16 text"]);
    assert_eq!(account.requests(), [""; 0]);
    home.write(".config/vastenv/config.toml", &utf16("max_age = \"5m\"\n")[0]);
    home.vastenv(&["status"]).run().mentions(&["config.toml:1:1: it is UTF-16 text"]);
    home.write(".config/vastenv/config.toml", "\u{feff}max_age = \"5m\"\n");
    assert!(!home.vastenv(&["status"]).run().err.contains("config.toml"));
}

#[test]
fn what_no_eye_sees_around_a_key_or_json_is_no_part_of_it() {
    let account = TestAccount::with(&json!({}));
    let key = account.sandbox.key.expose();
    for around in ["\u{feff}", "\u{200b}", "\u{a0}"] {
        let mut home = account.home();
        home.vastenv(&["set", "api-key"]).stdin(format!("{around}{key}{around}\r\n")).run().expect(0);
        home.ok(&["set", "api-key", &format!("{key}{around}")]);
        home.set("VAST_API_KEY", format!("{around}{key}"));
        home.ok(&["show", "env-vars"]);
        home.write("rights.json", format!("{around}{{\"api\": {{\"misc\": {{}}}}}}\n{around}"));
        home.ok(&["create", "api-key", "--permission_file", "rights.json"]);
    }
}

#[test]
fn a_servers_answer_may_begin_with_a_byte_order_mark() {
    let server = RawServer::start(|target| match target {
        "GET /api/v0/users/current/" => Reply::json(200, "\u{feff}{\"id\": 7, \"email\": \"me@x.invalid\"}"),
        _ => Reply::json(200, "\u{feff}{\"success\": true, \"secrets\": {\"A\": \"b\"}}"),
    });
    let home = Home::at(&server.url(), "0123456789abcdef");
    assert_eq!(home.ok(&["show", "env-vars", "-s", "--raw"]), "{\n \"A\": \"b\"\n}\n");
}

#[test]
fn a_value_from_the_environment_or_a_file_with_an_unseen_edge_is_told() {
    let account = TestAccount::serving(&json!({"A": "x"}), Options { mask: true, ..Options::default() });
    let home = account.home();
    let call = home.vastenv(&["remember", "env-var", "A", "--from-env"]).env("A", "hidden\u{200b}");
    call.run().expect(0).hides("hidden").mentions(&["A begins or ends with U+200B"]);
    home.write("some.env", "A='\u{a0}hidden'\n");
    for arguments in [&["remember", "env-var", "--from", "some.env"][..], &["import", "-y", "some.env"]] {
        let said = home.vastenv(arguments).run().expect(0).hides("hidden");
        said.mentions(&["A begins or ends with U+00A0, which is invisible"]);
    }
}

#[test]
fn import_diff_and_create_agree_on_what_an_account_can_hold() {
    let account = TestAccount::with(&json!({"OLD": "x"}));
    let home = account.home();
    let long = "x".repeat(140_000);
    home.write("some.env", format!("EMPTY=\nOLD=\nLONG={long}\n"));
    let empty = "empty, which an account cannot hold";
    let plan = home.vastenv(&["import", "--dry-run", "some.env"]).run().expect(0);
    assert!(plan.out.contains(&format!("EMPTY, OLD ({empty})")), "{plan:?}");
    let too_long = "the value is over 128 KiB, too long for an environment";
    assert!(plan.out.contains(&format!("not loaded into shells: LONG ({too_long})")), "{plan:?}");
    let diff = home.vastenv(&["diff", "some.env"]).run().expect(1);
    assert!(diff.out.contains(&format!("+ EMPTY ({empty})\n")), "{diff:?}");
    assert!(
        diff.out.contains(&format!("~ OLD ({empty})\n+")) || diff.out.contains(&format!("~ OLD ({empty})\n"))
    );
    for verb in ["create", "update", "set"] {
        home.vastenv(&[verb, "env-var", "OLD", ""])
            .run()
            .refuses(2, &["an account cannot hold empty values"]);
        home.vastenv(&[verb, "env-var", "OLD"]).stdin("\n").run().refuses(2, &["hold empty values"]);
    }
    let said = home.vastenv(&["create", "env-var", "LONG"]).stdin(&long).run().expect(0);
    said.mentions(&["LONG is in the account but not loaded into shells", too_long]);
    assert_eq!(account.secrets(), json!({"OLD": "x", "LONG": long}));
}
