//! Commands about project files. None needs an account, and all work where the file itself is what keeps
//! others from working.

pub(super) mod allow;
pub(super) mod deny;
pub(super) mod init;
mod place;
