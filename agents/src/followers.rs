//! Who in the room follows which language.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use common::LanguageTag;
use livekit::{Room, RoomEvent, participant::ParticipantKind};
use parking_lot::Mutex;
use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
};

/// The participant attribute that says it.
const LANGUAGE: &str = "language";
/// After our connection was lost, people who were there before it count for so long, until they are seen again: they
/// lost theirs with the same server, and what is said until they are back is sent to them then.
const RETURN: Duration = Duration::from_secs(15);

type Languages = HashMap<String, LanguageTag>;

/// How many people follow each language, through all interruptions. People are participants that are no agents.
#[derive(Default)]
pub(crate) struct Followers {
    state: Mutex<State>,
    counts: watch::Sender<BTreeMap<LanguageTag, usize>>,
}

#[derive(Default)]
struct State {
    /// By identity.
    people: Languages,
    /// Those of `people` who were there before our connection was lost, and have not been seen since.
    missing: Languages,
    /// Until when they count; `None` before we are back.
    until: Option<Instant>,
}

impl Followers {
    /// The counts, now and later; languages that nobody follows are not among them.
    pub(crate) fn subscribe(&self) -> watch::Receiver<BTreeMap<LanguageTag, usize>> {
        self.counts.subscribe()
    }

    /// Whether somebody may have come, gone or changed their mind.
    pub(crate) fn may_change(event: &RoomEvent) -> bool {
        matches!(
            event,
            RoomEvent::ParticipantConnected(_)
                | RoomEvent::ParticipantActive(_)
                | RoomEvent::ParticipantDisconnected(_)
                | RoomEvent::ParticipantAttributesChanged { .. }
        )
    }

    /// Our connection is lost: nobody is seen.
    pub(crate) fn lost(&self) {
        let State { people, missing, until } = &mut *self.state.lock();
        missing.clone_from(people);
        *until = None;
    }

    /// Our connection is there again.
    pub(crate) fn found(&self, room: &Room) {
        self.state.lock().until = Some(Instant::now() + RETURN);
        self.recount(room);
    }

    /// Counts anew who is in the room.
    pub(crate) fn recount(&self, room: &Room) {
        let people = room.remote_participants().into_values().filter_map(|participant| {
            if participant.kind() != ParticipantKind::Standard {
                return None;
            }
            let language = participant.attributes().get(LANGUAGE)?.parse().ok()?;
            Some((participant.identity().0, language))
        });
        self.count(people.collect());
    }

    /// Resolves when those who are missing do not count any more. Cancel-safe.
    pub(crate) async fn given_up(&self) {
        let until = {
            let state = self.state.lock();
            state.until.filter(|_| !state.missing.is_empty())
        };
        match until {
            Some(until) => sleep_until(until).await,
            None => std::future::pending().await,
        }
    }

    fn count(&self, seen: Languages) {
        let mut state = self.state.lock();
        if state.until.is_some_and(|until| until <= Instant::now()) {
            state.missing.clear();
        }
        state.missing.retain(|identity, _| !seen.contains_key(identity));
        let State { people, missing, .. } = &mut *state;
        people.clone_from(missing);
        people.extend(seen);
        let mut counts = BTreeMap::new();
        for language in people.values() {
            *counts.entry(language.clone()).or_default() += 1;
        }
        self.counts.send_if_modified(|known| {
            let changed = *known != counts;
            *known = counts;
            changed
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn people(pairs: &[(&str, &str)]) -> Languages {
        pairs.iter().map(|(who, tag)| ((*who).to_owned(), tag.parse().expect("a tag"))).collect()
    }

    fn counted(followers: &Followers) -> Vec<(String, usize)> {
        followers.subscribe().borrow().iter().map(|(tag, count)| (tag.to_string(), *count)).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn each_tag_is_counted_for_itself_and_who_leaves_no_more() {
        let followers = Followers::default();
        followers.count(people(&[("ana", "es-ES"), ("ben", "es-MX"), ("eva", "es-ES")]));
        assert_eq!(counted(&followers), [("es-ES".to_owned(), 2), ("es-MX".to_owned(), 1)]);
        followers.count(people(&[("eva", "ca-ES")]));
        assert_eq!(counted(&followers), [("ca-ES".to_owned(), 1)]);
    }

    #[tokio::test(start_paused = true)]
    async fn who_was_there_before_a_break_counts_until_they_are_seen_or_given_up() {
        let followers = Followers::default();
        followers.count(people(&[("ana", "es-ES"), ("ben", "es-ES"), ("eva", "fr-FR")]));
        followers.lost();
        assert_eq!(counted(&followers).len(), 2, "nobody is known to have left");
        followers.state.lock().until = Some(Instant::now() + RETURN);
        followers.count(people(&[]));
        assert_eq!(counted(&followers), [("es-ES".to_owned(), 2), ("fr-FR".to_owned(), 1)]);
        followers.count(people(&[("ana", "es-ES"), ("eva", "ca-ES")]));
        assert_eq!(counted(&followers), [("ca-ES".to_owned(), 1), ("es-ES".to_owned(), 2)]);
        followers.count(people(&[("eva", "ca-ES")]));
        assert_eq!(counted(&followers), [("ca-ES".to_owned(), 1), ("es-ES".to_owned(), 1)]);
        followers.given_up().await;
        followers.count(people(&[("eva", "ca-ES")]));
        assert_eq!(counted(&followers), [("ca-ES".to_owned(), 1)]);
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_is_told_when_nothing_changed() {
        let followers = Followers::default();
        followers.count(people(&[("ana", "es-ES")]));
        let mut counts = followers.subscribe();
        followers.count(people(&[("eva", "es-ES")]));
        assert!(!counts.has_changed().expect("open"));
        followers.count(people(&[]));
        assert!(counts.has_changed().expect("open") && counts.borrow_and_update().is_empty());
    }
}
