//! `PATCH /events/{event_id}/channels/{channel_id}`

use axum::{extract::State, response::IntoResponse};
use common::{
    access::{May, may},
    ids::{ChannelId, EventId},
    problem::{Json, Path, Problem},
    service::etag::{ETag, IfMatch},
};

use crate::{
    AppState,
    domain::{Change, Channel, ChannelPatch},
};

/// Change a channel
///
/// What is absent stays. Sessions that run go on with what the channel was when they started.
#[utoipa::path(
    patch, path = "/events/{event_id}/channels/{channel_id}", tag = "channels", request_body = ChannelPatch,
    security(("bearer" = ["events:update"])),
    params(
        ("event_id" = EventId, Path, description = "Which event"),
        ("channel_id" = ChannelId, Path, description = "Which of its channels"),
        ("if-match" = Option<String>, Header, description = "The versions of the event that may be changed"),
    ),
    responses(
        (status = 200, description = "The channel as it is now", body = Channel, headers(("etag" = String, description = "The event's version"))),
        (status = 412, description = "The event was changed meanwhile"),
    )
)]
pub(crate) async fn update_channel(
    who: May<may::EventsUpdate>,
    State(state): State<AppState>,
    Path((event_id, channel_id)): Path<(EventId, ChannelId)>,
    if_match: IfMatch,
    Json(patch): Json<ChannelPatch>,
) -> Result<impl IntoResponse, Problem> {
    let change = Change::PatchChannel(channel_id, patch);
    let event = state.change(&who.principal, event_id, &if_match, &change).await?.event;
    let channel = event.channels.into_iter().find(|channel| channel.channel_id == channel_id);
    let channel = channel.ok_or_else(|| Problem::internal(&"the changed channel is not there"))?;
    Ok((ETag(event.version), Json(channel)))
}
