//! Counts one event, again and again.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};

use common::{
    LanguageTag,
    event::EventConfig,
    ids::{EventId, SessionId},
    live_state::LiveStateError,
};
use parking_lot::Mutex;
use tokio::{
    sync::{Notify, watch},
    time::{Instant, sleep, sleep_until},
};

use super::{ByLanguage, COUNT_EVERY, Counts, Shared, tally::Tally};

/// An event without a running session that nobody asked about for so long is not counted any more.
const IDLE_AFTER: Duration = Duration::from_secs(30);
/// What happens within this time is counted together.
const TOGETHER: Duration = Duration::from_millis(100);
/// How long others may read the counts when nobody counts any more.
const WRITTEN_FOR: Duration = Duration::from_secs(15);

/// The counts of one event, and what is needed to make them.
pub(super) struct Counter {
    event_id: EventId,
    /// As they were made last. Empty until the first time.
    pub(super) counts: watch::Sender<Arc<Counts>>,
    pub(super) wake: Wake,
    /// By language: whether somebody outside follows it.
    followed: Mutex<HashMap<LanguageTag, watch::Sender<bool>>>,
    /// Whether everybody was counted at least once.
    counted: watch::Sender<bool>,
    tally: Mutex<Tally>,
    /// The event as it was last known: events-service may be away.
    event: Mutex<Option<Arc<EventConfig>>>,
    asked_at: Mutex<Instant>,
}

/// What is to be counted at once.
#[derive(Default)]
pub(super) struct Wake {
    pub(super) rooms: Notify,
    pub(super) connections: Notify,
}

impl Counter {
    pub(super) fn new(event_id: EventId) -> Self {
        Self {
            event_id,
            counts: watch::Sender::default(),
            wake: Wake::default(),
            followed: Mutex::default(),
            counted: watch::Sender::new(false),
            tally: Mutex::default(),
            event: Mutex::default(),
            asked_at: Mutex::new(Instant::now()),
        }
    }

    /// Somebody wants to know: it goes on for a while.
    pub(super) fn asked_now(&self) {
        *self.asked_at.lock() = Instant::now();
    }

    pub(super) fn followed(&self, language: &LanguageTag) -> watch::Receiver<bool> {
        let is_followed = if *self.counted.borrow() {
            self.counts.borrow().outside.get(language).is_some_and(|count| *count > 0)
        } else {
            true
        };
        let mut followed = self.followed.lock();
        let sender = followed.entry(language.clone()).or_insert_with(|| watch::Sender::new(is_followed));
        sender.subscribe()
    }

    /// Everybody was counted once; at once when they were already.
    pub(super) async fn counted(&self) {
        // It cannot end while we are here.
        let mut counted = self.counted.subscribe();
        let _ended = counted.wait_for(|counted| *counted).await;
    }

    /// Counts those in rooms. When they cannot be counted, they are for a while as many as they were.
    async fn count_rooms(&self, shared: &Shared) {
        match shared.provider.rooms(self.event_id).await {
            Ok(rooms) => {
                let counted = rooms.into_iter().map(|room| (room.channel_id, room.listeners)).collect();
                self.tally.lock().rooms(Instant::now(), counted);
            }
            Err(error) => tracing::debug!(%error, event.id = %self.event_id, "rooms cannot be counted"),
        }
    }

    /// Counts those outside, and makes the sums.
    pub(super) async fn count_connections(&self, shared: &Shared) {
        match shared.events.event(self.event_id).await {
            Ok(event) => *self.event.lock() = event,
            Err(error) => tracing::debug!(%error, event.id = %self.event_id, "an event cannot be read"),
        }
        let event = self.event.lock().clone();
        let channels = event.iter().flat_map(|event| &event.channels);
        let languages: BTreeSet<_> = channels.flat_map(|channel| channel.languages().cloned()).collect();
        let counted = shared.connections.count(self.event_id, &languages).await;
        let own = shared.connections.count_own(self.event_id, &languages).await;
        {
            let mut tally = self.tally.lock();
            tally.own(own);
            match counted {
                Ok(counted) => tally.outside(Instant::now(), counted),
                Err(error) => tracing::debug!(%error, event.id = %self.event_id, "only our own are counted"),
            }
        }
        self.sum(event.as_deref());
    }

