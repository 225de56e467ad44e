//! What handlers share.

use std::sync::Arc;

use axum::extract::FromRef;
use common::{access::Verifier, event::EventSource, live_state::LiveState};
use tokio_util::sync::CancellationToken;
use transcript::Live;

use crate::{
    Lifecycle, LiveNotices, agents::Listeners, persistence::Sessions, presence::Presence, watch::Watch,
};

/// What every handler gets; cheap to clone.
#[derive(Clone)]
pub struct AppState {
    /// Where sessions are kept.
    pub sessions: Arc<dyn Sessions>,
    /// Where their segments are kept, and told as they are written.
    pub live: Live,
    /// Short-lived keys and notices.
    pub live_state: Arc<dyn LiveState>,
    /// Tells others what changed.
    pub notices: LiveNotices,
    /// Where events are asked for.
    pub events: Arc<dyn EventSource>,
    /// Starts and stops sessions.
    pub lifecycle: Lifecycle,
    /// Is told what happens in rooms.
    pub listeners: Arc<dyn Listeners>,
    /// Tells who asks.
    pub verifier: Arc<Verifier>,
    /// Counts who listens.
    pub presence: Presence,
    /// Reads for those who watch events.
    pub watch: Watch,
    /// Cancelled when the service is to end.
    pub shutdown: CancellationToken,
}

impl FromRef<AppState> for Arc<Verifier> {
    fn from_ref(state: &AppState) -> Self {
        Self::clone(&state.verifier)
    }
}
