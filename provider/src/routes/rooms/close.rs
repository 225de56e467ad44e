//! `POST /rooms/close`

use axum::extract::State;
use common::{
    access::{Subject, may},
    ids::{ChannelId, EventId},
    problem::{Json, Problem},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{AppState, domain::RoomName, routes::who::Keeper};

/// What is to be closed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "event_id": 123_457, "channel_id": 1 }))]
pub(crate) struct CloseRooms {
    /// Of which event.
    event_id: EventId,
    /// The room of which channel; all of the event's when not said.
    channel_id: Option<ChannelId>,
}

/// What was closed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({ "closed": ["event-123457-channel-1"] }))]
pub(crate) struct ClosedRooms {
    /// The rooms that were there, by name.
    closed: Vec<String>,
}

/// Close an event's rooms
///
/// Puts everybody out. A room that is not there is no mistake. Who may enter makes a closed room again, and so does a
/// session that is still active.
#[utoipa::path(
    post, path = "/rooms/close", tag = "rooms", request_body = CloseRooms,
    security(("bearer" = ["rooms:close"]), ("bearer" = ["rooms:manage"])),
    responses(
        (status = 200, description = "They are closed", body = ClosedRooms),
        (status = 404, description = "There is no such event or channel for whoever asks"),
    )
)]
pub(crate) async fn close_rooms(
    who: Keeper<may::RoomsClose>,
    State(state): State<AppState>,
    Json(wanted): Json<CloseRooms>,
) -> Result<Json<ClosedRooms>, Problem> {
    // Services also tidy up after events that are gone.
    if let Subject::User(_) = who.principal.subject {
        let event = state.events.event(wanted.event_id).await?;
        let event = event.filter(|event| who.principal.tenants().include(event.customer_id));
        let event = event.ok_or_else(|| Problem::not_found("event"))?;
        if wanted.channel_id.is_some_and(|channel_id| event.channel(channel_id).is_none()) {
            return Err(Problem::not_found("channel"));
        }
    }
    let rooms = match wanted.channel_id {
        Some(channel_id) => vec![RoomName { event_id: wanted.event_id, channel_id }],
        None => state.livekit.rooms(Some(wanted.event_id)).await?.iter().map(|room| room.name).collect(),
    };
    let mut closed = Vec::new();
    for room in rooms {
        if state.livekit.delete_room(room).await? {
            tracing::info!(room.name = %room, "a room is closed");
            closed.push(room.to_string());
        }
    }
    Ok(Json(ClosedRooms { closed }))
}
