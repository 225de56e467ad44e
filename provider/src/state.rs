//! What handlers share.

use std::sync::Arc;

use axum::extract::FromRef;
use common::{access::Verifier, event::EventSource};
use tokio::sync::{Notify, mpsc};

use crate::{
    config::LiveKitConfig, figures::Figures, persistence::Persistence, removal::Doubts, rooms::LiveKit,
    webhook::Signatures,
};

/// What every handler gets; cheap to clone.
#[derive(Clone)]
pub struct AppState {
    /// Where tokens and webhooks are kept.
    pub persistence: Arc<dyn Persistence>,
    /// Tells who asks.
    pub verifier: Arc<Verifier>,
    /// Tells what an event is, and whose.
    pub events: Arc<dyn EventSource>,
    /// Makes rooms.
    pub livekit: Arc<dyn LiveKit>,
    /// What is counted.
    pub figures: Figures,
    /// The key that tokens are signed with, and the addresses that go with them.
    pub(crate) access: Arc<LiveKitConfig>,
    /// Knows what LiveKit has signed.
    pub(crate) signatures: Arc<Signatures>,
    /// Something came that is to be forwarded.
    pub(crate) arrived: Arc<Notify>,
    /// Events whose people have to be looked at.
    pub(crate) doubts: Doubts,
}

/// What handlers leave to the tasks beside them.
pub(crate) struct Errands {
    pub(crate) arrived: Arc<Notify>,
    pub(crate) doubts: mpsc::Receiver<common::ids::EventId>,
}

impl AppState {
    /// The state of a service.
    pub(crate) fn new(
        persistence: Arc<dyn Persistence>,
        verifier: Arc<Verifier>,
        events: Arc<dyn EventSource>,
        livekit: Arc<dyn LiveKit>,
        access: LiveKitConfig,
        figures: Figures,
    ) -> (Self, Errands) {
        let signatures = Arc::new(Signatures::new(&access));
        let (doubts, doubted) = Doubts::channel();
        let arrived = Arc::new(Notify::new());
        let errands = Errands { arrived: Arc::clone(&arrived), doubts: doubted };
        let access = Arc::new(access);
        (
            Self { persistence, verifier, events, livekit, figures, access, signatures, arrived, doubts },
            errands,
        )
    }
}

impl FromRef<AppState> for Arc<Verifier> {
    fn from_ref(state: &AppState) -> Self {
        Self::clone(&state.verifier)
    }
}
