//! What every handler gets.

use std::sync::Arc;

use common::live_state::LiveState;

use crate::{config::Config, persistence::Persistence};

/// What every handler gets; cheap to clone.
#[derive(Clone)]
pub struct AppState {
    /// Where the data is kept.
    pub persistence: Arc<dyn Persistence>,
    /// What services share while they run.
    pub live: Arc<dyn LiveState>,
    /// The settings.
    pub config: Arc<Config>,
}
