//! `show`, `create`, `update` and `delete ssh-key`: keys from wherever they come.

use std::fs;

use serde_json::{Value, json};
use vastenv::sandbox::Options;

use super::openssh::{described, keygen, make_pair};
use crate::cli::account::TestAccount;
use crate::common::process::program;
use crate::home::{Home, VASTENV};
use crate::terminal::Terminal;

pub const ED25519: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKHEChKtsRnn8LkA4a6sNEcb2HF4RpFVn1FZZq0rIVVN me@here";
const OTHER: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA you@there";
const SK_ED25519: &str = "sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAINdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1EaAAAABHNzaDo= touch@key";
const SK_ECDSA: &str = "sk-ecdsa-sha2-nistp256@openssh.com AAAAInNrLWVjZHNhLXNoYTItbmlzdHAyNTZAb3BlbnNzaC5jb20AAAAIbmlzdHAyNTYAAABBBGsX0fLhLEJH+Lzm5WOkQPJ3A32BLeszoPShOUXYmMKWT+NC4v4af5uO5+tKfA+eFivOM1drMV7Oy7ZAaDe/UfUAAAAEc3NoOg== touch@key";

/// The public keys that the account holds, in order.
fn held(account: &TestAccount) -> Vec<String> {
    let state = account.state();
    let keys = state["ssh_keys"].as_array().expect("keys");
    keys.iter().map(|key| key["public_key"].as_str().expect("text").to_owned()).collect()
}

/// An account that holds these keys, with the ids 11, 12 and so on.
fn holding(keys: &[&str]) -> TestAccount {
    let keys: Vec<Value> = (11..)
        .zip(keys)
        .map(|(id, key)| json!({"id": id, "public_key": key, "created_at": 1_700_000_000}))
        .collect();
    TestAccount::of(&json!({"ssh_keys": keys}), Options::default())
}

#[test]
fn every_type_of_openssh_is_taken_and_described_as_ssh_keygen_does() {
    let account = holding(&[]);
    let home = account.home();
    let types: [(&str, &[&str]); 7] = [
        ("ed25519", &["-t", "ed25519", "-C", "with several words"]),
        ("rsa1024", &["-t", "rsa", "-b", "1024", "-C", "old@rsa"]),
        ("rsa3072", &["-t", "rsa", "-b", "3072", "-C", "new@rsa"]),
        ("ecdsa256", &["-t", "ecdsa", "-b", "256", "-C", "é@ecdsa"]),
        ("ecdsa384", &["-t", "ecdsa", "-b", "384", "-C", "me@ecdsa"]),
        ("ecdsa521", &["-t", "ecdsa", "-b", "521", "-C", "me@ecdsa"]),
        ("none", &["-t", "ed25519", "-C", ""]),
    ];
    for (name, options) in types {
        if make_pair(&home, name, options).is_none() {
            return;
        }
    }
    home.write("sk_ed25519.pub", SK_ED25519);
    home.write("sk_ecdsa.pub", format!("{SK_ECDSA}\n"));
    let names: Vec<&str> = types.iter().map(|(name, _)| *name).chain(["sk_ed25519", "sk_ecdsa"]).collect();
    for name in &names {
        home.ok(&["create", "ssh-key", &format!("{name}.pub")]);
    }
    let table = home.ok(&["show", "ssh-keys"]);
    for (name, row) in names.iter().zip(table.lines().skip(1)) {
        let file = format!("{name}.pub");
        let line = fs::read_to_string(home.path(&file)).expect("a key");
        assert!(held(&account).contains(&line.trim_end().to_owned()), "{line}");
        let (bits, fingerprint, comment, kind) = described(&home, &file).expect("described");
        let comment = if comment == "no comment" { String::new() } else { comment };
        let words: Vec<&str> = row.split_whitespace().collect();
        assert_eq!(words[1..4], [kind.as_str(), &bits, &fingerprint], "{row}");
        assert!(row.contains(&format!("{fingerprint}  {comment}")), "{row}");
    }
}

/// The data of a key that ssh-keygen does not make any more everywhere: p, q, g and y are but numbers.
fn dsa() -> String {
    let mut blob = Vec::new();
    let mut field = |bytes: &[u8]| {
        blob.extend(u32::try_from(bytes.len()).expect("short").to_be_bytes());
        blob.extend(bytes);
    };
    field(b"ssh-dss");
    for length in [128, 20, 128, 128] {
        field(&vec![0x55; length]);
    }
    let data = base64(&blob);
    format!("ssh-dss {data} old@key")
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let letters = |chunk: &[u8]| {
        let mut bits = 0_usize;
        for index in 0..3 {
            bits = bits << 8 | usize::from(chunk.get(index).copied().unwrap_or(0));
        }
        let letter = |place: usize| char::from(LETTERS[bits >> (18 - 6 * place) & 63]);
        (0..4).map(|place| if place <= chunk.len() { letter(place) } else { '=' }).collect::<String>()
    };
    bytes.chunks(3).map(letters).collect()
}

