//! Project files.

mod hook_follow;
mod hook_walk;
