//! In PostgreSQL, with statements that are checked when they are compiled.

mod inbox;
mod tokens;

use async_trait::async_trait;
use common::persistence::postgres;
use sqlx::{PgPool, migrate::Migrator};

use super::{Persistence, PersistenceError};

/// The schema of livekit-provider.
pub static MIGRATOR: Migrator = sqlx::migrate!("../migrations/livekit");

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

#[async_trait]
impl Persistence for Postgres {
    async fn check(&self) -> Result<(), PersistenceError> {
        postgres::check(&self.pool).await
    }
}
