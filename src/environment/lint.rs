//! Values that are probably not what was meant: pasted with something around them, a placeholder, or of a
//! shape that no credential of that name has. Older forms of credentials are known too, and where a name
//! is used with other services, theirs: what is doubtful is let through.

use std::collections::BTreeSet;
use std::fmt;

use super::Variable;
use crate::domain::{is_mask, unseen_edge};

/// What is probably wrong with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    ByteOrderMark,
    WindowsLineEndings,
    TrailingNewline,
    InvisibleEdge(char),
    Quoted,
    BlankEdge,
    Placeholder,
    /// What values of that name look like.
    Shape(&'static str),
}

/// A well-known credential.
struct Credential {
    names: &'static [&'static str],
    looks: &'static str,
    fits: fn(&str) -> bool,
    /// Variables that tell of another service behind the same client: then anything fits.
    unless_set: &'static [&'static str],
}

const CREDENTIALS: [Credential; 7] = [
    Credential {
        names: &["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HUGGINGFACE_TOKEN", "HUGGINGFACEHUB_API_TOKEN"],
        looks: "begins with hf_",
        // Organizations' old tokens; short-lived ones of jobs and sign-ins.
        fits: |value| begins(value, &["hf_", "api_", "eyJ"]),
        unless_set: &["HF_ENDPOINT"],
    },
    Credential {
        names: &["WANDB_API_KEY"],
        looks: "has 40 or more letters and digits",
        // 40 hexadecimal digits, `local-` and the same, `wandb_v1_…`.
        fits: |value| value.len() >= 40 && value.bytes().all(is_of_token),
        unless_set: &[],
    },
    Credential {
        names: &["OPENAI_API_KEY"],
        looks: "begins with sk-",
        fits: |value| {
            begins(value, &["sk-", "sk_", "sess-", "gsk_", "xai-", "pplx-", "nvapi-", "eyJ"])
                || is_hex(value, 32)
                || value.len() >= 80
                || is_dummy(value)
        },
        unless_set: &[
            "OPENAI_BASE_URL",
            "OPENAI_API_BASE",
            "OPENAI_API_TYPE",
            "OPENAI_ENDPOINT",
            "AZURE_OPENAI_ENDPOINT",
        ],
    },
    Credential {
        names: &["ANTHROPIC_API_KEY"],
        looks: "begins with sk-ant-",
        fits: |value| begins(value, &["sk-", "sk_"]) || is_dummy(value),
        unless_set: &["ANTHROPIC_BASE_URL"],
    },
    Credential {
        names: &["GITHUB_TOKEN", "GH_TOKEN"],
        looks: "begins with ghp_ or github_pat_",
        fits: |value| {
            begins(value, &["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "v1.", "eyJ"])
                || is_hex(value, 40)
        },
        unless_set: &["GITHUB_SERVER_URL", "GH_HOST"],
    },
    Credential {
        names: &["REPLICATE_API_TOKEN"],
        looks: "begins with r8_",
        fits: |value| begins(value, &["r8_"]) || is_hex(value, 40),
        unless_set: &[],
    },
    Credential {
        names: &["GROQ_API_KEY"],
        looks: "begins with gsk_",
        fits: |value| begins(value, &["gsk_"]) || is_dummy(value),
        unless_set: &[],
    },
];

/// What is put where a client wants a key and its server none.
const DUMMIES: [&str; 14] = [
    "empty",
    "none",
    "null",
    "na",
    "n/a",
    "no-key",
    "not-needed",
    "unused",
    "dummy",
    "fake",
    "local",
    "ollama",
    "lm-studio",
    "token-abc123",
];

const PLACEHOLDERS: [&str; 8] =
    ["changeme", "change-me", "replaceme", "replace-me", "placeholder", "redacted", "fill-me-in", "fixme"];

/// The variables whose values are probably wrong, one fault each. What is unknown is left alone.
pub fn lint<'a>(variables: impl IntoIterator<Item = Variable<'a>>) -> Vec<(Variable<'a>, Fault)> {
    let all: Vec<_> = variables.into_iter().collect();
    let names: BTreeSet<&str> = all.iter().map(|variable| variable.name).collect();
    let fault = |variable: &Variable<'a>| fault(variable.name, variable.value?.expose(), &names);
    all.into_iter().filter_map(|variable| Some((variable, fault(&variable)?))).collect()
}

fn fault(name: &str, value: &str, all: &BTreeSet<&str>) -> Option<Fault> {
    if value.starts_with('\u{feff}') {
        return Some(Fault::ByteOrderMark);
    }
    if value.contains("\r\n") || value.ends_with('\r') {
        return Some(Fault::WindowsLineEndings);
    }
    // A text of several lines ends with one, and may begin with blanks.
    let is_one_line = !value.trim_end_matches('\n').contains('\n');
    if is_one_line && value.ends_with('\n') {
        return Some(Fault::TrailingNewline);
    }
    if let Some(edge) = unseen_edge(value) {
        return Some(Fault::InvisibleEdge(edge));
    }
    let text = value.trim_matches([' ', '\t']);
    if is_one_line && !text.is_empty() && text != value {
        return Some(Fault::BlankEdge);
    }
    if is_one_line && is_quoted(value) {
        return Some(Fault::Quoted);
    }
    if is_placeholder(value) {
        return Some(Fault::Placeholder);
    }
    let credential = CREDENTIALS.iter().find(|one| one.names.contains(&name))?;
    let is_other_service = credential.unless_set.iter().any(|name| all.contains(name));
    (!is_other_service && !(credential.fits)(value)).then_some(Fault::Shape(credential.looks))
}

fn is_quoted(value: &str) -> bool {
    ['"', '\''].into_iter().any(|quote| {
        let inside = value.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
        inside.is_some_and(|inside| !inside.is_empty() && !inside.contains(quote))
    })
}

/// `xxx`, `hf_xxxxxxxx`, `<your token>`, `your-token-here`, `YOUR_API_KEY`, `changeme`.
fn is_placeholder(value: &str) -> bool {
    let text = value.to_ascii_lowercase().replace(['_', ' '], "-");
    let after_prefix = text.rsplit('-').next().unwrap_or_default();
    let is_crossed_out = |text: &str| text.len() >= 3 && text.bytes().all(|byte| byte == b'x');
    let is_bracketed = |text: &str| {
        let inside = text.strip_prefix('<').and_then(|rest| rest.strip_suffix('>'));
        inside.is_some_and(|inside| inside.starts_with("your") || inside.ends_with("here"))
    };
    let is_yours = |text: &str| {
        text.strip_prefix("your-").or(text.strip_prefix("my-")).is_some_and(|rest| {
            ["-here", "token", "api-key", "secret", "password"].iter().any(|end| rest.ends_with(end))
        })
    };
    let is_word = text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    is_crossed_out(&text)
        || is_crossed_out(after_prefix) && text.len() <= after_prefix.len() + 10
        || is_bracketed(&text)
        || is_word && (is_yours(&text) || text.ends_with("-goes-here"))
        || PLACEHOLDERS.contains(&text.as_str())
        || is_mask(value)
}

fn begins(value: &str, beginnings: &[&str]) -> bool {
    beginnings.iter().any(|beginning| value.starts_with(beginning))
}

fn is_hex(value: &str, length: usize) -> bool {
    value.len() == length && value.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_of_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')
}

fn is_dummy(value: &str) -> bool {
    DUMMIES.contains(&value.to_ascii_lowercase().replace('_', "-").as_str())
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ByteOrderMark => formatter.write_str("begins with a byte order mark"),
            Self::WindowsLineEndings => formatter.write_str("has Windows line endings"),
            Self::TrailingNewline => formatter.write_str("ends with a line break"),
            Self::InvisibleEdge(edge) => {
                write!(formatter, "begins or ends with U+{:04X}, which is invisible", *edge as u32)
            }
            Self::Quoted => formatter.write_str("has quotes around it"),
            Self::BlankEdge => formatter.write_str("begins or ends with a blank"),
            Self::Placeholder => formatter.write_str("looks like a placeholder"),
            Self::Shape(looks) => write!(formatter, "unexpected form, usually {looks}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Secret;

    fn faults(values: &[(&str, &str)]) -> Vec<(String, Fault)> {
        let owned: Vec<_> = values.iter().map(|(name, value)| (*name, Secret::new(*value))).collect();
        let variables = owned.iter().map(|(name, value)| Variable::new(name, Some(value)));
        lint(variables).into_iter().map(|(variable, fault)| (variable.name.to_owned(), fault)).collect()
    }

    fn fault_of(name: &str, value: &str) -> Option<Fault> {
        faults(&[(name, value)]).pop().map(|(_, fault)| fault)
    }

    #[test]
    fn what_a_paste_brings_along_is_found() {
        for (value, fault) in [
            ("token\n", Fault::TrailingNewline),
            ("token\n\n", Fault::TrailingNewline),
            ("token\r\n", Fault::WindowsLineEndings),
            ("token\r", Fault::WindowsLineEndings),
            ("one\r\ntwo\r\n", Fault::WindowsLineEndings),
            ("\u{feff}token", Fault::ByteOrderMark),
            ("token\u{200b}", Fault::InvisibleEdge('\u{200b}')),
            ("\u{a0}token", Fault::InvisibleEdge('\u{a0}')),
            (" token", Fault::BlankEdge),
            ("token\t", Fault::BlankEdge),
            ("\"token\"", Fault::Quoted),
            ("'to ken'", Fault::Quoted),
        ] {
            assert_eq!(fault_of("ANY", value), Some(fault), "{value:?}");
        }
    }

    #[test]
    fn placeholders_are_found_and_words_like_them_are_not() {
        for value in [
            "your-token-here",
            "YOUR_TOKEN_HERE",
            "your_api_key",
            "your api key here",
            "xxx",
            "XXXX",
            "hf_xxxxxxxxxxxx",
            "sk-proj-xxxx",
            "<your-token>",
            "<token here>",
            "changeme",
            "CHANGE_ME",
            "placeholder",
            "key-goes-here",
            "********",
        ] {
            assert_eq!(fault_of("ANY", value), Some(Fault::Placeholder), "{value}");
        }
        for value in [
            "xx",
            "x",
            "fooxxx",
            "your-bucket",
            "my-project",
            "my-bucket-3-token",
            "<html>",
            "here",
            "there",
            "example",
            "true",
            "0",
            "",
            "a-very-long-name-of-a-bucket-xxx",
        ] {
            assert_eq!(fault_of("ANY", value), None, "{value}");
        }
    }

    #[test]
    fn plain_values_are_let_through() {
        for value in [
            "-----BEGIN KEY-----\nabc\n-----END KEY-----\n",
            "  indented: yes\n  twice: yes",
            "{\"a\": 1}",
            "\"--one\" \"--two\"",
            "\"",
            "''",
            " ",
            "it's",
            "a\nb",
            "❤\u{fe0f}",
            "C:\\dir",
        ] {
            assert_eq!(fault_of("ANY", value), None, "{value:?}");
        }
    }

    /// Forms that services give out, or gave out, and what is put in their place on purpose.
    #[test]
    fn credentials_of_every_age_are_let_through() {
        let hex = |length: usize| "0123456789abcdef".repeat(8)[..length].to_owned();
        let letters = |length: usize| "aB3dE6gH9j".repeat(20)[..length].to_owned();
        for (name, values) in [
            ("HF_TOKEN", vec![format!("hf_{}", letters(34)), format!("api_org_{}", letters(34))]),
            (
                "HUGGING_FACE_HUB_TOKEN",
                vec![format!("hf_{}", letters(34)), format!("hf_oauth_{}", letters(60))],
            ),
            (
                "WANDB_API_KEY",
                vec![hex(40), format!("local-{}", hex(40)), format!("wandb_v1_{}", letters(77))],
            ),
            (
                "OPENAI_API_KEY",
                vec![
                    format!("sk-{}", letters(48)),
                    format!("sk-proj-{}", letters(150)),
                    format!("sk-svcacct-{}", letters(60)),
                    format!("sk-or-v1-{}", hex(64)),
                    format!("sess-{}", letters(40)),
                    hex(32),
                    letters(84),
                    "EMPTY".into(),
                    "ollama".into(),
                    "token-abc123".into(),
                    "lm_studio".into(),
                ],
            ),
            ("ANTHROPIC_API_KEY", vec![format!("sk-ant-api03-{}", letters(95))]),
            (
                "GITHUB_TOKEN",
                vec![
                    format!("ghp_{}", letters(36)),
                    format!("github_pat_{}", letters(82)),
                    format!("ghs_{}", letters(36)),
                    hex(40),
                    format!("v1.{}", hex(40)),
                ],
            ),
            ("GH_TOKEN", vec![format!("gho_{}", letters(36))]),
            ("REPLICATE_API_TOKEN", vec![format!("r8_{}", letters(37)), hex(40)]),
            ("GROQ_API_KEY", vec![format!("gsk_{}", letters(52))]),
        ] {
            for value in values {
                assert_eq!(fault_of(name, &value), None, "{name}={value}");
            }
        }
    }

    #[test]
    fn what_is_no_credential_of_that_name_is_found() {
        for (name, value) in [
            ("HF_TOKEN", "sk-abcdefghijkl"),
            ("HF_TOKEN", "Bearer hf_abc"),
            ("WANDB_API_KEY", "0123456789abcdef"),
            ("WANDB_API_KEY", "https://wandb.ai/authorize?0123456789abcdef0123456789"),
            ("OPENAI_API_KEY", "hf_abcdefghijkl"),
            ("ANTHROPIC_API_KEY", "hf_abcdefghijkl"),
            ("GITHUB_TOKEN", "my-login"),
            ("GROQ_API_KEY", "sk-abcdefghijkl"),
            ("REPLICATE_API_TOKEN", "hf_abcdefghijkl"),
        ] {
            assert!(matches!(fault_of(name, value), Some(Fault::Shape(_))), "{name}={value}");
        }
        let other = [("OPENAI_API_KEY", "anything"), ("OPENAI_BASE_URL", "http://127.0.0.1:8000/v1")];
        assert_eq!(faults(&other), []);
    }

    #[test]
    fn each_value_has_one_fault_and_no_words_of_it() {
        let found = faults(&[("A", "\"secret\"\n"), ("B", "fine"), ("HF_TOKEN", " secret ")]);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found.iter().all(|(_, fault)| !format!("{fault} {fault:?}").contains("secret")));
    }
}
