//! `POST /webhooks/livekit`

use std::collections::BTreeMap;

use axum::{extract::State, http::StatusCode};
use chrono::{DateTime, Utc};
use common::{
    access::{May, may},
    ids::{ChannelId, EventId},
    problem::{Json, Problem},
};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::AppState;

/// What happened in a room, as livekit-provider tells it.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({
    "id": "EV_4uBxzS8nqLqB", "event": "participant_left", "created_at": "2026-05-04T09:31:00Z",
    "room_name": "event-123457-channel-1", "event_id": 123_457, "channel_id": 1, "identity": "agent-mt-ca-ES",
    "attributes": { "language": "ca-ES" }
}))]
pub(crate) struct RoomEvent {
    /// Names it, for as often as it is told.
    id: String,
    /// What happened, in `LiveKit`'s words. Those that are not known here are ignored.
    event: String,
    /// When.
    #[serde(default)]
    #[expect(dead_code, reason = "what is done does not depend on it")]
    created_at: Option<DateTime<Utc>>,
    /// In which room.
    #[expect(dead_code, reason = "event and channel name it here")]
    room_name: String,
    /// Of which event.
    event_id: EventId,
    /// Of which channel.
    channel_id: ChannelId,
    /// Whom it is about.
    #[serde(default)]
    identity: Option<String>,
    /// Their attributes.
    #[serde(default)]
    #[expect(dead_code, reason = "who is there is read from the rooms")]
    attributes: BTreeMap<String, String>,
}

/// Hear what happened in a room
///
/// Told by livekit-provider. An agent that left is looked for, and listeners are counted at once. Telling it again does
/// no harm.
#[utoipa::path(
    post, path = "/webhooks/livekit", tag = "rooms", request_body = RoomEvent,
    security(("bearer" = ["rooms:manage"])),
    responses((status = 204, description = "It was heard"))
)]
pub(crate) async fn livekit_webhook(
    _who: May<may::RoomsManage>,
    State(state): State<AppState>,
    Json(told): Json<RoomEvent>,
) -> Result<StatusCode, Problem> {
    tracing::debug!(webhook.id = told.id, webhook.event = told.event, event.id = %told.event_id, "a room changed");
    if told.event == "participant_left"
        && let Some(identity) = &told.identity
        && identity.starts_with("agent-")
    {
        state.lifecycle.agent_left(told.event_id, told.channel_id, identity);
    }
    if matches!(
        told.event.as_str(),
        "participant_joined" | "participant_left" | "participant_connection_aborted" | "room_finished"
    ) {
        state.listeners.rooms_changed(told.event_id);
    }
    Ok(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests {
    use common::access::Permission;
    use serde_json::json;

    use crate::testing::{EVENT, TestService, event_id};

    #[tokio::test]
    async fn rooms_are_looked_at_when_something_happened_there() {
        let service = TestService::new();
        let told = |event: &str| {
            let body = json!({
                "id": "EV_1", "event": event, "created_at": "2026-05-04T09:31:00Z", "room_name": "r",
                "event_id": EVENT, "channel_id": 1, "identity": "listener-guest-1"
            });
            service.call("POST /webhooks/livekit").json(&body)
        };
        let provider = service.service("livekit-provider", &[Permission::RoomsManage]);
        told("participant_joined").by(&provider).await.expect(204);
        told("participant_left").by(&provider).await.expect(204);
        told("track_published").by(&provider).await.expect(204);
        told("something_new").by(&provider).await.expect(204);
        assert_eq!(service.listeners.told(), [event_id(), event_id()]);
        told("participant_joined").by(&service.manager()).await.expect(403);
        told("participant_joined").await.expect(401);
    }
}
