//! Where sessions are kept: one trait, in memory or in PostgreSQL. Their segments are kept by the crate `transcript`.

pub mod in_memory;
pub mod postgres;
mod sessions;

pub use common::persistence::PersistenceError;
pub use sessions::{Created, Move, SessionFilter, SessionKey, Sessions};
