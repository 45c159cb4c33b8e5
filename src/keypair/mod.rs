//! SSH keys on this machine: public keys read and described, new pairs made, old ones moved aside.
//!
//! A private key that is given by mistake is recognised in every usual form and refused before
//! anything else looks at it.

mod generate;
mod local;
mod public;
mod save;

pub(crate) use generate::{NewPair, generate};
pub(crate) use local::{LocalKey, agent_keys, local_keys};
pub(crate) use public::{PublicKey, is_private};
pub(crate) use save::{existing, save};
