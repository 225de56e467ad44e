//! OAuth2 for programs: `/oauth/token` (RFC 6749), in the form of that RFC also where something is wrong.

mod credentials;
mod error;
mod form;
#[cfg(test)]
mod tests;
mod token;

use utoipa::openapi::{
    Components, OpenApi,
    security::{Http, HttpAuthScheme, SecurityScheme},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::AppState;

/// The operations of OAuth2.
pub(super) fn router() -> OpenApiRouter<AppState> {
    let basic = SecurityScheme::Http(Http::builder().scheme(HttpAuthScheme::Basic).build());
    let components = Components::builder().security_scheme("client", basic).build();
    let openapi = OpenApi::builder().components(Some(components)).build();
    OpenApiRouter::with_openapi(openapi).routes(routes!(token::token))
}
