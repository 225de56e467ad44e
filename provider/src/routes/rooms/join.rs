//! `POST /rooms/join`

use axum::extract::State;
use common::{
    LanguageTag,
    access::Subject,
    event::{ChannelConfig, EventConfig},
    ids::{ChannelId, EventId},
    problem::{FieldError, Json, Problem},
};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    AppState,
    admission::{Admission, RoomToken, must_be_open},
    domain::{Identity, RoomName, Standing, TokenRole},
    routes::who::Listening,
};

/// What somebody wants to hear.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "event_id": 123_457, "role": "listener", "channel_id": 1, "language": "es-ES" }))]
pub(crate) struct JoinRoom {
    /// Of which event.
    event_id: EventId,
    /// As what.
    #[serde(rename = "role")]
    _role: ListenerRole,
    /// On which channel; the first on which somebody speaks, else the first, when not said.
    channel_id: Option<ChannelId>,
    /// In which of the channel's languages.
    language: Option<LanguageTag>,
}

/// Speakers join at `/rooms/create-or-join`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(example = "listener")]
enum ListenerRole {
    /// Listens.
    Listener,
}

/// Enter a room to listen
///
/// For those who may listen to the event; a public one needs no account. The room is made if it is not there: a
/// listener may come before the speaker. The token is for 10 minutes and this room; it allows to hear and to change
/// one's own attributes, of which `language` is set here, and nothing else.
#[utoipa::path(
    post, path = "/rooms/join", tag = "rooms", request_body = JoinRoom,
    security((), ("bearer" = ["rooms:listen"])),
    responses(
        (status = 200, description = "What lets the listener in", body = RoomToken),
        (status = 404, description = "There is no such event or channel for them"),
        (status = 409, description = "The event is not open; `state` says what it is"),
    )
)]
pub(crate) async fn join_room(
    who: Listening,
    State(state): State<AppState>,
    Json(wanted): Json<JoinRoom>,
) -> Result<Json<RoomToken>, Problem> {
    let event = state.events.event(wanted.event_id).await?;
    let event = event.filter(|event| event.is_seen_by(who.principal.as_ref()));
    let Some(event) = event else { return Err(who.sees_none()) };
    let candidates = candidates(&event, wanted.channel_id, wanted.language.as_ref())?;
    must_be_open(&event)?;
    let channel_id = state.choose(event.event_id, &candidates).await?;
    let subject = who.user.map(Subject::User);
    let admission = Admission {
        event: &event,
        channel_id,
        identity: who.user.map_or_else(Identity::guest, Identity::listener),
        role: TokenRole::Listener,
        language: wanted.language,
        by: subject.as_ref(),
        as_staff: who.principal.as_ref().is_some_and(|principal| event.is_run_by(principal)),
    };
    Ok(Json(state.admit(admission).await?))
}

/// The channels that will do, by number; at least one.
fn candidates(
    event: &EventConfig,
    channel_id: Option<ChannelId>,
    language: Option<&LanguageTag>,
) -> Result<Vec<ChannelId>, Problem> {
    let named =
        |channel: &&ChannelConfig| channel_id.is_none_or(|channel_id| channel.channel_id == channel_id);
    let channels: Vec<_> = event.channels.iter().filter(named).collect();
    if channels.is_empty() {
        return Err(Problem::not_found("channel"));
    }
    let carries = |channel: &&&ChannelConfig| {
        language.is_none_or(|language| channel.languages().any(|one| one == language))
    };
    let mut candidates: Vec<_> = channels.iter().filter(carries).map(|channel| channel.channel_id).collect();
    if candidates.is_empty() {
        return Err(Problem::invalid(vec![FieldError::new(
            "language",
            "nobody is heard in this language there",
        )]));
    }
    candidates.sort_unstable();
    Ok(candidates)
}

impl AppState {
    /// The first of these channels on which somebody speaks, else the first.
    async fn choose(&self, event_id: EventId, candidates: &[ChannelId]) -> Result<ChannelId, Problem> {
        let first = *candidates.first().ok_or_else(|| Problem::not_found("channel"))?;
        if candidates.len() == 1 {
            return Ok(first);
        }
        let rooms = self.livekit.rooms(Some(event_id)).await?;
        for &channel_id in candidates {
            let name = RoomName { event_id, channel_id };
            if !rooms.iter().any(|room| room.name == name) {
                continue;
            }
            let participants = self.livekit.participants(name).await?;
            let speaks = participants.iter().any(|participant| {
                participant.publishes && matches!(Standing::of(&participant.identity), Standing::Speaker(_))
            });
            if speaks {
                return Ok(channel_id);
            }
        }
        Ok(first)
    }
}
