//! What is written to one log, in the order of positions, for all its followers in this process.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use common::{
    ids::SessionId,
    live_state::{LiveState, StreamNotice},
    persistence::PersistenceError,
};
use futures_util::{
    StreamExt as _,
    stream::{self, BoxStream},
};
use tokio::{
    sync::{broadcast, watch},
    task::AbortHandle,
    time::{Instant, sleep, sleep_until},
};

use super::Told;
use crate::{Entry, Position, SegmentLog};

/// How often the log is looked at, whatever the live state tells.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// How long an entry waits for one before it that was not told yet.
const PATIENCE: Duration = Duration::from_millis(50);
/// How soon the log is asked again after it failed.
pub(super) const RETRY: Duration = Duration::from_millis(500);
/// As many entries are read from the log at once.
pub(super) const PAGE: usize = 500;
/// As many entries wait for one before them.
const MAX_WAITING: usize = 1000;
/// As many entries wait for a slow follower, which reads the log for those beyond.
const QUEUED_ENTRIES: usize = 1024;

/// Reads along for as long as it is held.
pub(super) struct Tail {
    entries: broadcast::Sender<Arc<Entry>>,
    begun: watch::Receiver<bool>,
    task: AbortHandle,
}

impl Tail {
    pub(super) fn spawn(
        log: Arc<dyn SegmentLog>,
        state: Arc<dyn LiveState>,
        session: SessionId,
        streams: Vec<String>,
    ) -> Self {
        let (entries, _) = broadcast::channel(QUEUED_ENTRIES);
        let (begin, begun) = watch::channel(false);
        let reading = Reading {
            log,
            session,
            entries: entries.clone(),
            head: Position(0),
            waiting: BTreeMap::new(),
            look_at: Instant::now(),
            failing: false,
        };
        let task = tokio::spawn(reading.run(state, streams, begin)).abort_handle();
        Self { entries, begun, task }
    }

    /// What is written from now on. What was written before is in the log once [`Tail::has_begun`].
    pub(super) fn subscribe(&self) -> broadcast::Receiver<Arc<Entry>> {
        self.entries.subscribe()
    }

    /// Waits until it is known where in the log this began.
    pub(super) async fn has_begun(&self) {
        let mut begun = self.begun.clone();
        // An error means that the runtime ends.
        let _begun = begun.wait_for(|begun| *begun).await;
    }
}

impl Drop for Tail {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Reading {
    log: Arc<dyn SegmentLog>,
    session: SessionId,
    entries: broadcast::Sender<Arc<Entry>>,
    /// The last entry that was handed on.
    head: Position,
    /// Told before some that are before them.
    waiting: BTreeMap<Position, Entry>,
    look_at: Instant,
    /// Whether the last look failed.
    failing: bool,
}

impl Reading {
    async fn run(mut self, state: Arc<dyn LiveState>, streams: Vec<String>, begin: watch::Sender<bool>) {
        self.head = self.end_of_log().await;
        begin.send_replace(true);
        let mut told: Option<BoxStream<'static, StreamNotice>> = None;
        loop {
            if told.is_none() {
                told = state.tail(&streams).await.ok();
                if told.is_some() {
                    // What was written before that is not told.
                    self.look_at = Instant::now();
                }
            }
            tokio::select! {
                notice = next(&mut told) => match notice {
                    Some(StreamNotice::Entry { entry, .. }) => self.take(&entry),
                    Some(StreamNotice::Gap) => self.look_at = Instant::now(),
                    None => told = None,
                },
                () = sleep_until(self.look_at) => self.look().await,
            }
        }
    }

    async fn end_of_log(&mut self) -> Position {
        loop {
            match self.log.entries_before(self.session, None, None, 1).await {
                Ok(last) => return last.last().map(|entry| entry.position).unwrap_or_default(),
                Err(error) => self.failed(&error),
            }
            sleep(RETRY).await;
        }
    }

    /// Takes an entry that was told, perhaps again, perhaps before others.
    fn take(&mut self, text: &str) {
        let Ok(Told { session_id, entry }) = serde_json::from_str(text) else {
            return tracing::warn!(session.id = %self.session, "an entry that cannot be read was told");
        };
        if session_id != self.session || entry.position <= self.head {
            return;
        }
        self.waiting.insert(entry.position, entry);
        while let Some(entry) = self.waiting.remove(&Position(self.head.0 + 1)) {
            self.hand_on(entry);
        }
        if self.waiting.len() > MAX_WAITING {
            self.waiting.clear();
            self.look_at = Instant::now();
        } else if !self.waiting.is_empty() {
            self.look_at = self.look_at.min(Instant::now() + PATIENCE);
        }
    }

    /// Hands on what the log has after the last entry.
    async fn look(&mut self) {
        loop {
            match self.log.entries_after(self.session, None, self.head, PAGE).await {
                Ok(page) => {
                    self.failing = false;
                    let whole = page.len() < PAGE;
                    for entry in page {
                        self.hand_on(entry);
                    }
                    if whole {
                        break;
                    }
                }
                Err(error) => {
                    self.failed(&error);
                    self.look_at = Instant::now() + RETRY;
                    return;
                }
            }
        }
        // Entries are told after they are written: what is still missing was not.
        self.waiting.clear();
        self.look_at = Instant::now() + LOOK_EVERY;
    }

    fn hand_on(&mut self, entry: Entry) {
        self.head = entry.position;
        // An error means that nobody follows, and that this ends.
        let _unheard = self.entries.send(Arc::new(entry));
    }

    fn failed(&mut self, error: &PersistenceError) {
        if !self.failing {
            tracing::warn!(session.id = %self.session, %error, "followers wait for the log");
        }
        self.failing = true;
    }
}

/// The next notice; never, as long as there is no stream.
async fn next(told: &mut Option<BoxStream<'static, StreamNotice>>) -> Option<StreamNotice> {
    match told {
        Some(told) => told.next().await,
        None => stream::pending().next().await,
    }
}
