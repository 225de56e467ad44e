//! Connections to PostgreSQL: made from `DATABASE_URL`, given up quickly when the database is away, and found again by
//! themselves when it is back.

use std::{str::FromStr as _, time::Duration};

use sqlx::{
    ConnectOptions as _, Connection as _, PgConnection, PgPool,
    migrate::Migrator,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use super::{
    PersistenceError,
    migrate::{SchemaError, check_schema, migrate},
};
use crate::{config::Variables, service::StartError};

/// How long an operation waits for a connection, new or used, before the answer is 503.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);
/// How long a connection may take to show that it is alive.
const PING_TIMEOUT: Duration = Duration::from_millis(1500);
/// A connection that was used so recently is not asked whether it is alive.
const FRESH: Duration = Duration::from_secs(1);
/// How long a starting service waits for its database.
const START_TIMEOUT: Duration = Duration::from_secs(30);

/// Where a service keeps its data.
#[derive(Clone, Debug)]
pub struct DatabaseConfig {
    options: PgConnectOptions,
    max_connections: u32,
    /// Whether the service brings the schema up to date by itself (`MIGRATE_ON_START`).
    pub migrate_on_start: bool,
}

impl DatabaseConfig {
    /// Reads `USE_DATABASE` (when not set: whether `DATABASE_URL` is), `DATABASE_URL`, `DATABASE_MAX_CONNECTIONS` (10)
    /// and `MIGRATE_ON_START` (false). `None`: the data is kept in memory.
    pub fn from_variables(variables: &Variables) -> Option<Self> {
        let url = variables.secret("DATABASE_URL");
        if !variables.flag("USE_DATABASE", url.is_some()) {
            return None;
        }
        let migrate_on_start = variables.flag("MIGRATE_ON_START", false);
        let max_connections = variables.or("DATABASE_MAX_CONNECTIONS", 10);
        if max_connections == 0 {
            variables.mistake("DATABASE_MAX_CONNECTIONS: at least one is needed");
        }
        let Some(url) = url else {
            variables.mistake(
                "DATABASE_URL: needed with USE_DATABASE=true, as postgres://user:password@host/database",
            );
            return None;
        };
        match connect_options(url.expose()) {
            Ok(options) => Some(Self { options, max_connections, migrate_on_start }),
            Err(error) => {
                variables.mistake(format!("DATABASE_URL: {error}"));
                None
            }
        }
    }

    /// For the database at `url`, brought up to date on start.
    pub fn from_url(url: &str) -> Result<Self, sqlx::Error> {
        Ok(Self { options: connect_options(url)?, max_connections: 10, migrate_on_start: true })
    }

    /// The same with at most `max_connections`.
    #[must_use]
    pub fn with_max_connections(mut self, max_connections: u32) -> Self {
        self.max_connections = max_connections.max(1);
        self
    }

    /// A pool that connects when it is first used.
    pub fn pool(&self) -> PgPool {
        PgPoolOptions::new()
            .max_connections(self.max_connections)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .idle_timeout(Duration::from_secs(300))
            .max_lifetime(Duration::from_secs(1800))
            // Asked below, with a limit of time, and not before every single use.
            .test_before_acquire(false)
            .before_acquire(|connection, meta| {
                Box::pin(async move {
                    if meta.idle_for < FRESH {
                        return Ok(true);
                    }
                    Ok(matches!(tokio::time::timeout(PING_TIMEOUT, connection.ping()).await, Ok(Ok(()))))
                })
            })
            // Without this a connection whose other end vanished keeps its place in the pool until TCP gives up.
            .after_release(|connection, _| {
                Box::pin(async move {
                    tokio::time::timeout(PING_TIMEOUT, connection.ping())
                        .await
                        .unwrap_or(Err(sqlx::Error::PoolTimedOut))
                        .map(|()| true)
                })
            })
            .connect_lazy_with(self.options.clone())
    }

    /// A single connection, apart from any pool.
    pub async fn connection(&self) -> Result<PgConnection, PersistenceError> {
        match tokio::time::timeout(START_TIMEOUT, PgConnection::connect_with(&self.options)).await {
            Ok(connection) => Ok(connection?),
            Err(elapsed) => Err(PersistenceError::Unavailable(Box::new(elapsed))),
        }
    }

    /// A pool that has reached its database, which may take up to 30 s to come, and whose schema is that of `migrator`:
    /// with `migrate_on_start` it is brought up to date. Several may do this at once: one after the other migrates.
    ///
    /// # Errors
    /// Also when the schema lacks something. One that is newer than this program is taken as it is: the programs before
    /// the last one go on while the last one is rolled out.
    pub async fn connect(&self, migrator: &Migrator) -> Result<PgPool, ConnectError> {
        let pool = self.pool();
        let deadline = tokio::time::Instant::now() + START_TIMEOUT;
        while let Err(error) = check(&pool).await {
            if matches!(error, PersistenceError::Failed(_)) || tokio::time::Instant::now() >= deadline {
                return Err(error.into());
            }
            tracing::warn!(%error, "waiting for the database");
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        let mut connection = self.connection().await?;
        let schema = if self.migrate_on_start {
            migrate(&mut connection, migrator).await.map(|applied| {
                for migration in applied {
                    tracing::info!(migration, "migrated");
                }
            })
        } else {
            check_schema(&mut connection, migrator).await
        };
        match schema {
            Ok(()) => {}
            Err(error @ SchemaError::Newer { .. }) => tracing::warn!(%error, "going on with it"),
            Err(error) => return Err(error.into()),
        }
        // Whatever goes wrong at the end of this connection is no matter of ours.
        let _ = connection.close().await;
        Ok(pool)
    }
}

/// Why a service could not begin to use its database.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// It was not there in time, or refused.
    #[error(transparent)]
    Database(#[from] PersistenceError),
    /// The schema is not what the program needs, or could not be brought up to date.
    #[error(transparent)]
    Schema(#[from] SchemaError),
}

impl From<ConnectError> for StartError {
    fn from(error: ConnectError) -> Self {
        match error {
            ConnectError::Database(error) | ConnectError::Schema(SchemaError::Database(error)) => {
                error.into()
            }
            ConnectError::Schema(SchemaError::Outdated { .. }) => {
                Self::Settings(format!("{error}: run `ilenia migrate`, or set MIGRATE_ON_START=true"))
            }
            ConnectError::Schema(_) => Self::Failed(Box::new(error)),
        }
    }
}

/// Whether the database answers now, for `/ready`.
pub async fn check(pool: &PgPool) -> Result<(), PersistenceError> {
    let mut connection = pool.acquire().await?;
    match tokio::time::timeout(ACQUIRE_TIMEOUT, connection.ping()).await {
        Ok(result) => Ok(result?),
        Err(elapsed) => Err(PersistenceError::Unavailable(Box::new(elapsed))),
    }
}

/// Reads a URL of PostgreSQL, also in the form that Python programs use (`postgresql+asyncpg://…?ssl=require`).
fn connect_options(url: &str) -> Result<PgConnectOptions, sqlx::Error> {
    let (scheme, rest) = url.split_once("://").unwrap_or_default();
    let url = match scheme.split_once('+') {
        Some(("postgres" | "postgresql", _driver)) => {
            format!("postgresql://{}", rest.replace("?ssl=", "?sslmode=").replace("&ssl=", "&sslmode="))
        }
        None if matches!(scheme, "postgres" | "postgresql") => url.to_owned(),
        _ => return Err(sqlx::Error::Configuration("has to begin with postgres://".into())),
    };
    // Statements are logged by the spans around them, not a second time.
    Ok(PgConnectOptions::from_str(&url)?.disable_statement_logging())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_urls_of_python_programs_are_understood() {
        let options =
            connect_options("postgresql+asyncpg://ann:s%40me@db.example:5433/ilenia_auth?ssl=require")
                .expect("a URL");
        assert_eq!(
            (options.get_host(), options.get_port(), options.get_username(), options.get_database()),
            ("db.example", 5433, "ann", Some("ilenia_auth"))
        );
        assert!(matches!(options.get_ssl_mode(), sqlx::postgres::PgSslMode::Require));
    }

    #[test]
    fn only_a_postgresql_is_one() {
        for url in ["mysql://h/d", "mysql:/x", "postgres", "", "http+postgres://h/d"] {
            let error = connect_options(url).expect_err(url);
            assert!(!error.to_string().is_empty());
        }
    }

    #[test]
    fn a_database_is_used_when_asked_for_or_named() {
        let url = ("DATABASE_URL", "postgres://localhost/ilenia");
        assert!(DatabaseConfig::from_variables(&Variables::from([url])).is_some());
        assert!(DatabaseConfig::from_variables(&Variables::from([url, ("USE_DATABASE", "false")])).is_none());
        assert!(DatabaseConfig::from_variables(&Variables::from([])).is_none());
        let variables = Variables::from([("USE_DATABASE", "true"), ("DATABASE_MAX_CONNECTIONS", "0")]);
        assert!(DatabaseConfig::from_variables(&variables).is_none());
        assert_eq!(variables.finish(()).expect_err("mistakes").mistakes.len(), 2);
    }

    #[tokio::test]
    async fn a_database_that_is_away_is_unavailable() {
        let config = DatabaseConfig::from_url("postgres://nobody@127.0.0.1:1/nothing").expect("a URL");
        assert!(matches!(check(&config.pool()).await, Err(PersistenceError::Unavailable(_))));
    }
}
