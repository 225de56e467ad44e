//! Brings a database's schema up to date, one program at a time.

use std::collections::BTreeMap;

use sqlx::{
    PgConnection,
    migrate::{Migrate as _, MigrateError, Migration, Migrator},
};

use super::PersistenceError;

/// Why the schema is not what this program needs.
#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    /// The database could not be asked, or refused a migration. Each migration happens whole or not at all, so asking
    /// again is safe.
    #[error(transparent)]
    Database(#[from] PersistenceError),
    /// A migration did not go through; those before it did.
    #[error("migration {migration} failed: {source}")]
    Migration {
        /// Its version and name.
        migration: String,
        /// What the database said.
        source: sqlx::Error,
    },
    /// A newer program has been here. Only that one, or a newer one, may go on.
    #[error(
        "the database is newer than this program: it has migration {found}, this program knows up to {known}"
    )]
    Newer {
        /// The newest that is applied.
        found: i64,
        /// The newest that this program has.
        known: i64,
    },
    /// What was applied is not what this program has under the same version.
    #[error("migration {0} is applied, but this program has another one, or none, of that version")]
    Different(i64),
    /// Migrations are missing. `ilenia migrate` applies them.
    #[error("the database is not up to date: {} to apply, from {first} on", plural(*.missing))]
    Outdated {
        /// How many.
        missing: usize,
        /// The first of them: version and name.
        first: String,
    },
}

fn plural(count: usize) -> String {
    format!("{count} migration{}", if count == 1 { "" } else { "s" })
}

impl From<MigrateError> for SchemaError {
    fn from(error: MigrateError) -> Self {
        match error {
            MigrateError::Execute(error) => Self::Database(error.into()),
            error => Self::Database(PersistenceError::Failed(Box::new(error))),
        }
    }
}

/// Version and name, as the file is named.
fn label(migration: &Migration) -> String {
    format!("{}_{}", migration.version, migration.description.replace(' ', "_"))
}

/// Applies what is missing, in order, and tells what that was. Others who do the same wait until it is done.
///
/// # Errors
/// A database that is newer than `migrator`, or has had other migrations, is left as it is.
pub async fn migrate(connection: &mut PgConnection, migrator: &Migrator) -> Result<Vec<String>, SchemaError> {
    connection.lock().await?;
    let result = apply_missing(connection, migrator).await;
    // The lock ends with the connection at the latest.
    let unlocked = connection.unlock().await;
    let applied = result?;
    unlocked?;
    Ok(applied)
}

async fn apply_missing(
    connection: &mut PgConnection,
    migrator: &Migrator,
) -> Result<Vec<String>, SchemaError> {
    connection.ensure_migrations_table().await?;
    let mut applied = Vec::new();
    for migration in missing(connection, migrator).await? {
        connection.apply(migration).await.map_err(|error| match error {
            MigrateError::ExecuteMigration(source, _) | MigrateError::Execute(source) => {
                SchemaError::Migration { migration: label(migration), source }
            }
            error => error.into(),
        })?;
        applied.push(label(migration));
    }
    Ok(applied)
}

/// Whether the schema is that of `migrator`, without changing anything.
///
/// # Errors
/// [`SchemaError::Outdated`], [`SchemaError::Newer`] and [`SchemaError::Different`] say in which way it is not.
pub async fn check_schema(connection: &mut PgConnection, migrator: &Migrator) -> Result<(), SchemaError> {
    // Asked first, because a reader may not be allowed to make it.
    let begun: bool = sqlx::query_scalar("SELECT to_regclass('_sqlx_migrations') IS NOT NULL")
        .fetch_one(&mut *connection)
        .await
        .map_err(PersistenceError::from)?;
    let missing = if begun { missing(connection, migrator).await? } else { ups(migrator).collect() };
    match missing.first() {
        None => Ok(()),
        Some(first) => Err(SchemaError::Outdated { missing: missing.len(), first: label(first) }),
    }
}

fn ups(migrator: &Migrator) -> impl Iterator<Item = &Migration> {
    migrator.iter().filter(|migration| !migration.migration_type.is_down_migration())
}

async fn missing<'a>(
    connection: &mut PgConnection,
    migrator: &'a Migrator,
) -> Result<Vec<&'a Migration>, SchemaError> {
    let known: BTreeMap<i64, &Migration> =
        ups(migrator).map(|migration| (migration.version, migration)).collect();
    let newest = known.keys().next_back().copied().unwrap_or_default();
    let applied = connection.list_applied_migrations().await?;
    if let Some(found) =
        applied.iter().map(|migration| migration.version).max().filter(|found| *found > newest)
    {
        return Err(SchemaError::Newer { found, known: newest });
    }
    let mut missing = known.clone();
    for migration in applied {
        match known.get(&migration.version) {
            Some(ours) if ours.checksum == migration.checksum => missing.remove(&migration.version),
            _ => return Err(SchemaError::Different(migration.version)),
        };
    }
    Ok(missing.into_values().collect())
}
