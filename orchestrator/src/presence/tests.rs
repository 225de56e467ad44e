//! What counts promise, in paused time.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use common::{
    ids::{CustomerId, SessionId},
    live_state::{LiveState as _, Members as _, Notice, testing::Cuttable},
};
use futures_util::StreamExt as _;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::Presence;
use crate::{
    domain::SessionState,
    persistence::{Sessions as _, in_memory::InMemory},
    provider::Room,
    testing::{self, FakeEvents, FakeProvider, channel_id, event_id, language},
};

struct World {
    presence: Presence,
    sessions: Arc<InMemory>,
    events: Arc<FakeEvents>,
    provider: Arc<FakeProvider>,
    live_state: Arc<Cuttable>,
}

impl World {
    /// The event of the other tests, with channel 1 alone; nobody listens.
    fn new() -> Self {
        let events = Arc::<FakeEvents>::default();
        let mut event = testing::event(CustomerId::generate());
        event.channels.truncate(1);
        events.set(event);
        Self::over(Arc::default(), events, Arc::default(), Arc::default())
    }

    fn over(
        sessions: Arc<InMemory>,
        events: Arc<FakeEvents>,
        provider: Arc<FakeProvider>,
        live_state: Arc<Cuttable>,
    ) -> Self {
        let presence = Presence::start(
            Arc::clone(&sessions) as _,
            Arc::clone(&events) as _,
            Arc::clone(&provider) as _,
            Arc::clone(&live_state) as _,
            CancellationToken::new(),
        );
        Self { presence, sessions, events, provider, live_state }
    }

    /// Another process with the same live state, events and rooms.
    fn another(&self) -> Self {
        let (sessions, events) = (Arc::clone(&self.sessions), Arc::clone(&self.events));
        Self::over(sessions, events, Arc::clone(&self.provider), Arc::clone(&self.live_state))
    }

    /// So many are in the room of channel 1.
    fn in_room(&self, listeners: &[(&str, u64)]) {
        let listeners = listeners.iter().map(|(language, count)| ((*language).to_owned(), *count));
        self.provider.set_rooms(vec![Room {
            room_name: "event-123457-channel-1".to_owned(),
            event_id: event_id(),
            channel_id: channel_id(1),
            customer_id: None,
            created_at: None,
            speakers: Vec::new(),
            listeners: listeners.collect(),
            agents: Vec::new(),
        }]);
    }

    async fn total(&self, tag: &str) -> u64 {
        self.presence.counts(event_id()).await.total[&language(tag)]
    }

    /// Waits until the watched total is this, and says how long it took.
    async fn becomes(&self, tag: &str, expected: u64) -> Duration {
        let began = Instant::now();
        let mut counts = self.presence.watch(event_id());
        let reached = counts.wait_for(|counts| counts.total.get(&language(tag)) == Some(&expected));
        timeout(Duration::from_secs(60), reached).await.expect("in time").expect("still counted");
        began.elapsed()
    }

    async fn session(&self) -> SessionId {
        let session = testing::session(SessionState::Active);
        self.sessions.create_session(&session).await.unwrap();
        session.session_id
    }
}

const S: fn(u64) -> Duration = Duration::from_secs;

#[tokio::test(start_paused = true)]
async fn a_connection_counts_at_once_and_no_longer_when_it_leaves() {
    let world = World::new();
    let spanish = language("es-ES");
    assert_eq!(world.total("es-ES").await, 0);
    world.presence.join(event_id(), &spanish, "a").await;
    world.presence.join(event_id(), &spanish, "b").await;
    world.presence.join(event_id(), &spanish, "b").await;
    assert_eq!(world.total("es-ES").await, 2);
    world.in_room(&[("es-ES", 3), ("", 1)]);
    world.presence.rooms_changed(event_id());
    assert!(world.becomes("es-ES", 5).await < S(1), "a webhook is acted upon at once");
    world.presence.leave(event_id(), &spanish, "a").await;
    world.presence.leave(event_id(), &spanish, "a").await;
    world.presence.leave(event_id(), &language("ca-ES"), "never there").await;
    assert_eq!(world.total("es-ES").await, 4);
    let counts = world.presence.counts(event_id()).await;
    let total: Vec<_> = counts.total.iter().map(|(tag, count)| (tag.as_str(), *count)).collect();
    assert_eq!(total, [("ca-ES", 0), ("en-US", 1), ("es-ES", 4)]);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_died_is_gone_within_15_seconds_everywhere() {
    let world = World::new();
    let other = world.another();
    world.presence.join(event_id(), &language("es-ES"), "a").await;
    assert!(other.becomes("es-ES", 1).await <= S(3));
    let (here, there) = tokio::join!(world.becomes("es-ES", 0), other.becomes("es-ES", 0));
    assert!(here <= S(15) && there <= S(15), "{here:?} {there:?}");
    assert!(there > S(8), "it had time to renew: {there:?}");
}

#[tokio::test(start_paused = true)]
async fn who_renews_every_5_seconds_is_never_uncounted_though_the_live_state_forgets() {
    let world = World::new();
    let spanish = language("es-ES");
    world.presence.join(event_id(), &spanish, "a").await;
    world.becomes("es-ES", 1).await;
    let mut counts = world.presence.watch(event_id());
    for round in 0..20 {
        if round % 3 == 0 {
            world.live_state.delete("live:event:123457:channel:es-ES:connections").await.unwrap();
        }
        sleep(S(5)).await;
        world.presence.join(event_id(), &spanish, "a").await;
    }
    assert!(!counts.has_changed().unwrap(), "{:?}", counts.borrow_and_update());
}

#[tokio::test(start_paused = true)]
async fn counts_are_right_again_within_15_seconds_after_the_live_state_was_away() {
    let world = World::new();
    let other = world.another();
    let renewing = |world: &World, id: &'static str| {
        let presence = world.presence.clone();
        tokio::spawn(async move {
            loop {
                presence.join(event_id(), &language("es-ES"), id).await;
                sleep(S(5)).await;
            }
        })
    };
    let (stays, goes) = (renewing(&world, "stays"), renewing(&other, "goes"));
    world.becomes("es-ES", 2).await;
    world.live_state.cut(true);
    goes.abort();
    sleep(S(60)).await;
    assert_eq!(world.presence.counts(event_id()).await.total[&language("es-ES")], 1, "its own");
    world.live_state.cut(false);
    sleep(S(15)).await;
    assert_eq!((world.total("es-ES").await, other.total("es-ES").await), (1, 1));
    stays.abort();
}

