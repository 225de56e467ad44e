//! `POST /events/{event_id}/state`

use std::sync::Arc;

use axum::{
    extract::{FromRef, FromRequestParts, State},
    http::request::Parts,
    response::IntoResponse,
};
use common::{
    access::{AccessError, Permission, Principal, Verifier},
    clock,
    ids::EventId,
    problem::{Json, Path, Problem},
    service::etag::{ETag, IfMatch},
};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{AppState, domain::EventState, notices::Happened, persistence::Expected, routes::EventBody};

/// Where an event is to go.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "state": "ready" }))]
pub(crate) struct NewState {
    /// The state.
    state: EventState,
}

/// Whoever may move events: staff, and the services that run sessions.
pub(crate) struct Mover(Principal);

impl<S: Send + Sync> FromRequestParts<S> for Mover
where
    Arc<Verifier>: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let principal = <Principal as FromRequestParts<S>>::from_request_parts(parts, state).await?;
        if principal.may(Permission::EventsUpdate) || principal.may(Permission::SessionsRecord) {
            Ok(Self(principal))
        } else {
            Err(AccessError::Forbidden(Permission::EventsUpdate).into())
        }
    }
}

/// Move an event to another state
///
/// `draft` → `scheduled` → `ready` → `live` → `ended` → `completed`; `scheduled` may go `live` at once, `ended` and
/// `completed` back to `ready`, and what has not ended can be `cancelled`. A move that is not legal is answered with
/// those that are, in `legal_moves`.
#[utoipa::path(
    post, path = "/events/{event_id}/state", tag = "events", request_body = NewState,
    security(("bearer" = ["events:update"]), ("bearer" = ["sessions:record"])),
    params(
        ("event_id" = EventId, Path, description = "Which event"),
        ("if-match" = Option<String>, Header, description = "The versions that may be moved"),
    ),
    responses(
        (status = 200, description = "The event as it is now", body = EventBody, headers(("etag" = String, description = "Its version"))),
        (status = 409, description = "The move is not legal, or the customer has as many live events as it may"),
        (status = 412, description = "It was changed meanwhile"),
    )
)]
pub(crate) async fn change_event_state(
    Mover(principal): Mover,
    State(state): State<AppState>,
    Path(event_id): Path<EventId>,
    if_match: IfMatch,
    Json(new): Json<NewState>,
) -> Result<impl IntoResponse, Problem> {
    let (expected, limit) = (Expected(if_match.versions()), state.max_live_events);
    let event = state
        .persistence
        .change_state(event_id, principal.tenants(), &expected, new.state, limit, clock::now())
        .await??;
    let happened = if event.state == EventState::Cancelled { Happened::Cancelled } else { Happened::Updated };
    state.notices.tell(event_id, happened).await;
    Ok((ETag(event.version), Json(EventBody::whole(event))))
}
