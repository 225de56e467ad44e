//! OAuth2 for programs: `/oauth/token` (RFC 6749), in the form of that RFC also where something is wrong.

mod credentials;
mod error;
mod form;
mod token;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::AppState;

/// The operations of OAuth2.
pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(token::token))
}
