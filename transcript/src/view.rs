//! What a reader makes of the entries it gets.

use std::collections::{BTreeMap, HashMap, hash_map};

use common::{LanguageTag, Segment, SegmentId, SegmentState};

/// The transcript so far. Takes entries in any order and any number of times, and comes to the same: each segment at
/// its newest revision, by media time, without the withdrawn.
#[derive(Clone, Debug, Default)]
pub struct View {
    /// Withdrawn ones as well, so that older revisions do not bring them back.
    newest: HashMap<LanguageTag, HashMap<SegmentId, Segment>>,
}

impl View {
    /// Nothing was said yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes what an entry holds; says whether the transcript may be another now.
    pub fn apply(&mut self, segment: &Segment) -> bool {
        let newest = match self.newest.get_mut(&segment.language) {
            Some(newest) => newest,
            None => self.newest.entry(segment.language.clone()).or_default(),
        };
        match newest.entry(segment.id.clone()) {
            hash_map::Entry::Occupied(known) if known.get().revision >= segment.revision => false,
            hash_map::Entry::Occupied(mut known) => {
                known.insert(segment.clone());
                true
            }
            hash_map::Entry::Vacant(place) => {
                place.insert(segment.clone());
                true
            }
        }
    }

    /// The transcript of `language`, by media time (`start_ms`, then id).
    pub fn segments(&self, language: &LanguageTag) -> Vec<&Segment> {
        let newest = self.newest.get(language).into_iter().flat_map(HashMap::values);
        let shown = newest.filter(|segment| segment.state != SegmentState::Withdrawn);
        let by_time: BTreeMap<_, _> =
            shown.map(|segment| ((segment.start_ms, &segment.id), segment)).collect();
        by_time.into_values().collect()
    }

    /// The languages of which there are entries, in the order of their tags.
    pub fn languages(&self) -> Vec<&LanguageTag> {
        let mut languages: Vec<_> = self.newest.keys().collect();
        languages.sort();
        languages
    }
}

impl<'a> FromIterator<&'a Segment> for View {
    fn from_iter<I: IntoIterator<Item = &'a Segment>>(segments: I) -> Self {
        let mut view = Self::new();
        for segment in segments {
            view.apply(segment);
        }
        view
    }
}
