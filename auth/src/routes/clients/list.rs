use axum::{extract::State, response::Response};
use common::{
    access::may,
    ids::CustomerId,
    problem::{Json, Path, Problem, Query},
    service::{
        etag::{ETag, IfNoneMatch},
        page::{self, Page},
    },
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::view::ClientView;
use crate::{AppState, directory::clients, domain::ClientId, persistence::Slice, routes::by::By};

/// Which clients.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClientQuery {
    /// Of one customer among those within reach.
    customer_id: Option<CustomerId>,
    /// How many at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// Where the last page ended: its `next_cursor`.
    #[param(max_length = 500)]
    cursor: Option<String>,
}

/// List OAuth2 clients
#[utoipa::path(
    get, path = "/clients", operation_id = "list_clients", tag = "clients",
    params(ClientQuery),
    security(("bearer" = ["clients:read"])),
    responses((status = 200, description = "Those within reach, by id", body = Page<ClientView>)),
)]
pub(crate) async fn list_clients(
    By { caller, .. }: By<may::ClientsRead>,
    State(state): State<AppState>,
    Query(query): Query<ClientQuery>,
) -> Result<Json<Page<ClientView>>, Problem> {
    let request = page::read::<ClientId>(query.limit, query.cursor.as_deref())?;
    let slice = Slice { after: request.after.clone(), limit: request.limit + 1 };
    let found = state.persistence.clients(caller.principal.tenants(), query.customer_id, slice).await?;
    Ok(Json(request.page(found, |client| client.client_id.clone()).map(Into::into)))
}

/// Show an OAuth2 client
#[utoipa::path(
    get, path = "/clients/{client_id}", operation_id = "get_client", tag = "clients",
    params(("client_id" = ClientId, Path)),
    security(("bearer" = ["clients:read"])),
    responses(
        (status = 200, description = "The client", body = ClientView, headers(("ETag" = String))),
        (status = 304, description = "Still the version of `If-None-Match`"),
    ),
)]
pub(crate) async fn get_client(
    By { caller, .. }: By<may::ClientsRead>,
    State(state): State<AppState>,
    Path(client_id): Path<ClientId>,
    if_none_match: IfNoneMatch,
) -> Result<Response, Problem> {
    let client = clients::get(&state, &caller, &client_id).await?;
    let tag = ETag(client.version);
    Ok(if_none_match.or(tag, Json(ClientView::from(client))))
}
