//! Roles: built-in ones, the same for all, and the customers' own.

use std::collections::BTreeSet;

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use chrono::{DateTime, Utc};
use common::{
    access::{Permission, PermissionPattern, may},
    ids::CustomerId,
    problem::{Json, Path, Problem, Query},
    service::etag::{ETag, IfMatch},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    by::{By, ByAnybody},
    reply::{created, distinct, present, present_distinct},
};
use crate::{
    AppState,
    directory::roles::{self, NewRole, RoleChange},
    domain::{BuiltinRole, CustomRole, RoleName, role::RoleDescription},
};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_roles, create_role))
        .routes(routes!(get_role, update_role, delete_role))
        .routes(routes!(list_permissions))
}

/// A role: a template of permissions.
#[derive(Serialize, ToSchema)]
#[schema(as = Role, example = json!({
    "name": "interpreter", "description": "Corrects transcripts after the event.", "built_in": false,
    "customer_id": "0192f0c1-0000-7000-8000-000000000001", "permissions": ["events:read", "transcripts:*"],
    "created_at": "2026-03-01T09:00:00Z", "updated_at": "2026-03-01T09:00:00Z"
}))]
pub(crate) struct RoleView {
    name: RoleName,
    #[schema(required = true)]
    description: Option<RoleDescription>,
    /// Built-in roles are the same for all customers and never change.
    built_in: bool,
    /// Whose it is; `null` for built-in ones.
    #[schema(required = true)]
    customer_id: Option<CustomerId>,
    permissions: BTreeSet<PermissionPattern>,
    #[schema(required = true)]
    created_at: Option<DateTime<Utc>>,
    #[schema(required = true)]
    updated_at: Option<DateTime<Utc>>,
}

impl From<BuiltinRole> for RoleView {
    fn from(role: BuiltinRole) -> Self {
        Self {
            name: role.into(),
            description: role.description().parse().ok(),
            built_in: true,
            customer_id: None,
            permissions: role.patterns().into_iter().collect(),
            created_at: None,
            updated_at: None,
        }
    }
}

impl From<CustomRole> for RoleView {
    fn from(role: CustomRole) -> Self {
        Self {
            name: role.name,
            description: role.description,
            built_in: false,
            customer_id: Some(role.customer_id),
            permissions: role.permissions,
            created_at: Some(role.created_at),
            updated_at: Some(role.updated_at),
        }
    }
}

/// Roles, the built-in ones first.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({ "items": [{
    "name": "listener", "description": "Follows the events it may hear.", "built_in": true, "customer_id": null,
    "permissions": ["events:read", "transcripts:read", "rooms:listen"], "created_at": null, "updated_at": null
}] }))]
pub(crate) struct RoleList {
    items: Vec<RoleView>,
}

/// A role to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewRole, example = json!({
    "name": "interpreter", "description": "Corrects transcripts after the event.",
    "permissions": ["events:read", "transcripts:*"]
}))]
pub(crate) struct NewRoleBody {
    /// Not that of a built-in role.
    name: RoleName,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    description: Option<RoleDescription>,
    /// Nobody puts into a role what they do not have themselves.
    #[serde(deserialize_with = "distinct")]
    permissions: BTreeSet<PermissionPattern>,
}

/// What changes about a role; what is absent stays.
#[expect(clippy::option_option, reason = "absent, null and a value are three things")]
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "permissions": ["events:read", "transcripts:read"] }))]
pub(crate) struct RolePatch {
    /// `null` takes it away.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<RoleDescription>)]
    description: Option<Option<RoleDescription>>,
    /// All that the role allows from now on.
    #[serde(default, deserialize_with = "present_distinct")]
    #[schema(nullable = false)]
    permissions: Option<BTreeSet<PermissionPattern>>,
}

/// Whose roles.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct RoleQuery {
    /// Of this customer within reach; when absent, of your own.
    customer_id: Option<CustomerId>,
}

/// List roles
#[utoipa::path(
    get, path = "/roles", operation_id = "list_roles", tag = "roles",
    params(RoleQuery),
    security(("bearer" = ["roles:read"])),
    responses(
        (status = 200, description = "The built-in roles and the customer's own", body = RoleList),
        (status = 404, description = "There is no such customer within reach"),
    ),
)]
async fn list_roles(
    By { caller, .. }: By<may::RolesRead>,
    State(state): State<AppState>,
    Query(query): Query<RoleQuery>,
) -> Result<Json<RoleList>, Problem> {
    let own = roles::list(&state, &caller, query.customer_id).await?;
    let built_in = BuiltinRole::ALL.into_iter().map(RoleView::from);
    Ok(Json(RoleList { items: built_in.chain(own.into_iter().map(Into::into)).collect() }))
}

