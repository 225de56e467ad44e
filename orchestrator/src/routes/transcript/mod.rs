//! `GET /sessions/{session_id}/transcript`

#[cfg(test)]
mod tests;

use axum::{
    extract::State,
    http::header::{CONTENT_DISPOSITION, CONTENT_TYPE},
    response::Response,
};
use common::{
    LanguageTag, Segment,
    access::Permission,
    ids::SessionId,
    problem::{Path, Problem, Query},
    service::etag::{ETag, IfNoneMatch},
};
use serde::Deserialize;
use transcript::format::{Format, Speakers};
use utoipa::{IntoParams, ToSchema};

use super::reader::Reader;
use crate::AppState;

const NEEDS: &[Permission] = &[Permission::TranscriptsRead];

/// Which transcript is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct TranscriptQuery {
    /// In this language; without, in the one that was spoken.
    language: Option<LanguageTag>,
    /// As subtitles, as text, or as data. Without, as data.
    #[param(inline)]
    format: Option<Format>,
}

/// Read a transcript
///
/// What was said until now, by media time, each segment as it was corrected last; also while the session runs. `srt` and
/// `vtt` are subtitles, `txt` is for reading, `json` has all that is known. Public events need no account.
#[utoipa::path(
    get, path = "/sessions/{session_id}/transcript", tag = "segments",
    security((), ("bearer" = ["transcripts:read"])),
    params(
        ("session_id" = SessionId, Path, description = "Which session"), TranscriptQuery,
        ("if-none-match" = Option<String>, Header, description = "Answer only when more was said than at that version"),
    ),
    responses(
        (status = 200, description = "The transcript", headers(
            ("etag" = String, description = "How much was said"),
            ("content-disposition" = String, description = "A name for the file"),
        ), content(
            (TranscriptBody = "application/json"),
            (String = "application/x-subrip", example = "1\n00:00:01,200 --> 00:00:03,400\nBienvenidos a la asamblea.\n"),
            (String = "text/plain", example = "Bienvenidos a la asamblea.\n"),
            (String = "text/vtt", example = "WEBVTT\n\n00:01.200 --> 00:03.400\nBienvenidos a la asamblea.\n"),
        )),
        (status = 304, description = "Nothing was said since"),
    )
)]
pub(super) async fn get_transcript(
    reader: Reader,
    State(state): State<AppState>,
    Path(session_id): Path<SessionId>,
    Query(query): Query<TranscriptQuery>,
    known: IfNoneMatch,
) -> Result<Response, Problem> {
    let session = reader.session(&state, session_id, NEEDS).await?;
    let (language, format) =
        (query.language.unwrap_or(session.source_language.clone()), query.format.unwrap_or(Format::Json));
    let log = state.live.log();
    // First where the log ends: what is written meanwhile is fetched again rather than missed.
    let end = log.entries_before(session_id, None, None, 1).await?;
    let end = end.last().map_or(0, |entry| i64::try_from(entry.position.0).unwrap_or(i64::MAX));
    let segments = log.segments(session_id, &language).await?;
    if segments.is_empty() && !session.languages().any(|one| *one == language) {
        return Err(Problem::not_found("language of that session"));
    }
    // What people are called is not known here: nobody is better than an id.
    let text = format.write(&segments, &Speakers::new());
    let name = format!("attachment; filename=\"session-{session_id}-{language}.{}\"", format.as_str());
    Ok(known.or(ETag(end), ([(CONTENT_TYPE, format.content_type()), (CONTENT_DISPOSITION, &*name)], text)))
}

/// A transcript as data.
#[derive(ToSchema)]
#[expect(dead_code, reason = "described here, written by the crate of transcripts")]
struct TranscriptBody {
    /// By media time.
    segments: Vec<Segment>,
}
