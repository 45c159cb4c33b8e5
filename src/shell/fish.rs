//! fish: its hook reads a reply as fields that end in NUL.

use super::reply::{Clock, Fields, Parts, Watched};
use super::{Dialect, Reply, quote};

pub(super) struct Fish;

impl Dialect for Fish {
    fn name(&self) -> &'static str {
        "fish"
    }

    fn template(&self) -> &'static str {
        include_str!("../../shell/vastenv.fish")
    }

    fn quote(&self, value: &[u8]) -> Vec<u8> {
        quote::fish(value)
    }

    fn assignment(&self, name: &str, value: &[u8]) -> Vec<u8> {
        [b"set -gx ", name.as_bytes(), b" ", &self.quote(value), b"\n"].concat()
    }

    fn reply(&self, reply: &Reply<'_>) -> Vec<u8> {
        let parts = Parts::of(reply.changes);
        let mut fields = Fields::default();
        fields.head(&guard(reply), reply, &parts, 2 * (parts.exported.len() + 1));
        fields.add(&[b"__vastenv_ledger"]);
        fields.add(&[reply.ledger.as_bytes()]);
        for (name, value) in parts.exported.iter().chain(&parts.unexported) {
            fields.add(&[name.as_bytes()]);
            fields.add(&[value]);
        }
        fields.end()
    }

    fn replacement(&self, text: &[u8]) -> Vec<u8> {
        Fields::of_code(text)
    }
}

/// The guard's definition: one call of `test` on literal words, which fish reads fastest.
fn guard(reply: &Reply<'_>) -> Vec<u8> {
    let mut test = b"test -n x".to_vec();
    let mut also = |parts: &[&[u8]]| {
        test.extend(b" -a");
        for part in parts {
            test.push(b' ');
            test.extend(*part);
        }
    };
    for watched in reply.guard.watched() {
        match watched {
            Watched::There(path) => also(&[b"-e", &quote::fish(path)]),
            Watched::Absent(path) => also(&[b"! -e", &quote::fish(path)]),
            Watched::Like(path, stamp) => {
                let (path, stamp) = (quote::fish(path), quote::fish(stamp));
                also(&[b"!", &path, b"-nt", &stamp]);
                also(&[b"!", &path, b"-ot", &stamp]);
            }
        }
    }
    let mut age = Vec::new();
    match &reply.guard.clock {
        Clock::OfTheShell => {}
        // -nt is true also where the file is gone.
        Clock::Terminal { terminal, due } => {
            also(&[b"!", &quote::fish(terminal), b"-nt", &quote::fish(due)]);
        }
        Clock::Age { of, now } => {
            let until = now + i64::try_from(reply.guard.ask_again_in).unwrap_or(i64::MAX / 2);
            let of = quote::fish(of);
            age = [
                b"; and set -l age (builtin path mtime -R ",
                &of[..],
                b"); and test $age -ge ",
                now.to_string().as_bytes(),
                b" -a $age -lt ",
                until.to_string().as_bytes(),
            ]
            .concat();
        }
    }
    [b"function __vastenv_same; ", &test[..], &age, b"; end\n"].concat()
}
