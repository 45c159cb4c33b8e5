//! TAB: real presses in real shells, and what `__complete` answers to their scripts.

mod account;
mod answers;
mod keys_lists;
mod scripts;
mod settings;
mod tabs;
