//! The quoters, proven: random values through the real shells, compared byte for byte.
//!
//! Each shell gets one script that assigns thousands of values as vastenv writes them and prints
//! each with a builtin, separated by NUL bytes, which no value can hold.

mod common;

use std::fs;
use std::process::Stdio;

use common::process::{command, program};
use vastenv::dotenv::{dotenv_value, read_dotenv};
use vastenv::shell::{Format, quote};

/// Random values for each shell and locale, beside those that are made on purpose.
const RANDOM_VALUES: usize = 20_000;

const METACHARACTERS: &str = "'\"\\$`!~*?[]{}()<>|&;# \t\n\r=^%@-+:,/.\u{7}\u{8}\u{1b}\u{7f}é🦀";

/// Pieces that have broken somebody's quoting before.
const CHUNKS: [&str; 28] = [
    "'",
    "''",
    "\\",
    "\\'",
    "'\\''",
    "$(touch pwned)",
    "`touch pwned`",
    "${IFS}",
    "$'",
    "\\\n",
    "\n",
    "\r\n",
    "!",
    "!!",
    "~",
    "=ls",
    "%s",
    "\\x41",
    "\\101",
    "\\u0041",
    "\u{202e}",
    "\u{feff}",
    "\u{f600}",
    "\u{fdd0}",
    "\u{ffff}",
    "日本語",
    "-n",
    "\\c",
];

struct Subject {
    program: &'static str,
    arguments: &'static [&'static str],
    format: &'static str,
    locale: &'static str,
    /// Before the values.
    prologue: &'static str,
    /// Prints `$v` and a NUL byte.
    print: &'static str,
}

const SUBJECTS: [Subject; 8] = [
    Subject::posix("bash", &["--norc", "--noprofile"], "bash", "C.UTF-8", ""),
    Subject::posix("bash", &["--norc", "--noprofile", "--posix"], "bash", "C", ""),
    Subject::posix("zsh", &["-f"], "zsh", "C.UTF-8", ""),
    Subject::posix(
        "zsh",
        &["-f"],
        "zsh",
        "C",
        "setopt csh_junkie_quotes rc_quotes ksh_arrays sh_word_split extended_glob",
    ),
    Subject::posix("dash", &[], "sh", "C.UTF-8", ""),
    Subject::posix("bash", &["--norc", "--noprofile"], "sh", "C.UTF-8", ""),
    Subject::fish("C.UTF-8"),
    Subject::fish("C"),
];

impl Subject {
    const fn posix(
        program: &'static str,
        arguments: &'static [&'static str],
        format: &'static str,
        locale: &'static str,
        prologue: &'static str,
    ) -> Self {
        Self { program, arguments, format, locale, prologue, print: "printf '%s\\0' \"$v\"" }
    }

    const fn fish(locale: &'static str) -> Self {
        Self {
            program: "fish",
            // Older ones do not know --no-config; the home is empty.
            arguments: &[],
            format: "fish",
            locale,
            prologue: "",
            print: "printf '%s\\0' \"$v\"",
        }
    }

    fn name(&self) -> String {
        format!("{} {} LC_ALL={} {}", self.program, self.arguments.join(" "), self.locale, self.prologue)
    }

    /// What the shell makes of each value.
    fn read_back(&self, values: &[Vec<u8>]) -> Vec<Vec<u8>> {
        let format = Format::parse(self.format).expect("a format");
        let assign: &[u8] = if self.program == "fish" { b"set v " } else { b"v=" };
        let mut script = self.prologue.as_bytes().to_vec();
        script.push(b'\n');
        for value in values {
            script.extend([assign, &quote(format, value), b"\n", self.print.as_bytes(), b"\n"].concat());
        }
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("script");
        fs::write(&path, script).expect("written");
        let output = command(self.program)
            .args(self.arguments)
            .arg(&path)
            .current_dir(folder.path())
            .env_clear()
            .env("HOME", folder.path())
            .env("PATH", std::env::var_os("PATH").expect("PATH"))
            .env("LC_ALL", self.locale)
            .stdin(Stdio::null())
            .output()
            .expect("started");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && errors.is_empty(), "{}: {errors:.500}", self.name());
        let entries: Vec<_> = fs::read_dir(folder.path())
            .expect("listed")
            .map(|entry| entry.expect("an entry").file_name())
            .collect();
        let made: Vec<_> = entries
            .iter()
            .filter(|name| !matches!(name.to_str(), Some("script" | ".config" | ".local" | ".cache")))
            .collect();
        assert!(made.is_empty(), "{}: a value ran as code and made {made:?}", self.name());
        let mut read: Vec<Vec<u8>> = output.stdout.split(|byte| *byte == 0).map(<[u8]>::to_vec).collect();
        read.pop();
        read
    }
}

