//! What an edit changed, as a unified diff.

use std::ops::Range;

/// A line of a diff, with its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line<'t> {
    /// Between parts that are not shown.
    Gap,
    Same(&'t str),
    Removed(&'t str),
    Added(&'t str),
}

/// Lines that are shown around a change.
const AROUND: usize = 3;

/// The most pairs of lines that are compared; beyond, all lines between the first and the last change are
/// shown as changed.
const MOST_PAIRS: usize = 4_000_000;

/// How `new` differs from `old`, line by line.
pub fn changes<'t>(old: &'t str, new: &'t str) -> Vec<Line<'t>> {
    // With their ends: one that is missing is a change too.
    let lines = |text: &'t str| text.split_inclusive('\n').collect::<Vec<_>>();
    let (old, new) = (lines(old), lines(new));
    let begin = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
    let ends = old[begin..].iter().rev().zip(new[begin..].iter().rev());
    let end = ends.take_while(|(old, new)| old == new).count();
    let (old_end, new_end) = (old.len() - end, new.len() - end);
    let mut lines: Vec<Line<'t>> = old[..begin].iter().map(|line| Line::Same(line)).collect();
    lines.extend(middle(&old[begin..old_end], &new[begin..new_end]));
    lines.extend(old[old_end..].iter().map(|line| Line::Same(line)));
    near_changes(lines)
}

/// The differences of lines that neither begin nor end alike: by the longest common subsequence.
fn middle<'t>(old: &[&'t str], new: &[&'t str]) -> Vec<Line<'t>> {
    let width = new.len() + 1;
    let mut lines = Vec::new();
    let (mut at_old, mut at_new) = (0, 0);
    if old.len().saturating_mul(new.len()) <= MOST_PAIRS {
        // How many lines the rests of both have in common.
        let mut common = vec![0_u32; (old.len() + 1) * width];
        for one in (0..old.len()).rev() {
            for other in (0..new.len()).rev() {
                common[one * width + other] = if old[one] == new[other] {
                    common[(one + 1) * width + other + 1] + 1
                } else {
                    common[(one + 1) * width + other].max(common[one * width + other + 1])
                };
            }
        }
        while at_old < old.len() && at_new < new.len() {
            if old[at_old] == new[at_new] {
                lines.push(Line::Same(old[at_old]));
                (at_old, at_new) = (at_old + 1, at_new + 1);
            } else if common[(at_old + 1) * width + at_new] >= common[at_old * width + at_new + 1] {
                lines.push(Line::Removed(old[at_old]));
                at_old += 1;
            } else {
                lines.push(Line::Added(new[at_new]));
                at_new += 1;
            }
        }
    }
    lines.extend(old[at_old..].iter().map(|line| Line::Removed(line)));
    lines.extend(new[at_new..].iter().map(|line| Line::Added(line)));
    lines
}

/// The changes with the lines around them.
fn near_changes(lines: Vec<Line<'_>>) -> Vec<Line<'_>> {
    let is_change = |line: &Line<'_>| !matches!(line, Line::Same(_));
    let mut shown: Vec<Range<usize>> = Vec::new();
    for (at, _) in lines.iter().enumerate().filter(|(_, line)| is_change(line)) {
        let near = at.saturating_sub(AROUND)..(at + AROUND + 1).min(lines.len());
        match shown.last_mut() {
            Some(last) if near.start <= last.end => last.end = near.end,
            _ => shown.push(near),
        }
    }
    let begins = |range: &Range<usize>| (range.start > 0).then_some(Line::Gap);
    shown.into_iter().flat_map(|range| begins(&range).into_iter().chain(lines[range].to_vec())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(old: &str, new: &str) -> String {
        let line = |line: &Line<'_>| match line {
            Line::Gap => "@".to_owned(),
            Line::Same(text) => format!(" {}", text.trim_end()),
            Line::Removed(text) => format!("-{}", text.trim_end()),
            Line::Added(text) => format!("+{}", text.trim_end()),
        };
        changes(old, new).iter().map(line).collect::<Vec<_>>().join("|")
    }

    #[test]
    fn changes_are_shown_with_what_is_around_them() {
        for (old, new, expected) in [
            ("a", "a", ""),
            ("", "a", "+a"),
            ("a\nb\nc", "a\nx\nc", " a|-b|+x| c"),
            ("a\nb\n", "a\nb\nc", " a| b|+c"),
            ("a\nb\nc\n", "b\nc\na", "-a| b| c|+a"),
            ("a\r\nb", "a\nb", "-a|+a| b"),
            ("a\nb", "a\nb\n", " a|-b|+b"),
            ("1\n2\n3\n4\n5\na", "1\n2\n3\n4\n5\nb", "@| 3| 4| 5|-a|+b"),
            ("a\n1\n2\n3\n4\n5\n6\n7\nb", "1\n2\n3\n4\n5\n6\n7\nc", "-a| 1| 2| 3|@| 5| 6| 7|-b|+c"),
        ] {
            assert_eq!(shown(old, new), expected, "{old:?} {new:?}");
        }
    }

    #[test]
    fn many_lines_take_no_more_memory_than_there_is() {
        let lines = |from: usize| (from..from + 30_000).map(|n| n.to_string()).collect::<Vec<_>>().join("\n");
        let (old, new) = (lines(0), lines(7));
        let all = changes(&old, &new);
        assert!(all.contains(&Line::Removed("0\n")) && all.contains(&Line::Added("30006")));
    }
}
