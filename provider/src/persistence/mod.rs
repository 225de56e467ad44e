//! What is kept: one trait, in memory or in PostgreSQL.

pub mod in_memory;
mod inbox;
pub mod postgres;
mod tokens;

use async_trait::async_trait;
pub use common::persistence::PersistenceError;
pub use inbox::{Inbox, Settled};
pub use tokens::{TokenKey, Tokens};

/// Everything the service keeps, by subject. Each method is one atomic operation.
#[async_trait]
pub trait Persistence: Tokens + Inbox {
    /// Whether it can be used now, for `/ready`.
    async fn check(&self) -> Result<(), PersistenceError>;
}
