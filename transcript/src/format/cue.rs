//! Segments become cues.

use common::Segment;

use super::{
    Speakers, clean, shown,
    units::{Unit, units},
    wrap,
};

/// As many lines has a cue at most.
pub const MAX_LINES: usize = 2;
/// As long is a cue shown at most, milliseconds.
pub const MAX_CUE_MS: u64 = 7000;
/// Where two speak at once, the first is shown for as long at least, if it has as much.
const MIN_OVERLAPPED_MS: u64 = 1000;
/// As many characters of a name stand before what was said.
const MAX_NAME_CHARS: usize = 36;
/// Later than any session; leaves room to count on.
const MAX_START_MS: u64 = u64::MAX / 4;

/// What is shown at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cue<'a> {
    pub(super) start_ms: u64,
    /// Later than `start_ms`.
    pub(super) end_ms: u64,
    /// The name, whole and clean; never empty.
    pub(super) name: Option<&'a str>,
    /// One or two, none of them empty.
    pub(super) lines: Vec<String>,
}

/// Whether names stand in the lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Names {
    /// Before what is said, whenever another speaks.
    InLines,
    /// Apart.
    Apart,
}

/// A part of a segment, before its lines are made.
struct Piece<'a> {
    start_ms: u64,
    end_ms: u64,
    speaker: &'a str,
    units: Vec<Unit>,
}

/// The names of those who speak, clean.
pub(super) fn clean_names(speakers: &Speakers) -> Speakers {
    let clean = speakers.iter().map(|(speaker, name)| (speaker.clone(), clean::line(name)));
    clean.filter(|(_, name)| !name.is_empty()).collect()
}

/// The cues of all segments, one after the other. `read` prepares a segment's text. Room for names is kept wherever
/// they stand, so that all formats have the same cues.
pub(super) fn cues<'a>(
    segments: &'a [Segment],
    names: &'a Speakers,
    placed: Names,
    read: impl Fn(&str) -> String,
) -> Vec<Cue<'a>> {
    let prefix =
        |speaker: &str| names.get(speaker).map(|name| units(&prefix(&read(name)))).unwrap_or_default();
    let mut pieces: Vec<Piece<'a>> = Vec::new();
    for segment in shown(segments) {
        pieces.extend(cut(segment, &units(&read(&segment.text)), &prefix(&segment.speaker)));
    }
    // Stable: pieces of one segment stay in order.
    pieces.sort_by_key(|piece| piece.start_ms);
    one_after_the_other(&mut pieces);
    let mut last = None;
    let cue = |piece: Piece<'a>| {
        let named = placed == Names::InLines && last != Some(piece.speaker);
        let mut shown = if named { prefix(piece.speaker) } else { Vec::new() };
        last = Some(piece.speaker);
        shown.extend(piece.units);
        Cue {
            start_ms: piece.start_ms,
            end_ms: piece.end_ms,
            name: names.get(piece.speaker).map(String::as_str),
            lines: wrap::balanced(&shown),
        }
    };
    pieces.into_iter().map(cue).collect()
}

/// A name as it stands before what was said.
pub(super) fn prefix(name: &str) -> String {
    if name.chars().count() <= MAX_NAME_CHARS {
        return format!("{name}:");
    }
    let short: String = name.chars().take(MAX_NAME_CHARS - 1).collect();
    format!("{}…:", short.trim_end())
}

/// Cuts a segment into pieces of which each fits into a cue, after `prefix`. Its time goes to them by characters.
fn cut<'a>(segment: &'a Segment, units: &[Unit], prefix: &[Unit]) -> Vec<Piece<'a>> {
    if units.is_empty() {
        return Vec::new();
    }
    let start_ms = segment.start_ms.min(MAX_START_MS);
    let end_ms = segment.end_ms.clamp(start_ms + 1, MAX_START_MS * 2);
    let duration = end_ms - start_ms;
    let by_time = usize::try_from(duration.div_ceil(MAX_CUE_MS)).unwrap_or(usize::MAX);
    let by_room = wrap::lines(prefix.iter().chain(units)).len().div_ceil(MAX_LINES);
    let fewest = by_time.max(by_room).min(units.len());
    let mut best = Vec::new();
    // Words are of different length, so that a part may be too long although there are enough of them.
    for count in (fewest..=units.len()).take(8) {
        best = timed(segment, split(units, count, prefix), start_ms, duration);
        if best.iter().all(|piece| piece.end_ms - piece.start_ms <= MAX_CUE_MS) {
            break;
        }
    }
    for piece in &mut best {
        piece.end_ms = piece.end_ms.min(piece.start_ms + MAX_CUE_MS);
    }
    best
}

/// Splits into about `count` parts of about the same length, of which each fits into a cue.
fn split(units: &[Unit], count: usize, prefix: &[Unit]) -> Vec<Vec<Unit>> {
    let total = wrap::length(units) as u128;
    let mut parts: Vec<Vec<Unit>> = Vec::new();
    let (mut part, mut taken) = (Vec::new(), 0_u128);
    for unit in units {
        let share = total * (parts.len() as u128 + 1) / count as u128;
        let length = wrap::length(std::slice::from_ref(unit)) as u128;
        // A unit goes where more than half of it lies.
        let full = taken + length / 2 >= share;
        let fits = wrap::lines(prefix.iter().chain(&part).chain([unit])).len() <= MAX_LINES;
        if !part.is_empty() && (full || !fits) {
            parts.push(std::mem::take(&mut part));
        }
        part.push(unit.clone());
        taken += length;
    }
    parts.push(part);
    parts
}

/// Gives each part its share of the time, and at least a millisecond.
fn timed(segment: &Segment, parts: Vec<Vec<Unit>>, start_ms: u64, duration: u64) -> Vec<Piece<'_>> {
    let total: u128 = parts.iter().map(|part| wrap::length(part) as u128).sum();
    let (mut pieces, mut said, mut from) = (Vec::with_capacity(parts.len()), 0, start_ms);
    for units in parts {
        said += wrap::length(&units) as u128;
        let share = u64::try_from(u128::from(duration) * said / total.max(1)).unwrap_or(duration);
        let end_ms = (start_ms + share).max(from + 1);
        pieces.push(Piece { start_ms: from, end_ms, speaker: &segment.speaker, units });
        from = end_ms;
    }
    pieces
}

/// Where two overlap, the first gives way, but is shown long enough to be seen; then the second begins later.
fn one_after_the_other(pieces: &mut [Piece<'_>]) {
    let mut free_from = 0;
    for place in 0..pieces.len() {
        let next_start = pieces.get(place + 1).map(|next| next.start_ms);
        let piece = &mut pieces[place];
        let wanted = piece.end_ms - piece.start_ms;
        piece.start_ms = piece.start_ms.max(free_from);
        let least = piece.start_ms + wanted.min(MIN_OVERLAPPED_MS);
        piece.end_ms = piece.end_ms.max(least);
        if let Some(next) = next_start {
            piece.end_ms = piece.end_ms.min(next.max(least));
        }
        free_from = piece.end_ms;
    }
}
