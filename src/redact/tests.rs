use std::sync::Arc;

use super::*;

/// All of `text` through a redactor, cut at the places `cuts`.
fn redact_cut(patterns: &Arc<Patterns>, text: &[u8], cuts: &[usize]) -> Vec<u8> {
    let mut redactor = Redactor::new(Arc::clone(patterns));
    let mut out = Vec::new();
    let mut from = 0;
    for cut in cuts.iter().copied().chain([text.len()]) {
        redactor.push(&text[from..cut], &mut out);
        from = cut;
    }
    redactor.finish(&mut out);
    out
}

fn redact(secrets: &[&str], text: impl AsRef<[u8]>) -> String {
    let patterns = Arc::new(Patterns::new(secrets.iter().copied()));
    String::from_utf8(redact_cut(&patterns, text.as_ref(), &[])).expect("text")
}

/// Base64 by the book, to compare with.
fn base64(bytes: &[u8], url_safe: bool, padded: bool) -> String {
    let alphabet: Vec<char> = ('A'..='Z').chain('a'..='z').chain('0'..='9').collect();
    let digit = |value: u32| match (value, url_safe) {
        (62, false) => '+',
        (63, false) => '/',
        (62, true) => '-',
        (63, true) => '_',
        (value, _) => alphabet[value as usize],
    };
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let bits = (0..3).fold(0u32, |bits, at| bits << 8 | u32::from(group.get(at).copied().unwrap_or(0)));
        for at in 0..4 {
            if at <= group.len() {
                text.push(digit(bits >> (18 - 6 * at) & 63));
            } else if padded {
                text.push('=');
            }
        }
    }
    text
}

fn wrapped(text: &str, width: usize, line_break: &str) -> String {
    let lines: Vec<&str> =
        text.as_bytes().chunks(width).map(|line| std::str::from_utf8(line).expect("text")).collect();
    lines.join(line_break)
}

