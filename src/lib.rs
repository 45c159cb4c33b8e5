pub mod config;
pub mod credentials;
pub mod domain;
pub mod environment;
pub mod files;
pub mod shell;
pub mod store;
