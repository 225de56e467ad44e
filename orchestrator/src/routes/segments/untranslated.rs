//! `GET /sessions/{session_id}/untranslated`

use axum::extract::State;
use chrono::{DateTime, Utc};
use common::{
    LanguageTag, Segment,
    access::{May, may},
    ids::SessionId,
    problem::{Json, Path, Problem, Query},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::AppState;

/// What is missing, and since when.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct UntranslatedQuery {
    /// The language that is missing.
    language: LanguageTag,
    /// Accepted at this time or later; since the session's start without.
    since: Option<DateTime<Utc>>,
}

/// Segments as they were spoken.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Untranslated {
    /// By media time.
    items: Vec<Segment>,
}

/// List what was not translated
///
/// For agents that begin, or begin again: final segments in the language that was spoken that are not there in
/// `language` yet.
#[utoipa::path(
    get, path = "/sessions/{session_id}/untranslated", tag = "segments",
    security(("bearer" = ["segments:write"])),
    params(("session_id" = SessionId, Path, description = "Which session"), UntranslatedQuery),
    responses((status = 200, description = "The segments", body = Untranslated))
)]
pub(crate) async fn list_untranslated(
    _who: May<may::SegmentsWrite>,
    State(state): State<AppState>,
    Path(session_id): Path<SessionId>,
    Query(query): Query<UntranslatedQuery>,
) -> Result<Json<Untranslated>, Problem> {
    let session = state.sessions.session(session_id).await?;
    let session = session.ok_or_else(|| Problem::not_found("session"))?;
    // Nothing is older than the session.
    let since = query.since.map_or(session.started_at, |since| since.max(session.started_at));
    let items = state.live.log().untranslated(session_id, &query.language, since).await?;
    Ok(Json(Untranslated { items }))
}
