//! Sessions from start to stop: what is done, in which order, and how it goes on after a crash.
//!
//! Each session that runs here has one task (`run`), which keeps its agents at work, and, once it is stopping, stores
//! what is left of it. What has to be done is always in the persistence before it is done: whoever starts the service
//! again goes on from there.

mod artefacts;
mod finish;
mod follow;
mod refusal;
mod run;
mod start;
mod stop;
#[cfg(test)]
mod tests;

use std::{
    collections::HashMap,
    sync::{Arc, Weak},
    time::Duration,
};

use common::{
    event::EventSource,
    ids::{ChannelId, EventId, SessionId},
    live_state::LiveState,
};
use parking_lot::Mutex;
use tokio::sync::{Notify, watch};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use transcript::Live;

pub(crate) use self::refusal::StartRefusal;
use crate::{
    LiveNotices,
    agents::{Checks, Spawner},
    domain::Session,
    figures::Figures,
    persistence::Sessions,
    provider::Provider,
    records::Records,
};

/// What sessions are run with.
#[derive(Clone)]
pub(crate) struct Parts {
    pub(crate) sessions: Arc<dyn Sessions>,
    pub(crate) live: Live,
    pub(crate) live_state: Arc<dyn LiveState>,
    pub(crate) events: Arc<dyn EventSource>,
    pub(crate) records: Arc<dyn Records>,
    pub(crate) provider: Arc<dyn Provider>,
    pub(crate) spawner: Arc<dyn Spawner>,
    pub(crate) figures: Figures,
    /// Everything that goes on beside requests; whoever ends the process waits for it.
    pub(crate) tasks: TaskTracker,
    /// Cancelled when the service is to end. Sessions stay as they are, and go on at the next start.
    pub(crate) shutdown: CancellationToken,
}

/// Starts, runs and stops sessions. Clones are the same one.
#[derive(Clone)]
pub struct Lifecycle(Arc<Shared>);

struct Shared {
    parts: Parts,
    notices: LiveNotices,
    running: Mutex<HashMap<SessionId, Arc<Running>>>,
    /// Of those who move an event on and those who start a session in it, one at a time.
    turns: Mutex<HashMap<EventId, Weak<tokio::sync::Mutex<()>>>>,
}

/// A session that this process runs.
struct Running {
    event_id: EventId,
    channel_id: ChannelId,
    /// Cancelled when it is to stop.
    stop: CancellationToken,
    /// Its event may have changed.
    reread: Notify,
    checks: Checks,
    /// `true` when there is nothing to do for it any more.
    done: watch::Sender<bool>,
}

impl Running {
    fn of(session: &Session) -> Self {
        Self {
            event_id: session.event_id,
            channel_id: session.channel_id,
            stop: CancellationToken::new(),
            reread: Notify::new(),
            checks: Checks::default(),
            done: watch::Sender::new(false),
        }
    }
}

impl Lifecycle {
    /// Nothing runs yet: see [`Self::resume`].
    pub(crate) fn new(parts: Parts) -> Self {
        let notices = LiveNotices::new(Arc::clone(&parts.live_state));
        Self(Arc::new(Shared { parts, notices, running: Mutex::default(), turns: Mutex::default() }))
    }

    /// Goes on with what the last process left, and follows what happens to events from now on.
    pub(crate) fn resume(&self) {
        let tasks = &self.0.parts.tasks;
        let shutdown = &self.0.parts.shutdown;
        tasks.spawn(shutdown.clone().run_until_cancelled_owned(Arc::clone(&self.0).find_unfinished()));
        tasks.spawn(shutdown.clone().run_until_cancelled_owned(Arc::clone(&self.0).follow_events()));
    }

    /// An agent left its room: it is looked for, unless it comes back.
    pub(crate) fn agent_left(&self, event_id: EventId, channel_id: ChannelId, agent_id: &str) {
        for running in self.0.running.lock().values() {
            if (running.event_id, running.channel_id) == (event_id, channel_id) {
                running.checks.look_for(agent_id);
            }
        }
    }
}

impl Shared {
    /// Waits for the event's turn.
    async fn turn(&self, event_id: EventId) -> tokio::sync::OwnedMutexGuard<()> {
        let turn = {
            let mut turns = self.turns.lock();
            turns.retain(|_, turn| turn.strong_count() > 0);
            let known = turns.get(&event_id).and_then(Weak::upgrade);
            known.unwrap_or_else(|| {
                let new = Arc::default();
                turns.insert(event_id, Arc::downgrade(&new));
                new
            })
        };
        turn.lock_owned().await
    }
}

/// Pauses that double with each attempt, from half a second to half a minute.
struct Pauses(Duration);

impl Pauses {
    fn new() -> Self {
        Self(Duration::from_millis(500))
    }

    async fn wait(&mut self) {
        tokio::time::sleep(self.0).await;
        self.0 = (self.0 * 2).min(Duration::from_secs(30));
    }
}
