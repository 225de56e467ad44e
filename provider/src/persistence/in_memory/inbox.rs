//! The inbox in memory.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::{InMemory, MAX_WEBHOOKS};
use crate::{
    domain::WebhookEvent,
    persistence::{Inbox, PersistenceError, Settled},
};

/// An event, and what became of it; `None`: it is to be forwarded.
#[derive(Debug)]
pub(super) struct Kept {
    event: WebhookEvent,
    received_at: DateTime<Utc>,
    settled: Option<Settled>,
}

#[async_trait]
impl Inbox for InMemory {
    async fn keep_webhook(
        &self,
        event: &WebhookEvent,
        received_at: DateTime<Utc>,
    ) -> Result<bool, PersistenceError> {
        let webhooks = &mut self.state.lock().webhooks;
        if webhooks.iter().any(|kept| kept.event.id == event.id) {
            return Ok(false);
        }
        if webhooks.len() >= MAX_WEBHOOKS {
            webhooks.pop_front();
        }
        webhooks.push_back(Kept { event: event.clone(), received_at, settled: None });
        Ok(true)
    }

    async fn pending_webhooks(&self, rows: usize) -> Result<Vec<WebhookEvent>, PersistenceError> {
        let state = self.state.lock();
        let pending = state.webhooks.iter().filter(|kept| kept.settled.is_none());
        Ok(pending.take(rows).map(|kept| kept.event.clone()).collect())
    }

    async fn settle_webhook(&self, id: &str, settled: Settled) -> Result<(), PersistenceError> {
        let webhooks = &mut self.state.lock().webhooks;
        let pending = webhooks.iter_mut().find(|kept| kept.event.id == id && kept.settled.is_none());
        if let Some(kept) = pending {
            kept.settled = Some(settled);
        }
        Ok(())
    }

    async fn give_up_webhooks(&self, moment: DateTime<Utc>) -> Result<u64, PersistenceError> {
        let webhooks = &mut self.state.lock().webhooks;
        let late = webhooks.iter_mut().filter(|kept| kept.settled.is_none() && kept.received_at < moment);
        let given_up = late.map(|kept| kept.settled = Some(Settled::GivenUp)).count();
        Ok(given_up as u64)
    }

    async fn prune_webhooks(&self, moment: DateTime<Utc>) -> Result<u64, PersistenceError> {
        let webhooks = &mut self.state.lock().webhooks;
        let before = webhooks.len();
        webhooks.retain(|kept| kept.received_at >= moment);
        Ok((before - webhooks.len()) as u64)
    }
}
