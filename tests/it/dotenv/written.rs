//! What `export dotenv` writes: to the byte in every shell, and to others the same or nothing at all.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};
use vastenv::dotenv::{dotenv_line, is_for_shells_only, read_dotenv};

use super::readers::{self, PYTHON_VERSIONS};
use crate::common::process;
use crate::common::process::command;
use crate::values::{made_on_purpose, random_text};

const RANDOM_VALUES: usize = 5_000;

/// Values whose later lines would be assignments to whoever gave the first one up, and other traps.
const TRAPS: [&str; 16] = [
    "it's $5",
    "it's `touch ran`",
    "it's $5\nINJECTED=1\nexport INJECTED=2",
    "it's $5\u{2028}INJECTED=1",
    "it's $5\r\nINJECTED=1\r'INJECTED'=2",
    "it's\n'INJECTED'=$x",
    "it's $\n\n# x\nINJECTED=\\\\",
    "a\\'b'\\'c\\",
    "C:\\\\dir\\",
    "it's $5\n='",
    "it's $5\n \u{a0}== \"\n=",
    "\\'\nINJECTED='1",
    "${HOME} ${X:-y}",
    "it's ${HOME",
    "=ls",
    "~/x:~/y",
];

fn values(seed: u64) -> Vec<String> {
    let mut random = fastrand::Rng::with_seed(seed);
    let texts = made_on_purpose().into_iter().filter_map(|bytes| String::from_utf8(bytes).ok());
    let mut values: Vec<String> = TRAPS.map(str::to_owned).into_iter().chain(texts).collect();
    // Between quotes of either kind, with what bash marks its own characters with.
    for control in ('\u{1}'..='\u{7f}').filter(char::is_ascii_control) {
        let texts = [
            format!("é\u{4d084}\\{control}'{control}\u{1}"),
            format!("\\{control}'"),
            format!("{control}\\'"),
        ];
        values.extend(texts);
    }
    values.extend((0..RANDOM_VALUES).map(|_| random_text(&mut random)));
    values
}

fn file(values: &[String]) -> String {
    values.iter().enumerate().map(|(n, value)| dotenv_line(&format!("N{n}"), value)).collect()
}

#[test]
fn every_shell_reads_every_value_and_runs_none() {
    let seed = fastrand::u64(..);
    let values = values(seed);
    for (program, arguments, prologue) in [
        ("sh", &[][..], ""),
        ("dash", &[], ""),
        ("bash", &["--norc", "--noprofile"], ""),
        ("bash", &["--norc", "--noprofile", "--posix"], "set -a\n"),
        ("zsh", &["-f"], ""),
        ("zsh", &["-f"], "setopt rc_quotes ksh_arrays sh_word_split extended_glob magic_equal_subst\n"),
    ] {
        if process::program(program).is_none() {
            continue;
        }
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join(".env"), file(&values)).expect("written");
        let prints: Vec<String> = (0..values.len()).map(|n| format!("printf '%s\\0' \"$N{n}\"\n")).collect();
        let prints = prints.concat();
        fs::write(folder.path().join("script"), format!("{prologue}. ./.env\n{prints}")).expect("written");
        let output = command(program)
            .args(arguments)
            .arg("script")
            .current_dir(folder.path())
            .env_clear()
            .env("HOME", folder.path())
            .env("PATH", "/usr/bin:/bin")
            .env("LC_ALL", "C.UTF-8")
            .stdin(Stdio::null())
            .output()
            .expect("started");
        let shell = format!("{program} {arguments:?} {prologue:?}, seed {seed}");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && errors.is_empty(), "{shell}: {errors:.500}");
        let mut made: Vec<_> = fs::read_dir(folder.path())
            .expect("listed")
            .map(|entry| entry.expect("an entry").file_name())
            .collect();
        made.sort();
        assert_eq!(made, [".env", "script"], "{shell}: a value ran as code");
        let read: Vec<&[u8]> = output.stdout.split(|byte| *byte == 0).collect();
        assert_eq!(read.len(), values.len() + 1, "{shell}");
        for (value, read) in values.iter().zip(read) {
            assert!(
                value.as_bytes() == read,
                "{shell}: {value:?} became {:?}",
                String::from_utf8_lossy(read)
            );
        }
    }
}

