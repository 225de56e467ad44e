//! `GET /events/{event_id}/config`

use axum::extract::State;
use common::{
    access::Permission,
    event::{ChannelConfig, EventConfig, EventState, ListenAccess},
    ids::{ChannelId, CustomerId, EventId, UserId},
    problem::{Json, Path, Problem},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::reader::Reader;
use crate::AppState;

const NEEDS: &[Permission] = &[Permission::EventsRead];

/// An event as this service knows it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "event_id": 123_457, "customer_id": "0192f0c1-2a6b-7c3d-8e4f-5a6b7c8d9e0f", "title": "The spring assembly",
    "state": "live", "listen_access": "assigned",
    "channels": [{
        "channel_id": 1, "name": "Main stage", "source_language": "en-US", "target_languages": ["es-ES", "ca-ES"],
        "record": false, "speech": true, "glossary": {}
    }],
    "speakers": [{ "user_id": "0192f0c1-2a6b-7c3d-8e4f-5a6b7c8d9e0f", "channel_id": 1 }],
    "listeners": [{ "user_id": "0192f0c1-2a6b-7c3d-8e4f-5a6b7c8d9e10" }]
}))]
pub(super) struct EventConfigBody {
    event_id: EventId,
    customer_id: CustomerId,
    title: String,
    state: EventState,
    listen_access: ListenAccess,
    channels: Vec<ChannelConfig>,
    /// For those who run it.
    #[serde(skip_serializing_if = "Option::is_none")]
    speakers: Option<Vec<SpeakerBody>>,
    /// For those who run it.
    #[serde(skip_serializing_if = "Option::is_none")]
    listeners: Option<Vec<ListenerBody>>,
}

#[derive(Debug, Serialize, ToSchema)]
struct SpeakerBody {
    user_id: UserId,
    channel_id: ChannelId,
}

#[derive(Debug, Serialize, ToSchema)]
struct ListenerBody {
    user_id: UserId,
}

impl EventConfigBody {
    fn new(event: &EventConfig, with_people: bool) -> Self {
        let speakers = event.speakers.iter();
        let speakers = speakers.map(|one| SpeakerBody { user_id: one.user_id, channel_id: one.channel_id });
        let listeners = event.listeners.iter().map(|one| ListenerBody { user_id: one.user_id });
        Self {
            event_id: event.event_id,
            customer_id: event.customer_id,
            title: event.title.clone(),
            state: event.state,
            listen_access: event.listen_access,
            channels: event.channels.clone(),
            speakers: with_people.then(|| speakers.collect()),
            listeners: with_people.then(|| listeners.collect()),
        }
    }
}

/// Read an event's configuration
///
/// As it was within the last minute; a change is seen at once. Only those who run the event see its people. Public
/// events need no account.
#[utoipa::path(
    get, path = "/events/{event_id}/config", tag = "events", security((), ("bearer" = ["events:read"])),
    params(("event_id" = EventId, Path, description = "Which event")),
    responses((status = 200, description = "The event", body = EventConfigBody))
)]
pub(super) async fn get_event_config(
    reader: Reader,
    State(state): State<AppState>,
    Path(event_id): Path<EventId>,
) -> Result<Json<EventConfigBody>, Problem> {
    let event = reader.event(&state, event_id, NEEDS).await?;
    let runs_it = reader.principal.as_ref().is_some_and(|principal| event.is_run_by(principal));
    Ok(Json(EventConfigBody::new(&event, runs_it)))
}

#[cfg(test)]
mod tests;
