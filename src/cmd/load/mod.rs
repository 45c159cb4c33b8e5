//! What loads variables into shells and programs.

pub(super) mod export;
pub(super) mod export_age;
pub(super) mod hook;
pub(super) mod hook_reply;
pub(super) mod known;
pub(super) mod loading;
pub(super) mod nearest;
pub(super) mod refresh;
pub(super) mod run;
pub(super) mod run_news;
pub(super) mod run_on;
pub(super) mod run_watch;
pub(super) mod there;
