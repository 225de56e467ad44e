//! Tells all processes what was written.

use std::{sync::Arc, time::Duration};

use common::live_state::LiveState;
use tokio::sync::mpsc;

use super::{Told, Topic};
use crate::Entry;

/// As many entries wait to be told. Of more, followers learn by themselves.
const QUEUED_ENTRIES: usize = 4096;
/// As many entries of each language are kept in the live state, about.
const KEPT_ENTRIES: usize = 200;
/// How long they are kept.
const KEPT_FOR: Duration = Duration::from_secs(6 * 3600);

/// Tells in order, without holding up whoever writes.
pub(super) struct FanOut(mpsc::Sender<Message>);

struct Message {
    stream: String,
    entry: String,
}

impl FanOut {
    /// Ends with this value.
    pub(super) fn spawn(state: Arc<dyn LiveState>) -> Self {
        let (sender, messages) = mpsc::channel(QUEUED_ENTRIES);
        tokio::spawn(tell(state, messages));
        Self(sender)
    }

    /// Tells of `entries` soon.
    pub(super) fn tell(&self, topic: &Topic, entries: &[Entry]) {
        for entry in entries {
            let told = Told { session_id: topic.session_id, entry: entry.clone() };
            let stream = topic.stream(&entry.segment.language);
            let entry = serde_json::to_string(&told).expect("an entry has nothing that JSON has not");
            if self.0.try_send(Message { stream, entry }).is_err() {
                // Followers find it in the log.
                return;
            }
        }
    }
}

async fn tell(state: Arc<dyn LiveState>, mut messages: mpsc::Receiver<Message>) {
    let mut failing = false;
    while let Some(Message { stream, entry }) = messages.recv().await {
        match state.append(&stream, &entry, KEPT_ENTRIES, KEPT_FOR).await {
            Ok(()) => failing = false,
            Err(error) => {
                if !failing {
                    tracing::warn!(%error, "followers get entries from the log for the moment");
                }
                failing = true;
                // By the time that it is back they have these.
                while messages.try_recv().is_ok() {}
            }
        }
    }
}
