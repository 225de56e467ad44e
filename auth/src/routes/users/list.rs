use axum::{extract::State, response::Response};
use common::{
    access::may,
    ids::{CustomerId, UserId},
    problem::{Json, Path, Problem, Query},
    service::{
        etag::{ETag, IfNoneMatch},
        page::{self, Page},
    },
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::UserView;
use crate::{
    AppState,
    directory::DirectoryError,
    domain::{RoleName, user::EmailPart},
    persistence::{Slice, UserFilter},
    routes::by::By,
};

/// Which users.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct UserQuery {
    /// A part of the e-mail address.
    #[param(inline)]
    q: Option<EmailPart>,
    /// Who have this role.
    role: Option<RoleName>,
    /// Who are locked out, or not.
    disabled: Option<bool>,
    /// Of one customer among those within reach.
    customer_id: Option<CustomerId>,
    /// How many at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// Where the last page ended: its `next_cursor`.
    #[param(max_length = 500)]
    cursor: Option<String>,
}

/// List users
///
/// In the order in which they were made.
#[utoipa::path(
    get, path = "/users", operation_id = "list_users", tag = "users",
    params(UserQuery),
    security(("bearer" = ["users:read"])),
    responses((status = 200, description = "Those within reach", body = Page<UserView>)),
)]
pub(crate) async fn list_users(
    By { caller, .. }: By<may::UsersRead>,
    State(state): State<AppState>,
    Query(query): Query<UserQuery>,
) -> Result<Json<Page<UserView>>, Problem> {
    let request = page::read::<UserId>(query.limit, query.cursor.as_deref())?;
    let filter =
        UserFilter { email_contains: query.q.map(Into::into), role: query.role, disabled: query.disabled };
    let slice = Slice { after: request.after, limit: request.limit + 1 };
    let found = state.persistence.users(caller.tenants_of(query.customer_id), &filter, slice).await?;
    Ok(Json(request.page(found, |user| user.user_id).map(Into::into)))
}

/// Show a user
#[utoipa::path(
    get, path = "/users/{user_id}", operation_id = "get_user", tag = "users",
    params(("user_id" = UserId, Path)),
    security(("bearer" = ["users:read"])),
    responses(
        (status = 200, description = "The user", body = UserView, headers(("ETag" = String))),
        (status = 304, description = "Still the version of `If-None-Match`"),
    ),
)]
pub(crate) async fn get_user(
    By { caller, .. }: By<may::UsersRead>,
    State(state): State<AppState>,
    Path(user_id): Path<UserId>,
    if_none_match: IfNoneMatch,
) -> Result<Response, Problem> {
    let found = state.persistence.account(user_id, caller.principal.tenants()).await?;
    let user = found.ok_or(DirectoryError::NotFound("user"))?.user;
    let tag = ETag(user.version);
    Ok(if_none_match.or(tag, Json(UserView::from(user))))
}
