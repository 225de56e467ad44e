//! The operations, one canonical path each, without version prefix.

mod oauth;
mod session;
mod well_known;

use utoipa_axum::router::OpenApiRouter;

use crate::AppState;

/// Everything that auth-service answers, besides what the service shell adds.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().merge(session::router()).merge(oauth::router()).merge(well_known::router())
}