/// Make a role
#[utoipa::path(
    post, path = "/roles", operation_id = "create_role", tag = "roles",
    params(RoleQuery),
    request_body = NewRoleBody,
    security(("bearer" = ["roles:create"])),
    responses(
        (status = 201, description = "Made", body = RoleView, headers(("Location" = String), ("ETag" = String))),
        (status = 404, description = "There is no such customer within reach"),
        (status = 409, description = "There is a role of this name (`name_taken`)"),
    ),
)]
async fn create_role(
    By { caller, .. }: By<may::RolesCreate>,
    State(state): State<AppState>,
    Query(query): Query<RoleQuery>,
    Json(body): Json<NewRoleBody>,
) -> Result<Response, Problem> {
    let new = NewRole { name: body.name, description: body.description, permissions: body.permissions };
    let role = roles::create(&state, &caller, query.customer_id, new).await?;
    let address = match query.customer_id {
        Some(customer_id) => format!("{}?customer_id={customer_id}", role.name),
        None => role.name.to_string(),
    };
    Ok(created("roles", &address, role.version, RoleView::from(role)))
}

/// Show a role
#[utoipa::path(
    get, path = "/roles/{name}", operation_id = "get_role", tag = "roles",
    params(("name" = RoleName, Path), RoleQuery),
    security(("bearer" = ["roles:read"])),
    responses((status = 200, description = "The role", body = RoleView, headers(("ETag" = String)))),
)]
async fn get_role(
    By { caller, .. }: By<may::RolesRead>,
    State(state): State<AppState>,
    Path(name): Path<RoleName>,
    Query(query): Query<RoleQuery>,
) -> Result<Response, Problem> {
    if let Some(role) = name.builtin() {
        // One version, forever.
        return Ok((ETag(1), Json(RoleView::from(role))).into_response());
    }
    let role = roles::get(&state, &caller, query.customer_id, &name).await?;
    Ok((ETag(role.version), Json(RoleView::from(role))).into_response())
}

/// Change a role
///
/// At once for all who have it. Nobody changes a role that allows more than they may themselves.
#[utoipa::path(
    patch, path = "/roles/{name}", operation_id = "update_role", tag = "roles",
    params(("name" = RoleName, Path), RoleQuery, ("If-Match" = Option<String>, Header, pattern = r#"^("[0-9]{1,18}"|\*)$"#)),
    request_body = RolePatch,
    security(("bearer" = ["roles:update"])),
    responses(
        (status = 200, description = "Changed", body = RoleView, headers(("ETag" = String))),
        (status = 409, description = "A built-in role (`built_in_role`), or you would take something from yourself (`own_account`)"),
        (status = 412, description = "Another version than that of `If-Match`"),
    ),
)]
async fn update_role(
    By { caller, .. }: By<may::RolesUpdate>,
    State(state): State<AppState>,
    Path(name): Path<RoleName>,
    Query(query): Query<RoleQuery>,
    if_match: IfMatch,
    Json(body): Json<RolePatch>,
) -> Result<(ETag, Json<RoleView>), Problem> {
    let change = RoleChange { description: body.description, permissions: body.permissions };
    let role = roles::update(&state, &caller, query.customer_id, &name, &if_match, change).await?;
    Ok((ETag(role.version), Json(role.into())))
}

/// Delete a role
///
/// Only once no user has it.
#[utoipa::path(
    delete, path = "/roles/{name}", operation_id = "delete_role", tag = "roles",
    params(("name" = RoleName, Path), RoleQuery, ("If-Match" = Option<String>, Header, pattern = r#"^("[0-9]{1,18}"|\*)$"#)),
    security(("bearer" = ["roles:delete"])),
    responses(
        (status = 204, description = "Deleted"),
        (status = 409, description = "Users have it (`in_use`), or it is built in (`built_in_role`)"),
        (status = 412, description = "Another version than that of `If-Match`"),
    ),
)]
async fn delete_role(
    By { caller, .. }: By<may::RolesDelete>,
    State(state): State<AppState>,
    Path(name): Path<RoleName>,
    Query(query): Query<RoleQuery>,
    if_match: IfMatch,
) -> Result<StatusCode, Problem> {
    roles::delete(&state, &caller, query.customer_id, &name, &if_match).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A permission that there is.
#[derive(Serialize, ToSchema)]
pub(crate) struct PermissionView {
    permission: Permission,
    /// What it is about: the part before the colon.
    resource: &'static str,
    /// What it allows.
    description: &'static str,
}

/// All permissions that there are.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({ "items": [
    { "permission": "events:read", "resource": "events", "description": "See events." }
] }))]
pub(crate) struct PermissionList {
    items: Vec<PermissionView>,
}

/// List all permissions that there are
#[utoipa::path(
    get, path = "/permissions", operation_id = "list_permissions", tag = "permissions",
    security(("bearer" = [])),
    responses((status = 200, description = "By resource", body = PermissionList)),
)]
async fn list_permissions(_: ByAnybody) -> Json<PermissionList> {
    let view = |permission: &Permission| PermissionView {
        permission: *permission,
        resource: permission.resource(),
        description: permission.description(),
    };
    Json(PermissionList { items: Permission::ALL.iter().map(view).collect() })
}
