//! What every handler gets.

use std::sync::Arc;

use axum::extract::FromRef;
use common::{access::Verifier, live_state::LiveState};

use crate::{config::AuthConfig, keys::Keys, passwords::Passwords, persistence::Persistence};

/// What every handler gets; cheap to clone.
#[derive(Clone)]
pub struct AppState {
    /// Where the data is kept.
    pub persistence: Arc<dyn Persistence>,
    /// What services share while they run.
    pub live: Arc<dyn LiveState>,
    /// Tells whose an access token is.
    pub verifier: Arc<Verifier>,
    /// The keys that sign access tokens.
    pub keys: Keys,
    /// Hashes passwords.
    pub passwords: Passwords,
    /// The settings.
    pub config: Arc<AuthConfig>,
}

impl FromRef<AppState> for Arc<Verifier> {
    fn from_ref(state: &AppState) -> Self {
        Arc::clone(&state.verifier)
    }
}
