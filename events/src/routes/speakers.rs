//! `/events/{event_id}/speakers`: who speaks on which channel.

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
};
use common::{
    access::{May, may},
    ids::{ChannelId, EventId, UserId},
    problem::{Json, Path, Problem},
    service::etag::{ETag, IfMatch},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    AppState,
    domain::{Change, Speaker, Viewer},
};

/// The speakers of an event.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({ "items": [{ "channel_id": 1, "user_id": "0192f0c1-2a6b-7c3d-8e4f-5a6b7c8d9e0f" }] }))]
pub(crate) struct Speakers {
    /// By channel.
    items: Vec<Speaker>,
}

/// List an event's speakers
///
/// Staff of its customer see all; others find themselves, if they speak.
#[utoipa::path(
    get, path = "/events/{event_id}/speakers", tag = "assignments", security(("bearer" = ["events:read"])),
    params(("event_id" = EventId, Path, description = "Which event")),
    responses((status = 200, description = "Its speakers", body = Speakers, headers(("etag" = String, description = "The event's version"))))
)]
pub(crate) async fn list_speakers(
    who: May<may::EventsRead>,
    State(state): State<AppState>,
    Path(event_id): Path<EventId>,
) -> Result<impl IntoResponse, Problem> {
    let event = state.persistence.event(event_id, Viewer::of(&who.principal)).await?;
    let event = event.ok_or_else(|| Problem::not_found("event"))?;
    Ok((ETag(event.version), Json(Speakers { items: event.speakers })))
}

/// Let somebody speak on a channel
///
/// Who speaks there already goes on; a person may speak on several channels.
#[utoipa::path(
    post, path = "/events/{event_id}/speakers", tag = "assignments", request_body = Speaker,
    security(("bearer" = ["events:assign"])),
    params(
        ("event_id" = EventId, Path, description = "Which event"),
        ("if-match" = Option<String>, Header, description = "The versions of the event that may be changed"),
    ),
    responses(
        (
            status = 201, description = "They speak there now", body = Speaker,
            headers(("etag" = String, description = "The event's version"), ("location" = String, description = "To take it back"))
        ),
        (status = 200, description = "They spoke there already", body = Speaker, headers(("etag" = String, description = "The event's version"))),
        (status = 409, description = "There are as many speakers as there can be"),
        (status = 412, description = "The event was changed meanwhile"),
    )
)]
pub(crate) async fn assign_speaker(
    who: May<may::EventsAssign>,
    State(state): State<AppState>,
    Path(event_id): Path<EventId>,
    if_match: IfMatch,
    Json(speaker): Json<Speaker>,
) -> Result<impl IntoResponse, Problem> {
    let done = state.change(&who.principal, event_id, &if_match, &Change::AddSpeaker(speaker)).await?;
    let tag = ETag(done.event.version);
    if !done.changed {
        return Ok((StatusCode::OK, tag, Json(speaker)).into_response());
    }
    let location = [(header::LOCATION, format!("speakers/{}/{}", speaker.user_id, speaker.channel_id))];
    Ok((StatusCode::CREATED, tag, location, Json(speaker)).into_response())
}

/// Let somebody not speak any more on a channel
#[utoipa::path(
    delete, path = "/events/{event_id}/speakers/{user_id}/{channel_id}", tag = "assignments",
    security(("bearer" = ["events:assign"])),
    params(
        ("event_id" = EventId, Path, description = "Which event"),
        ("user_id" = UserId, Path, description = "Who"),
        ("channel_id" = ChannelId, Path, description = "On which channel"),
        ("if-match" = Option<String>, Header, description = "The versions of the event that may be changed"),
    ),
    responses(
        (status = 204, description = "They do not speak there", headers(("etag" = String, description = "The event's version"))),
        (status = 412, description = "The event was changed meanwhile"),
    )
)]
pub(crate) async fn unassign_speaker(
    who: May<may::EventsAssign>,
    State(state): State<AppState>,
    Path((event_id, user_id, channel_id)): Path<(EventId, UserId, ChannelId)>,
    if_match: IfMatch,
) -> Result<impl IntoResponse, Problem> {
    let change = Change::RemoveSpeaker(Speaker { channel_id, user_id });
    let event = state.change(&who.principal, event_id, &if_match, &change).await?.event;
    Ok((StatusCode::NO_CONTENT, ETag(event.version), ()))
}