#[tokio::test(start_paused = true)]
async fn without_the_provider_rooms_count_for_15_seconds_as_they_were() {
    let world = World::new();
    world.in_room(&[("ca-ES", 7)]);
    world.becomes("ca-ES", 7).await;
    world.provider.set_away(true);
    sleep(S(11)).await;
    assert_eq!(world.total("ca-ES").await, 7);
    let dropped = world.becomes("ca-ES", 0).await;
    assert!(dropped <= S(6), "{dropped:?}");
    world.provider.set_away(false);
    world.in_room(&[("ca-ES", 2)]);
    assert!(world.becomes("ca-ES", 2).await <= S(3));
}

#[tokio::test(start_paused = true)]
async fn counts_are_written_told_and_written_again_when_they_were_lost() {
    let world = World::new();
    let mut notices = world.live_state.subscribe("live:event:123457").await.unwrap();
    world.in_room(&[("es-ES", 1)]);
    world.becomes("es-ES", 1).await;
    assert_eq!(notices.next().await, Some(Notice::Message("CHANGED".to_owned())));
    let expected =
        BTreeMap::from([("ca-ES", 0), ("en-US", 0), ("es-ES", 1)].map(|(tag, n)| (tag.to_owned(), n)));
    let watched = world.presence.watch(event_id());
    for _ in 0..2 {
        sleep(S(3)).await;
        assert_eq!(world.live_state.counts("live:event:123457:listeners").await.unwrap(), expected);
        world.live_state.delete("live:event:123457:listeners").await.unwrap();
    }
    let more = timeout(S(10), notices.next()).await;
    assert!(more.is_err(), "nothing changed, and nothing is told");
    drop(watched);
}

#[tokio::test(start_paused = true)]
async fn agents_learn_when_somebody_outside_begins_and_ceases_to_follow() {
    let world = World::new();
    let catalan = language("ca-ES");
    let mut followed = world.presence.followed(event_id(), channel_id(1), &catalan);
    assert!(*followed.borrow_and_update(), "until it is known, somebody may");
    timeout(S(3), followed.changed()).await.unwrap().unwrap();
    assert!(!*followed.borrow_and_update());
    world.in_room(&[("ca-ES", 5)]);
    world.presence.join(event_id(), &language("es-ES"), "a").await;
    sleep(S(5)).await;
    assert!(!followed.has_changed().unwrap(), "the agent sees its own room itself");
    let began = Instant::now();
    world.presence.join(event_id(), &catalan, "b").await;
    followed.changed().await.unwrap();
    assert!(*followed.borrow_and_update() && began.elapsed() < S(1));
    let began = Instant::now();
    world.presence.leave(event_id(), &catalan, "b").await;
    followed.changed().await.unwrap();
    assert!(!*followed.borrow_and_update() && began.elapsed() < S(1));
    assert!(!*world.presence.followed(event_id(), channel_id(1), &catalan).borrow());
}

#[tokio::test(start_paused = true)]
async fn running_sessions_keep_the_most_there_were() {
    let world = World::new();
    let session = world.session().await;
    world.in_room(&[("es-ES", 4), ("", 1)]);
    world.presence.join(event_id(), &language("es-ES"), "a").await;
    sleep(S(5)).await;
    world.in_room(&[("es-ES", 2), ("ca-ES", 1)]);
    sleep(S(20)).await;
    let peaks = world.sessions.session(session).await.unwrap().expect("it is there").peak_listeners;
    let peaks: Vec<_> = peaks.iter().map(|(tag, count)| (tag.as_str(), *count)).collect();
    assert_eq!(peaks, [("ca-ES", 1), ("en-US", 1), ("es-ES", 5)]);
}

#[tokio::test(start_paused = true)]
async fn an_event_that_nobody_asks_about_is_not_counted_any_more() {
    let world = World::new();
    assert_eq!(world.total("es-ES").await, 0);
    assert_eq!(world.presence.0.counters.lock().len(), 1);
    sleep(S(40)).await;
    assert!(world.presence.0.counters.lock().is_empty());
    let watched = world.presence.watch(event_id());
    sleep(S(100)).await;
    assert_eq!(world.presence.0.counters.lock().len(), 1, "somebody watches");
    drop(watched);
    world.session().await;
    sleep(S(100)).await;
    assert_eq!(world.presence.0.counters.lock().len(), 1, "a session runs");
}

#[tokio::test(start_paused = true)]
async fn an_event_counts_on_while_the_events_service_is_away() {
    let world = World::new();
    world.presence.join(event_id(), &language("es-ES"), "a").await;
    world.becomes("es-ES", 1).await;
    world.events.set_away(true);
    world.in_room(&[("es-ES", 1)]);
    assert!(world.becomes("es-ES", 2).await <= S(3));
}
