//! Where events are kept: one trait, in memory or in PostgreSQL.

mod events;
mod imports;
pub mod in_memory;
mod limits;
pub mod postgres;
mod sessions;
mod templates;

pub use common::persistence::PersistenceError;
pub use events::{EventFilter, EventKey, Events, Expected};
pub use imports::{Imports, Mode};
pub use limits::{CustomerLimits, Limits};
pub use sessions::{Recorded, SessionKey, SessionScope, Sessions};
pub use templates::{TemplateRefusal, Templates};

/// Everything the service keeps, by subject. Each method is one atomic operation.
pub trait Persistence: Events + Imports + Limits + Sessions + Templates {}

impl<P: Events + Imports + Limits + Sessions + Templates> Persistence for P {}
