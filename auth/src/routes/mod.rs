//! The operations, one canonical path each, without version prefix.

mod audit;
mod by;
mod clients;
mod customers;
mod oauth;
mod reply;
mod roles;
mod session;
#[cfg(test)]
mod tests;
mod users;
mod well_known;

use utoipa_axum::router::OpenApiRouter;

use crate::AppState;

/// Everything that auth-service answers, besides what the service shell adds.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(session::router())
        .merge(oauth::router())
        .merge(well_known::router())
        .merge(customers::router())
        .merge(users::router())
        .merge(roles::router())
        .merge(clients::router())
        .merge(audit::router())
}
