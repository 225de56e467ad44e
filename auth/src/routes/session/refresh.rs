use axum::{
    extract::State,
    http::{StatusCode, header},
    response::Response,
};
use common::problem::Problem;

use super::{
    cookie::RefreshCookie,
    origin::OwnOrigin,
    reply::{self, SessionReply},
};
use crate::{AppState, renewal::RenewalError};

/// Renew the session
///
/// Replaces the refresh token of the cookie, and answers with an access token that has the rights of now. A token that
/// was replaced less than 10 seconds ago is 409 and nothing changes; later its use ends the session.
#[utoipa::path(
    post, path = "/refresh", operation_id = "refresh", tag = "sessions",
    params(("ilenia_refresh" = Option<String>, Cookie, description = "The refresh token")),
    responses(
        (status = 200, description = "Renewed", body = SessionReply,
            headers(("Set-Cookie" = String, description = "`ilenia_refresh`"))),
        (status = 401, description = "There is no session, or it has ended"),
        (status = 403, description = "The page is of another site"),
        (status = 409, description = "Another request renewed the session a moment ago"),
    )
)]
pub(crate) async fn refresh(
    State(state): State<AppState>,
    _: OwnOrigin,
    RefreshCookie(token): RefreshCookie,
) -> Result<Response, Problem> {
    let Some(token) = token else { return Err(ended()) };
    match state.renew(&token).await {
        Ok(renewed) => Ok(reply::signed_in(&state, renewed)),
        Err(RenewalError::Ended) => Err(ended().header(header::SET_COOKIE, state.config.cookie.clear())),
        Err(RenewalError::JustRenewed) => Err(Problem::conflict(
            "just_refreshed",
            "the session was renewed a moment ago; use the newer token",
        )),
        Err(RenewalError::Key(error)) => Err(error.into()),
        Err(RenewalError::Persistence(error)) => Err(error.into()),
    }
}

fn ended() -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "session_ended", "there is no session; sign in")
}
