//! In memory: for development and tests.

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use common::{LanguageTag, Segment, SegmentId, SegmentState, ids::SessionId, persistence::PersistenceError};
use parking_lot::Mutex;

use crate::{Entry, Position, SegmentLog, View, batch};

/// Keeps every log until the process ends. All of it is behind one lock, so that every method is atomic.
#[derive(Debug, Default)]
pub struct InMemory {
    logs: Mutex<HashMap<SessionId, Log>>,
}

#[derive(Debug, Default)]
struct Log {
    /// The entry at position 1 is the first.
    entries: Vec<Entry>,
    known: HashSet<(SegmentId, LanguageTag, u32)>,
    /// Positions, ascending.
    by_language: HashMap<LanguageTag, Vec<Position>>,
}

impl InMemory {
    /// Empty.
    pub fn new() -> Self {
        Self::default()
    }

    fn read<T: Default>(&self, session: SessionId, read: impl FnOnce(&Log) -> T) -> T {
        self.logs.lock().get(&session).map(read).unwrap_or_default()
    }
}

impl Log {
    fn append(&mut self, segment: Segment, written_at: DateTime<Utc>) -> Option<Entry> {
        if !self.known.insert((segment.id.clone(), segment.language.clone(), segment.revision)) {
            return None;
        }
        let position = Position(self.entries.len() as u64 + 1);
        self.by_language.entry(segment.language.clone()).or_default().push(position);
        let entry = Entry { position, written_at, segment };
        self.entries.push(entry.clone());
        Some(entry)
    }

    fn at(&self, position: Position) -> Entry {
        self.entries[position.0 as usize - 1].clone()
    }

    /// The entries of `language`, or all, within `from` (included) and `to` (not included).
    fn between(
        &self,
        language: Option<&LanguageTag>,
        from: Position,
        to: Position,
    ) -> impl DoubleEndedIterator<Item = Entry> {
        // One of both is empty.
        let (some, all) = if let Some(language) = language {
            let positions = self.by_language.get(language).map(Vec::as_slice).unwrap_or_default();
            let first = positions.partition_point(|position| *position < from);
            let end = positions.partition_point(|position| *position < to).max(first);
            (&positions[first..end], 0..0)
        } else {
            let end = (to.0 as usize).min(self.entries.len() + 1);
            (&[][..], (from.0 as usize).clamp(1, end.max(1))..end)
        };
        let all = all.map(|position| Position(position as u64));
        some.iter().copied().chain(all).map(|position| self.at(position))
    }

    fn view(&self, language: &LanguageTag) -> View {
        let positions = self.by_language.get(language).into_iter().flatten();
        positions.map(|position| &self.entries[position.0 as usize - 1].segment).collect()
    }
}

#[async_trait]
impl SegmentLog for InMemory {
    async fn append(
        &self,
        session: SessionId,
        segments: &[Segment],
        now: DateTime<Utc>,
    ) -> Result<Vec<Entry>, PersistenceError> {
        let (segments, now) = (batch::to_store(segments), batch::moment(now));
        let mut logs = self.logs.lock();
        let log = logs.entry(session).or_default();
        Ok(segments.into_iter().filter_map(|segment| log.append(segment, now)).collect())
    }

    async fn entries_after(
        &self,
        session: SessionId,
        language: Option<&LanguageTag>,
        after: Position,
        limit: usize,
    ) -> Result<Vec<Entry>, PersistenceError> {
        let (from, to) = (Position(after.0.saturating_add(1)), Position(u64::MAX));
        Ok(self.read(session, |log| log.between(language, from, to).take(limit).collect()))
    }

    async fn entries_before(
        &self,
        session: SessionId,
        language: Option<&LanguageTag>,
        before: Option<Position>,
        limit: usize,
    ) -> Result<Vec<Entry>, PersistenceError> {
        let to = before.unwrap_or(Position(u64::MAX));
        let mut last: Vec<_> =
            self.read(session, |log| log.between(language, Position(1), to).rev().take(limit).collect());
        last.reverse();
        Ok(last)
    }

    async fn segments(
        &self,
        session: SessionId,
        language: &LanguageTag,
    ) -> Result<Vec<Segment>, PersistenceError> {
        Ok(self.read(session, |log| log.view(language).segments(language).into_iter().cloned().collect()))
    }

    async fn untranslated(
        &self,
        session: SessionId,
        language: &LanguageTag,
        since: DateTime<Utc>,
    ) -> Result<Vec<Segment>, PersistenceError> {
        Ok(self.read(session, |log| {
            let of_language = log.entries.iter().filter(|entry| entry.segment.language == *language);
            let before =
                log.entries.iter().filter(|entry| !entry.segment.is_translated() && entry.written_at < since);
            let left_out: HashSet<_> = of_language.chain(before).map(|entry| &entry.segment.id).collect();
            let spoken = log.entries.iter().map(|entry| &entry.segment);
            let spoken = spoken.filter(|segment| !segment.is_translated() && !left_out.contains(&segment.id));
            let mut newest: HashMap<_, &Segment> = HashMap::new();
            for segment in spoken {
                let known = newest.entry(&segment.id).or_insert(segment);
                if known.revision < segment.revision {
                    *known = segment;
                }
            }
            let shown = newest.into_values().filter(|segment| segment.state != SegmentState::Withdrawn);
            let mut shown: Vec<_> = shown.cloned().collect();
            shown.sort_by(|a, b| (a.start_ms, &a.id).cmp(&(b.start_ms, &b.id)));
            shown
        }))
    }
}
