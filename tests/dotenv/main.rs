//! Dotenv files against those who read them too: shells, python-dotenv and Node's dotenv.

#[path = "../common/mod.rs"]
mod common;
mod dialect;
mod readers;
#[path = "../common/values.rs"]
mod values;
mod written;
