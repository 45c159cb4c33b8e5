//! The server's masks: what it sends in place of a value that it will not show.

/// Whether `value` is a mask: only asterisks, at least three.
///
/// The service answers `********` (its `OpenAPI` example has five) for every value on read; such a
/// value is unknown, never something to export.
pub fn is_mask(value: &str) -> bool {
    value.len() >= 3 && value.bytes().all(|byte| byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_three_or_more_asterisks_are_a_mask() {
        assert!(is_mask("***") && is_mask("*****") && is_mask("********"));
        assert!(!is_mask("") && !is_mask("**") && !is_mask("***a") && !is_mask("*** ***"));
    }
}
