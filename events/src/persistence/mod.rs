//! Where events are kept: one trait, in memory or in PostgreSQL.

mod events;
pub mod in_memory;
pub mod postgres;

pub use common::persistence::PersistenceError;
pub use events::{EventFilter, EventKey, Events, Expected};

/// Everything the service keeps, by subject. Each method is one atomic operation.
pub trait Persistence: Events {}

impl<P: Events> Persistence for P {}
