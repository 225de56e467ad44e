use std::collections::BTreeSet;

use axum::{extract::State, http::StatusCode, response::Response};
use common::{
    access::may,
    ids::{CustomerId, UserId},
    problem::{Json, Path, Problem},
    service::etag::{ETag, IfMatch},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::UserView;
use crate::{
    AppState,
    directory::users::{self, NewUser, UserChange},
    domain::{DisplayName, Email, RoleName},
    passwords::NewPassword,
    routes::{
        by::By,
        reply::{created, distinct, present, present_distinct},
    },
};

/// A user to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewUser, example = json!({
    "email": "ada@example.org", "display_name": "Ada Lovelace", "password": "correct horse battery staple",
    "roles": ["manager"]
}))]
pub(crate) struct NewUserBody {
    email: Email,
    display_name: DisplayName,
    password: NewPassword,
    /// By name. Nobody gives a role that allows more than they may themselves.
    #[serde(default, deserialize_with = "distinct")]
    roles: BTreeSet<RoleName>,
    /// Whether the user is locked out from the start.
    #[serde(default)]
    disabled: bool,
    /// To whom the user belongs, for good; when absent, to your own customer.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    customer_id: Option<CustomerId>,
}

/// What changes about a user; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "display_name": "Ada King", "roles": ["manager", "speaker"] }))]
pub(crate) struct UserPatch {
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    email: Option<Email>,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    display_name: Option<DisplayName>,
    /// A new password, which ends the user's sessions. Not one's own: that is `POST /password`.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    password: Option<NewPassword>,
    /// All roles of the user from now on, by name.
    #[serde(default, deserialize_with = "present_distinct")]
    #[schema(nullable = false)]
    roles: Option<BTreeSet<RoleName>>,
    /// Whether the user is locked out: at once.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    disabled: Option<bool>,
}

/// Make a user
#[utoipa::path(
    post, path = "/users", operation_id = "create_user", tag = "users",
    request_body = NewUserBody,
    security(("bearer" = ["users:create"])),
    responses(
        (status = 201, description = "Made", body = UserView, headers(("Location" = String), ("ETag" = String))),
        (status = 404, description = "There is no such customer within reach"),
        (status = 409, description = "Somebody has this address (`email_taken`)"),
    ),
)]
pub(crate) async fn create_user(
    By { caller, .. }: By<may::UsersCreate>,
    State(state): State<AppState>,
    Json(body): Json<NewUserBody>,
) -> Result<Response, Problem> {
    let new = NewUser {
        customer_id: body.customer_id,
        email: body.email,
        display_name: body.display_name,
        password: body.password,
        roles: body.roles,
        disabled: body.disabled,
    };
    let user = users::create(&state, &caller, new).await?;
    let (id, version) = (user.user_id.to_string(), user.version);
    Ok(created("users", &id, version, UserView::from(user)))
}

/// Change a user
///
/// Whoever loses a role, is locked out or gets another password has to sign in again or to refresh: older access tokens
/// are refused at once. Users who have more permissions than you cannot be changed.
#[utoipa::path(
    patch, path = "/users/{user_id}", operation_id = "update_user", tag = "users",
    params(("user_id" = UserId, Path), ("If-Match" = Option<String>, Header, pattern = r#"^("[0-9]{1,18}"|\*)$"#)),
    request_body = UserPatch,
    security(("bearer" = ["users:update"])),
    responses(
        (status = 200, description = "Changed", body = UserView, headers(("ETag" = String))),
        (status = 409, description = "The address is taken (`email_taken`), you would lock yourself out (`own_account`), or the platform would lose its last administrator (`last_platform_admin`)"),
        (status = 412, description = "Another version than that of `If-Match`"),
    ),
)]
pub(crate) async fn update_user(
    By { caller, .. }: By<may::UsersUpdate>,
    State(state): State<AppState>,
    Path(user_id): Path<UserId>,
    if_match: IfMatch,
    Json(body): Json<UserPatch>,
) -> Result<(ETag, Json<UserView>), Problem> {
    let change = UserChange {
        email: body.email,
        display_name: body.display_name,
        password: body.password,
        roles: body.roles,
        disabled: body.disabled,
    };
    let user = users::update(&state, &caller, user_id, &if_match, change).await?;
    Ok((ETag(user.version), Json(user.into())))
}

/// Delete a user
#[utoipa::path(
    delete, path = "/users/{user_id}", operation_id = "delete_user", tag = "users",
    params(("user_id" = UserId, Path), ("If-Match" = Option<String>, Header, pattern = r#"^("[0-9]{1,18}"|\*)$"#)),
    security(("bearer" = ["users:delete"])),
    responses(
        (status = 204, description = "Deleted"),
        (status = 409, description = "It is yourself (`own_account`), or the last platform administrator (`last_platform_admin`)"),
        (status = 412, description = "Another version than that of `If-Match`"),
    ),
)]
pub(crate) async fn delete_user(
    By { caller, .. }: By<may::UsersDelete>,
    State(state): State<AppState>,
    Path(user_id): Path<UserId>,
    if_match: IfMatch,
) -> Result<StatusCode, Problem> {
    users::delete(&state, &caller, user_id, &if_match).await?;
    Ok(StatusCode::NO_CONTENT)
}
