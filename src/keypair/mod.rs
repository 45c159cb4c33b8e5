//! SSH keys on this machine: public keys read and described, new pairs made, old ones moved aside.
//!
//! A private key that is given by mistake is recognised in every usual form and refused before
//! anything else looks at it.

mod generate;
mod local;
mod public;
mod save;

pub use generate::{NewPair, generate};
pub use local::{LocalKey, agent_keys, local_keys};
pub use public::{PublicKey, is_private};
pub use save::{existing, save};
