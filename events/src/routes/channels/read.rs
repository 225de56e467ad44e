//! `GET /events/{event_id}/channels/{channel_id}`

use axum::{extract::State, response::Response};
use common::{
    ids::{ChannelId, EventId},
    problem::{Json, Path, Problem},
    service::etag::{ETag, IfNoneMatch},
};

use crate::{AppState, domain::Channel, routes::reader::Reader};

/// Read a channel
#[utoipa::path(
    get, path = "/events/{event_id}/channels/{channel_id}", tag = "channels",
    security((), ("bearer" = ["events:read"])),
    params(
        ("event_id" = EventId, Path, description = "Which event"),
        ("channel_id" = ChannelId, Path, description = "Which of its channels"),
        ("if-none-match" = Option<String>, Header, description = "Answer only when the event's version is another"),
    ),
    responses(
        (status = 200, description = "The channel", body = Channel, headers(("etag" = String, description = "The event's version"))),
        (status = 304, description = "The event has the version that the caller knows"),
    )
)]
pub(crate) async fn get_channel(
    reader: Reader,
    State(state): State<AppState>,
    Path((event_id, channel_id)): Path<(EventId, ChannelId)>,
    known: IfNoneMatch,
) -> Result<Response, Problem> {
    let Some(event) = state.persistence.event(event_id, reader.viewer).await? else {
        return Err(reader.sees_none());
    };
    let channel = event.channels.into_iter().find(|channel| channel.channel_id == channel_id);
    let channel = channel.ok_or_else(|| Problem::not_found("channel"))?;
    Ok(known.or(ETag(event.version), Json(channel)))
}
