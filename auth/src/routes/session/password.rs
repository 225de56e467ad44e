use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use common::{
    access::Principal,
    problem::{FieldError, Json, Problem},
    service::ClientAddress,
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    cookie::RefreshCookie,
    reply::{self, SessionReply},
};
use crate::{
    AppState,
    password_change::PasswordChange,
    passwords::{GivenPassword, NewPassword},
};

/// The old and the new.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"current_password": "correct horse battery staple", "new_password": "staple battery horse correct"}))]
pub(crate) struct PasswordRequest {
    current_password: GivenPassword,
    new_password: NewPassword,
}

/// Change one's password
///
/// The session of the cookie goes on, all others end, and access tokens made before are refused at once: here is a new one.
#[utoipa::path(
    post, path = "/password", operation_id = "change_password", tag = "sessions",
    security(("bearer" = [])),
    params(("ilenia_refresh" = Option<String>, Cookie, description = "The refresh token")),
    request_body = PasswordRequest,
    responses(
        (status = 200, description = "Changed", body = SessionReply),
        (status = 403, description = "The current password is another, or this is not a person"),
        (status = 429, description = "Too many wrong passwords; see `Retry-After`"),
    )
)]
pub(crate) async fn change_password(
    principal: Principal,
    State(state): State<AppState>,
    ClientAddress(from): ClientAddress,
    RefreshCookie(token): RefreshCookie,
    Json(body): Json<PasswordRequest>,
) -> Result<Response, Problem> {
    let user_id = principal.user().ok_or_else(|| Problem::forbidden("only people have a password"))?;
    if body.current_password.expose() == body.new_password.expose() {
        return Err(Problem::invalid(vec![FieldError::new(
            "new_password",
            "must be another than the current one",
        )]));
    }
    let change = PasswordChange {
        user_id,
        current: body.current_password.expose(),
        new: &body.new_password,
        keep: token.as_ref(),
        from,
    };
    let changed = state.change_password(change).await;
    let (account, token) = changed.map_err(|error| reply::problem(error, wrong))?;
    let reply = SessionReply::new(&account, token);
    Ok(([(header::CACHE_CONTROL, reply::no_store())], Json(reply)).into_response())
}

fn wrong() -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "wrong_password", "the current password is another")
}
