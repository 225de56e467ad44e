//! `GET /events/{event_id}/sessions`

use axum::extract::State;
use common::{
    access::{May, may},
    ids::EventId,
    problem::{Json, Path, Problem, Query},
    service::page::{Page, PageQuery},
};

use super::SessionBody;
use crate::{AppState, persistence::SessionKey};

/// List an event's sessions
///
/// By start. Staff of the event's customer see all, speakers those of their channels.
#[utoipa::path(
    get, path = "/events/{event_id}/sessions", tag = "sessions", security(("bearer" = ["sessions:read"])),
    params(("event_id" = EventId, Path, description = "Of which event"), PageQuery),
    responses((status = 200, description = "One page of session records", body = Page<SessionBody>))
)]
pub(crate) async fn list_sessions(
    who: May<may::SessionsRead>,
    State(state): State<AppState>,
    Path(event_id): Path<EventId>,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<SessionBody>>, Problem> {
    let wanted = query.read::<SessionKey>()?;
    let scope = state.session_scope(event_id, &who.principal).await?;
    let sessions = state.persistence.sessions(event_id, &scope, wanted.after.as_ref(), wanted.rows()).await?;
    Ok(Json(wanted.page(sessions, SessionKey::of).map(|stored| SessionBody::new(event_id, stored))))
}
