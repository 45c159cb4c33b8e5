//! Reading the environment that a container was launched with.
//!
//! It is what process 1 was started with. A process that writes its title over it (sshd does) leaves rubble,
//! and `exec env -i` nothing: then other processes that still have it are looked at.

use super::{Token, in_sh};
use crate::environment::{CONTAINER_NAMES, Launch};

/// How many processes beside the first are looked at.
const MOST_OTHERS: usize = 5;

/// Why an answer holds no container's environment.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ReadError {
    /// The script did not run.
    NotRun,
    /// Something else wrote into the answer, or it was cut off.
    Garbled,
    /// The user there may not read it.
    Forbidden { user: String },
    /// It is none of a container; says what process 1 is.
    NoContainer { process: String },
}

/// Prints every environment that may be the container's between a begin and an end; the end says whether it
/// was read, how long it is, who read it and from what.
pub(crate) fn read_script(token: &Token) -> String {
    let Token(token) = token;
    let names = CONTAINER_NAMES.map(|name| format!("-e {name}=")).join(" ");
    // The marks are split, so that an echo of this line is not taken for them.
    in_sh(&format!(
        "PATH=$PATH:/usr/bin:/bin; s=; cat /proc/1/environ >/dev/null 2>&1 || s=\"sudo -n\"; \
         for p in 1 $(cd /proc && $s grep -l {names} [0-9]*/environ 2>/dev/null | sort -n | head -n {MOST_OTHERS}); \
         do p=${{p%/*}}; [ $p = $$ ] && continue; \
         echo; echo {token}\"\"-begin; $s cat /proc/$p/environ 2>/dev/null; r=$?; \
         echo {token}\"\"-end $r $($s cat /proc/$p/environ 2>/dev/null | wc -c) $(id -un || id -u) $(cat /proc/$p/comm); \
         done"
    ))
}

/// The container's environment in what [`read_script`] printed, whatever a login printed around it.
pub(crate) fn parse_container(output: &[u8], token: &Token) -> Result<Launch, ReadError> {
    let Token(token) = token;
    let begin = format!("{token}-begin\n");
    let mut first: Option<ReadError> = None;
    let mut rest = output;
    while let Some(at) = find(rest, begin.as_bytes()) {
        rest = &rest[at + begin.len()..];
        match parse_block(rest, token) {
            Ok(container) => return Ok(container),
            Err(error) => drop(first.get_or_insert(error)),
        }
    }
    Err(first.unwrap_or(ReadError::NotRun))
}

/// The environment that begins here.
fn parse_block(text: &[u8], token: &str) -> Result<Launch, ReadError> {
    let mark = format!("{token}-end ");
    let end = find(text, mark.as_bytes()).ok_or(ReadError::Garbled)?;
    let line = text[end + mark.len()..].split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = String::from_utf8_lossy(line);
    let mut words = line.split_whitespace().map(str::to_owned);
    let mut word = || words.next().ok_or(ReadError::Garbled);
    let (code, length, user, process) = (word()?, word()?, word()?, word().unwrap_or_default());
    if code != "0" {
        return Err(ReadError::Forbidden { user });
    }
    let block = &text[..end];
    if length.parse() != Ok(block.len()) {
        return Err(ReadError::Garbled);
    }
    Launch::parse(block).filter(Launch::is_of_vast).ok_or(ReadError::NoContainer { process })
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "0123456789abcdef";

    fn parsed(output: &[u8]) -> Result<Launch, ReadError> {
        parse_container(output, &Token(TOKEN.to_owned()))
    }

    fn block(environ: &[u8], comm: &str) -> Vec<u8> {
        let end = format!("{TOKEN}-end 0 {} root {comm}\n", environ.len());
        [format!("\n{TOKEN}-begin\n").as_bytes(), environ, end.as_bytes()].concat()
    }

    fn value<'a>(container: &'a Launch, name: &str) -> Option<&'a str> {
        container.get(name)?.as_ref().ok().map(crate::domain::Secret::expose)
    }

    #[test]
    fn values_are_exact_whatever_a_login_prints_around_them() {
        let environ = b"CONTAINER_ID=7\0A= a\nb=c\x1b[0m \0EMPTY=\0BYTES=\xff\0my.odd-name=1\0";
        let noise = b"\x1b]0;title\x07Welcome\r\n";
        let output = [noise, block(environ, "tini").as_slice(), b"logout\n"].concat();
        let container = parsed(&output).expect("a container");
        assert_eq!(value(&container, "A"), Some(" a\nb=c\x1b[0m "));
        assert_eq!(value(&container, "EMPTY"), Some(""));
        assert!(matches!(container.get("BYTES"), Some(Err(_))));
        assert!(container.get("ABSENT").is_none());
        // An echo of the command line is not an answer.
        let line = read_script(&Token(TOKEN.to_owned()));
        assert_eq!(parsed(line.as_bytes()).err(), Some(ReadError::NotRun));
    }

    #[test]
    fn what_is_not_whole_is_not_taken() {
        let environ = b"CONTAINER_ID=7\0A=b\0";
        let good = block(environ, "tini");
        assert!(parsed(&good).is_ok());
        for cut in 0..good.len() - "0 19 root tini\n".len() {
            assert!(parsed(&good[..cut]).is_err(), "{cut}");
        }
        let mut mixed = good.clone();
        mixed.splice(30..30, *b"a job in the background says");
        assert_eq!(parsed(&mixed).err(), Some(ReadError::Garbled));
        let shorter = String::from_utf8(good).expect("text").replacen("A=b", "A=", 1);
        assert_eq!(parsed(shorter.as_bytes()).err(), Some(ReadError::Garbled));
    }

    #[test]
    fn rubble_and_other_machines_are_told_and_another_process_helps_out() {
        let no_container = |process: &str| Some(ReadError::NoContainer { process: process.to_owned() });
        let rubble: [&[u8]; 5] = [
            b"sshd: /usr/sbin/sshd -D\0\0\0\0_TOKEN=x\0CONTAINER_ID=7\0",
            b"D=7\0 [listener] 0 of 10\0CONTAINER_ID=7\0",
            b"\0\0CONTAINER_ID=7\0",
            b"CONTAINER_ID=7\0A=b",
            b"",
        ];
        let other = block(b"CONTAINER_ID=7\0HF_TOKEN=hf\0", "sleep");
        for environ in rubble {
            let first = block(environ, "sshd");
            assert_eq!(parsed(&first).err(), no_container("sshd"), "{environ:?}");
            let container = parsed(&[first, other.clone()].concat()).expect("the other's");
            assert_eq!(value(&container, "HF_TOKEN"), Some("hf"));
        }
        assert_eq!(parsed(&block(b"HOME=/\0TERM=linux\0", "systemd")).err(), no_container("systemd"));
    }

    #[test]
    fn who_may_not_read_is_named() {
        let output = format!("\n{TOKEN}-begin\n{TOKEN}-end 1 0 worker tini\n");
        let forbidden = ReadError::Forbidden { user: "worker".to_owned() };
        assert_eq!(parsed(output.as_bytes()).err(), Some(forbidden));
    }
}
