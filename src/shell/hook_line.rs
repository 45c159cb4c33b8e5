//! The hook's line in a start-up file: found whoever wrote it, added at the end, taken away again.
//! Bytes, because such a file need not be text in UTF-8.

use super::{Dialect, parse};

impl dyn Dialect {
    /// The number of the line that loads the hook, be it written by hand: by another path, behind a
    /// condition, through a cache of `eval`s.
    pub fn line_with_hook(&self, text: &[u8]) -> Option<usize> {
        text.split(|byte| *byte == b'\n').position(|line| self.loads_hook(line)).map(|at| at + 1)
    }

    /// The file with the hook's line at its end.
    pub fn with_hook(&self, text: &[u8]) -> Vec<u8> {
        let mut with = text.to_vec();
        if !with.is_empty() && !with.ends_with(b"\n") {
            with.push(b'\n');
        }
        // The new line would be the rest of this one.
        if with.ends_with(b"\\\n") {
            with.push(b'\n');
        }
        with.extend(self.hook_line().as_bytes());
        with.push(b'\n');
        with
    }

    /// The file without the line that `with_hook` adds.
    pub fn without_hook(&self, text: &[u8]) -> Vec<u8> {
        let own = self.hook_line();
        text.split_inclusive(|byte| *byte == b'\n')
            .filter(|line| line.trim_ascii() != own.as_bytes())
            .collect::<Vec<_>>()
            .concat()
    }

    fn loads_hook(&self, line: &[u8]) -> bool {
        let line = String::from_utf8_lossy(line);
        let code = line.find(" #").map_or(&*line, |comment| &line[..comment]);
        if code.trim_start().starts_with('#') {
            return false;
        }
        let separates = |letter: char| letter.is_whitespace() || "\"'`$(){}|&;<>".contains(letter);
        let words: Vec<&str> = code.split(separates).filter(|word| !word.is_empty()).collect();
        let is_read = words.iter().any(|word| matches!(*word, "source" | ".") || word.contains("eval"));
        let mut calls = words.windows(3).enumerate().filter(|(_, call)| {
            call[0].rsplit('/').next() == Some("vastenv")
                && call[1] == "hook"
                && parse(call[2]).is_some_and(|shell| shell.name() == self.name())
        });
        // Followed by an option, it prints no hook.
        is_read && calls.any(|(at, _)| words.get(at + 3).is_none_or(|next| !next.starts_with('-')))
    }
}

#[cfg(test)]
mod tests {
    use crate::shell::{ALL, Shell, parse};

    fn shell(name: &str) -> Shell {
        parse(name).expect("a shell")
    }

    #[test]
    fn the_line_is_added_at_the_end_and_only_that_line_is_taken_away() {
        for shell in ALL {
            let line = shell.hook_line();
            for (text, before) in [
                ("", ""),
                ("a\n", "a\n"),
                ("a", "a\n"),
                ("a\r\nb\r\n", "a\r\nb\r\n"),
                ("a \\\n", "a \\\n\n"),
                ("a \\", "a \\\n\n"),
            ] {
                let with = shell.with_hook(text.as_bytes());
                assert_eq!(String::from_utf8_lossy(&with), format!("{before}{line}\n"));
                assert_eq!(shell.line_with_hook(text.as_bytes()), None, "{text:?}");
                let number = before.matches('\n').count() + 1;
                assert_eq!(shell.line_with_hook(&with), Some(number), "{text:?}");
                assert_eq!(shell.without_hook(&with), before.as_bytes());
            }
            let kept = format!("\u{ff}\n# {line}\n[ -t 0 ] && {line}\n");
            let all = format!("{line}\n{kept}  {line}\r\n{line}");
            assert_eq!(shell.without_hook(all.as_bytes()), kept.as_bytes());
        }
    }

    #[test]
    fn a_line_written_by_hand_counts_and_mentions_do_not() {
        for line in [
            r#"eval "$(vastenv hook zsh)""#,
            "eval \"$(vastenv hook zsh)\"\r",
            "eval `vastenv hook zsh`",
            r#"  eval "$('/opt/my tools/vastenv' hook zsh)"  # variables"#,
            r#"(( $+commands[vastenv] )) && eval "$("$HOME/.local/bin/vastenv" hook zsh)""#,
            "source <(vastenv hook zsh)",
            ". <(vastenv hook zsh 2>/dev/null)",
            "_evalcache vastenv hook zsh",
        ] {
            assert_eq!(shell("zsh").line_with_hook(line.as_bytes()), Some(1), "{line}");
            assert_eq!(shell("bash").line_with_hook(line.as_bytes()), None, "{line}");
        }
        let fish = "if type -q vastenv; vastenv hook fish | source; end";
        assert_eq!(shell("fish").line_with_hook(fish.as_bytes()), Some(1));
        for line in [
            r#"# eval "$(vastenv hook zsh)""#,
            r#"eval "$(direnv hook zsh)" # not vastenv hook zsh"#,
            "echo 'run vastenv hook zsh'",
            "vastenv hook zsh --install; source x",
            r#"eval "$(myvastenv hook zsh)""#,
            r#"eval "$(vastenv hook)""#,
        ] {
            assert_eq!(shell("zsh").line_with_hook(line.as_bytes()), None, "{line}");
        }
    }
}
