//! The operations, one canonical path each, without version prefix.

mod agent_token;
mod rooms;
#[cfg(test)]
mod tests;
mod tokens;
mod webhook;
mod who;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::AppState;

/// Everything that livekit-provider answers, besides what the service shell adds.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(rooms::create_or_join::create_or_join_room))
        .routes(routes!(rooms::join::join_room))
        .routes(routes!(rooms::close::close_rooms))
        .routes(routes!(rooms::list::list_rooms))
        .routes(routes!(agent_token::create_agent_token))
        .routes(routes!(tokens::list_tokens))
        .routes(routes!(webhook::receive_webhook))
}