    fn sum(&self, event: Option<&EventConfig>) {
        let counts = event.map(|event| self.tally.lock().counts(Instant::now(), event)).unwrap_or_default();
        let mut followed = self.followed.lock();
        followed.retain(|_, sender| sender.receiver_count() > 0);
        for (language, sender) in followed.iter() {
            let is_followed = counts.outside.get(language).is_some_and(|count| *count > 0);
            sender.send_if_modified(|was| std::mem::replace(was, is_followed) != is_followed);
        }
        drop(followed);
        self.counts.send_if_modified(|was| {
            let differs = **was != counts;
            if differs {
                *was = Arc::new(counts);
            }
            differs
        });
    }

    /// Whether nobody would miss it.
    fn is_idle(&self) -> bool {
        self.asked_at.lock().elapsed() >= IDLE_AFTER
            && self.counts.receiver_count() == 0
            && self.followed.lock().values().all(|sender| sender.receiver_count() == 0)
    }
}

/// Counts until nobody wants to know any more.
pub(super) async fn run(shared: Arc<Shared>, counter: Arc<Counter>) {
    let mut told = Told::default();
    let mut all_at = Instant::now();
    loop {
        tokio::select! {
            biased;
            () = sleep_until(all_at) => {
                all_at = Instant::now() + COUNT_EVERY;
                counter.count_rooms(&shared).await;
                counter.count_connections(&shared).await;
                counter.counted.send_replace(true);
                if shared.forget(&counter) {
                    return;
                }
            }
            () = counter.wake.rooms.notified() => {
                counter.count_rooms(&shared).await;
                counter.count_connections(&shared).await;
            }
            () = counter.wake.connections.notified() => counter.count_connections(&shared).await,
        }
        let counts = counter.counts.borrow().clone();
        told.tell(&shared, counter.event_id, &counts).await;
        sleep(TOGETHER).await;
    }
}

impl Shared {
    /// Whether `counter` is not needed any more; then it is none of ours from now on.
    fn forget(&self, counter: &Counter) -> bool {
        let mut counters = self.counters.lock();
        let idle = !self.running.lock().contains_key(&counter.event_id) && counter.is_idle();
        if idle {
            counters.remove(&counter.event_id);
        }
        idle
    }
}

/// What others were told of an event.
#[derive(Default)]
struct Told {
    counts: Option<Arc<Counts>>,
    peaks: HashMap<SessionId, ByLanguage>,
}

impl Told {
    async fn tell(&mut self, shared: &Shared, event_id: EventId, counts: &Arc<Counts>) {
        self.raise_peaks(shared, event_id, counts).await;
        let changed = self.counts.as_ref() != Some(counts);
        match write(shared, event_id, counts, changed).await {
            Ok(()) => self.counts = Some(Arc::clone(counts)),
            Err(error) => tracing::debug!(%error, event.id = %event_id, "counts are not told for the moment"),
        }
    }

    async fn raise_peaks(&mut self, shared: &Shared, event_id: EventId, counts: &Counts) {
        let running = shared.running.lock().get(&event_id).cloned().unwrap_or_default();
        self.peaks.retain(|session, _| running.iter().any(|(running, _)| running == session));
        for (session_id, channel_id) in running {
            let Some(now) = counts.by_channel.get(&channel_id) else { continue };
            let raised = self.peaks.entry(session_id).or_default();
            let higher: ByLanguage = now
                .iter()
                .filter(|(language, count)| **count > raised.get(*language).copied().unwrap_or(0))
                .map(|(language, count)| (language.clone(), *count))
                .collect();
            if higher.is_empty() {
                continue;
            }
            match shared.sessions.raise_peaks(session_id, &higher).await {
                Ok(()) => raised.extend(higher),
                Err(error) => tracing::debug!(%error, session.id = %session_id, "peaks are not kept yet"),
            }
        }
    }
}

/// Writes the counts for others to read; tells that they changed.
async fn write(
    shared: &Shared,
    event_id: EventId,
    counts: &Counts,
    changed: bool,
) -> Result<(), LiveStateError> {
    let live_state = &shared.live_state;
    let named = |counts: &ByLanguage| -> BTreeMap<String, u64> {
        counts.iter().map(|(language, count)| (language.to_string(), *count)).collect()
    };
    let (listeners, channels) =
        (format!("live:event:{event_id}:listeners"), format!("live:event:{event_id}:channels"));
    live_state.set_counts(&listeners, &named(&counts.total), WRITTEN_FOR).await?;
    live_state.set_counts(&channels, &named(&counts.outside), WRITTEN_FOR).await?;
    if changed {
        live_state.publish(&format!("live:event:{event_id}"), "CHANGED").await?;
    }
    Ok(())
}
