//! `GET /events/{event_id}/sessions/{session_id}`

use axum::extract::State;
use common::{
    access::{May, may},
    ids::EventId,
    problem::{Json, Path, Problem},
};

use super::SessionBody;
use crate::{AppState, domain::SessionId};

/// Read the record of a session
#[utoipa::path(
    get, path = "/events/{event_id}/sessions/{session_id}", tag = "sessions",
    security(("bearer" = ["sessions:read"])),
    params(
        ("event_id" = EventId, Path, description = "Of which event"),
        ("session_id" = SessionId, Path, description = "Which session"),
    ),
    responses((status = 200, description = "The record", body = SessionBody))
)]
pub(crate) async fn get_session(
    who: May<may::SessionsRead>,
    State(state): State<AppState>,
    Path((event_id, session_id)): Path<(EventId, SessionId)>,
) -> Result<Json<SessionBody>, Problem> {
    let scope = state.session_scope(event_id, &who.principal).await?;
    let stored = state.persistence.session(event_id, &session_id, &scope).await?;
    let stored = stored.ok_or_else(|| Problem::not_found("session"))?;
    Ok(Json(SessionBody::new(event_id, stored)))
}
