//! `PATCH /events/{event_id}`

use axum::{extract::State, response::IntoResponse};
use common::{
    access::{May, may},
    ids::EventId,
    problem::{Json, Path, Problem},
    service::etag::{ETag, IfMatch},
};

use crate::{
    AppState,
    domain::{Change, EventPatch},
    routes::EventBody,
};

/// Change an event
///
/// What is absent stays. With `If-Match`, only a version that the caller knows is changed.
#[utoipa::path(
    patch, path = "/events/{event_id}", tag = "events", request_body = EventPatch,
    security(("bearer" = ["events:update"])),
    params(
        ("event_id" = EventId, Path, description = "Which event"),
        ("if-match" = Option<String>, Header, description = "The versions that may be changed"),
    ),
    responses(
        (status = 200, description = "The event as it is now", body = EventBody, headers(("etag" = String, description = "Its version"))),
        (status = 412, description = "It was changed meanwhile"),
    )
)]
pub(crate) async fn update_event(
    who: May<may::EventsUpdate>,
    State(state): State<AppState>,
    Path(event_id): Path<EventId>,
    if_match: IfMatch,
    Json(patch): Json<EventPatch>,
) -> Result<impl IntoResponse, Problem> {
    let event = state.change(&who.principal, event_id, &if_match, &Change::Patch(patch)).await?.event;
    Ok((ETag(event.version), Json(EventBody::whole(event))))
}
