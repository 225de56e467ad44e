//! The operations, one canonical path each, without version prefix.

mod sessions;
mod webhook;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::AppState;

/// Everything that the live-service answers, besides what the service shell adds.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(sessions::list::list_sessions))
        .routes(routes!(sessions::read::get_session))
        .routes(routes!(sessions::start::start_session))
        .routes(routes!(sessions::stop::stop_session))
        .routes(routes!(webhook::livekit_webhook))
}
