//! What programs need to know of the tokens: the public keys (RFC 7517), and where everything is (RFC 8414).

use axum::{
    Json,
    extract::State,
    http::{HeaderName, header},
};
use common::{
    access::{JwkSet, Permission},
    clock,
};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::AppState;

/// `Cache-Control` of the keys: [`crate::keys::KEY_SET_MAX_AGE`].
const CACHED: [(HeaderName, &str); 1] = [(header::CACHE_CONTROL, "public, max-age=300")];

/// The addresses under `/.well-known`.
pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(jwks))
        .routes(routes!(authorization_server))
        .routes(routes!(openid_configuration))
        // RFC 8414, section 3.1: an issuer with a path has it appended.
        .route(
            "/.well-known/oauth-authorization-server/{*issuer_path}",
            axum::routing::get(authorization_server),
        )
}

/// The public keys
///
/// Those that sign access tokens, those that will soon, and those whose tokens still live.
#[utoipa::path(
    get, path = "/.well-known/jwks.json", operation_id = "jwks", tag = "oauth2",
    responses((status = 200, description = "The keys", body = JwkSet))
)]
async fn jwks(State(state): State<AppState>) -> ([(HeaderName, &'static str); 1], Json<JwkSet>) {
    (CACHED, Json(state.keys.published(clock::now())))
}

/// What this authorization server can do (RFC 8414, section 2).
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "issuer": "https://example.org", "token_endpoint": "https://example.org/oauth/token",
    "jwks_uri": "https://example.org/.well-known/jwks.json", "scopes_supported": ["events:read"],
    "response_types_supported": [], "grant_types_supported": ["client_credentials"],
    "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
    "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["RS256"]
}))]
pub(crate) struct Metadata {
    /// `iss` of the tokens.
    issuer: String,
    /// Where programs get tokens.
    token_endpoint: String,
    /// Where the public keys are.
    jwks_uri: String,
    /// What a token may be for.
    scopes_supported: Vec<Permission>,
    /// None: there is no authorization endpoint.
    response_types_supported: Vec<String>,
    /// `client_credentials`.
    grant_types_supported: Vec<&'static str>,
    /// How clients identify themselves.
    token_endpoint_auth_methods_supported: Vec<&'static str>,
    /// For libraries of `OpenID` Connect.
    subject_types_supported: Vec<&'static str>,
    /// How tokens are signed.
    id_token_signing_alg_values_supported: Vec<&'static str>,
}

impl Metadata {
    fn new(state: &AppState) -> Self {
        let base = &state.config.public_url;
        Self {
            issuer: state.config.issuer.clone(),
            token_endpoint: format!("{base}/oauth/token"),
            jwks_uri: format!("{base}/.well-known/jwks.json"),
            scopes_supported: Permission::ALL.to_vec(),
            response_types_supported: Vec::new(),
            grant_types_supported: vec!["client_credentials"],
            token_endpoint_auth_methods_supported: vec!["client_secret_basic", "client_secret_post"],
            subject_types_supported: vec!["public"],
            id_token_signing_alg_values_supported: vec!["RS256"],
        }
    }
}

/// What this authorization server can do
#[utoipa::path(
    get, path = "/.well-known/oauth-authorization-server", operation_id = "authorization_server", tag = "oauth2",
    responses((status = 200, description = "Its metadata", body = Metadata))
)]
async fn authorization_server(
    State(state): State<AppState>,
) -> ([(HeaderName, &'static str); 1], Json<Metadata>) {
    (CACHED, Json(Metadata::new(&state)))
}

/// The same, where libraries of `OpenID` Connect look for it
#[utoipa::path(
    get, path = "/.well-known/openid-configuration", operation_id = "openid_configuration", tag = "oauth2",
    responses((status = 200, description = "Its metadata", body = Metadata))
)]
async fn openid_configuration(
    State(state): State<AppState>,
) -> ([(HeaderName, &'static str); 1], Json<Metadata>) {
    (CACHED, Json(Metadata::new(&state)))
}
