//! Everything in PostgreSQL. Constraints live in the database: `migrations/auth`.

mod attempts;
mod audit;
mod sessions;
mod signing_keys;

use sqlx::{PgPool, migrate::Migrator};

/// The migrations that make the schema.
pub static MIGRATOR: Migrator = sqlx::migrate!("../migrations/auth");

/// The data in PostgreSQL.
#[derive(Clone, Debug)]
pub struct Postgres {
    pool: PgPool,
}

impl Postgres {
    /// On a database that has the migrations.
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }
}
