//! The operations, one canonical path each, without version prefix.

mod sessions;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::AppState;

/// Everything that the live-service answers, besides what the service shell adds.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(sessions::list::list_sessions))
        .routes(routes!(sessions::read::get_session))
}
