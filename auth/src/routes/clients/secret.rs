use std::time::Duration;

use axum::extract::State;
use common::{
    access::may,
    problem::{FieldError, Json, Path, Problem},
    service::etag::{ETag, IfMatch},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::view::ClientWithSecret;
use crate::{AppState, directory::clients, domain::ClientId, routes::by::By};

/// A day.
const MAX_OVERLAP_SECONDS: u32 = 86_400;

/// How a secret is replaced.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "overlap_seconds": 3600 }))]
pub(crate) struct SecretRotation {
    /// How much longer the old secret is good. Zero: it ends now, with the tokens that it got.
    #[serde(default)]
    #[schema(maximum = 86400, default = 0)]
    overlap_seconds: u32,
}

/// Give a client a new secret
///
/// The answer has it, this once.
#[utoipa::path(
    post, path = "/clients/{client_id}/secret", operation_id = "rotate_client_secret", tag = "clients",
    params(("client_id" = ClientId, Path), ("If-Match" = Option<String>, Header, pattern = r#"^("[0-9]{1,18}"|\*)$"#)),
    request_body = SecretRotation,
    security(("bearer" = ["clients:update"])),
    responses(
        (status = 200, description = "The client and its new secret", body = ClientWithSecret, headers(("ETag" = String))),
        (status = 412, description = "Another version than that of `If-Match`"),
    ),
)]
pub(crate) async fn rotate_client_secret(
    By { caller, .. }: By<may::ClientsUpdate>,
    State(state): State<AppState>,
    Path(client_id): Path<ClientId>,
    if_match: IfMatch,
    Json(body): Json<SecretRotation>,
) -> Result<(ETag, Json<ClientWithSecret>), Problem> {
    if body.overlap_seconds > MAX_OVERLAP_SECONDS {
        let error = FieldError::new("overlap_seconds", format!("at most {MAX_OVERLAP_SECONDS}: a day"));
        return Err(Problem::invalid(vec![error]));
    }
    let overlap = Duration::from_secs(body.overlap_seconds.into());
    let (client, secret) = clients::rotate_secret(&state, &caller, &client_id, &if_match, overlap).await?;
    Ok((ETag(client.version), Json((client, secret).into())))
}