#[test]
fn a_comment_that_no_terminal_should_print_is_refused_and_an_old_type_warned_of() {
    let account = holding(&[]);
    let home = account.home();
    let bare = ED25519.rsplit_once(' ').expect("a comment").0;
    for (comment, shown) in
        [("me\u{1b}[2J", r"me\u{1b}[2J"), ("m\u{200b}e", r"m\u{200b}e"), ("\u{202e}me", r"\u{202e}me")]
    {
        let key = format!("{bare} {comment}");
        home.write("id.pub", &key);
        for given in ["id.pub", &key] {
            for call in [&["create", "ssh-key", given][..], &["update", "ssh-key", "1", given]] {
                home.vastenv(call).run().refuses(2, &["comment holds an invisible character", shown]);
            }
        }
    }
    assert_eq!(account.requests(), [""; 0]);
    home.vastenv(&["create", "ssh-key", &dsa()]).run().expect(0).mentions(&["ssh-dss", "will refuse it"]);
}

#[test]
fn a_key_is_found_in_any_usual_wrapping() {
    let bare = ED25519.rsplit_once(' ').expect("a comment").0;
    for (text, line) in [
        (format!("{ED25519}\n"), ED25519),
        (format!("{ED25519}\r\n"), ED25519),
        (format!("# my key\r\n\r\n\t{ED25519}  \r\n\r\n"), ED25519),
        (format!("\u{feff}{}", ED25519.replace(' ', " \t")), ED25519),
        (format!("\u{200b}{ED25519}\u{a0}\u{feff}\r\n"), ED25519),
        (bare.to_owned(), bare),
        (format!("{bare} \n"), bare),
    ] {
        let account = holding(&[]);
        let home = account.home();
        home.write(".ssh/some key.pub", &text);
        home.vastenv(&["create", "ssh-key", "~/.ssh/some key.pub"])
            .run()
            .expect(0)
            .mentions(&["added SSH key"]);
        assert_eq!(held(&account), [line], "{text:?} in a file");
        let id = account.state()["ssh_keys"][0]["id"].to_string();
        home.ok(&["delete", "ssh-key", &id]);
        home.vastenv(&["create", "ssh-key", "-"]).stdin(&text).run().expect(0);
        assert_eq!(held(&account), [line], "{text:?} on stdin");
        let id = account.state()["ssh_keys"][0]["id"].to_string();
        home.ok(&["update", "ssh-key", &id, OTHER]);
        home.ok(&["update", "ssh-key", &id, &text]);
        assert_eq!(held(&account), [line], "{text:?} as an argument");
    }
}

#[test]
fn what_is_no_single_public_key_is_refused_before_anything_is_sent() {
    let account = holding(&[]);
    let home = account.home();
    let data = ED25519.split(' ').nth(1).expect("data");
    let damaged = format!("ssh-ed25519 {}", &data[..40]);
    let texts = [
        (format!("no-pty,command=\"a b\" {ED25519}"), "options before the key"),
        (format!("{ED25519}\n{OTHER}\n"), "2 lines"),
        (format!("ssh-ed25519 {}\n{}\n", &data[..30], &data[30..]), "broken over 2 lines"),
        (damaged, "damaged"),
        (ED25519.replace("ssh-ed25519", "ssh-rsa"), "damaged"),
        ("ssh-ed25519".to_owned(), "damaged"),
        ("# nothing\n".to_owned(), "not an SSH public key"),
        ("-----BEGIN PUBLIC KEY-----\nMFkw\n".to_owned(), "one-line form"),
        ("hello".to_owned(), "not an SSH public key"),
    ];
    for (text, why) in &texts {
        home.write("key.pub", text);
        home.vastenv(&["create", "ssh-key", "key.pub"]).run().refuses(2, &["key.pub: ", why, "hint: "]);
        home.vastenv(&["update", "ssh-key", "7", "-"]).stdin(text).run().refuses(2, &[why, "hint: "]);
        let said = home.vastenv(&["create", "ssh-key", "--", text]).run().refuses(2, &[why]);
        assert!(!said.err.contains(&data[..30]), "{said:?}");
    }
    home.vastenv(&["create", "ssh-key", "gone.pub"]).run().refuses(1, &["no such file: gone.pub"]);
    home.vastenv(&["create", "ssh-key", ".."]).run().refuses(1, &["cannot read ..: is a directory"]);
    home.write("large.pub", "#\n".repeat(40_000));
    home.vastenv(&["create", "ssh-key", "large.pub"]).run().refuses(2, &["large.pub is too large"]);
    assert_eq!(account.requests(), [""; 0]);
}

