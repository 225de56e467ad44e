//! For whom is translated.

use std::collections::BTreeMap;

use common::{LanguageTag, Segment, SegmentState};
use tokio::sync::watch;

/// When segments are translated.
#[derive(Clone, Debug, Default)]
pub enum Follow {
    /// Always.
    #[default]
    Always,
    /// While somebody in the room follows the language ([`crate::JobContext::followers`]), or the receiver says that
    /// somebody outside of it does.
    WhenFollowed(watch::Receiver<bool>),
}

/// Lets segments through while they are wanted.
pub(super) struct Gate {
    follow: Follow,
    language: LanguageTag,
    in_room: watch::Receiver<BTreeMap<LanguageTag, usize>>,
    held_back: u64,
}

impl Gate {
    pub(super) fn new(
        follow: Follow,
        language: LanguageTag,
        in_room: watch::Receiver<BTreeMap<LanguageTag, usize>>,
    ) -> Self {
        Self { follow, language, in_room, held_back: 0 }
    }

    /// Whether a segment is to be translated, if it needs translation at all. What was said and is held back is
    /// counted; what is taken back is let through, for that costs nothing.
    pub(super) fn lets_through(&mut self, segment: &Segment) -> bool {
        if segment.state == SegmentState::Withdrawn || self.is_followed() {
            return true;
        }
        if segment.state.is_settled() && !segment.is_translated() {
            self.held_back += 1;
            tracing::debug!(segment.id = %segment.id, language = %self.language, "followed by nobody");
        }
        false
    }

    /// How many segments were not translated because nobody followed.
    pub(super) fn held_back(&self) -> u64 {
        self.held_back
    }

    fn is_followed(&self) -> bool {
        match &self.follow {
            Follow::Always => true,
            Follow::WhenFollowed(outside) => {
                *outside.borrow() || self.in_room.borrow().contains_key(&self.language)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use common::SegmentId;

    use super::*;

    fn segment(state: SegmentState) -> Segment {
        let language: LanguageTag = "en-US".parse().expect("a tag");
        Segment {
            id: SegmentId::generate(),
            speaker: "ana".into(),
            source_language: language.clone(),
            language,
            text: "Good morning.".into(),
            start_ms: 0,
            end_ms: 1,
            revision: 0,
            state,
        }
    }

    #[test]
    fn one_follower_inside_or_outside_is_enough_and_another_region_is_none() {
        let (outside, told) = watch::channel(false);
        let (in_room, counts) = watch::channel(BTreeMap::new());
        let language: LanguageTag = "es-ES".parse().expect("a tag");
        let mut gate = Gate::new(Follow::WhenFollowed(told), language.clone(), counts);
        let said = segment(SegmentState::Final);
        assert!(!gate.lets_through(&said));
        in_room.send_replace(BTreeMap::from([("es-MX".parse().expect("a tag"), 3)]));
        assert!(!gate.lets_through(&said));
        in_room.send_replace(BTreeMap::from([(language, 1)]));
        assert!(gate.lets_through(&said));
        in_room.send_replace(BTreeMap::new());
        outside.send_replace(true);
        assert!(gate.lets_through(&said));
        assert_eq!(gate.held_back(), 2);
    }

    #[test]
    fn what_is_taken_back_goes_through_and_interims_are_not_counted() {
        let counts = watch::channel(BTreeMap::new()).1;
        let outside = watch::channel(false).1;
        let mut gate = Gate::new(Follow::WhenFollowed(outside), "es-ES".parse().expect("a tag"), counts);
        assert!(gate.lets_through(&segment(SegmentState::Withdrawn)));
        assert!(!gate.lets_through(&segment(SegmentState::Interim)));
        assert_eq!(gate.held_back(), 0);
    }
}
