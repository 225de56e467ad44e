//! What handlers share.

use std::sync::Arc;

use axum::extract::FromRef;
use common::{access::Verifier, live_state::LiveState};

use crate::{notices::Notices, persistence::Persistence};

/// What every handler gets; cheap to clone.
#[derive(Clone)]
pub struct AppState {
    /// Where events are kept.
    pub persistence: Arc<dyn Persistence>,
    /// Tells who asks.
    pub verifier: Arc<Verifier>,
    /// Tells the other services what changed.
    pub notices: Notices,
    /// Live events at once, for customers without a limit of their own.
    pub max_live_events: u32,
}

impl AppState {
    /// The state of a service.
    pub fn new(
        persistence: Arc<dyn Persistence>,
        verifier: Arc<Verifier>,
        live_state: Arc<dyn LiveState>,
        max_live_events: u32,
    ) -> Self {
        Self { persistence, verifier, notices: Notices::new(live_state), max_live_events }
    }
}

impl FromRef<AppState> for Arc<Verifier> {
    fn from_ref(state: &AppState) -> Self {
        Self::clone(&state.verifier)
    }
}
