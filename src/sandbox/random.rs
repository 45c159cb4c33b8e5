//! What a new account draws by lot.

use crate::domain::{Failure, Result, Secret, hex};

/// A new API key: 64 hex digits, as the service's own are.
pub(super) fn api_key() -> Result<Secret> {
    let bytes: [u8; 32] = draw()?;
    Ok(Secret::new(hex(&bytes)))
}

/// A new user id of six digits. Were it the same in every sandbox, two that happen to get the same
/// port would pass for one account.
pub(super) fn user_id() -> Result<u64> {
    Ok(100_000 + u64::from(u32::from_le_bytes(draw()?)) % 900_000)
}

fn draw<const LENGTH: usize>() -> Result<[u8; LENGTH]> {
    let mut bytes = [0; LENGTH];
    getrandom::fill(&mut bytes)
        .map_err(|error| Failure::failed(format!("the system gives no random bytes: {error}")))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_64_hex_digits_and_never_the_same() {
        let (one, other) = (api_key().expect("a key"), api_key().expect("a key"));
        assert_ne!(one, other);
        assert_eq!(one.expose().len(), 64);
        assert!(one.expose().bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')));
    }

    #[test]
    fn user_ids_have_six_digits() {
        assert!((100_000..1_000_000).contains(&user_id().expect("an id")));
    }
}
