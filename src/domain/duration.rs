//! Lengths of time as people write them.

/// Reads `90`, `90s`, `5m`, `2h` or `1d` as seconds; `None` if it is none of these.
pub fn parse_duration(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let factor = match &text[digits.len()..] {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(factor)
}

/// Writes seconds for a person: `12 s`, `5 min`, `3 h`, `2 days`.
pub fn format_duration(seconds: u64) -> String {
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7199 => format!("{} min", seconds / 60),
        7200..=172_799 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_take_one_unit() {
        assert_eq!(
            ["90", "90s", "5m", "2h", "1d"].map(parse_duration),
            [90, 90, 300, 7200, 86_400].map(Some)
        );
        assert_eq!(
            ["", "m", "5 m", "-1", "1w", "99999999999999999999", "99999999999999999h"].map(parse_duration),
            [None; 7]
        );
    }

    #[test]
    fn durations_are_shown_in_their_largest_fitting_unit() {
        assert_eq!([5, 300, 7200, 200_000].map(format_duration), ["5 s", "5 min", "2 h", "2 days"]);
    }
}
