pub mod domain;
pub mod environment;
