//! The quoters, proven: random values through the real shells, compared byte for byte.
//!
//! Each shell gets one script that assigns thousands of values as vastenv writes them and prints
//! each with a builtin, separated by NUL bytes, which no value can hold.

mod common;
#[path = "common/values.rs"]
mod values;

use std::fs;
use std::process::Stdio;

use common::process::{command, program};
use vastenv::shell::{Format, quote};

use values::{made_on_purpose, random_text};

/// Random values for each shell and locale, beside those that are made on purpose.
const RANDOM_VALUES: usize = 20_000;

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
