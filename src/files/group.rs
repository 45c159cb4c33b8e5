//! Whether others than the user can write a file.

use std::fs::{Metadata, read_to_string};
use std::os::unix::fs::MetadataExt;

use nix::unistd::{getegid, geteuid};

/// Whether a file with one of the mode bits `writable` set can be written by others. A group that is the user's
/// alone, as many systems give everyone, is none: with the umask 002 that goes with it, all that git writes is
/// open to it.
pub(super) fn is_open(file: &Metadata, writable: u32) -> bool {
    let open = file.mode() & writable;
    open & 0o002 != 0 || (open != 0 && !is_mine_alone(file.gid()))
}

/// Files are asked only: the network that may have other groups is too slow for a prompt, and those are others.
fn is_mine_alone(group: u32) -> bool {
    let me = geteuid();
    if me.is_root() || group != me.as_raw() || group != getegid().as_raw() {
        return false;
    }
    let read = |path| read_to_string(path).unwrap_or_default();
    is_of_one(group, &read("/etc/group"), &read("/etc/passwd"))
}

/// Whether the `groups` and `users` of a system have that group, and nobody in it but the user of the same number.
fn is_of_one(group: u32, groups: &str, users: &str) -> bool {
    let number = group.to_string();
    let is_it = |field: &str| field == number;
    let of_group = groups.lines().find_map(|line| match line.split(':').collect::<Vec<_>>()[..] {
        [name, _, id, members] if is_it(id) => Some(members.is_empty() || members == name),
        _ => None,
    });
    let has_it = |line: &str| matches!(line.split(':').collect::<Vec<_>>()[..], [_, _, user, group, ..] if is_it(group) && !is_it(user));
    of_group == Some(true) && !users.lines().any(has_it)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_with_others_in_it_is_not_the_users_alone() {
        let users =
            "root:x:0:0::/root:/bin/sh\nme:x:1000:1000::/home/me:/bin/sh\nyou:x:1001:1001::/:/bin/sh\n";
        for (groups, expected) in [
            ("root:x:0:\nme:x:1000:\n", true),
            ("me:x:1000:me", true),
            ("me:x:1000:you", false),
            ("me:x:1000:me,you", false),
            ("me:x:100:\n", false),
            ("me:x:1000", false),
            ("", false),
        ] {
            assert_eq!(is_of_one(1000, groups, users), expected, "{groups}");
        }
        let users = format!("{users}another:x:1002:1000::/:/bin/sh\n");
        assert!(!is_of_one(1000, "me:x:1000:\n", &users));
    }
}
