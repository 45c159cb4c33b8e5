//! What a shell follows at its prompts, from files alone.

pub(super) mod follow;
pub(super) mod notice;
pub(super) mod watch;
