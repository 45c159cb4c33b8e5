//! The pieces and forms in which programs write a secret, beside quotes and escapes.

use base64::Engine;
use base64::engine::general_purpose::{GeneralPurpose, STANDARD, URL_SAFE};
use zeroize::Zeroizing;

use super::SHORTEST;

/// The shortest line that is met without the others of its value.
const SHORTEST_LINE: usize = 8;

/// The text itself, the same with its last line breaks left out, as `$(…)` does, and each of its lines,
/// as it stands when something is written before each.
pub(super) fn plain(secret: &str, mut add: impl FnMut(&str)) {
    with_and_without_end(secret).for_each(&mut add);
    let lines = secret.lines().map(|line| line.trim().trim_end_matches(','));
    lines.filter(|line| line.len() >= SHORTEST_LINE && *line != secret && !is_frame(line)).for_each(add);
}

/// Whether a line holds nothing of what is secret in its value: where a PEM text begins and ends,
/// brackets, and a JSON or YAML key with nothing behind it.
fn is_frame(line: &str) -> bool {
    let is_pem = line.starts_with("-----") && line.ends_with("-----");
    let frame = line.trim_end_matches(['{', '[', '(', ' ']);
    let key = frame.strip_suffix(':').unwrap_or_default().trim_matches(['"', '\'']);
    let is_key = !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || "_-. ".contains(c));
    is_pem || is_key || !line.contains(char::is_alphanumeric)
}

/// The text in base64: alone, before a line break, and within a longer text (`user:secret`), with and
/// without padding, in both alphabets. Line breaks within are the matcher's to overlook.
pub(super) fn base64(secret: &str, mut add: impl FnMut(&[u8])) {
    for text in with_and_without_end(secret) {
        let line = Zeroizing::new(format!("{text}\n"));
        for bytes in [text.as_bytes(), line.as_bytes()] {
            for engine in [&STANDARD, &URL_SAFE] {
                for offset in 0..3 {
                    encodings(bytes, offset, engine, &mut add);
                }
            }
        }
    }
}

/// What base64 writes for `bytes` after `offset` unknown ones: the digits that depend on `bytes`
/// alone, then those with the last digit that the end of the data completes, then with padding.
fn encodings(bytes: &[u8], offset: usize, engine: &GeneralPurpose, add: &mut impl FnMut(&[u8])) {
    // Room for all of it at once: growing would leave copies of the secret behind.
    let mut data = Zeroizing::new(Vec::with_capacity(offset + bytes.len()));
    data.resize(offset, 0);
    data.extend_from_slice(bytes);
    let text = Zeroizing::new(engine.encode(&data).into_bytes());
    let (first, last) = ((8 * offset).div_ceil(6), 8 * data.len() / 6);
    if last - first < SHORTEST {
        return;
    }
    add(&text[first..last]);
    if last < text.len() {
        add(&text[first..=last]);
        add(&text[first..]);
    }
}

fn with_and_without_end(secret: &str) -> impl Iterator<Item = &str> {
    let trimmed = secret.trim_end_matches(['\n', '\r']);
    [Some(secret), Some(trimmed).filter(|trimmed| trimmed.len() < secret.len())].into_iter().flatten()
}
