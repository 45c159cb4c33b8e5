//! The public keys that are on this machine already.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use super::PublicKey;
use crate::domain::decode;

/// The longest that an agent is waited for.
const AGENT_PATIENCE: Duration = Duration::from_secs(1);

/// The largest file that can be a public key, in bytes.
const LARGEST_FILE: u64 = 64 * 1024;

/// The largest answer of an agent, in bytes.
const LARGEST_ANSWER: usize = 1024 * 1024;

/// `SSH_AGENTC_REQUEST_IDENTITIES` and `SSH_AGENT_IDENTITIES_ANSWER` of the agent's protocol.
const REQUEST_IDENTITIES: u8 = 11;
const IDENTITIES_ANSWER: u8 = 12;

/// A public key and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LocalKey {
    pub key: PublicKey,
    /// `~/.ssh/id_ed25519.pub`, or `ssh-agent`.
    pub place: String,
}

/// The public keys in the `.pub` files of `folder`, by name.
pub(crate) fn local_keys(folder: &Path) -> Vec<LocalKey> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| Path::new(name).extension().is_some_and(|extension| extension == "pub"))
        .collect();
    names.sort();
    let read = |name: String| {
        let key = PublicKey::parse(&read_small_file(&folder.join(&name))?).ok()?;
        Some(LocalKey { key, place: format!("~/.ssh/{name}") })
    };
    names.into_iter().filter_map(read).collect()
}

/// A plain file's text; a pipe of that name must not be waited for.
fn read_small_file(path: &Path) -> Option<String> {
    let metadata = std::fs::metadata(path).ok()?;
    let is_small = metadata.is_file() && metadata.len() <= LARGEST_FILE;
    let bytes = if is_small { std::fs::read(path).ok()? } else { return None };
    decode(&bytes).ok().map(str::to_owned)
}

/// The identities of the agent that listens at `socket`; none if it does not answer in a second.
pub(crate) fn agent_keys(socket: &Path) -> Vec<LocalKey> {
    let answer = ask_agent(socket).unwrap_or_default();
    let mut rest = answer.as_slice();
    let Some(count) = take_u32(&mut rest) else { return Vec::new() };
    let mut found = Vec::new();
    for _ in 0..count {
        let (Some(blob), Some(comment)) = (take_string(&mut rest), take_string(&mut rest)) else { break };
        let comment = String::from_utf8_lossy(comment);
        if let Some(key) = PublicKey::from_blob(blob, &comment) {
            found.push(LocalKey { key, place: "ssh-agent".to_owned() });
        }
    }
    found
}

/// The answer after its type: the number of keys, then each key and its comment.
fn ask_agent(socket: &Path) -> std::io::Result<Vec<u8>> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(AGENT_PATIENCE))?;
    stream.set_write_timeout(Some(AGENT_PATIENCE))?;
    stream.write_all(&[0, 0, 0, 1, REQUEST_IDENTITIES])?;
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let length = u32::from_be_bytes(length) as usize;
    let mut answer = vec![0; length.min(LARGEST_ANSWER)];
    stream.read_exact(&mut answer)?;
    if answer.first() != Some(&IDENTITIES_ANSWER) {
        return Ok(Vec::new());
    }
    answer.remove(0);
    Ok(answer)
}

fn take_u32(rest: &mut &[u8]) -> Option<u32> {
    let (number, after) = rest.split_first_chunk::<4>()?;
    *rest = after;
    Some(u32::from_be_bytes(*number))
}

fn take_string<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = take_u32(rest)? as usize;
    let (text, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some(text)
}
