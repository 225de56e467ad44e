//! `GET /events/{event_id}/channels`

use axum::{extract::State, response::Response};
use common::{
    ids::EventId,
    problem::{Json, Path, Problem},
    service::etag::{ETag, IfNoneMatch},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{AppState, domain::Channel, routes::reader::Reader};

/// All channels of an event.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({ "items": [{
    "channel_id": 1, "name": "Main stage", "source_language": "en-US", "target_languages": ["es-ES", "ca-ES"],
    "record": true, "speech": true, "glossary": { "ca-ES": { "assembly": "assemblea" } }
}] }))]
pub(crate) struct Channels {
    /// By number.
    items: Vec<Channel>,
}

/// List an event's channels
#[utoipa::path(
    get, path = "/events/{event_id}/channels", tag = "channels", security((), ("bearer" = ["events:read"])),
    params(
        ("event_id" = EventId, Path, description = "Which event"),
        ("if-none-match" = Option<String>, Header, description = "Answer only when the event's version is another"),
    ),
    responses(
        (status = 200, description = "Its channels", body = Channels, headers(("etag" = String, description = "The event's version"))),
        (status = 304, description = "The event has the version that the caller knows"),
    )
)]
pub(crate) async fn list_channels(
    reader: Reader,
    State(state): State<AppState>,
    Path(event_id): Path<EventId>,
    known: IfNoneMatch,
) -> Result<Response, Problem> {
    let Some(event) = state.persistence.event(event_id, reader.viewer).await? else {
        return Err(reader.sees_none());
    };
    Ok(known.or(ETag(event.version), Json(Channels { items: event.channels })))
}