#[test]
fn certificates_and_other_forms_by_ssh_keygen_are_refused_with_the_reason() {
    let account = holding(&[]);
    let home = account.home();
    if make_pair(&home, "ca", &["-t", "ed25519"]).is_none() {
        return;
    }
    make_pair(&home, "user", &["-t", "ecdsa"]);
    keygen(&home, &["-q", "-s", "ca", "-I", "id", "-n", "me", "user.pub"]);
    home.vastenv(&["create", "ssh-key", "user-cert.pub"])
        .run()
        .refuses(2, &["user-cert.pub: this is a certificate", "hint: give the public key that it certifies"]);
    for format in ["RFC4716", "PKCS8", "PEM"] {
        let text = keygen(&home, &["-e", "-m", format, "-f", "user.pub"]).expect("converted");
        home.write("converted", &text);
        home.vastenv(&["create", "ssh-key", "converted"])
            .run()
            .refuses(2, &["one-line form", "ssh-keygen -i"]);
    }
    assert_eq!(account.requests(), [""; 0]);
}

#[test]
fn a_key_that_is_there_already_is_said_and_not_sent_twice() {
    let account = holding(&[ED25519]);
    let home = account.home();
    let renamed = ED25519.replace("me@here", "another@comment");
    let said = home.vastenv(&["create", "ssh-key", &renamed]).run().expect(0);
    said.mentions(&["already in the account as 11, nothing sent", "--force"]);
    let raw: Value = serde_json::from_str(&home.ok(&["create", "ssh-key", &renamed, "--raw"])).expect("JSON");
    assert_eq!((&raw["success"], &raw["key"]["id"]), (&json!(true), &json!(11)));
    assert_eq!(account.requests(), ["GET /ssh/ 200", "GET /ssh/ 200"]);
    home.vastenv(&["create", "ssh-key", &renamed, "--force"]).run().refuses(1, &["has this SSH key already"]);
    assert_eq!(account.requests()[2..], ["POST /ssh/ 400"]);
}

#[test]
fn an_api_key_that_may_add_but_not_list_still_adds() {
    let writer = json!({"key": "w".repeat(64), "permissions": {"api": {"user_write": {}}}});
    let account = TestAccount::of(&json!({"api_keys": [writer]}), Options::default());
    account.home().vastenv(&["create", "ssh-key", ED25519]).run().expect(0).mentions(&["added SSH key"]);
    assert_eq!(account.requests(), ["GET /ssh/ 403", "POST /ssh/ 200"]);
    assert_eq!(held(&account), [ED25519]);
}

#[test]
fn what_brings_a_deleted_key_back_does_so() {
    let quoted = format!("{OTHER} it's $(touch x) \"here\"");
    let account = holding(&[ED25519, &quoted]);
    let home = account.home();
    let said = home.vastenv(&["delete", "ssh-key", "12", "99", "11", "12"]).run().expect(1);
    let said =
        said.mentions(&["cannot delete the SSH key 99", "hint: list their ids: vastenv show ssh-keys"]);
    assert_eq!(held(&account), [""; 0]);
    let commands: Vec<&str> =
        said.err.lines().filter_map(|line| line.split_once("restore it: ")).map(|parts| parts.1).collect();
    let deleted: Vec<&str> =
        said.err.lines().filter_map(|line| line.strip_prefix("deleted SSH key ")).collect();
    assert!(deleted.len() == 2 && deleted[0].starts_with("12;") && deleted[1].starts_with("11;"), "{said:?}");
    for command in commands {
        let script = command.replacen("vastenv", &format!("'{VASTENV}'"), 1);
        home.command("sh", &["-c", &script]).run().expect(0);
    }
    assert_eq!(held(&account), [quoted.as_str(), ED25519]);
    assert!(!home.path("x").exists());
}

#[test]
fn an_unknown_id_is_said_with_where_to_look() {
    let account = holding(&[]);
    let home = account.home();
    for arguments in [&["update", "ssh-key", "5", ED25519][..], &["delete", "ssh-key", "5"]] {
        home.vastenv(arguments)
            .run()
            .refuses(1, &["SSH key 5", "hint: list their ids: vastenv show ssh-keys"]);
    }
    home.vastenv(&["delete", "ssh-key", "five"]).run().refuses(2, &["invalid value \"five\" for <ID>"]);
}

