//! Everything in PostgreSQL. Constraints live in the database: `migrations/auth`.

mod attempts;
mod audit;
mod clients;
mod customers;
mod roles;
mod rows;
mod sessions;
mod signing_keys;
mod stop;
mod users;

use sqlx::{PgPool, Postgres as Db, Transaction, migrate::Migrator};

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

/// Lets one after the other decide whether the platform keeps an administrator. Taken before any row is locked.
async fn lock_platform_admins(transaction: &mut Transaction<'_, Db>) -> Result<(), sqlx::Error> {
    // Any number will do, as long as nothing else takes it: the first letters of "ilenia".
    sqlx::query!("SELECT pg_advisory_xact_lock(1768711528)").fetch_one(&mut **transaction).await.map(drop)
}