#[test]
fn secrets_are_replaced_and_nothing_else_is_touched() {
    let secrets = ["hf_token_1", "pass word/é\"1"];
    for (text, expected) in [
        ("", ""),
        ("no secret", "no secret"),
        ("hf_token_1", "*****"),
        ("<hf_token_1>", "<*****>"),
        ("hf_token_", "hf_token_"),
        ("hf_hf_token_1_1", "hf_*****_1"),
        ("hf_token_1hf_token_1", "**********"),
        ("\x1b[1mhf_token_1\x1b[0m\r\n", "\x1b[1m*****\x1b[0m\r\n"),
        ("pass word/é\"1!", "*****!"),
        (r#""pass word/é\"1""#, r#""*****""#),
        (r#""pass word/\u00e9\"1""#, r#""*****""#),
        ("?q=pass%20word%2F%C3%A9%221&", "?q=*****&"),
        ("?q=pass%20word%2f%c3%a9%221&", "?q=*****&"),
        ("?q=pass%20word/%C3%A9%221&", "?q=*****&"),
        ("?q=pass+word%2F%C3%A9%221&", "?q=*****&"),
    ] {
        assert_eq!(redact(&secrets, text), expected, "{text}");
    }
}

#[test]
fn json_of_every_encoder_is_known() {
    let secret = "a<b>&c'd/é🦀+\"e\n";
    for json in [
        // Go, Rails, Jinja, PHP, PHP with its options, .NET.
        r#"a\u003cb\u003e\u0026c'd/é🦀+\"e\n"#,
        r#"a\u003cb\u003e\u0026c\u0027d/\u00e9\ud83e\udd80+\"e\n"#,
        r#"a<b>&c'd\/\u00e9\ud83e\udd80+\"e\n"#,
        r#"a<b>&c'd\/é🦀+\"e\n"#,
        r#"a\u003Cb\u003E\u0026c\u0027d\/\u00e9\ud83e\udd80+\"e\n"#.replace("e9", "E9").replace("d83e", "D83E").replace("dd80", "DD80").as_str(),
        r"a\u003Cb\u003E\u0026c\u0027d/\u00E9\uD83E\uDD80\u002B\u0022e\n",
        r#"a<b>&c'd/\u00E9\uD83E\uDD80+\"e\n"#,
    ] {
        assert_eq!(redact(&[secret], format!("<{json}>")), "<*****>", "{json}");
    }
}

#[test]
fn every_quoting_and_escaping_is_seen_through() {
    let secret = "it's a \"$5\" <b>&\\n é🦀%41\nend";
    let shown = [
        // sh, shlex.quote, printf %q, bash -x and declare -p, zsh's (q), fish, csh.
        r#"'it'\''s a "$5" <b>&\n é🦀%41NLend'"#,
        r#"'it'"'"'s a "$5" <b>&\n é🦀%41NLend'"#,
        r#"it\'s\ a\ \"\$5\"\ \<b\>\&\\n\ é🦀%41$'\n'end"#,
        r#"$'it\'s a "$5" <b>&\\n é🦀%41\nend'"#,
        r#"$'it\'s a "$5" <b>&\\n \303\251\360\237\246\200%41\012end'"#,
        r#""it's a \"\$5\" <b>&\\n é🦀%41NLend""#,
        r#"'it\'s a "$5" <b>&\\n é🦀%41'\x0a'end'"#,
        // JSON in JSON, and in JSON again; Python's repr.
        r#"{\"a\": \"it's a \\\"$5\\\" <b>&\\\\n \u00e9\ud83e\udd80%41\\nend\"}"#,
        r#"it's a \\\\\\\"$5\\\\\\\" \\u003cb\\u003E&\\\\\\\\n \\u00e9\\ud83e\\udd80%41\\\\nend"#,
        r#"'it\'s a "$5" <b>&\\n \xc3\xa9\U0001f980%41\nend'"#,
        // Percent-encoding of some bytes, of all, twice, and of JSON.
        "it's%20a \"%245\"+<b>%26\\n %C3%A9🦀%2541%0aend",
        "it%2527s%2520a%2520%2522%25245%2522%2520%253Cb%253E%2526%255Cn%2520%25C3%25A9%25F0%259F%25A6%2580%252541%250Aend",
        "%22it's%20a%20%5C%22$5%5C%22%20%3Cb%3E&%5C%5Cn%20é🦀%2541%5Cnend%22",
        // HTML and XML, once and twice.
        "it&#39;s a &quot;$5&quot; &lt;b&gt;&amp;\\n &#233;&#x1F980;%41&#10;end",
        "it&amp;#x27;s a &amp;quot;$5&amp;quot; &amp;lt;b&amp;gt;&amp;amp;\\n é🦀%41NLend",
        "it&apos;s a \"$5\" &lt;b&gt;&amp;\\n é🦀%41\r\nend",
    ];
    let all = "it's é!".bytes().map(|byte| format!("%{byte:02x}")).collect::<Vec<_>>().concat();
    assert_eq!(redact(&["it's é!"], format!("<{all}>")), "<*****>");
    let patterns = Arc::new(Patterns::new([secret]));
    for shown in shown {
        let text = format!("<{}>", shown.replace("NL", "\n"));
        let whole = redact_cut(&patterns, text.as_bytes(), &[]);
        let left = String::from_utf8_lossy(&whole).into_owned();
        let rest: String =
            left.replace("*****", "").chars().filter(|c| !"<>'\"$ {}:a\\%2".contains(*c)).collect();
        assert!(left.contains("*****") && rest.is_empty(), "{left} of {text}");
        for cut in 0..text.len() {
            let parts = redact_cut(&patterns, text.as_bytes(), &[cut, (cut + 3).min(text.len())]);
            assert_eq!(String::from_utf8_lossy(&parts), left, "cut at {cut}: {text}");
        }
    }
}

#[test]
fn a_secret_is_met_behind_whatever_could_begin_an_escape() {
    for secret in ["network", "x41secret", "amp;secret", "41secret", "u0041secret", "012secret", "lt;secret"]
    {
        for before in ["\\", "%", "&", "$", "\\\\", "%2", "&amp", "\\0", "+"] {
            assert_eq!(
                redact(&[secret], format!("{before}{secret}.")),
                format!("{before}*****."),
                "{secret}"
            );
        }
    }
}

#[test]
fn lines_of_a_value_are_met_and_its_frame_is_left() {
    let pem = "-----BEGIN KEY-----\nMIIBVgIBADANBgkq\nshort\nhkiG9w0BAQEFAASC\n-----END KEY-----\n";
    let json =
        "{\n  \"private_key\": {\n    \"data\": \"hidden-0123\",\n    \"more\": \"hidden-4567\"\n  }\n}";
    for prefix in ["web-1 | ", "    ", "     1\t", "> "] {
        let shown = |value: &str| -> String {
            let lines: Vec<String> = value.lines().map(|line| format!("{prefix}{line}\n")).collect();
            redact(&[pem, json], lines.concat())
        };
        let lines = ["-----BEGIN KEY-----", "*****", "short", "*****", "-----END KEY-----"];
        assert_eq!(shown(pem), lines.map(|line| format!("{prefix}{line}\n")).concat());
        let lines = ["{", "  \"private_key\": {", "    *****,", "    *****", "  }", "}"];
        assert_eq!(shown(json), lines.map(|line| format!("{prefix}{line}\n")).concat());
    }
    // As YAML, and escaped.
    assert_eq!(redact(&[json], "data: hidden-0123\n"), "*****\n");
    assert_eq!(redact(&[json], r#"\"data\": \"hidden-0123\""#), "\\\"*****\\\"");
}

#[test]
fn secrets_that_overlap_or_hold_each_other_leave_nothing_behind() {
    assert_eq!(redact(&["abcdef", "defghi"], "-abcdefghi-"), "-*****-");
    assert_eq!(redact(&["abcdef", "cdef", "abcdefgh"], "-abcdefg- -abcdefgh-"), "-*****g- -*****-");
    assert_eq!(redact(&["bcde", "abcdefgh"], "abcdefx"), "a*****fx");
    assert_eq!(redact(&["aaaa"], "aaaaaaa"), "*****");
    assert_eq!(redact(&["abcd", "efgh"], "abcdefgh"), "**********");
    assert_eq!(redact(&["abc", "", "x"], "abc x"), "abc x");
}

#[test]
fn line_breaks_are_met_as_terminals_write_them() {
    let secret = "-----BEGIN KEY-----\nline two\n";
    assert_eq!(redact(&[secret], format!("<{secret}>")), "<*****>");
    assert_eq!(redact(&[secret], format!("<{}>", secret.replace('\n', "\r\n"))), "<*****>");
    assert_eq!(redact(&[secret], format!("<{}>", secret.trim_end())), "<*****>");
}

#[test]
fn base64_is_met_alone_within_longer_texts_and_in_lines() {
    let secret =
        "it's ÿ?>~ÿ the secret, long enough for two lines of base64 at 64 and 76 columns: 0123456789";
    let patterns = Arc::new(Patterns::new([secret]));
    let clean = |text: &str| String::from_utf8(redact_cut(&patterns, text.as_bytes(), &[])).expect("text");
    for url_safe in [false, true] {
        for padded in [false, true] {
            for end in ["", "\n"] {
                let text = base64(format!("{secret}{end}").as_bytes(), url_safe, padded);
                assert_eq!(clean(&format!("<{text}>")), "<*****>", "{text}");
                for (width, line_break) in [(64, "\n"), (76, "\n"), (64, "\r\n"), (76, "\r\n"), (5, "\n")] {
                    let lines = wrapped(&text, width, line_break);
                    assert_eq!(clean(&format!("<{lines}\n>")), "<*****\n>", "{lines}");
                }
            }
            for before in ["", "u", "us", "user:"] {
                for after in ["", "@", "@h", "@ho", "@host"] {
                    let text = base64(format!("{before}{secret}{after}").as_bytes(), url_safe, padded);
                    let left = clean(&text);
                    // What is left tells at most two bits of the secret's first and last byte each.
                    let limit = base64(format!("{before}{after}").as_bytes(), false, true).len() + 5 + 2;
                    assert!(left.contains("*****") && left.len() <= limit, "{left} of {text}");
                }
            }
        }
    }
}

#[test]
fn a_line_that_ends_is_not_held_back_for_what_may_be_base64() {
    let patterns = Arc::new(Patterns::new(["some secret"]));
    let mut redactor = Redactor::new(patterns);
    let mut out = Vec::new();
    // `c` and `c29` begin the base64 of the secret.
    for (input, expected) in [("doc\n", "doc\n"), ("c29\r\n", "c29\r\n"), ("c29t", ""), ("\n", "")] {
        out.clear();
        redactor.push(input.as_bytes(), &mut out);
        assert_eq!(String::from_utf8_lossy(&out), expected, "{input:?}");
    }
    // Even so the rest of one that does begin there is taken out.
    assert_eq!(redact(&["some secret"], "c2\n9tZSBzZWNyZXQ=\n"), "c2\n*****\n");
}

#[test]
fn what_may_become_a_secret_is_held_and_no_more() {
    let mut redactor = Redactor::new(Arc::new(Patterns::new(["hf_token_1"])));
    let mut out = Vec::new();
    for (input, expected) in [
        ("a h", "a "),
        ("f_token_", ""),
        ("2", "hf_token_2"),
        ("hf_", ""),
        ("hf_token_1", "hf_*****"),
        ("h", ""),
    ] {
        out.clear();
        redactor.push(input.as_bytes(), &mut out);
        assert_eq!(String::from_utf8_lossy(&out), expected, "{input:?}");
    }
    out.clear();
    redactor.finish(&mut out);
    assert_eq!(out, b"h");
}

#[test]
fn who_waits_sees_three_bytes_of_a_secret_at_most() {
    let patterns = Arc::new(Patterns::new(["hf_token_1234", "h4x0"]));
    let typed = |text: &str| {
        let mut redactor = Redactor::new(Arc::clone(&patterns));
        let mut seen = Vec::new();
        for byte in text.bytes() {
            let mut out = Vec::new();
            redactor.push(&[byte], &mut out);
            redactor.pause(&mut out);
            seen.push(String::from_utf8(out).expect("text"));
        }
        let mut out = Vec::new();
        redactor.finish(&mut out);
        seen.push(String::from_utf8(out).expect("text"));
        seen.join("|")
    };
    assert_eq!(typed("ls h"), "l|s| |h|");
    assert_eq!(typed("hf_token_1234"), "h|f|_||||||||||*****|");
    assert_eq!(typed("h4x0"), "h||||*****|".replacen("||||", "|||", 1));
    assert_eq!(typed("h4x1"), "h|||4x1|");
}

#[test]
fn wherever_the_stream_is_cut_the_result_is_the_same() {
    let secrets = ["hf_token_1", "token_12", "line one\nline two", "aaaa", "ÿ~>?ÿ~>?", "hf_token_1x"];
    let patterns = Arc::new(Patterns::new(secrets));
    let mut text = String::new();
    for secret in secrets {
        text.push_str(&format!(
            "{secret}{secret} {} hf_tok {}\r\n{}\n",
            base64(secret.as_bytes(), false, true),
            base64(format!("u:{secret}@").as_bytes(), true, false),
            wrapped(&base64(format!("{secret}{secret}").as_bytes(), false, true), 6, "\n"),
        ));
    }
    let text = text.as_bytes();
    let whole = redact_cut(&patterns, text, &[]);
    let shown = String::from_utf8_lossy(&whole);
    for secret in secrets {
        assert!(!shown.contains(secret), "{secret} in {shown}");
        assert!(!shown.contains(base64(secret.as_bytes(), false, false).trim_end_matches('=')), "{shown}");
    }
    for cut in 0..=text.len() {
        assert_eq!(redact_cut(&patterns, text, &[cut]), whole, "cut at {cut}");
        let second = (cut + 7).min(text.len());
        assert_eq!(redact_cut(&patterns, text, &[cut, second]), whole, "cut at {cut} and {second}");
    }
    let every: Vec<usize> = (0..text.len()).collect();
    assert_eq!(redact_cut(&patterns, text, &every), whole);
}

#[test]
fn random_streams_agree_with_a_search_at_every_place() {
    let mut random = fastrand::Rng::with_seed(7);
    for _ in 0..2000 {
        let mut word = |longest: usize| -> String {
            let length = random.usize(4..=longest);
            (0..length).map(|_| random.char('a'..='b')).collect()
        };
        let secrets = [word(6), word(9), word(5)];
        let text = word(60);
        let patterns = Arc::new(Patterns::new(secrets.iter().map(String::as_str)));
        let cut = random.usize(0..=text.len());
        let found = redact_cut(&patterns, text.as_bytes(), &[cut]);
        assert_eq!(String::from_utf8_lossy(&found), by_search(&secrets, &text), "{secrets:?} in {text}");
    }
}

/// The same by trying every secret at every place: overlapping ones are one mask.
fn by_search(secrets: &[String], text: &str) -> String {
    let (mut out, mut at) = (String::new(), 0);
    while at < text.len() {
        let length = |from: usize| {
            secrets.iter().filter(|secret| text[from..].starts_with(secret.as_str())).map(String::len).max()
        };
        let Some(found) = length(at) else {
            out.push_str(&text[at..=at]);
            at += 1;
            continue;
        };
        let (mut end, mut next) = (at + found, at + 1);
        while next < end {
            end = end.max(next + length(next).unwrap_or(0));
            next += 1;
        }
        out.push_str("*****");
        at = end;
    }
    out
}

#[test]
fn very_long_and_very_many_secrets_are_met() {
    let same = "x".repeat(100_000);
    assert_eq!(redact(&[&same], format!("<{same}>{}", &same[1..])), format!("<*****>{}", &same[1..]));
    let mut random = fastrand::Rng::with_seed(1);
    let mut word = |length: usize| -> String { (0..length).map(|_| random.alphanumeric()).collect() };
    let long = word(100_000);
    assert_eq!(redact(&[&long], format!("<{long}{}>", base64(long.as_bytes(), false, true))), "<**********>");
    let many: Vec<String> = (0..1000).map(|_| word(40)).collect();
    let all: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(redact(&all, many.join(" ")), vec!["*****"; 1000].join(" "));
}
