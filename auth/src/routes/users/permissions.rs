use axum::{extract::State, http::StatusCode};
use chrono::{DateTime, Utc};
use common::{
    access::{Permission, may},
    ids::UserId,
    problem::{Json, Path, Problem},
    service::etag::{ETag, IfMatch},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    AppState,
    directory::permissions,
    domain::{Account, Effect, Explained, Grant, Reason, RoleName, Source},
    routes::{
        by::{By, ByAnybody},
        reply::present,
    },
};

/// What a user may do, and why.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "user_id": "0192f0c1-0000-7000-8000-000000000012",
    "effective": ["events:read", "rooms:listen"],
    "permissions": [
        { "permission": "events:read", "effective": true, "roles": ["listener"], "custom": null },
        { "permission": "rooms:listen", "effective": true, "roles": ["listener"], "custom": null },
        { "permission": "transcripts:read", "effective": false, "roles": ["listener"], "custom": {
            "permission": "transcripts:read", "effect": "remove", "granted_by": "0192f0c1-0000-7000-8000-000000000011",
            "granted_at": "2026-03-01T09:00:00Z", "reason": "Closed session." } }
    ]
}))]
pub(crate) struct UserPermissions {
    user_id: UserId,
    /// All that the user may do: what the roles allow and what was added, without what was removed.
    effective: Vec<Permission>,
    /// Every permission that a role or a custom permission names.
    permissions: Vec<PermissionSources>,
}

/// Where a permission comes from.
#[derive(Serialize, ToSchema)]
pub(crate) struct PermissionSources {
    permission: Permission,
    /// Whether the user has it in the end.
    effective: bool,
    /// The user's roles that have it.
    roles: Vec<RoleName>,
    /// What adds or removes it for this user alone.
    #[schema(required = true)]
    custom: Option<CustomPermission>,
}

/// A permission that is added to one user, or taken away.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "permission": "recordings:read", "effect": "add", "granted_by": "0192f0c1-0000-7000-8000-000000000011",
    "granted_at": "2026-03-01T09:00:00Z", "reason": "Stands in for Grace in May."
}))]
pub(crate) struct CustomPermission {
    permission: Permission,
    effect: Effect,
    /// A user's id, a client's, or `system`.
    granted_by: String,
    granted_at: DateTime<Utc>,
    #[schema(required = true)]
    reason: Option<Reason>,
}

impl From<Grant> for CustomPermission {
    fn from(grant: Grant) -> Self {
        let Grant { permission, effect, granted_by, granted_at, reason } = grant;
        Self { permission, effect, granted_by: granted_by.to_string(), granted_at, reason }
    }
}

impl From<Explained> for PermissionSources {
    fn from(explained: Explained) -> Self {
        let Explained { permission, effective, sources } = explained;
        let (mut roles, mut custom) = (Vec::new(), None);
        for source in sources {
            match source {
                Source::Role(name) => roles.push(name),
                Source::Grant(grant) => custom = Some(grant.into()),
            }
        }
        Self { permission, effective, roles, custom }
    }
}

impl From<&Account> for UserPermissions {
    fn from(account: &Account) -> Self {
        Self {
            user_id: account.user.user_id,
            effective: account.effective().iter().collect(),
            permissions: account.explain().into_iter().map(Into::into).collect(),
        }
    }
}

/// What a custom permission does.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "effect": "add", "reason": "Stands in for Grace in May." }))]
pub(crate) struct SetPermission {
    effect: Effect,
    /// Why, for whoever reads it later.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    reason: Option<Reason>,
}

/// Explain a user's permissions
///
/// Everybody sees their own; those of others with `users:read`.
#[utoipa::path(
    get, path = "/users/{user_id}/permissions", operation_id = "get_user_permissions", tag = "permissions",
    params(("user_id" = UserId, Path)),
    security(("bearer" = [])),
    responses((status = 200, description = "What the user may do, and why", body = UserPermissions, headers(("ETag" = String)))),
)]
pub(crate) async fn get_user_permissions(
    ByAnybody(caller): ByAnybody,
    State(state): State<AppState>,
    Path(user_id): Path<UserId>,
) -> Result<(ETag, Json<UserPermissions>), Problem> {
    let account = permissions::explain(&state, &caller, user_id).await?;
    Ok((ETag(account.user.version), Json((&account).into())))
}

/// Add a permission to a user, or take it away
///
/// Whatever the user's roles say, today or later. Nobody adds what they do not have themselves.
#[utoipa::path(
    put, path = "/users/{user_id}/permissions/{permission}", operation_id = "set_user_permission", tag = "permissions",
    params(
        ("user_id" = UserId, Path), ("permission" = Permission, Path),
        ("If-Match" = Option<String>, Header, pattern = r#"^("[0-9]{1,18}"|\*)$"#),
    ),
    request_body = SetPermission,
    security(("bearer" = ["permissions:grant"])),
    responses(
        (status = 200, description = "Set", body = CustomPermission, headers(("ETag" = String))),
        (status = 409, description = "You would take it from yourself (`own_account`)"),
        (status = 412, description = "Another version of the user than that of `If-Match`"),
    ),
)]
pub(crate) async fn set_user_permission(
    By { caller, .. }: By<may::PermissionsGrant>,
    State(state): State<AppState>,
    Path((user_id, permission)): Path<(UserId, Permission)>,
    if_match: IfMatch,
    Json(body): Json<SetPermission>,
) -> Result<(ETag, Json<CustomPermission>), Problem> {
    let what = (body.effect, body.reason);
    let (grant, version) = permissions::put(&state, &caller, user_id, permission, &if_match, what).await?;
    Ok((ETag(version), Json(grant.into())))
}

/// Leave a permission to the user's roles again
#[utoipa::path(
    delete, path = "/users/{user_id}/permissions/{permission}", operation_id = "unset_user_permission", tag = "permissions",
    params(
        ("user_id" = UserId, Path), ("permission" = Permission, Path),
        ("If-Match" = Option<String>, Header, pattern = r#"^("[0-9]{1,18}"|\*)$"#),
    ),
    security(("bearer" = ["permissions:grant"])),
    responses(
        (status = 204, description = "The custom permission is gone"),
        (status = 409, description = "You would take it from yourself (`own_account`)"),
        (status = 412, description = "Another version of the user than that of `If-Match`"),
    ),
)]
pub(crate) async fn unset_user_permission(
    By { caller, .. }: By<may::PermissionsGrant>,
    State(state): State<AppState>,
    Path((user_id, permission)): Path<(UserId, Permission)>,
    if_match: IfMatch,
) -> Result<StatusCode, Problem> {
    permissions::delete(&state, &caller, user_id, permission, &if_match).await?;
    Ok(StatusCode::NO_CONTENT)
}
