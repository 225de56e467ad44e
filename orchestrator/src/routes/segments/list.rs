//! `GET /sessions/{session_id}/segments`

use axum::{
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse as _, Response},
};
use common::{
    access::Permission,
    ids::SessionId,
    problem::{Json, Path, Problem, Query},
};

use super::{
    follow::follow,
    page::{Part, SegmentPage, SegmentQuery, read_cursor},
};
use crate::{
    AppState,
    routes::{pass::Pass, reader::Reader},
};

/// People who may read transcripts, and the services that write them.
const NEEDS: &[Permission] = &[Permission::TranscriptsRead, Permission::SegmentsWrite];

/// Read segments
///
/// Without a cursor the newest page. With `Accept: text/event-stream` the page comes as events `segment` (`id` is the
/// cursor, `data` the item), then whatever is said, without gap or repetition, until the session is over (`end`). A
/// client that was cut off goes on with the header `Last-Event-ID`. Public events need no account.
#[utoipa::path(
    get, path = "/sessions/{session_id}/segments", tag = "segments",
    security((), ("bearer" = ["transcripts:read"]), ("bearer" = ["segments:write"])),
    params(
        ("session_id" = SessionId, Path, description = "Which session"), SegmentQuery,
        ("last-event-id" = Option<String>, Header, description = "For streams: the last event that the client has"),
    ),
    responses((status = 200, description = "One page, or a stream", content(
        (SegmentPage = "application/json"),
        (String = "text/event-stream", example = "id: 42\nevent: segment\ndata: {\"cursor\":\"42\"}\n\n"),
    )))
)]
pub(crate) async fn list_segments(
    reader: Reader,
    State(state): State<AppState>,
    Path(session_id): Path<SessionId>,
    Query(query): Query<SegmentQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let session = reader.session(&state, session_id, NEEDS).await?;
    let mut wanted = query.read(session_id)?;
    if !wants_stream(&headers) {
        return Ok(Json(wanted.page(&**state.live.log()).await?).into_response());
    }
    if let Some(last) = headers.get("last-event-id").and_then(|value| value.to_str().ok()) {
        wanted.part = Part::After(read_cursor("last-event-id", last)?);
    }
    let event_id = session.event_id;
    let events = follow(&state, session, wanted).await?;
    Ok(Pass { reader, state, event_id, any_of: NEEDS }.stream(events))
}

/// Whether the client named the media type of streams.
fn wants_stream(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let mut names = accepted.flat_map(|value| value.split(',')).filter_map(|range| range.split(';').next());
    names.any(|name| name.trim().eq_ignore_ascii_case("text/event-stream"))
}
