//! bash: its hook evals a reply line by line.

use super::completion::{self, Completion};
use super::reply::{MARK, Parts, Watched};
use super::{Dialect, Reply, StartFile, Tab, quote};

pub(super) struct Bash;

impl Dialect for Bash {
    fn name(&self) -> &'static str {
        "bash"
    }

    fn start_file(&self) -> StartFile {
        StartFile { variable: None, below_home: "", name: ".bashrc" }
    }

    fn login_files(&self) -> &'static [&'static str] {
        &[".bash_profile", ".bash_login", ".profile"]
    }

    fn template(&self) -> &'static str {
        include_str!("../../shell/vastenv.bash")
    }

    fn quote(&self, value: &[u8]) -> Vec<u8> {
        quote::ansi_c(value)
    }

    /// A mark, as old versions print something of their own before; the names to check; assignments, all
    /// in one command; what the guard compares. No word that may be an alias at a prompt.
    fn reply(&self, reply: &Reply<'_>) -> Vec<u8> {
        let parts = Parts::of(reply.changes);
        let mut text = b"__vastenv_reply\n__vastenv_check".to_vec();
        for word in [&parts.new.join(" "), &parts.known.join(" "), &parts.unset.join(" "), reply.told] {
            text.push(b' ');
            text.extend(quote::ansi_c(word.as_bytes()));
        }
        text.extend(b"\n\\builtin export __vastenv_ledger=");
        text.extend(quote::ansi_c(reply.ledger.as_bytes()));
        assign(&mut text, &parts.exported);
        if !parts.unexported.is_empty() {
            text.extend(b"\n\\builtin export -n");
            assign(&mut text, &parts.unexported);
        }
        if !parts.unset.is_empty() {
            text.extend(format!("\n\\builtin unset -v {}", parts.unset.join(" ")).bytes());
        }
        if !reply.say.is_empty() {
            text.extend([b"\n\\builtin echo ", &quote::ansi_c(reply.say.as_bytes())[..], b" >&2"].concat());
        }
        compare(&mut text, reply);
        text.extend(b"\n");
        text.extend(MARK.bytes());
        text.push(b'\n');
        text
    }

    fn replacement(&self, text: &[u8]) -> Vec<u8> {
        let text = quote::ansi_c(text);
        [
            b"__vastenv_reply\n__vastenv_check '' '' '' ''\n\\builtin eval ",
            &text[..],
            b"\n",
            MARK.as_bytes(),
            b"\n",
        ]
        .concat()
    }

    fn completion(&self) -> Completion {
        Completion {
            shell: self.name(),
            text: Some(include_str!("../../completions/vastenv.bash")),
            // The bash-completion package looks for a file that is called like the command.
            file: "vastenv",
            mark: completion::MARK,
            folders: |folders| {
                let named = folders.listed("BASH_COMPLETION_USER_DIR").into_iter().next();
                let folder = named.or_else(|| Some(folders.data()?.join("bash-completion")));
                folder.map(|folder| folder.join("completions")).into_iter().collect()
            },
            next: |_, file, is_usual| {
                let why = if is_usual {
                    "new shells with the bash-completion package load it; without the package, or for \
                     aliases too, "
                } else {
                    ""
                };
                format!("{why}put this at the end of ~/.bashrc: . {}", completion::word(file))
            },
        }
    }

    fn tab(&self) -> Tab {
        Tab::Line
    }
}

fn assign(text: &mut Vec<u8>, variables: &[(&str, &[u8])]) {
    for (name, value) in variables {
        text.extend([b" ", name.as_bytes(), b"="].concat());
        text.extend(quote::ansi_c(value));
    }
}

/// The test of the files that are watched. Paths are in variables: bash reads long words slowly.
fn compare(text: &mut Vec<u8>, reply: &Reply<'_>) {
    let mut paths: Vec<&[u8]> = Vec::new();
    let mut number = |path| {
        let known = paths.iter().position(|other| *other == path);
        let index = known.unwrap_or_else(|| {
            paths.push(path);
            paths.len() - 1
        });
        format!("$__vastenv_{}", index + 1)
    };
    let mut tests = Vec::new();
    for watched in reply.guard.watched() {
        match watched {
            Watched::There(path) => tests.push(format!("-e {}", number(path))),
            Watched::Absent(path) => tests.push(format!("! -e {}", number(path))),
            Watched::Between(path, older, newer) => {
                let path = number(path);
                tests.push(format!("{path} -nt {} && {path} -ot {}", number(older), number(newer)));
            }
            Watched::Like(path, stamp) => {
                let (path, stamp) = (number(path), number(stamp));
                tests.push(format!("! {path} -nt {stamp} && ! {path} -ot {stamp}"));
            }
        }
    }
    text.push(b'\n');
    for (index, path) in paths.iter().enumerate() {
        text.extend(format!("__vastenv_{}=", index + 1).bytes());
        text.extend(quote::ansi_c(path));
        text.push(b' ');
    }
    let wait = reply.guard.ask_again_in;
    text.extend(format!("\n__vastenv_state '{}' {wait}", tests.join(" && ")).bytes());
    for word in [&reply.guard.folder.project, &reply.guard.folder.above] {
        text.push(b' ');
        text.extend(quote::ansi_c(word));
    }
}