#[test]
fn other_readers_read_the_same_or_nothing() {
    let seed = fastrand::u64(..);
    let values = values(seed);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(".env");
    fs::write(&path, file(&values)).expect("written");
    for version in PYTHON_VERSIONS {
        for interpolate in [false, true] {
            let script = "from dotenv import dotenv_values\n\
                json.dump(dotenv_values(input[0], interpolate=input[1], encoding='utf-8'), sys.stdout)";
            let read = readers::python(version, script, &json!([path, interpolate]));
            compare(&format!("python-dotenv {version}, {interpolate}, seed {seed}"), &values, read);
        }
    }
    compare(&format!("dotenv, seed {seed}"), &values, readers::node(Path::new(&path)));
}

fn compare(reader: &str, values: &[String], read: Option<Value>) {
    let Some(Value::Object(read)) = read else { return };
    for (n, value) in values.iter().enumerate() {
        let got = read.get(&format!("N{n}")).filter(|got| !got.is_null());
        let expected = (!is_for_shells_only(value)).then(|| json!(value));
        let before = n.checked_sub(1).and_then(|before| values.get(before));
        assert!(got == expected.as_ref(), "{reader}: {value:?} became {got:?} behind {before:?}");
    }
    let strange = read.keys().find(|name| {
        !name.strip_prefix('N').is_some_and(|n| n.parse::<usize>().is_ok_and(|n| n < values.len()))
            && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
    });
    assert_eq!(strange, None, "{reader}");
}

#[test]
fn vastenv_reads_every_value_back() {
    let seed = fastrand::u64(..);
    let values = values(seed);
    // Also from where every line end became CRLF, with a BOM, and comments behind the values.
    for (start, end) in [("", "\n"), ("\u{feff}# x='\r\n", " # it's\r\n")] {
        let line = |(n, value): (usize, &String)| {
            format!("  {}{end}", dotenv_line(&format!("N{n}"), value).strip_suffix('\n').expect("a line"))
        };
        let text = start.to_owned() + &values.iter().enumerate().map(line).collect::<String>();
        let entries = read_dotenv(&text).expect("a file");
        assert_eq!(entries.len(), values.len(), "seed {seed}");
        for (n, (value, entry)) in values.iter().zip(&entries).enumerate() {
            assert_eq!(entry.name, format!("N{n}"), "seed {seed}");
            let read = entry.value.as_ref().expect("a value").expose();
            assert!(read == value, "seed {seed}: {value:?} became {read:?}");
        }
    }
}

/// The forms that the code leaves out are left out for a reason: no other quoting would do.
#[test]
fn a_value_for_shells_only_has_no_form_that_all_read() {
    let mut tried = Vec::new();
    for value in ["\r", "x\\", "\\\\", "${X}", "it's $5", "it's \"", "it's `", "it's \\n", "it's \\"] {
        assert!(is_for_shells_only(value), "{value:?}");
        tried.extend([format!("'{value}'"), format!("\"{value}\""), value.to_owned()]);
        let escaped: String = value
            .chars()
            .flat_map(|c| ['\\'].into_iter().filter(move |_| "\"\\$`".contains(c)).chain([c]))
            .collect();
        tried.extend([format!("\"{escaped}\""), escaped]);
    }
    for (index, form) in tried.iter().enumerate() {
        let value =
            ["\r", "x\\", "\\\\", "${X}", "it's $5", "it's \"", "it's `", "it's \\n", "it's \\"][index / 5];
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(".env");
        fs::write(&path, format!("A={form}\n")).expect("written");
        let shell = command("sh")
            .args(["-c", ". ./.env 2>/dev/null; printf %s \"$A\""])
            .current_dir(folder.path())
            .output()
            .expect("started");
        let script = "from dotenv import dotenv_values\n\
            json.dump([dotenv_values(input, interpolate=i, encoding='utf-8').get('A') for i in (0, 1)], sys.stdout)";
        let (Some(python), Some(node)) =
            (readers::python(PYTHON_VERSIONS[0], script, &json!(path)), readers::node(&path))
        else {
            return;
        };
        let all = shell.stdout == value.as_bytes() && python == json!([value, value]) && node["A"] == value;
        assert!(!all, "{form} is {value:?} to everybody");
    }
}
