//! bash: its hook evals a reply line by line.

use super::reply::{MARK, Parts, Watched};
use super::{Dialect, Reply, quote};

pub(super) struct Bash;

impl Dialect for Bash {
    fn name(&self) -> &'static str {
        "bash"
    }

    fn template(&self) -> &'static str {
        include_str!("../../shell/vastenv.bash")
    }

    fn quote(&self, value: &[u8]) -> Vec<u8> {
        quote::ansi_c(value)
    }

    fn assignment(&self, name: &str, value: &[u8]) -> Vec<u8> {
        [b"export ", name.as_bytes(), b"=", &self.quote(value), b"\n"].concat()
    }

    /// A mark, as old versions print something of their own before; the names to check; assignments, all
    /// in one command; what the guard compares. No word that may be an alias at a prompt.
    fn reply(&self, reply: &Reply<'_>) -> Vec<u8> {
        let parts = Parts::of(reply.changes);
        let mut text = b"__vastenv_reply\n__vastenv_check".to_vec();
        for names in [&parts.new, &parts.known] {
            text.push(b' ');
            text.extend(quote::ansi_c(names.join(" ").as_bytes()));
        }
        text.extend(b"\n\\builtin export __vastenv_ledger=");
        text.extend(quote::ansi_c(reply.ledger.as_bytes()));
        self.assign(&mut text, &parts.exported);
        if !parts.unexported.is_empty() {
            text.extend(b"\n\\builtin export -n");
            self.assign(&mut text, &parts.unexported);
        }
        if !parts.unset.is_empty() {
            text.extend(format!("\n\\builtin unset -v {}", parts.unset.join(" ")).bytes());
        }
        self.compare(&mut text, reply);
        text.extend(b"\n");
        text.extend(MARK.bytes());
        text.push(b'\n');
        text
    }

    fn replacement(&self, text: &[u8]) -> Vec<u8> {
        let text = quote::ansi_c(text);
        [b"__vastenv_reply\n__vastenv_check '' ''\n\\builtin eval ", &text[..], b"\n", MARK.as_bytes(), b"\n"]
            .concat()
    }
}

impl Bash {
    fn assign(&self, text: &mut Vec<u8>, variables: &[(&str, &[u8])]) {
        for (name, value) in variables {
            text.extend([b" ", name.as_bytes(), b"="].concat());
            text.extend(quote::ansi_c(value));
        }
    }

    /// The test of the files that are watched. Paths are in variables: bash reads long words slowly.
    fn compare(&self, text: &mut Vec<u8>, reply: &Reply<'_>) {
        let mut paths: Vec<&[u8]> = Vec::new();
        let mut number = |path| {
            let known = paths.iter().position(|other| *other == path);
            let index = known.unwrap_or_else(|| {
                paths.push(path);
                paths.len() - 1
            });
            format!("$__vastenv_{}", index + 1)
        };
        let tests: Vec<String> = reply
            .guard
            .watched()
            .into_iter()
            .flat_map(|watched| match watched {
                Watched::There(path) => vec![format!("-e {}", number(path))],
                Watched::Absent(path) => vec![format!("! -e {}", number(path))],
                Watched::Like(path, stamp) => {
                    let (path, stamp) = (number(path), number(stamp));
                    vec![format!("! {path} -nt {stamp}"), format!("! {path} -ot {stamp}")]
                }
            })
            .collect();
        text.push(b'\n');
        for (index, path) in paths.iter().enumerate() {
            text.extend(format!("__vastenv_{}=", index + 1).bytes());
            text.extend(quote::ansi_c(path));
            text.push(b' ');
        }
        text.extend(format!("\n__vastenv_state '{}' {} ", tests.join(" && "), reply.guard.ask_again_in).bytes());
        text.extend(quote::ansi_c(reply.told.as_bytes()));
    }
}
