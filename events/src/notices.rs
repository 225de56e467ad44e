//! Tells the other services that an event changed, after the change is kept.

use std::sync::Arc;

use common::{
    ids::EventId,
    live_state::{LiveState, LiveStateError},
};

/// Where change notices are published.
const CHANNEL: &str = "events";

/// What happened to an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happened {
    /// Made or changed, its channels and people included.
    Updated,
    /// Called off: its sessions are to be closed.
    Cancelled,
    /// Gone.
    Deleted,
}

impl Happened {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Updated => "UPDATED",
            Self::Cancelled => "CANCELLED",
            Self::Deleted => "DELETED",
        }
    }
}

/// Publishes notices. Nothing fails when they cannot be: caches expire by themselves.
#[derive(Clone)]
pub struct Notices {
    live_state: Arc<dyn LiveState>,
}

impl Notices {
    /// Over this live state.
    pub fn new(live_state: Arc<dyn LiveState>) -> Self {
        Self { live_state }
    }

    /// Drops what is cached of the event, then tells whoever listens.
    pub async fn tell(&self, event_id: EventId, happened: Happened) {
        // The cache goes first: who hears the notice reads the event again, and must not find the old one.
        let told: Result<(), LiveStateError> = async {
            let cached = self.live_state.delete(&format!("event:{event_id}:config")).await;
            let text = format!("event:{event_id}:{}", happened.as_str());
            self.live_state.publish(CHANNEL, &text).await?;
            cached
        }
        .await;
        if let Err(error) = told {
            tracing::warn!(%error, event.id = %event_id, "others were not told of a change");
        }
    }
}
