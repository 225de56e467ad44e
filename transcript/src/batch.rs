//! What every log does with segments before it writes them.

use std::collections::HashSet;

use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};
use common::{Segment, SegmentState};

/// Times and counts are stored as signed numbers.
const MAX_MS: u64 = i64::MAX as u64;

/// The settled ones of `segments`, each once, as they can be stored: without NUL characters, not ending before they
/// start, and without text when withdrawn.
pub(crate) fn to_store(segments: &[Segment]) -> Vec<Segment> {
    let mut known = HashSet::new();
    let settled = segments.iter().filter(|segment| segment.state.is_settled());
    let once = settled.filter(|segment| known.insert((&segment.id, &segment.language, segment.revision)));
    once.map(storable).collect()
}

fn storable(segment: &Segment) -> Segment {
    let mut segment = segment.clone();
    segment.start_ms = segment.start_ms.min(MAX_MS);
    segment.end_ms = segment.end_ms.clamp(segment.start_ms, MAX_MS);
    if segment.state == SegmentState::Withdrawn {
        segment.text.clear();
    }
    segment.text.retain(|c| c != '\0');
    segment.speaker.retain(|c| c != '\0');
    segment
}

/// As precisely as every log keeps it.
pub(crate) fn moment(now: DateTime<Utc>) -> DateTime<Utc> {
    now.duration_trunc(TimeDelta::microseconds(1)).unwrap_or(now)
}
