//! Tells others within the platform that something about an event's sessions changed.

use std::{sync::Arc, time::Duration};

use common::{ids::EventId, live_state::LiveState};

/// How long others may read that an event is live; told again while it is.
const LIVE_FOR: Duration = Duration::from_secs(60);
/// How long others may read that it ended.
const ENDED_FOR: Duration = Duration::from_secs(24 * 3600);

/// Where changes of the event's sessions, agents and counts of listeners are published, as the text `CHANGED`: whoever
/// hears it reads again.
pub fn channel(event_id: EventId) -> String {
    format!("live:event:{event_id}")
}

/// Publishes changes. Nothing fails when they cannot be: readers look again by themselves after a while.
#[derive(Clone)]
pub struct LiveNotices {
    live_state: Arc<dyn LiveState>,
}

impl LiveNotices {
    /// Over this live state.
    pub fn new(live_state: Arc<dyn LiveState>) -> Self {
        Self { live_state }
    }

    /// Something changed: a session, an agent or how many listen.
    pub async fn changed(&self, event_id: EventId) {
        if let Err(error) = self.live_state.publish(&channel(event_id), "CHANGED").await {
            tracing::debug!(%error, event.id = %event_id, "others were not told of a change");
        }
    }

    /// The event has a running session.
    pub async fn live(&self, event_id: EventId) {
        self.set(event_id, "LIVE", LIVE_FOR).await;
    }

    /// The event's last session is over.
    pub async fn ended(&self, event_id: EventId) {
        self.set(event_id, "ENDED", ENDED_FOR).await;
    }

    async fn set(&self, event_id: EventId, state: &str, ttl: Duration) {
        if let Err(error) = self.live_state.set(&format!("live:event:{event_id}:state"), state, ttl).await {
            tracing::debug!(%error, event.id = %event_id, state, "others cannot read the state");
        }
    }
}
