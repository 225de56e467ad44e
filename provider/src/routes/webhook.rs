//! `POST /livekit/webhook`

use axum::{
    extract::{Request, State},
    http::StatusCode,
};
use common::{
    clock,
    problem::{Problem, read_body},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{AppState, figures::WebhookOutcome, webhook};

/// What `LiveKit` tells: a `WebhookEvent` of its protocol as JSON. Only what is needed is read, the rest may be anything.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LiveKitWebhook, example = json!({
    "id": "EV_fqXLyTzAsUYb", "event": "participant_joined", "createdAt": "1777887000",
    "room": { "sid": "RM_x", "name": "event-123457-channel-1" },
    "participant": { "identity": "listener-guest-9c1185a5c5e9fc54", "attributes": { "language": "es-ES" } }
}))]
pub(crate) struct WebhookBody {
    /// Names what happened; a repeat has the same.
    id: String,
    /// What happened.
    event: String,
    /// When, in seconds since 1970.
    #[serde(rename = "createdAt")]
    created_at: String,
    /// In which room.
    #[schema(value_type = Option<Object>)]
    room: Option<serde_json::Value>,
    /// Who did it.
    #[schema(value_type = Option<Object>)]
    participant: Option<serde_json::Value>,
}

/// Hear what happens in rooms
///
/// For the LiveKit server alone: instead of a bearer token, the header `Authorization` carries a token that it signed
/// with the API secret and that has the body's SHA-256 in its claim `sha256`. What happened in rooms of events is kept
/// and passed on to the live-service; a repeat has no effect.
#[utoipa::path(
    post, path = "/livekit/webhook", tag = "webhooks", security(()),
    request_body(content = WebhookBody, content_type = "application/webhook+json"),
    responses(
        (status = 200, description = "It is heard"),
        (status = 401, description = "The LiveKit server has not signed this body"),
    )
)]
pub(crate) async fn receive_webhook(
    State(state): State<AppState>,
    request: Request,
) -> Result<StatusCode, Problem> {
    let count = |outcome| state.figures.webhook(outcome, 1);
    let refused = |_: &Problem| count(WebhookOutcome::Refused);
    let signature = state.signatures.of(request.headers()).inspect_err(refused)?;
    let body = read_body(request).await?;
    let body = signature.check(&body).inspect_err(refused)?;
    let Some(event) = webhook::read(body)? else {
        count(WebhookOutcome::NotOurs);
        return Ok(StatusCode::OK);
    };
    if !state.persistence.keep_webhook(&event, clock::now()).await? {
        count(WebhookOutcome::Repeated);
        return Ok(StatusCode::OK);
    }
    count(WebhookOutcome::Kept);
    tracing::debug!(room.name = event.room_name, event = event.event, "LiveKit tells");
    state.arrived.notify_one();
    if event.event == webhook::PARTICIPANT_JOINED {
        // An older token lets in whoever lost the right since.
        state.doubts.raise(event.event_id);
    }
    Ok(StatusCode::OK)
}
