//! Dotenv files against those who read them too: shells, python-dotenv and Node's dotenv.

mod dialect;
mod readers;
mod written;
