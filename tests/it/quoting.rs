//! The quoters, proven: random values through the real shells, compared byte for byte.
//!
//! Each shell gets one script that assigns thousands of values as vastenv writes them and prints
//! each with a builtin, separated by NUL bytes, which no value can hold.

use std::fs;
use std::process::Stdio;

use crate::common::locales;
use crate::common::process::{command, program};
use vastenv::format::posix_assignment;
use vastenv::shell::{ALL, parse};

use crate::values::{made_on_purpose, random_text};

/// Random values for each shell and locale, beside those that are made on purpose.
const RANDOM_VALUES: usize = 20_000;

/// The same where there are many locales.
const FEWER_VALUES: usize = 3_000;

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

    /// The same shell in another locale.
    fn in_locale(&self, locale: &'static str) -> Self {
        Self { locale, ..*self }
    }

    fn name(&self) -> String {
        format!("{} {} LC_ALL={} {}", self.program, self.arguments.join(" "), self.locale, self.prologue)
    }

    /// Big5 has two characters twice, and fish, which decodes all that it reads, knows each once.
    fn confuses(&self, value: &[u8]) -> bool {
        let twice = |pair: &[u8]| matches!(pair, [0xa2, 0xcc | 0xce]);
        (self.program, self.locale) == ("fish", "zh_TW.BIG5") && value.windows(2).any(twice)
    }

    /// What the shell makes of each value.
    fn read_back(&self, values: &[Vec<u8>]) -> Vec<Vec<u8>> {
        let assignment = |value: &[u8]| match parse(self.format) {
            Some(shell) => shell.assignment("v", value),
            None => posix_assignment("v", value),
        };
        let mut script = self.prologue.as_bytes().to_vec();
        script.push(b'\n');
        for value in values {
            script.extend([&assignment(value)[..], self.print.as_bytes(), b"\n"].concat());
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
            .envs(locales::multi_byte().map(|(_, folder)| ("LOCPATH", folder)))
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

/// How many values went through `subject` and came back as they were.
fn come_back(subject: &Subject, seed: u64, random_values: usize) -> usize {
    let only = std::env::var("VASTENV_TEST_SHELL");
    if only.is_ok_and(|only| only != subject.program) || program(subject.program).is_none() {
        return 0;
    }
    let mut random = fastrand::Rng::with_seed(seed);
    let mut values = made_on_purpose();
    values.extend((0..random_values).map(|_| random_text(&mut random).into_bytes()));
    let read = subject.read_back(&values);
    assert_eq!(read.len(), values.len(), "{}: seed {seed}", subject.name());
    for (given, got) in values.iter().zip(&read) {
        let [given_text, got_text] = [given, got].map(|bytes| String::from_utf8_lossy(bytes));
        let name = subject.name();
        assert!(
            given == got || subject.confuses(given),
            "{name}: seed {seed}: {given_text:.500?} came back as {got_text:.500?}"
        );
    }
    values.len()
}

#[test]
fn every_value_comes_back_from_every_shell_as_it_was() {
    for shell in ALL {
        assert!(SUBJECTS.iter().any(|subject| subject.format == shell.name()), "{}", shell.name());
    }
    let seed = fastrand::u64(..);
    let tested: usize = SUBJECTS.iter().map(|subject| come_back(subject, seed, RANDOM_VALUES)).sum();
    println!("{tested} values, seed {seed}");
}

#[test]
fn so_it_does_where_characters_of_the_locale_hold_a_backslash() {
    let Some((names, _)) = locales::multi_byte() else { return };
    let seed = fastrand::u64(..);
    for locale in names {
        for subject in SUBJECTS.iter().filter(|subject| subject.locale == "C.UTF-8") {
            come_back(&subject.in_locale(locale), seed, FEWER_VALUES);
        }
    }
}
