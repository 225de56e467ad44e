//! What LiveKit told, until the live-service has heard it.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::PersistenceError;
use crate::domain::WebhookEvent;

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// The live-service has heard it.
    Forwarded,
    /// The live-service will not hear it.
    GivenUp,
}

impl Settled {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Forwarded => "forwarded",
            Self::GivenUp => "given_up",
        }
    }
}

/// Keeps what LiveKit told.
#[async_trait]
pub trait Inbox: Send + Sync {
    /// Keeps an event that is to be forwarded; `false`: it is known, and nothing happens.
    async fn keep_webhook(
        &self,
        event: &WebhookEvent,
        received_at: DateTime<Utc>,
    ) -> Result<bool, PersistenceError>;

    /// Up to `rows` of those that are to be forwarded, in the order in which they came.
    async fn pending_webhooks(&self, rows: usize) -> Result<Vec<WebhookEvent>, PersistenceError>;

    /// Notes what became of a pending event; nothing happens to another.
    async fn settle_webhook(&self, id: &str, settled: Settled) -> Result<(), PersistenceError>;

    /// Gives up what came before `moment` and is still pending; how many there were.
    async fn give_up_webhooks(&self, moment: DateTime<Utc>) -> Result<u64, PersistenceError>;

    /// Forgets what came before `moment`; how many there were.
    async fn prune_webhooks(&self, moment: DateTime<Utc>) -> Result<u64, PersistenceError>;
}
