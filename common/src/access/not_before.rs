//! When a subject's older tokens were withdrawn.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::Subject;

/// Knows whose older tokens are no longer good: somebody was disabled, changed the password or has other rights since.
#[async_trait]
pub trait NotBefore: Send + Sync {
    /// Tokens of `subject` that were made before this moment are not good; `None`: all are.
    ///
    /// Called for every request.
    async fn not_before(&self, subject: &Subject) -> Result<Option<DateTime<Utc>>, NotBeforeError>;
}

/// Nobody can tell. Asking again helps; requests are answered 503 meanwhile.
#[derive(Debug, thiserror::Error)]
#[error("withdrawn tokens cannot be looked up: {0}")]
pub struct NotBeforeError(#[source] pub Box<dyn std::error::Error + Send + Sync>);
