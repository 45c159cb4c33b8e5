//! The home as people write it.

use crate::context;
use crate::domain::printable;

/// `text` fit for a terminal, with `~` for the home in each path. What a shell would read as the same path
/// stays one: a word in quotes has them behind `~/`.
pub(super) fn spoken(text: &str) -> String {
    let text = printable(text);
    // One that is wrong must be seen.
    let home = context::home().filter(|home| home.is_dir());
    match home.as_ref().and_then(|home| home.to_str()) {
        Some(home) => with_tilde(&text, home.trim_end_matches('/')),
        None => text,
    }
}

fn with_tilde(text: &str, home: &str) -> String {
    if home.is_empty() {
        return text.to_owned();
    }
    let mut pieces = text.split(home);
    let mut shown = pieces.next().unwrap_or_default().to_owned();
    for after in pieces {
        let is_whole = after.starts_with(|next: char| next.is_whitespace() || "/),:;'`".contains(next));
        match after.strip_prefix('/') {
            Some(below) if begins_word(shown.strip_suffix('\'').unwrap_or("x")) => {
                shown.truncate(shown.len() - 1);
                shown.extend(["~/'", below]);
            }
            _ if (is_whole || after.is_empty()) && begins_word(&shown) => shown.extend(["~", after]),
            _ => shown.extend([home, after]),
        }
    }
    shown
}

/// Whether what comes after `text` begins a word, as `~` must to be the home.
fn begins_word(text: &str) -> bool {
    text.chars().next_back().is_none_or(|last| last.is_whitespace() || matches!(last, '(' | '`'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_below_the_home_begins_with_a_tilde() {
        for (text, shown) in [
            ("cannot read /home/me/.config/x: denied", "cannot read ~/.config/x: denied"),
            ("/home/me", "~"),
            ("in /home/me: full", "in ~: full"),
            ("moved /home/me/a to /home/me/b", "moved ~/a to ~/b"),
            ("the key (/home/me/k)", "the key (~/k)"),
            ("see `/home/me/k`", "see `~/k`"),
            ("chmod 600 '/home/me/a b'", "chmod 600 ~/'a b'"),
            ("rm '/home/me/it'\\''s' '/home/me/c d'", "rm ~/'it'\\''s' ~/'c d'"),
        ] {
            assert_eq!(with_tilde(text, "/home/me"), shown);
        }
    }

    #[test]
    fn what_only_contains_the_home_stays() {
        for text in [
            "/home/mean/x",
            "/home/me.bak",
            "/mnt/home/me/x",
            "export HOME=/home/me",
            "box:/home/me/x",
            "\"/home/me/x\"",
            "cd '/home/me'",
            "unix:path=/home/me/bus",
        ] {
            assert_eq!(with_tilde(text, "/home/me"), text);
        }
        assert_eq!(with_tilde("/etc/x", ""), "/etc/x");
        assert_eq!(with_tilde("/root/x /rooted/x", "/root"), "~/x /rooted/x");
        assert_eq!(with_tilde("ls '/home/a b/x'", "/home/a b"), "ls ~/'x'");
    }
}
