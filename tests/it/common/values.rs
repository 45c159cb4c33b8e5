//! Values that have broken somebody's quoting, and random ones like them.

const METACHARACTERS: &str = "'\"\\$`!~*?[]{}()<>|&;# \t\n\r=^%@-+:,/.\u{7}\u{8}\u{1b}\u{7f}é🦀";

/// Pieces that have broken somebody's quoting before.
const CHUNKS: [&str; 28] = [
    "'",
    "''",
    "\\",
    "\\'",
    "'\\''",
    "$(touch pwned)",
    "`touch pwned`",
    "${IFS}",
    "$'",
    "\\\n",
    "\n",
    "\r\n",
    "!",
    "!!",
    "~",
    "=ls",
    "%s",
    "\\x41",
    "\\101",
    "\\u0041",
    "\u{202e}",
    "\u{feff}",
    "\u{f600}",
    "\u{fdd0}",
    "\u{ffff}",
    "日本語",
    "-n",
    "\\c",
];

pub fn random_text(random: &mut fastrand::Rng) -> String {
    let length = match random.u8(..) {
        0 => random.usize(2_000..8_000),
        1..=20 => random.usize(40..400),
        _ => random.usize(0..20),
    };
    let mut text = String::new();
    while text.chars().count() < length {
        match random.u8(0..6) {
            0 => text.push(random.char('\u{1}'..'\u{20}')),
            1 => text.push(random.char('\u{1}'..='\u{10ffff}')),
            2 => text.push(random.char('\u{80}'..='\u{7ff}')),
            3 => text.push(random.choice(METACHARACTERS.chars().collect::<Vec<_>>()).expect("a character")),
            4 => text.push_str(random.choice(CHUNKS).expect("a chunk")),
            _ => text.push(random.alphanumeric()),
        }
    }
    text
}

/// Empty, every character of the first planes' edges, every pair of metacharacters, and bytes that
/// are no UTF-8, as an environment may hold them.
pub fn made_on_purpose() -> Vec<Vec<u8>> {
    let mut values: Vec<Vec<u8>> = vec![Vec::new()];
    values.extend(CHUNKS.iter().map(|chunk| chunk.as_bytes().to_vec()));
    for first in METACHARACTERS.chars() {
        values.push(first.to_string().into_bytes());
        for second in METACHARACTERS.chars() {
            values.push(format!("{first}{second}").into_bytes());
            values.push(format!("a{first}b{second}c").into_bytes());
        }
    }
    let interesting = (1..=0x2ff)
        .chain(0x2000..=0x206f)
        .chain(0xd7f0..=0xf8ff)
        .chain(0xfdc0..=0x1_0010)
        .chain(0x10_fff0..=0x10_ffff);
    values.extend(
        interesting.filter_map(char::from_u32).map(|character| format!("<{character}>").into_bytes()),
    );
    values
        .extend((1..=255u8).flat_map(|byte| [vec![byte], vec![b'x', byte, b'\''], vec![byte, b'\\', byte]]));
    // In other locales the last byte of these may begin a character that ends in what follows.
    let two_bytes = (0x80..=0x7ff).filter_map(char::from_u32);
    values.extend(
        two_bytes.flat_map(|character| {
            ["\\c", "'\n", "|\n\n"].map(|rest| format!("{character}{rest}").into_bytes())
        }),
    );
    values.push(vec![b'\''; 5_000]);
    values.push("\\\n".repeat(5_000).into_bytes());
    values.push("é'".repeat(20_000).into_bytes());
    values
}
