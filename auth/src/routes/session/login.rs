use axum::{extract::State, http::StatusCode, response::Response};
use common::{
    problem::{Json, Problem},
    service::ClientAddress,
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::reply::{self, SessionReply};
use crate::{AppState, domain::Email, passwords::GivenPassword};

/// Who wants to sign in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"email": "ada@example.org", "password": "correct horse battery staple"}))]
pub(crate) struct LoginRequest {
    email: Email,
    password: GivenPassword,
}

/// Sign in
///
/// Answers with an access token, and with a refresh token in the cookie `ilenia_refresh`. Unknown address, wrong
/// password, locked account and disabled user are one answer.
#[utoipa::path(
    post, path = "/login", operation_id = "login", tag = "sessions",
    request_body = LoginRequest,
    responses(
        (status = 200, description = "Signed in", body = SessionReply,
            headers(("Set-Cookie" = String, description = "`ilenia_refresh`"))),
        (status = 401, description = "The e-mail address or the password is not right"),
        (status = 429, description = "Too many failed attempts from this address; see `Retry-After`"),
    )
)]
pub(crate) async fn login(
    State(state): State<AppState>,
    ClientAddress(from): ClientAddress,
    Json(body): Json<LoginRequest>,
) -> Result<Response, Problem> {
    let signed_in = state.sign_in(&body.email, body.password.expose(), from).await;
    let signed_in = signed_in.map_err(|error| reply::problem(error, refused))?;
    Ok(reply::signed_in(&state, signed_in))
}

fn refused() -> Problem {
    let detail = "the e-mail address or the password is not right";
    Problem::new(StatusCode::UNAUTHORIZED, "invalid_credentials", detail)
}
