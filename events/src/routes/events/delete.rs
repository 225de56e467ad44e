//! `DELETE /events/{event_id}`

use axum::{extract::State, http::StatusCode};
use common::{
    access::{May, may},
    ids::EventId,
    problem::{Path, Problem},
    service::etag::IfMatch,
};

use crate::{AppState, notices::Happened, persistence::Expected};

/// Delete an event
///
/// With its channels, assignments and session records; not while it is live.
#[utoipa::path(
    delete, path = "/events/{event_id}", tag = "events", security(("bearer" = ["events:delete"])),
    params(
        ("event_id" = EventId, Path, description = "Which event"),
        ("if-match" = Option<String>, Header, description = "The versions that may be deleted"),
    ),
    responses(
        (status = 204, description = "It is gone"),
        (status = 409, description = "It is live"),
        (status = 412, description = "It was changed meanwhile"),
    )
)]
pub(crate) async fn delete_event(
    who: May<may::EventsDelete>,
    State(state): State<AppState>,
    Path(event_id): Path<EventId>,
    if_match: IfMatch,
) -> Result<StatusCode, Problem> {
    let expected = Expected(if_match.versions());
    state.persistence.delete_event(event_id, who.principal.tenants(), &expected).await??;
    state.notices.tell(event_id, Happened::Deleted).await;
    Ok(StatusCode::NO_CONTENT)
}
