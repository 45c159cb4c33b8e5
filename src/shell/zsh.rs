//! zsh: its hook reads a reply as fields that end in NUL.

use super::completion::{self, Completion};
use super::reply::{Fields, Parts, Watched};
use super::{Dialect, Guard, Reply, StartFile, Tab, quote};

pub(super) struct Zsh;

impl Dialect for Zsh {
    fn name(&self) -> &'static str {
        "zsh"
    }

    fn start_file(&self) -> StartFile {
        StartFile { variable: Some("ZDOTDIR"), below_home: "", name: ".zshrc" }
    }

    fn template(&self) -> &'static str {
        include_str!("../../shell/vastenv.zsh")
    }

    /// Read and run with zsh's own options and without aliases: zsh parses all that is evaluated before
    /// it runs a line of it, so this cannot be written into the text.
    fn wrap(&self, text: Vec<u8>) -> Vec<u8> {
        [b"'builtin' 'emulate' '-R' 'zsh' '-o' 'no_aliases' '-c' ".as_slice(), &quote::ansi_c(&text), b"\n"]
            .concat()
    }

    fn quote(&self, value: &[u8]) -> Vec<u8> {
        quote::ansi_c(value)
    }

    fn reply(&self, reply: &Reply<'_>) -> Vec<u8> {
        let parts = Parts::of(reply.changes);
        let mut fields = Fields::default();
        fields.head(&guard(reply), reply, &parts, parts.exported.len() + 1);
        fields.add(&[b"__vastenv_ledger=", reply.ledger.as_bytes()]);
        for (name, value) in parts.exported.iter().chain(&parts.unexported) {
            fields.add(&[name.as_bytes(), b"=", value]);
        }
        fields.end()
    }

    fn replacement(&self, text: &[u8]) -> Vec<u8> {
        Fields::of_code(text)
    }

    fn completion(&self) -> Completion {
        Completion {
            shell: self.name(),
            text: Some(include_str!("../../completions/_vastenv")),
            file: "_vastenv",
            mark: completion::MARK,
            // Of `fpath`, which is seen here only where it is exported, the user's own folders; `~/.zfunc`
            // where that is in use; the place among the user's data.
            folders: |folders| {
                let mut places = Vec::new();
                if let Some(home) = &folders.home {
                    places = folders.listed("FPATH");
                    places.retain(|folder| folder.starts_with(home) && folder != home);
                    places.push(home.join(".zfunc"));
                }
                places.extend(folders.data().map(|data| data.join("zsh/site-functions")));
                places
            },
            next: |folders, file, _| {
                format!(
                    "if it does not work in a new shell, put this into {} before `compinit` is called: \
                     fpath=({} $fpath)",
                    Zsh.start_file().find(folders).1,
                    completion::word(file.parent().unwrap_or(file))
                )
            },
        }
    }

    fn tab(&self) -> Tab {
        // It takes what is before a value from the line.
        Tab::Words { with_option: false }
    }
}

/// A call that defines the guard.
fn guard(reply: &Reply<'_>) -> Vec<u8> {
    let mut test = Vec::new();
    for watched in reply.guard.watched() {
        if !test.is_empty() {
            test.extend(b" && ");
        }
        match watched {
            Watched::There(path) => test.extend([b"-e ", &quote::ansi_c(path)[..]].concat()),
            Watched::Absent(path) => test.extend([b"! -e ", &quote::ansi_c(path)[..]].concat()),
            Watched::Between(path, older, newer) => {
                let path = quote::ansi_c(path);
                test.extend([&path[..], b" -nt ", &quote::ansi_c(older), b" && "].concat());
                test.extend([&path[..], b" -ot ", &quote::ansi_c(newer)].concat());
            }
            Watched::Like(path, stamp) => {
                let (path, stamp) = (quote::ansi_c(path), quote::ansi_c(stamp));
                // Here -nt and -ot are false where a file is gone.
                for part in [&b"-e "[..], &path, b" && -e ", &stamp] {
                    test.extend(part);
                }
                for comparison in [b" -nt ", b" -ot "] {
                    test.extend([b" && ! ", &path[..], comparison, &stamp].concat());
                }
            }
        }
    }
    let Guard { ask_again_in, folder, .. } = reply.guard;
    let wait = ask_again_in.to_string();
    let words =
        [quote::ansi_c(&test), wait.into(), quote::ansi_c(&folder.project), quote::ansi_c(&folder.above)];
    [b"__vastenv_state ", &words.join(&b' ')[..]].concat()
}
