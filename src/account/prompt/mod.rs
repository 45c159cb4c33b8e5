//! What a shell follows at its prompts, from files alone.

pub mod follow;
pub mod watch;
