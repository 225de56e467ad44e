//! `POST /sessions/stop`

use axum::extract::State;
use common::{
    access::{May, may},
    ids::{EventId, SessionId},
    problem::{Json, Problem},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{body::SessionBody, list::is_staff};
use crate::AppState;

/// What is to be stopped.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "event_id": 123_457, "session_id": "0192f0c1-2a6b-7c3d-8e4f-5a6b7c8d9e11" }))]
pub(crate) struct Stop {
    /// Of which event.
    event_id: EventId,
    /// Which session.
    session_id: SessionId,
}

/// Stop a session
///
/// By staff of the event's customer. Its agents finish what they have in hand; then the session is recorded with its
/// event, and with the last running session the event becomes `ended`, and `completed`. May be repeated, also at the
/// same time. The answer comes when all this is done, or after some seconds with the status `stopping`: it goes on then.
#[utoipa::path(
    post, path = "/sessions/stop", tag = "sessions", request_body = Stop,
    security(("bearer" = ["sessions:stop"])),
    responses(
        (status = 200, description = "The session, stopped or stopping", body = SessionBody),
        (status = 404, description = "There is no such session for whoever asks"),
    )
)]
pub(crate) async fn stop_session(
    who: May<may::SessionsStop>,
    State(state): State<AppState>,
    Json(stop): Json<Stop>,
) -> Result<Json<SessionBody>, Problem> {
    // The session itself says whose it is: stopping works without events-service.
    let session = state.sessions.session(stop.session_id).await?.filter(|session| {
        session.event_id == stop.event_id
            && is_staff(&who.principal)
            && who.principal.tenants().include(session.customer_id)
    });
    let session = session.ok_or_else(|| Problem::not_found("session"))?;
    Ok(Json(state.lifecycle.stop(session).await?.into()))
}
