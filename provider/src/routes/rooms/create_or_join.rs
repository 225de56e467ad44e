//! `POST /rooms/create-or-join`

use axum::{extract::State, http::StatusCode};
use common::{
    ids::{ChannelId, EventId},
    problem::{Json, Problem},
};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    AppState,
    admission::{Admission, RoomToken, must_be_open},
    domain::{Identity, TokenRole},
    routes::who::Speaking,
};

/// Where a speaker wants to speak.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "event_id": 123_457, "channel_id": 1, "role": "speaker" }))]
pub(crate) struct CreateOrJoinRoom {
    /// At which event.
    event_id: EventId,
    /// On which channel.
    channel_id: ChannelId,
    /// As what.
    #[serde(rename = "role")]
    _role: SpeakerRole,
}

/// Listeners join at `/rooms/join`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(example = "speaker")]
enum SpeakerRole {
    /// Speaks.
    Speaker,
}

/// Enter a room to speak
///
/// For speakers of that channel. The room is made if it is not there. The token is for 10 minutes and this room; it
/// allows to publish a microphone and to hear, and no data. Whoever is not assigned any more is put out.
#[utoipa::path(
    post, path = "/rooms/create-or-join", tag = "rooms", request_body = CreateOrJoinRoom,
    security(("bearer" = ["rooms:speak"])),
    responses(
        (status = 200, description = "What lets the speaker in", body = RoomToken),
        (status = 403, description = "They are no speaker of that channel (`not_a_speaker`), or may not speak at all"),
        (status = 404, description = "There is no such event or channel for them"),
        (status = 409, description = "The event is not open; `state` says what it is"),
    )
)]
pub(crate) async fn create_or_join_room(
    who: Speaking,
    State(state): State<AppState>,
    Json(wanted): Json<CreateOrJoinRoom>,
) -> Result<Json<RoomToken>, Problem> {
    let event = state.events.event(wanted.event_id).await?;
    let event = event.filter(|event| event.is_seen_by(Some(&who.principal)));
    let event = event.ok_or_else(|| Problem::not_found("event"))?;
    let channel = event.channel(wanted.channel_id).ok_or_else(|| Problem::not_found("channel"))?;
    if !event.has_speaker(who.user, channel.channel_id) {
        let detail = "only those who are assigned to speak on that channel do";
        return Err(Problem::new(StatusCode::FORBIDDEN, "not_a_speaker", detail));
    }
    must_be_open(&event)?;
    let admission = Admission {
        event: &event,
        channel_id: channel.channel_id,
        identity: Identity::Speaker(who.user),
        role: TokenRole::Speaker,
        language: None,
        by: Some(&who.principal.subject),
        as_staff: false,
    };
    Ok(Json(state.admit(admission).await?))
}
