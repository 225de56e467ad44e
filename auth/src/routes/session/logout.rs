use axum::{
    extract::State,
    http::{HeaderName, HeaderValue, StatusCode, header},
};
use common::{
    access::Subject,
    clock,
    problem::{Problem, Query},
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{cookie::RefreshCookie, origin::OwnOrigin};
use crate::{AppState, domain::tokens_good_from};

/// Which sessions end.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct LogoutQuery {
    /// Whether all sessions of the user end, and with them all access tokens.
    #[serde(default)]
    #[param(default = false, example = false)]
    all: bool,
}

/// Sign out
///
/// Ends the session of the cookie. Without one, or when it has ended already, nothing happens. The access token lives
/// to its end, unless all sessions are ended.
#[utoipa::path(
    post, path = "/logout", operation_id = "logout", tag = "sessions",
    params(LogoutQuery, ("ilenia_refresh" = Option<String>, Cookie, description = "The refresh token")),
    responses(
        (status = 204, description = "Signed out",
            headers(("Set-Cookie" = String, description = "Takes `ilenia_refresh` away"))),
        (status = 403, description = "The page is of another site"),
    )
)]
pub(crate) async fn logout(
    State(state): State<AppState>,
    _: OwnOrigin,
    RefreshCookie(token): RefreshCookie,
    Query(query): Query<LogoutQuery>,
) -> Result<(StatusCode, [(HeaderName, HeaderValue); 1]), Problem> {
    if let Some(token) = token {
        let everywhere = query.all.then(|| tokens_good_from(clock::now()));
        let user = state.persistence.end_session(&token.hash(), everywhere).await?;
        if let (Some(user), Some(not_before)) = (user, everywhere) {
            state.tell_withdrawn(&Subject::User(user), not_before).await;
        }
    }
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, state.config.cookie.clear())]))
}
