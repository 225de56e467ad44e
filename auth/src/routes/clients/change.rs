use axum::{extract::State, http::StatusCode, response::Response};
use common::{
    access::{Permission, PermissionSet, may},
    ids::CustomerId,
    problem::{Json, Path, Problem},
    service::etag::{ETag, IfMatch},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::view::{ClientView, ClientWithSecret};
use crate::{
    AppState,
    directory::clients::{self, ClientChange, NewClient},
    domain::{ClientId, client::ClientName},
    routes::{
        by::By,
        reply::{created, present},
    },
};

/// A client to be registered.
#[expect(clippy::option_option, reason = "absent, null and a value are three things")]
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewClient, example = json!({
    "client_id": "caption-archive", "name": "Caption archive", "scopes": ["events:read", "transcripts:read"]
}))]
pub(crate) struct NewClientBody {
    /// Generated when absent.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    client_id: Option<ClientId>,
    name: ClientName,
    /// What it may ask for. Nobody gives a client what they do not have themselves.
    #[schema(value_type = Vec<Permission>)]
    scopes: PermissionSet,
    /// Whose data it works on; when absent, your own customer's. `null`: a service of the platform, for every customer,
    /// by platform administrators only.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<CustomerId>)]
    customer_id: Option<Option<CustomerId>>,
}

/// What changes about a client; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "scopes": ["events:read"] }))]
pub(crate) struct ClientPatch {
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    name: Option<ClientName>,
    /// All that it may ask for from now on.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Vec<Permission>>, nullable = false)]
    scopes: Option<PermissionSet>,
    /// Whether it is locked out: at once.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    disabled: Option<bool>,
}

/// Register an OAuth2 client
///
/// The answer has its secret, this once.
#[utoipa::path(
    post, path = "/clients", operation_id = "create_client", tag = "clients",
    request_body = NewClientBody,
    security(("bearer" = ["clients:create"])),
    responses(
        (status = 201, description = "Registered", body = ClientWithSecret, headers(("Location" = String), ("ETag" = String))),
        (status = 404, description = "There is no such customer within reach"),
        (status = 409, description = "Another client has this id (`client_id_taken`)"),
    ),
)]
pub(crate) async fn create_client(
    By { caller, .. }: By<may::ClientsCreate>,
    State(state): State<AppState>,
    Json(body): Json<NewClientBody>,
) -> Result<Response, Problem> {
    let new = NewClient {
        client_id: body.client_id,
        name: body.name,
        customer_id: body.customer_id,
        scopes: body.scopes,
    };
    let (client, secret) = clients::create(&state, &caller, new).await?;
    let (id, version) = (client.client_id.to_string(), client.version);
    Ok(created("clients", &id, version, ClientWithSecret::from((client, secret))))
}

/// Change an OAuth2 client
///
/// What it loses it loses at once. Nobody changes a client that may do more than they may themselves.
#[utoipa::path(
    patch, path = "/clients/{client_id}", operation_id = "update_client", tag = "clients",
    params(("client_id" = ClientId, Path), ("If-Match" = Option<String>, Header, pattern = r#"^("[0-9]{1,18}"|\*)$"#)),
    request_body = ClientPatch,
    security(("bearer" = ["clients:update"])),
    responses(
        (status = 200, description = "Changed", body = ClientView, headers(("ETag" = String))),
        (status = 409, description = "It is the caller itself (`own_account`)"),
        (status = 412, description = "Another version than that of `If-Match`"),
    ),
)]
pub(crate) async fn update_client(
    By { caller, .. }: By<may::ClientsUpdate>,
    State(state): State<AppState>,
    Path(client_id): Path<ClientId>,
    if_match: IfMatch,
    Json(body): Json<ClientPatch>,
) -> Result<(ETag, Json<ClientView>), Problem> {
    let change = ClientChange { name: body.name, scopes: body.scopes, disabled: body.disabled };
    let client = clients::update(&state, &caller, &client_id, &if_match, change).await?;
    Ok((ETag(client.version), Json(client.into())))
}

/// Delete an OAuth2 client
#[utoipa::path(
    delete, path = "/clients/{client_id}", operation_id = "delete_client", tag = "clients",
    params(("client_id" = ClientId, Path), ("If-Match" = Option<String>, Header, pattern = r#"^("[0-9]{1,18}"|\*)$"#)),
    security(("bearer" = ["clients:delete"])),
    responses(
        (status = 204, description = "Deleted, with its secrets"),
        (status = 409, description = "It is the caller itself (`own_account`)"),
        (status = 412, description = "Another version than that of `If-Match`"),
    ),
)]
pub(crate) async fn delete_client(
    By { caller, .. }: By<may::ClientsDelete>,
    State(state): State<AppState>,
    Path(client_id): Path<ClientId>,
    if_match: IfMatch,
) -> Result<StatusCode, Problem> {
    clients::delete(&state, &caller, &client_id, &if_match).await?;
    Ok(StatusCode::NO_CONTENT)
}
