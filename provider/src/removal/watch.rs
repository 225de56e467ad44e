//! When rooms are looked at: as an event changes, and every now and then.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use common::{
    ids::EventId,
    live_state::{LiveState, Notice},
};
use futures_util::{StreamExt as _, stream::BoxStream};
use tokio::{
    sync::mpsc,
    time::{MissedTickBehavior, interval, sleep},
};
use tokio_util::sync::CancellationToken;

use super::{Known, Removal};

/// Where events-service tells of changes.
const CHANNEL: &str = "events";
/// How often everybody is looked at.
const ROUND: Duration = Duration::from_secs(15);
/// How long a failed subscription rests.
const SUBSCRIBE_AGAIN: Duration = Duration::from_secs(1);

impl Removal {
    /// Works until `shutdown`; `doubts` are events whose people have to be looked at.
    pub(crate) async fn run(
        self,
        live_state: Arc<dyn LiveState>,
        doubts: mpsc::Receiver<EventId>,
        shutdown: CancellationToken,
    ) {
        let watch = Watch { removal: self, unread: BTreeSet::new(), all_unread: false };
        let _ = shutdown.run_until_cancelled(watch.work(&*live_state, doubts)).await;
    }
}

struct Watch {
    removal: Removal,
    /// Events that have changed, and could not be looked at since.
    unread: BTreeSet<EventId>,
    /// Changes may have been missed.
    all_unread: bool,
}

impl Watch {
    async fn work(mut self, live_state: &dyn LiveState, mut doubts: mpsc::Receiver<EventId>) {
        let mut rounds = interval(ROUND);
        rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let mut notices = subscribe(live_state).await;
            // Between two subscriptions changes are missed.
            self.all_unread = true;
            loop {
                tokio::select! {
                    notice = notices.next() => match notice {
                        Some(Notice::Message(text)) => self.hear(&text).await,
                        Some(Notice::Gap) => {
                            self.all_unread = true;
                            self.round().await;
                        }
                        None => break,
                    },
                    Some(event_id) = doubts.recv() => {
                        // Many come at once: one look sees them all.
                        let mut doubted = BTreeSet::from([event_id]);
                        while let Ok(event_id) = doubts.try_recv() {
                            doubted.insert(event_id);
                        }
                        for event_id in doubted {
                            self.look(event_id, Known::Lately).await;
                        }
                    }
                    _ = rounds.tick() => self.round().await,
                }
            }
        }
    }

    /// A change of an event: `event:123457:UPDATED`.
    async fn hear(&mut self, text: &str) {
        let mut parts = text.split(':');
        let (Some("event"), Some(id), Some("UPDATED" | "CANCELLED" | "DELETED"), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return;
        };
        if let Ok(event_id) = id.parse() {
            self.look(event_id, Known::Now).await;
        }
    }

    async fn look(&mut self, event_id: EventId, known: Known) {
        if let Err(error) = self.removal.check(event_id, known).await {
            tracing::warn!(%error, event.id = %event_id, "it is not known who may stay in its rooms");
            if known == Known::Now {
                self.unread.insert(event_id);
            }
        }
    }

    /// Looks at everybody.
    async fn round(&mut self) {
        let by_event = match self.removal.rooms_by_event().await {
            Ok(by_event) => by_event,
            Err(error) => {
                tracing::warn!(%error, "it is not known who is in which room");
                return;
            }
        };
        if std::mem::take(&mut self.all_unread) {
            self.unread.extend(by_event.keys());
        }
        // Those without a room have nobody to look at.
        self.unread.retain(|event_id| by_event.contains_key(event_id));
        for (event_id, rooms) in &by_event {
            let known = if self.unread.contains(event_id) { Known::Now } else { Known::Lately };
            match self.removal.check_rooms(*event_id, rooms, known).await {
                Ok(()) => {
                    self.unread.remove(event_id);
                }
                Err(error) => {
                    tracing::warn!(%error, event.id = %event_id, "it is not known who may stay in its rooms");
                }
            }
        }
    }
}

async fn subscribe(live_state: &dyn LiveState) -> BoxStream<'static, Notice> {
    loop {
        match live_state.subscribe(CHANNEL).await {
            Ok(notices) => return notices,
            Err(error) => {
                tracing::warn!(%error, "changes of events are not heard");
                sleep(SUBSCRIBE_AGAIN).await;
            }
        }
    }
}