fn random_text(random: &mut fastrand::Rng) -> String {
    let length = match random.u8(..) {
        0 => random.usize(2_000..8_000),
        1..=20 => random.usize(40..400),
        _ => random.usize(0..20),
    };
    let mut text = String::new();
    while text.chars().count() < length {
        match random.u8(0..6) {
            0 => text.push(random.char('\u{1}'..'\u{20}')),
            1 => text.push(random.char('\u{1}'..='\u{10ffff}')),
            2 => text.push(random.char('\u{80}'..='\u{7ff}')),
            3 => text.push(random.choice(METACHARACTERS.chars().collect::<Vec<_>>()).expect("a character")),
            4 => text.push_str(random.choice(CHUNKS).expect("a chunk")),
            _ => text.push(random.alphanumeric()),
        }
    }
    text
}

/// Empty, every character of the first planes' edges, every pair of metacharacters, and bytes that
/// are no UTF-8, as an environment may hold them.
fn made_on_purpose() -> Vec<Vec<u8>> {
    let mut values: Vec<Vec<u8>> = vec![Vec::new()];
    values.extend(CHUNKS.iter().map(|chunk| chunk.as_bytes().to_vec()));
    for first in METACHARACTERS.chars() {
        values.push(first.to_string().into_bytes());
        for second in METACHARACTERS.chars() {
            values.push(format!("{first}{second}").into_bytes());
            values.push(format!("a{first}b{second}c").into_bytes());
        }
    }
    let interesting = (1..=0x2ff)
        .chain(0x2000..=0x206f)
        .chain(0xd7f0..=0xf8ff)
        .chain(0xfdc0..=0x1_0010)
        .chain(0x10_fff0..=0x10_ffff);
    values.extend(
        interesting.filter_map(char::from_u32).map(|character| format!("<{character}>").into_bytes()),
    );
    values
        .extend((1..=255u8).flat_map(|byte| [vec![byte], vec![b'x', byte, b'\''], vec![byte, b'\\', byte]]));
    values.push(vec![b'\''; 5_000]);
    values.push("\\\n".repeat(5_000).into_bytes());
    values.push("é'".repeat(20_000).into_bytes());
    values
}

#[test]
fn every_value_comes_back_from_every_shell_as_it_was() {
    let seed = fastrand::u64(..);
    let mut tested = 0;
    let only = std::env::var("VASTENV_TEST_SHELL");
    for subject in &SUBJECTS {
        if only.as_ref().is_ok_and(|only| only != subject.program) || program(subject.program).is_none() {
            continue;
        }
        let mut random = fastrand::Rng::with_seed(seed);
        let mut values = made_on_purpose();
        values.extend((0..RANDOM_VALUES).map(|_| random_text(&mut random).into_bytes()));
        let read = subject.read_back(&values);
        assert_eq!(read.len(), values.len(), "{}: seed {seed}", subject.name());
        for (given, got) in values.iter().zip(&read) {
            let shown = String::from_utf8_lossy(given);
            assert!(
                given == got,
                "{}: seed {seed}: {shown:?} came back as {:?}",
                subject.name(),
                String::from_utf8_lossy(got)
            );
        }
        tested += values.len();
    }
    println!("{tested} values, seed {seed}");
}

