//! In PostgreSQL, with statements that are checked when they are compiled.

mod row;
mod sessions;

use sqlx::{PgPool, migrate::Migrator};

/// The schema of the live-service: sessions, and the segment log.
pub static MIGRATOR: Migrator = sqlx::migrate!("../migrations/live");

/// Keeps sessions in a database.
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
