//! `GET /rooms`

use std::collections::BTreeMap;

use axum::extract::State;
use chrono::{DateTime, Utc};
use common::{
    LanguageTag,
    access::may,
    ids::{ChannelId, CustomerId, EventId},
    problem::{Json, Problem, Query},
};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    AppState,
    domain::Standing,
    rooms::{Participant, Room},
    routes::who::Keeper,
};

/// As many rooms are asked about at once.
const AT_ONCE: usize = 8;

/// Which rooms are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct RoomQuery {
    /// Those of this event.
    event_id: Option<EventId>,
}

/// Rooms that are there.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Rooms {
    /// By event and channel.
    items: Vec<RoomBody>,
}

/// A room, and who is in it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Room, example = json!({
    "room_name": "event-123457-channel-1", "event_id": 123_457, "channel_id": 1,
    "customer_id": "0192f0c1-2a6b-7c3d-8e4f-5a6b7c8d9e10", "created_at": "2026-05-04T09:25:00Z",
    "speakers": ["speaker-0192f0c1-2a6b-7c3d-8e4f-5a6b7c8d9e0f"], "listeners": { "": 1, "es-ES": 2 },
    "agents": ["agent-asr", "agent-mt-es-ES"]
}))]
pub(crate) struct RoomBody {
    /// Its name on the `LiveKit` server.
    room_name: String,
    /// Of which event.
    event_id: EventId,
    /// Of which channel.
    channel_id: ChannelId,
    /// Whose event it is.
    customer_id: CustomerId,
    /// Since when it is there.
    created_at: DateTime<Utc>,
    /// The speakers in it, by identity.
    speakers: Vec<String>,
    /// How many listen, by the language that they follow; `""`: those who follow none.
    listeners: BTreeMap<String, u64>,
    /// The agents in it, by identity.
    agents: Vec<String>,
}

impl RoomBody {
    fn new(room: Room, customer_id: CustomerId, participants: Vec<Participant>) -> Self {
        let (mut speakers, mut agents, mut listeners) = (Vec::new(), Vec::new(), BTreeMap::new());
        for participant in participants {
            match Standing::of(&participant.identity) {
                Standing::Speaker(_) => speakers.push(participant.identity),
                Standing::Agent => agents.push(participant.identity),
                Standing::Listener(_) | Standing::Guest => {
                    *listeners.entry(followed(&participant)).or_default() += 1;
                }
                Standing::Unknown => {}
            }
        }
        speakers.sort_unstable();
        agents.sort_unstable();
        let (room_name, created_at) = (room.name.to_string(), room.created_at);
        let crate::domain::RoomName { event_id, channel_id } = room.name;
        Self { room_name, event_id, channel_id, customer_id, created_at, speakers, listeners, agents }
    }
}

/// The language that a listener says they follow; people write there what they like.
fn followed(participant: &Participant) -> String {
    let language = participant.attributes.get("language").and_then(|text| text.parse::<LanguageTag>().ok());
    language.map_or_else(String::new, String::from)
}

/// List rooms
///
/// People see those of their customer's events, services all. How many listeners follow a language is what they say
/// themselves, in their attribute `language`.
#[utoipa::path(
    get, path = "/rooms", tag = "rooms", params(RoomQuery),
    security(("bearer" = ["rooms:read"]), ("bearer" = ["rooms:manage"])),
    responses((status = 200, description = "The rooms", body = Rooms))
)]
pub(crate) async fn list_rooms(
    who: Keeper<may::RoomsRead>,
    State(state): State<AppState>,
    Query(query): Query<RoomQuery>,
) -> Result<Json<Rooms>, Problem> {
    let tenants = who.principal.tenants();
    let mut seen = Vec::new();
    for room in state.livekit.rooms(query.event_id).await? {
        if let Some(customer) = state.customer_of(&room).await?
            && tenants.include(customer)
        {
            seen.push((room, customer));
        }
    }
    let state = &state;
    let read = |(room, customer): (Room, CustomerId)| async move {
        let participants = state.livekit.participants(room.name).await?;
        Ok::<_, Problem>(RoomBody::new(room, customer, participants))
    };
    let items = stream::iter(seen).map(read).buffered(AT_ONCE).try_collect().await?;
    Ok(Json(Rooms { items }))
}

impl AppState {
    /// Whose event it is; `None`: nobody's any more.
    async fn customer_of(&self, room: &Room) -> Result<Option<CustomerId>, Problem> {
        if let Some(customer) = room.customer_id {
            return Ok(Some(customer));
        }
        Ok(self.events.event(room.name.event_id).await?.map(|event| event.customer_id))
    }
}
