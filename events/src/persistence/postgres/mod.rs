//! In PostgreSQL, with statements that are checked when they are compiled.

mod event_row;
mod event_write;
mod events;
mod imports;
mod limits;
mod sessions;
mod templates;

use sqlx::{PgPool, migrate::Migrator};

/// The schema of the events-service.
pub static MIGRATOR: Migrator = sqlx::migrate!("../migrations/events");

/// Keeps everything in a database.
#[derive(Clone, Debug)]
pub struct Postgres {
    pool: PgPool,
}

impl Postgres {
    /// Over these connections; the schema is there already.
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }
}
