//! `DELETE /events/{event_id}/channels/{channel_id}`

use axum::{extract::State, http::StatusCode, response::IntoResponse};
use common::{
    access::{May, may},
    ids::{ChannelId, EventId},
    problem::{Path, Problem},
    service::etag::{ETag, IfMatch},
};

use crate::{AppState, domain::Change};

/// Remove a channel
///
/// With its speakers; not while the event is live. Its number is not given again.
#[utoipa::path(
    delete, path = "/events/{event_id}/channels/{channel_id}", tag = "channels",
    security(("bearer" = ["events:update"])),
    params(
        ("event_id" = EventId, Path, description = "Which event"),
        ("channel_id" = ChannelId, Path, description = "Which of its channels"),
        ("if-match" = Option<String>, Header, description = "The versions of the event that may be changed"),
    ),
    responses(
        (status = 204, description = "It is gone", headers(("etag" = String, description = "The event's version"))),
        (status = 409, description = "The event is live"),
        (status = 412, description = "The event was changed meanwhile"),
    )
)]
pub(crate) async fn delete_channel(
    who: May<may::EventsUpdate>,
    State(state): State<AppState>,
    Path((event_id, channel_id)): Path<(EventId, ChannelId)>,
    if_match: IfMatch,
) -> Result<impl IntoResponse, Problem> {
    let change = Change::RemoveChannel(channel_id);
    let event = state.change(&who.principal, event_id, &if_match, &change).await?.event;
    Ok((StatusCode::NO_CONTENT, ETag(event.version), ()))
}
