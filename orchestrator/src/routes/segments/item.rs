//! A segment as readers get it.

use chrono::{DateTime, Utc};
use common::Segment;
use serde::Serialize;
use transcript::{Entry, Position};
use utoipa::ToSchema;

/// One revision of one segment in one language.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "cursor": "42", "position": 42, "written_at": "2026-05-01T18:00:03.600Z",
    "segment": {
        "id": "SG_0192f0c12a6b7c3d8e4f5a6b7c8d9e0f", "speaker": "speaker-0192f0c1-2a6b-7c3d-8e4f-5a6b7c8d9e0f",
        "language": "es-ES", "source_language": "en-US", "text": "Bienvenidos a la asamblea.", "start_ms": 1_200,
        "end_ms": 3_400, "revision": 0, "state": "final"
    }
}))]
pub(crate) struct SegmentItem {
    /// Go on from here: `after`, or the header `Last-Event-ID`.
    pub(super) cursor: String,
    /// Where it stands among everything that was said in the session, from 1, without gaps.
    #[schema(minimum = 1)]
    position: u64,
    /// When it was accepted.
    written_at: DateTime<Utc>,
    /// What was said. A later one with the same `id` and `language` and a higher `revision` takes its place.
    segment: Segment,
}

impl From<Entry> for SegmentItem {
    fn from(entry: Entry) -> Self {
        Self {
            cursor: cursor(entry.position),
            position: entry.position.0,
            written_at: entry.written_at,
            segment: entry.segment,
        }
    }
}

/// As it travels.
pub(super) fn cursor(position: Position) -> String {
    position.0.to_string()
}

/// The position that a cursor names.
pub(super) fn position(cursor: &str) -> Option<Position> {
    // Not "+5": as we wrote it. Logs count with 63 bits.
    let digits = !cursor.is_empty() && cursor.bytes().all(|byte| byte.is_ascii_digit());
    let number = cursor.parse::<i64>().ok().filter(|_| digits)?;
    u64::try_from(number).ok().map(Position)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_what_was_given() {
        assert_eq!(position(&cursor(Position(42))), Some(Position(42)));
        assert_eq!(position("0"), Some(Position(0)));
        for odd in ["", "+1", "-1", " 1", "1.0", "x", "9223372036854775808"] {
            assert_eq!(position(odd), None, "{odd:?}");
        }
    }
}
