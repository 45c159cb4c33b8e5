//! Project files.

mod hook_walk;
