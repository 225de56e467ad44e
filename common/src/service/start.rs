//! Why a service does not start.

use crate::persistence::PersistenceError;

/// Why a service does not start.
///
/// By convention a service crate has `async fn start(config, live: Arc<dyn LiveState>, shutdown: CancellationToken) ->
/// Result<Service, StartError>`; what it does beside requests ends with `shutdown`.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A setting cannot be used, or does not fit what is stored. Starting again does not help.
    #[error("{0}")]
    Settings(String),
    /// Something that is needed is away. Starting again later helps.
    #[error("{what} is not available: {cause}")]
    Unavailable {
        /// What.
        what: &'static str,
        /// Why.
        #[source]
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Everything else.
    #[error("{0}")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl From<PersistenceError> for StartError {
    fn from(error: PersistenceError) -> Self {
        match error {
            PersistenceError::Unavailable(cause) => Self::Unavailable { what: "the database", cause },
            PersistenceError::Failed(cause) => Self::Failed(cause),
        }
    }
}
