//! `GET /events/{event_id}`

use axum::{extract::State, response::Response};
use common::{
    ids::EventId,
    problem::{Json, Path, Problem},
    service::etag::{ETag, IfNoneMatch},
};

use crate::{
    AppState,
    routes::{EventBody, reader::Reader},
};

/// Read an event
///
/// Staff of its customer see all of it; who may speak or listen sees it without the other people, once it is no draft
/// any more. Public events need no account.
#[utoipa::path(
    get, path = "/events/{event_id}", tag = "events", security((), ("bearer" = ["events:read"])),
    params(
        ("event_id" = EventId, Path, description = "Which event"),
        ("if-none-match" = Option<String>, Header, description = "Answer only when its version is another"),
    ),
    responses(
        (status = 200, description = "The event", body = EventBody, headers(("etag" = String, description = "Its version"))),
        (status = 304, description = "It has the version that the caller knows"),
    )
)]
pub(crate) async fn get_event(
    reader: Reader,
    State(state): State<AppState>,
    Path(event_id): Path<EventId>,
    known: IfNoneMatch,
) -> Result<Response, Problem> {
    let Some(event) = state.persistence.event(event_id, reader.viewer).await? else {
        return Err(reader.sees_none());
    };
    Ok(known.or(ETag(event.version), Json(EventBody::seen_by(&reader.viewer, event))))
}