#[test]
fn every_text_comes_back_from_a_dotenv_file_as_it_was() {
    let seed = fastrand::u64(..);
    let mut random = fastrand::Rng::with_seed(seed);
    let texts = made_on_purpose().into_iter().filter_map(|bytes| String::from_utf8(bytes).ok());
    let mut values: Vec<String> = texts.collect();
    values.extend((0..RANDOM_VALUES).map(|_| random_text(&mut random)));
    // Where every file may come from: with CRLF, a BOM, `export` and comments too.
    for (start, prefix, end) in [("", "", "\n"), ("\u{feff}# x='\r\n", "  export ", " # it's\r\n")] {
        let lines =
            values.iter().enumerate().map(|(n, value)| format!("{prefix}N{n}={}{end}", dotenv_value(value)));
        let entries = read_dotenv(&(start.to_owned() + &lines.collect::<String>())).expect("a file");
        assert_eq!(entries.len(), values.len(), "seed {seed}");
        for (n, (value, entry)) in values.iter().zip(&entries).enumerate() {
            assert_eq!(entry.name, format!("N{n}"), "seed {seed}");
            assert!(
                entry.value.expose() == value,
                "seed {seed}: {value:?} became {:?}",
                entry.value.expose()
            );
        }
    }
}

#[test]
fn another_reader_of_dotenv_files_agrees_wherever_it_can_read() {
    let seed = fastrand::u64(..);
    let mut random = fastrand::Rng::with_seed(seed);
    let mut compared = 0;
    let dotenvy = |text: &str| -> Option<Vec<(String, String)>> {
        dotenvy::from_read_iter(text.as_bytes()).collect::<Result<_, _>>().ok()
    };
    let ours = |text: &str| -> Option<Vec<(String, String)>> {
        let entries = read_dotenv(text).ok()?;
        Some(entries.into_iter().map(|entry| (entry.name, entry.value.expose().to_owned())).collect())
    };
    for _ in 0..RANDOM_VALUES {
        // What vastenv writes; dotenvy knows no escape for a carriage return.
        let line = format!("A={}\nB=2\n", dotenv_value(&random_text(&mut random).replace('\r', "")));
        assert_eq!(ours(&line), dotenvy(&line), "seed {seed}: {line:?}");
        // What a person may write: without `$`, which dotenvy substitutes, and outside of double quotes
        // without backslashes and further quotes, which it takes for a shell's.
        let word = |random: &mut fastrand::Rng| -> String {
            (0..random.usize(1..9))
                .map(|_| random.choice("aZ_09.:/@%=é🦀".chars().collect::<Vec<_>>()).expect("one"))
                .collect()
        };
        let value = match random.u8(0..5) {
            0 => word(&mut random),
            1 => format!("'{} # {}'", word(&mut random), word(&mut random)),
            2 => format!("\"{}\\n\\\\\\\"{}'\"", word(&mut random), word(&mut random)),
            3 => format!("\"{}\n\n{}\"", word(&mut random), word(&mut random)),
            _ => String::new(),
        };
        let space = |random: &mut fastrand::Rng| random.choice(["", " ", "\t ", "  "]).expect("one");
        let line = format!(
            "{}{}A{}={}{value}{}{}B=1",
            random.choice(["# c\n", "\n \n", ""]).expect("one"),
            random.choice(["", "export ", " export\t"]).expect("one"),
            space(&mut random),
            space(&mut random),
            random.choice(["", " ", " # it's", "\t#"]).expect("one"),
            random.choice(["\n", "\r\n"]).expect("one"),
        );
        // It stumbles over an apostrophe in a comment after two spaces.
        let Some(theirs) = dotenvy(&line) else { continue };
        assert_eq!(ours(&line), Some(theirs), "seed {seed}: {line:?}");
        compared += 1;
    }
    assert!(compared > RANDOM_VALUES / 2, "{compared} of {RANDOM_VALUES}, seed {seed}");
}
