//! Sign-in and what follows: `/login`, `/refresh`, `/logout`, `/me`, `/password`.

mod cookie;
mod login;
mod logout;
mod me;
mod origin;
mod password;
mod refresh;
mod reply;
#[cfg(test)]
mod tests;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::AppState;

/// The operations of sessions.
pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(login::login))
        .routes(routes!(refresh::refresh))
        .routes(routes!(logout::logout))
        .routes(routes!(me::me))
        .routes(routes!(password::change_password))
}
