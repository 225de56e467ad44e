//! `/events/{event_id}/listeners`: who may listen by assignment.

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
};
use common::{
    access::{May, may},
    ids::{EventId, UserId},
    problem::{Json, Path, Problem},
    service::etag::{ETag, IfMatch},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    AppState,
    domain::{Change, Listener, Viewer},
};

/// The assigned listeners of an event.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({ "items": [{ "user_id": "0192f0c1-2a6b-7c3d-8e4f-5a6b7c8d9e0f" }] }))]
pub(crate) struct Listeners {
    /// By user.
    items: Vec<Listener>,
}

/// List an event's assigned listeners
///
/// Staff of its customer see all; others find themselves, if they are assigned.
#[utoipa::path(
    get, path = "/events/{event_id}/listeners", tag = "assignments", security(("bearer" = ["events:read"])),
    params(("event_id" = EventId, Path, description = "Which event")),
    responses((status = 200, description = "Its listeners", body = Listeners, headers(("etag" = String, description = "The event's version"))))
)]
pub(crate) async fn list_listeners(
    who: May<may::EventsRead>,
    State(state): State<AppState>,
    Path(event_id): Path<EventId>,
) -> Result<impl IntoResponse, Problem> {
    let event = state.persistence.event(event_id, Viewer::of(&who.principal)).await?;
    let event = event.ok_or_else(|| Problem::not_found("event"))?;
    Ok((ETag(event.version), Json(Listeners { items: event.listeners })))
}

/// Let somebody listen
#[utoipa::path(
    post, path = "/events/{event_id}/listeners", tag = "assignments", request_body = Listener,
    security(("bearer" = ["events:assign"])),
    params(
        ("event_id" = EventId, Path, description = "Which event"),
        ("if-match" = Option<String>, Header, description = "The versions of the event that may be changed"),
    ),
    responses(
        (
            status = 201, description = "They may listen now", body = Listener,
            headers(("etag" = String, description = "The event's version"), ("location" = String, description = "To take it back"))
        ),
        (status = 200, description = "They could listen already", body = Listener, headers(("etag" = String, description = "The event's version"))),
        (status = 409, description = "There are as many listeners as can be assigned"),
        (status = 412, description = "The event was changed meanwhile"),
    )
)]
pub(crate) async fn assign_listener(
    who: May<may::EventsAssign>,
    State(state): State<AppState>,
    Path(event_id): Path<EventId>,
    if_match: IfMatch,
    Json(listener): Json<Listener>,
) -> Result<impl IntoResponse, Problem> {
    let change = Change::AddListener(listener.user_id);
    let done = state.change(&who.principal, event_id, &if_match, &change).await?;
    let tag = ETag(done.event.version);
    if !done.changed {
        return Ok((StatusCode::OK, tag, Json(listener)).into_response());
    }
    let location = [(header::LOCATION, format!("listeners/{}", listener.user_id))];
    Ok((StatusCode::CREATED, tag, location, Json(listener)).into_response())
}

/// Let somebody not listen any more
#[utoipa::path(
    delete, path = "/events/{event_id}/listeners/{user_id}", tag = "assignments",
    security(("bearer" = ["events:assign"])),
    params(
        ("event_id" = EventId, Path, description = "Which event"),
        ("user_id" = UserId, Path, description = "Who"),
        ("if-match" = Option<String>, Header, description = "The versions of the event that may be changed"),
    ),
    responses(
        (status = 204, description = "They are not assigned", headers(("etag" = String, description = "The event's version"))),
        (status = 412, description = "The event was changed meanwhile"),
    )
)]
pub(crate) async fn unassign_listener(
    who: May<may::EventsAssign>,
    State(state): State<AppState>,
    Path((event_id, user_id)): Path<(EventId, UserId)>,
    if_match: IfMatch,
) -> Result<impl IntoResponse, Problem> {
    let change = Change::RemoveListener(user_id);
    let event = state.change(&who.principal, event_id, &if_match, &change).await?.event;
    Ok((StatusCode::NO_CONTENT, ETag(event.version), ()))
}
