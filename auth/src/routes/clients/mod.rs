//! OAuth2 clients: programs that sign in with a secret.

mod change;
mod list;
mod secret;
mod view;

use utoipa_axum::{router::OpenApiRouter, routes};

#[cfg(test)]
pub(super) use change::{ClientPatch, NewClientBody};
#[cfg(test)]
pub(super) use secret::SecretRotation;

use crate::AppState;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list::list_clients, change::create_client))
        .routes(routes!(list::get_client, change::update_client, change::delete_client))
        .routes(routes!(secret::rotate_client_secret))
}
