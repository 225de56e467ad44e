//! `GET /sessions/{session_id}`

use axum::extract::State;
use common::{
    access::{May, may},
    ids::SessionId,
    problem::{Json, Path, Problem},
};

use super::body::SessionBody;
use crate::AppState;

/// Read a session
///
/// Staff of the event's customer see all, speakers those of their channels.
#[utoipa::path(
    get, path = "/sessions/{session_id}", tag = "sessions", security(("bearer" = ["sessions:read"])),
    params(("session_id" = SessionId, Path, description = "Which session")),
    responses((status = 200, description = "The session", body = SessionBody))
)]
pub(crate) async fn get_session(
    who: May<may::SessionsRead>,
    State(state): State<AppState>,
    Path(session_id): Path<SessionId>,
) -> Result<Json<SessionBody>, Problem> {
    Ok(Json(state.seen_session(session_id, &who.principal).await?.into()))
}
