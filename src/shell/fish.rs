//! fish: its hook reads a reply as fields that end in NUL.

use super::completion::{self, Completion};
use super::reply::{Clock, Fields, Parts, Watched};
use super::{Dialect, Reply, StartFile, Tab};

pub(super) struct Fish;

impl Dialect for Fish {
    fn name(&self) -> &'static str {
        "fish"
    }

    fn start_file(&self) -> StartFile {
        StartFile { variable: Some("XDG_CONFIG_HOME"), below_home: ".config/", name: "fish/config.fish" }
    }

    fn hook_line(&self) -> String {
        "vastenv hook fish | source".to_owned()
    }

    fn template(&self) -> &'static str {
        include_str!("../../shell/vastenv.fish")
    }

    fn has_clock(&self) -> bool {
        false
    }

    fn quote(&self, value: &[u8]) -> Vec<u8> {
        quote(value)
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

    fn completion(&self) -> Completion {
        Completion {
            shell: self.name(),
            text: Some(include_str!("../../completions/vastenv.fish")),
            file: "vastenv.fish",
            mark: completion::MARK,
            folders: |folders| {
                folders.config().map(|config| config.join("fish/completions")).into_iter().collect()
            },
            next: |_, file, is_usual| {
                if is_usual {
                    return "new shells load it".to_owned();
                }
                format!("put this into config.fish: source {}", completion::word(file))
            },
        }
    }

    fn tab(&self) -> Tab {
        Tab::Words { with_option: true }
    }
}

/// `'…'`, where exactly `\` and `'` need a backslash; control characters stand outside the quotes as
/// `\xHH`, bytes over 127 as `\XHH`.
fn quote(value: &[u8]) -> Vec<u8> {
    let mut word = b"'".to_vec();
    let mut quoted = true;
    for byte in value {
        let escape = match byte {
            b' '..=b'~' => None,
            0..=127 => Some(format!("\\x{byte:02x}")),
            128.. => Some(format!("\\X{byte:02x}")),
        };
        if quoted == escape.is_some() {
            word.push(b'\'');
            quoted = !quoted;
        }
        match escape {
            Some(escape) => word.extend(escape.bytes()),
            None if matches!(byte, b'\\' | b'\'') => word.extend([b'\\', *byte]),
            None => word.push(*byte),
        }
    }
    if quoted {
        word.push(b'\'');
    }
    word
}

/// The guard's definition: one call of `test` on literal words, which fish reads fastest.
fn guard(reply: &Reply<'_>) -> Vec<u8> {
    let mut test = Vec::new();
    let mut also = |parts: &[&[u8]]| {
        test.extend(if test.is_empty() { &b"test"[..] } else { b" -a" });
        for part in parts {
            test.push(b' ');
            test.extend(*part);
        }
    };
    for watched in reply.guard.watched() {
        match watched {
            Watched::There(path) => also(&[b"-e", &quote(path)]),
            Watched::Absent(path) => also(&[b"! -e", &quote(path)]),
            Watched::Between(path, older, newer) => {
                let path = quote(path);
                also(&[&path, b"-nt", &quote(older)]);
                also(&[&path, b"-ot", &quote(newer)]);
            }
            Watched::Like(path, stamp) => {
                let (path, stamp) = (quote(path), quote(stamp));
                also(&[b"!", &path, b"-nt", &stamp]);
                also(&[b"!", &path, b"-ot", &stamp]);
            }
        }
    }
    also(&[b"! -e \"$__vastenv_above\""]);
    let mut age = Vec::new();
    match &reply.guard.clock {
        Clock::OfTheShell => {}
        // -ot is false also where that file is gone.
        Clock::Terminal { terminal, due } => also(&[&quote(terminal), b"-ot", &quote(due)]),
        Clock::Age { of, now } => {
            let until = now + i64::try_from(reply.guard.ask_again_in).unwrap_or(i64::MAX / 2);
            let of = quote(of);
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
    let folder = &reply.guard.folder;
    [
        b"set -g __vastenv_project ",
        &quote(&folder.project)[..],
        b"; set -g __vastenv_above ",
        &quote(&folder.above),
        b"; function __vastenv_guard; ",
        &test,
        &age,
        b"; end; __vastenv_settle\n",
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    use super::quote;

    #[test]
    fn fish_gets_two_escapes_and_bytes_outside() {
        assert_eq!(quote(br"\'; touch x; #"), br"'\\\'; touch x; #'");
        assert_eq!(quote(b"a\nb"), br"'a'\x0a'b'");
        assert_eq!(quote("é's".as_bytes()), br"''\Xc3\Xa9'\'s'");
        assert_eq!(quote(b"\xff"), br"''\Xff");
    }
}
