//! What every persistence can fail with, and how those in PostgreSQL connect.

#[cfg(feature = "postgres")]
pub mod migrate;
#[cfg(feature = "postgres")]
pub mod postgres;

/// Why data could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum PersistenceError {
    /// The database cannot be reached, is starting, or has no connection to spare. Asking again helps.
    #[error("the database is not available: {0}")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The database refused, or holds what we do not understand. Asking again does not help.
    #[error("the database failed: {0}")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl PersistenceError {
    /// Stored data that cannot be read as what it should be.
    pub fn corrupt(what: impl std::fmt::Display) -> Self {
        Self::Failed(format!("stored data cannot be read: {what}").into())
    }
}

#[cfg(feature = "postgres")]
impl From<sqlx::Error> for PersistenceError {
    fn from(error: sqlx::Error) -> Self {
        use sqlx::Error;
        let away = match &error {
            Error::Io(_) | Error::Tls(_) | Error::PoolTimedOut | Error::PoolClosed | Error::WorkerCrashed => {
                true
            }
            // Class 08: connection exceptions; 53: no resources; 57P0x: shutting down, starting; 40: try again;
            // 25006: a read-only standby during a fail-over.
            Error::Database(database) => database.code().is_some_and(|code| {
                matches!(code.get(..2), Some("08" | "53" | "40"))
                    || code.starts_with("57P")
                    || code == "25006"
            }),
            _ => false,
        };
        if away { Self::Unavailable(Box::new(error)) } else { Self::Failed(Box::new(error)) }
    }
}
