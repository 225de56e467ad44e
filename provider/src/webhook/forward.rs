//! Hands on to the live-service what LiveKit told: in order, again and again while it is away.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use axum::http::StatusCode;
use chrono::{DateTime, TimeDelta, Utc};
use common::{
    clock,
    peer::{Peer, PeerError},
};
use serde::de::IgnoredAny;
use tokio::{
    sync::Notify,
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;

use crate::{
    domain::WebhookEvent,
    figures::{Figures, WebhookOutcome},
    persistence::{Persistence, PersistenceError, Settled},
};

/// So many are read at once.
const BATCH: usize = 100;
/// After the first failure; it doubles with each further one up to …
const FIRST_REST: Duration = Duration::from_millis(250);
/// … this.
const LONGEST_REST: Duration = Duration::from_secs(10);
/// What another process has taken, and not handed on, is looked for so often.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// They are hints: the live-service looks for itself meanwhile.
const GIVEN_UP_AFTER: TimeDelta = TimeDelta::minutes(10);
/// Longer than a signature is good, so that nothing is heard twice.
const KEPT_FOR: TimeDelta = TimeDelta::hours(24);
/// How often what is old is forgotten.
const PRUNED_EVERY: Duration = Duration::from_secs(600);

/// Who wants to hear of rooms.
#[async_trait]
pub(crate) trait LiveService: Send + Sync {
    /// Tells it. It may hear the same more than once.
    async fn tell(&self, event: &WebhookEvent) -> Result<(), PeerError>;
}

#[async_trait]
impl LiveService for Peer {
    async fn tell(&self, event: &WebhookEvent) -> Result<(), PeerError> {
        let _whatever_it_says: IgnoredAny = self.post("webhooks/livekit", event).await?;
        Ok(())
    }
}

/// Why nothing is handed on at the moment.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Stuck {
    #[error(transparent)]
    Persistence(#[from] PersistenceError),
    #[error(transparent)]
    LiveService(#[from] PeerError),
}

/// Empties the inbox.
pub(crate) struct Forwarder {
    pub(crate) persistence: Arc<dyn Persistence>,
    pub(crate) live_service: Arc<dyn LiveService>,
    pub(crate) figures: Figures,
}

impl Forwarder {
    /// Works until `shutdown`; `arrived` tells of something new.
    pub(crate) async fn run(self, arrived: Arc<Notify>, shutdown: CancellationToken) {
        let _ = shutdown.run_until_cancelled(self.work(&arrived)).await;
    }

    async fn work(&self, arrived: &Notify) {
        let mut rest = FIRST_REST;
        let mut pruned: Option<Instant> = None;
        loop {
            if let Err(error) = self.forward(clock::now()).await {
                tracing::warn!(%error, retry_ms = rest.as_millis(), "what LiveKit told is not passed on");
                sleep(rest).await;
                rest = (rest * 2).min(LONGEST_REST);
                continue;
            }
            rest = FIRST_REST;
            if pruned.is_none_or(|at| at.elapsed() >= PRUNED_EVERY) {
                pruned = Some(Instant::now());
                if let Err(error) = self.persistence.prune_webhooks(clock::now() - KEPT_FOR).await {
                    tracing::warn!(%error, "old webhooks are not forgotten");
                }
            }
            tokio::select! {
                () = arrived.notified() => {}
                () = sleep(LOOK_AGAIN) => {}
            }
        }
    }

    /// Hands everything on that is pending at `now`, in the order in which it came; stops where it gets stuck.
    pub(crate) async fn forward(&self, now: DateTime<Utc>) -> Result<(), Stuck> {
        let late = self.persistence.give_up_webhooks(now - GIVEN_UP_AFTER).await?;
        if late > 0 {
            tracing::warn!(number = late, "what LiveKit told is too old to be passed on");
            self.figures.webhook(WebhookOutcome::GivenUp, late);
        }
        loop {
            let pending = self.persistence.pending_webhooks(BATCH).await?;
            if pending.is_empty() {
                return Ok(());
            }
            for event in pending {
                let (settled, outcome) = match self.live_service.tell(&event).await {
                    Ok(()) => (Settled::Forwarded, WebhookOutcome::Forwarded),
                    Err(error) if will_never_be_taken(&error) => {
                        tracing::warn!(%error, "the live-service does not take what LiveKit told");
                        (Settled::GivenUp, WebhookOutcome::GivenUp)
                    }
                    Err(error) => return Err(error.into()),
                };
                self.persistence.settle_webhook(&event.id, settled).await?;
                self.figures.webhook(outcome, 1);
            }
        }
    }
}

/// It is this event that is not wanted. That we are not let in may pass: keys rotate, clients are registered.
fn will_never_be_taken(error: &PeerError) -> bool {
    match error {
        PeerError::Refused { status, .. } => {
            !matches!(*status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN)
        }
        PeerError::Unexpected { .. } => true,
        PeerError::Token(_) | PeerError::Unavailable { .. } => false,
    }
}

#[cfg(test)]
mod tests;
