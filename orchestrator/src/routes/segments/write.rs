//! `POST /sessions/{session_id}/segments`

use axum::extract::State;
use common::{
    Segment,
    access::{May, may},
    clock,
    ids::SessionId,
    problem::{FieldError, Json, Path, Problem},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{AppState, domain::SessionState};

/// As many segments are taken at once.
const MAX_SEGMENTS: usize = 500;
const MAX_TEXT_CHARS: usize = 10_000;
const MAX_SPEAKER_CHARS: usize = 200;
/// No session goes on for longer: 30 days.
const MAX_MS: u64 = 30 * 24 * 3600 * 1000;
const MAX_REVISION: u32 = 1_000_000;

/// Segments to be kept.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewSegments {
    /// In any languages; none of them interim.
    #[schema(min_items = 1, max_items = 500)]
    segments: Vec<Segment>,
}

/// What came of them.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({ "accepted": 1, "known": 0 }))]
pub(crate) struct Written {
    /// So many are kept now.
    accepted: usize,
    /// So many were there already, and stay as they were.
    known: usize,
}

/// Write segments
///
/// Whoever is not sure that they arrived sends them again: a segment that is there in the same language and revision
/// changes nothing.
#[utoipa::path(
    post, path = "/sessions/{session_id}/segments", tag = "segments", request_body = NewSegments,
    security(("bearer" = ["segments:write"])),
    params(("session_id" = SessionId, Path, description = "Which session")),
    responses(
        (status = 200, description = "They are kept", body = Written),
        (status = 409, description = "The session could not be started: nothing is said in it"),
    )
)]
pub(crate) async fn write_segments(
    _who: May<may::SegmentsWrite>,
    State(state): State<AppState>,
    Path(session_id): Path<SessionId>,
    Json(new): Json<NewSegments>,
) -> Result<Json<Written>, Problem> {
    let mistakes = mistakes(&new.segments);
    if !mistakes.is_empty() {
        return Err(Problem::invalid(mistakes));
    }
    let session = state.sessions.session(session_id).await?;
    let session = session.ok_or_else(|| Problem::not_found("session"))?;
    if session.state == SessionState::Failed {
        let detail = "the session could not be started: nothing is said in it";
        return Err(Problem::conflict("session_failed", detail));
    }
    let accepted = state.live.append(&session.topic(), &new.segments, clock::now()).await?.len();
    Ok(Json(Written { accepted, known: new.segments.len() - accepted }))
}

/// What is wrong with each.
fn mistakes(segments: &[Segment]) -> Vec<FieldError> {
    if segments.is_empty() || segments.len() > MAX_SEGMENTS {
        return vec![FieldError::new("segments", format!("send 1 to {MAX_SEGMENTS}"))];
    }
    let mut mistakes = Vec::new();
    for (index, segment) in segments.iter().enumerate() {
        let mut wrong = |field: &str, detail: String| {
            mistakes.push(FieldError::new(format!("segments[{index}].{field}"), detail));
        };
        if !segment.state.is_settled() {
            wrong("state", "only what is settled is kept: final, corrected, withdrawn".to_owned());
        }
        if segment.text.chars().count() > MAX_TEXT_CHARS || segment.text.contains('\0') {
            wrong("text", format!("has {MAX_TEXT_CHARS} characters at most, none of them NUL"));
        }
        if segment.speaker.chars().count() > MAX_SPEAKER_CHARS || segment.speaker.contains('\0') {
            wrong("speaker", format!("has {MAX_SPEAKER_CHARS} characters at most, none of them NUL"));
        }
        if segment.end_ms < segment.start_ms || segment.end_ms > MAX_MS {
            wrong("end_ms", format!("is not before start_ms, and at most {MAX_MS}"));
        }
        if segment.revision > MAX_REVISION {
            wrong("revision", format!("is at most {MAX_REVISION}"));
        }
    }
    mistakes
}