#[test]
fn the_list_is_sorted_and_names_the_local_file() {
    let account = TestAccount::of(
        &json!({"ssh_keys": [
            {"id": 30, "public_key": OTHER, "created_at": 1_700_000_000},
            {"id": 4, "public_key": ED25519, "created_at": 1_600_000_000},
            {"id": 5, "public_key": "\u{1b}[2Jno key", "created_at": null},
        ]}),
        Options::default(),
    );
    let home = account.home();
    home.write(".ssh/mine.pub", ED25519);
    home.write(".ssh/same.pub", ED25519.replace("me@here", "x"));
    home.write(".ssh/config", OTHER);
    home.command("mkfifo", &[".ssh/pipe.pub"]).run().expect(0);
    let table = home.ok(&["show", "ssh-keys"]);
    let lines: Vec<&str> = table.lines().collect();
    assert!(lines[1].starts_with("4   ED25519  256   SHA256:"), "{table}");
    assert!(lines[1].ends_with("2020-09-13  ~/.ssh/mine.pub, ~/.ssh/same.pub"), "{table}");
    assert!(lines[2].starts_with("5   unknown  -     -") && lines[2].contains(r"\u{1b}[2Jno key"), "{table}");
    assert!(
        lines[3].starts_with("30  ED25519") && lines[3].ends_with("you@there        2023-11-14"),
        "{table}"
    );
}

#[test]
fn a_table_fits_the_terminal_and_raw_has_all() {
    let long = format!("{ED25519}-{}", "long".repeat(30));
    let account = holding(&[&long, OTHER]);
    let home = account.home();
    for columns in [60, 80, 200] {
        let (seen, code) =
            Terminal::open(&home, columns, "vastenv show ssh-keys; vastenv show api-keys").end();
        assert_eq!(code, 0, "{seen}");
        let widest = seen.lines().map(|line| line.chars().count()).max().expect("lines");
        assert!(widest <= usize::from(columns), "{widest} of {columns}: {seen}");
        assert!(seen.contains('…') && !seen.contains(&long), "{seen}");
    }
    assert!(home.ok(&["show", "ssh-keys"]).contains("longlonglong"), "a pipe has no width");
    assert!(home.ok(&["show", "ssh-keys", "--raw"]).contains(&long));
}

#[test]
fn no_keys_are_an_empty_list_also_where_the_server_says_404() {
    use crate::raw_server::{RawServer, Reply};
    let server =
        RawServer::always(Reply::json(404, r#"{"success": false, "error": "no_ssh_keys", "msg": "None"}"#));
    let home = Home::at(&server.url(), "a-key-of-this-server-0001");
    assert_eq!(home.ok(&["show", "ssh-keys", "--raw"]), "[]\n");
    home.vastenv(&["show", "ssh-keys"]).run().expect(0).mentions(&["no SSH keys", "vastenv create ssh-key"]);
}

#[test]
fn curl_sends_nothing_and_explain_shows_no_api_key() {
    if program("curl").is_none() {
        return;
    }
    let account = holding(&[ED25519]);
    let home = account.home();
    let key = account.sandbox.key.expose();
    let calls: [(&[&str], &str); 4] = [
        (&["show", "ssh-keys"], "curl -X GET"),
        (&["create", "ssh-key", OTHER], "curl -X POST"),
        (&["update", "ssh-key", "11", OTHER], "curl -X PUT"),
        (&["delete", "ssh-key", "11"], "curl -X DELETE"),
    ];
    for (arguments, start) in calls {
        let said = home.vastenv(&[&["--curl"], arguments].concat()).run().expect(0).hides(key);
        assert!(said.out.starts_with(start) && said.err.is_empty(), "{said:?}");
    }
    home.vastenv(&["create", "ssh-key", "--curl"]).run().refuses(2, &["--curl needs a key", "hint: "]);
    assert!(!home.path(".ssh").exists());
    assert_eq!(account.requests(), [""; 0]);
    let command = home.ok(&["create", "ssh-key", OTHER, "--curl"]);
    home.command("sh", &["-c", &command]).run().expect(0);
    assert_eq!(held(&account), [ED25519, OTHER]);
    for (arguments, start) in calls {
        let method = format!("{} http://127.0.0.1", start.replace("curl -X ", ""));
        let said = home.vastenv(&[&["--explain"], arguments, &["-y"]].concat()).run().hides(key);
        said.mentions(&[
            "Authorization: Bearer *****",
            if arguments[0] == "create" { "GET " } else { &method },
        ]);
    }
}

#[test]
fn every_success_is_one_line() {
    let account = holding(&[ED25519]);
    let home = account.home();
    for (arguments, start) in [
        (&["create", "ssh-key", OTHER][..], "added SSH key 13: ED25519 SHA256:"),
        (&["update", "ssh-key", "11", SK_ED25519], "updated SSH key 11: ED25519-SK SHA256:"),
        (&["delete", "ssh-key", "11"], "deleted SSH key 11; restore it: vastenv create ssh-key 'sk-ssh-"),
    ] {
        let said = home.vastenv(arguments).run().expect(0);
        assert!(said.out.is_empty() && said.err.starts_with(start), "{said:?}");
        assert_eq!(said.err.lines().count(), 1, "{said:?}");
        assert_eq!(home.vastenv(&[arguments, &["-q", "--curl"]].concat()).run().expect(0).err, "");
    }
}
