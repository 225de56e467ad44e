//! `POST /events/{event_id}/channels`

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
};
use common::{
    access::{May, may},
    ids::EventId,
    problem::{Json, Path, Problem},
    service::etag::{ETag, IfMatch},
};

use crate::{
    AppState,
    domain::{Change, Channel, NewChannel},
};

/// Add a channel
#[utoipa::path(
    post, path = "/events/{event_id}/channels", tag = "channels", request_body = NewChannel,
    security(("bearer" = ["events:update"])),
    params(
        ("event_id" = EventId, Path, description = "Which event"),
        ("if-match" = Option<String>, Header, description = "The versions of the event that may be changed"),
    ),
    responses(
        (
            status = 201, description = "The channel", body = Channel,
            headers(("etag" = String, description = "The event's version"), ("location" = String, description = "Where it is"))
        ),
        (status = 409, description = "There is a channel with that number, or there are as many as there can be"),
        (status = 412, description = "The event was changed meanwhile"),
    )
)]
pub(crate) async fn create_channel(
    who: May<may::EventsUpdate>,
    State(state): State<AppState>,
    Path(event_id): Path<EventId>,
    if_match: IfMatch,
    Json(new): Json<NewChannel>,
) -> Result<impl IntoResponse, Problem> {
    let given = new.channel_id;
    let event = state.change(&who.principal, event_id, &if_match, &Change::AddChannel(new)).await?.event;
    // Without a number it got the greatest ever given.
    let number = given.map_or(event.last_channel_id, common::ids::ChannelId::get);
    let channel = event.channels.into_iter().find(|channel| channel.channel_id.get() == number);
    let channel = channel.ok_or_else(|| Problem::internal(&"the new channel is not there"))?;
    let location = [(header::LOCATION, format!("channels/{}", channel.channel_id))];
    Ok((StatusCode::CREATED, ETag(event.version), location, Json(channel)))
}
