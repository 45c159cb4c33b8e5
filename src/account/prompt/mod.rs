//! What a shell follows at its prompts, from files alone.

mod follow;
mod watch;

pub use follow::{Answer, Question, follow};
pub use watch::age_of_root;
