//! The sums. Knows nothing of how what is summed is found out.

use std::{collections::BTreeMap, time::Duration};

use common::{LanguageTag, event::EventConfig, ids::ChannelId};
use tokio::time::Instant;

/// What was counted last stands for so long when it cannot be counted again.
const STANDS_FOR: Duration = Duration::from_secs(15);

/// How many, by language.
pub type ByLanguage = BTreeMap<LanguageTag, u64>;
/// How many are in the rooms of an event, by channel and by the language they say; empty where they say none.
pub type InRooms = BTreeMap<ChannelId, BTreeMap<String, u64>>;

/// Who listens to an event. Every language of its channels is in each map, with 0 if nobody does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// All of them.
    pub total: ByLanguage,
    /// Those outside `LiveKit`.
    pub outside: ByLanguage,
    /// Those who get a channel's language: in its room, or outside, where there are no channels.
    pub by_channel: BTreeMap<ChannelId, ByLanguage>,
}

/// What was counted, and when.
#[derive(Debug, Default)]
pub(super) struct Tally {
    in_rooms: Option<(Instant, InRooms)>,
    outside: Option<(Instant, ByLanguage)>,
    own: ByLanguage,
}

impl Tally {
    /// The rooms were counted.
    pub(super) fn rooms(&mut self, now: Instant, counted: InRooms) {
        self.in_rooms = Some((now, counted));
    }

    /// Those outside `LiveKit` were counted, for all processes.
    pub(super) fn outside(&mut self, now: Instant, counted: ByLanguage) {
        self.outside = Some((now, counted));
    }

    /// Those outside `LiveKit` who came through this process were counted. That is always possible.
    pub(super) fn own(&mut self, counted: ByLanguage) {
        self.own = counted;
    }

    /// The sums for the channels of `event` as it is. Whoever hears the floor without a language follows what is spoken.
    pub(super) fn counts(&self, now: Instant, event: &EventConfig) -> Counts {
        let outside = standing(self.outside.as_ref(), now);
        let in_rooms = standing(self.in_rooms.as_ref(), now);
        let mut counts = Counts::default();
        for channel in &event.channels {
            let room = in_rooms.and_then(|rooms| rooms.get(&channel.channel_id));
            let of_channel = counts.by_channel.entry(channel.channel_id).or_default();
            for language in channel.languages() {
                let named = room.and_then(|room| room.get(language.as_str())).copied().unwrap_or(0);
                let unnamed = room.and_then(|room| room.get("")).copied().unwrap_or(0);
                let inside = if *language == channel.source_language { named + unnamed } else { named };
                let outside = outside.and_then(|outside| outside.get(language)).copied().unwrap_or(0);
                let outside = outside.max(self.own.get(language).copied().unwrap_or(0));
                of_channel.insert(language.clone(), inside + outside);
                counts.outside.insert(language.clone(), outside);
                *counts.total.entry(language.clone()).or_default() += inside;
            }
        }
        for (language, outside) in &counts.outside {
            *counts.total.entry(language.clone()).or_default() += outside;
        }
        counts
    }
}

fn standing<T>(counted: Option<&(Instant, T)>, now: Instant) -> Option<&T> {
    counted.filter(|(at, _)| now.duration_since(*at) < STANDS_FOR).map(|(_, counted)| counted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{channel_id, language};

    /// An event with these channels: what is spoken, what it is translated into.
    fn event(channels: &[(&str, &[&str])]) -> EventConfig {
        let mut event = crate::testing::event(common::ids::CustomerId::generate());
        let template = event.channels[0].clone();
        event.channels.clear();
        for (number, (source, targets)) in (1..).zip(channels) {
            let mut channel = template.clone();
            channel.channel_id = channel_id(number);
            channel.source_language = language(source);
            channel.target_languages = targets.iter().map(|tag| language(tag)).collect();
            event.channels.push(channel);
        }
        event
    }

    fn of(counts: &[(&str, u64)]) -> ByLanguage {
        counts.iter().map(|(tag, count)| (language(tag), *count)).collect()
    }

    fn room(counts: &[(&str, u64)]) -> BTreeMap<String, u64> {
        counts.iter().map(|(tag, count)| ((*tag).to_owned(), *count)).collect()
    }

    #[tokio::test]
    async fn rooms_and_connections_are_added_up_once() {
        // Two channels share a language: whoever follows it outside has no channel and counts once.
        let event = event(&[("en-US", &["es-ES", "ca-ES"]), ("fr-FR", &["es-ES"])]);
        let [first, second] = [1, 2].map(channel_id);
        let (mut tally, now) = (Tally::default(), Instant::now());
        assert_eq!(
            tally.counts(now, &event).total,
            of(&[("en-US", 0), ("es-ES", 0), ("ca-ES", 0), ("fr-FR", 0)])
        );
        tally.rooms(
            now,
            InRooms::from([
                (first, room(&[("es-ES", 2), ("", 1), ("de-DE", 5)])),
                (second, room(&[("es-ES", 4), ("fr-FR", 1), ("", 1)])),
            ]),
        );
        tally.outside(now, of(&[("es-ES", 3), ("it-IT", 9)]));
        let counts = tally.counts(now, &event);
        assert_eq!(counts.total, of(&[("en-US", 1), ("es-ES", 9), ("ca-ES", 0), ("fr-FR", 2)]));
        assert_eq!(counts.outside, of(&[("en-US", 0), ("es-ES", 3), ("ca-ES", 0), ("fr-FR", 0)]));
        assert_eq!(counts.by_channel[&first], of(&[("en-US", 1), ("es-ES", 5), ("ca-ES", 0)]));
        assert_eq!(counts.by_channel[&second], of(&[("es-ES", 7), ("fr-FR", 2)]));
    }

    #[tokio::test(start_paused = true)]
    async fn what_cannot_be_counted_again_stands_for_a_while() {
        let event = event(&[("en-US", &["es-ES"])]);
        let (mut tally, now) = (Tally::default(), Instant::now());
        tally.rooms(now, InRooms::from([(channel_id(1), room(&[("es-ES", 2)]))]));
        tally.outside(now + Duration::from_secs(5), of(&[("es-ES", 1)]));
        let total = |tally: &Tally, seconds| {
            tally.counts(now + Duration::from_secs(seconds), &event).total[&language("es-ES")]
        };
        assert_eq!([14, 15, 19, 20].map(|seconds| total(&tally, seconds)), [3, 1, 1, 0]);
        tally.own(of(&[("es-ES", 1)]));
        assert_eq!([14, 20].map(|seconds| total(&tally, seconds)), [3, 1], "its own it always knows");
    }
}
