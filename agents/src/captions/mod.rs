//! Captions in the room: segments as text streams on topic `lk.transcription`.
//!
//! Each update of a segment is a stream of its own, sent on behalf of the speaker, with the segment's data as
//! attributes; see [`Caption::attributes`].

mod attributes;
mod outbox;
mod receiver;
mod sender;

use std::{collections::HashSet, sync::Arc};

use common::Segment;
use parking_lot::Mutex;
use tokio::{
    sync::{Notify, broadcast},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use self::outbox::{Outbox, Outgoing};
pub use self::{attributes::InvalidCaption, receiver::CaptionReceiver};
pub(crate) use self::{receiver::read_streams, sender::send_captions};
use crate::SegmentLog;

/// The topic, as LiveKit's own clients expect it.
pub const TOPIC: &str = "lk.transcription";

/// Captions that a receiver may be behind before it misses some.
const RECEIVER_CAPACITY: usize = 1024;

/// A segment, and where in the room it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caption {
    /// The segment; its `speaker` is the sender of the stream.
    pub segment: Segment,
    /// The track that was transcribed, `TR_…`; empty when unknown.
    pub track_sid: String,
}

/// Captions of one job, in both directions. Clones are the same.
#[derive(Clone)]
pub struct Captions {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    /// Something waits to be sent.
    filled: Notify,
    /// Nothing waits and nothing is being sent.
    emptied: Notify,
    received: broadcast::Sender<Caption>,
    log: Option<Arc<dyn SegmentLog>>,
    /// Nothing more comes in.
    shutdown: CancellationToken,
}

struct State {
    outbox: Outbox,
    sending: bool,
}

impl Captions {
    pub(crate) fn new(log: Option<Arc<dyn SegmentLog>>, shutdown: CancellationToken) -> Self {
        let state = State { outbox: Outbox::new(Instant::now()), sending: false };
        let shared = Shared {
            state: Mutex::new(state),
            filled: Notify::new(),
            emptied: Notify::new(),
            received: broadcast::channel(RECEIVER_CAPACITY).0,
            log,
            shutdown,
        };
        Self { shared: Arc::new(shared) }
    }

    /// Sends a caption on behalf of its speaker. Never blocks.
    ///
    /// A final that cannot be sent now is kept and sent after the reconnect; an interim is not. Up to 1024 captions
    /// wait; what is more falls out, oldest first, and is counted by [`dropped`](Self::dropped). Where the job has a
    /// [log](crate::ConnectOptions::segments), it takes every settled caption, whether it can be sent or not.
    pub fn publish(&self, caption: Caption) {
        if let Some(log) = &self.shared.log
            && caption.segment.state.is_settled()
        {
            log.write(caption.segment.clone());
        }
        self.shared.state.lock().outbox.push(caption);
        self.shared.filled.notify_one();
    }

    /// Final captions that were lost because too many were waiting.
    pub fn dropped(&self) -> u64 {
        self.shared.state.lock().outbox.dropped()
    }

    /// Waits until everything published so far is sent; for ever while there is no connection. Cancel-safe.
    pub async fn flush(&self) {
        loop {
            let emptied = self.shared.emptied.notified();
            {
                let state = self.shared.state.lock();
                if state.outbox.is_empty() && !state.sending {
                    return;
                }
            }
            emptied.await;
        }
    }

    /// What others publish from now on.
    pub fn subscribe(&self) -> CaptionReceiver {
        CaptionReceiver::new(self.shared.received.subscribe(), self.shared.shutdown.clone())
    }

    /// The connection broke, or is there again.
    pub(crate) fn connected(&self, connected: bool) {
        let mut state = self.shared.state.lock();
        if connected {
            state.outbox.mended(Instant::now());
        } else {
            state.outbox.broke(Instant::now());
        }
        drop(state);
        self.shared.filled.notify_one();
    }

    /// Somebody can receive now.
    pub(crate) fn welcome(&self, identity: &str, is_agent: bool) {
        self.shared.state.lock().outbox.welcome(identity, is_agent, Instant::now());
        self.shared.filled.notify_one();
    }

    async fn next_to_send(&self) -> Outgoing {
        loop {
            {
                let mut state = self.shared.state.lock();
                if let Some(outgoing) = state.outbox.pop() {
                    state.sending = true;
                    return outgoing;
                }
            }
            self.shared.filled.notified().await;
        }
    }

    fn sent(&self, outgoing: Outgoing, audience: HashSet<String>) {
        self.done(|outbox| outbox.sent(outgoing, audience, Instant::now()));
    }

    fn not_sent(&self, outgoing: Outgoing) {
        self.done(|outbox| outbox.put_back(outgoing));
    }

    fn done(&self, change: impl FnOnce(&mut Outbox)) {
        let mut state = self.shared.state.lock();
        change(&mut state.outbox);
        state.sending = false;
        let empty = state.outbox.is_empty();
        drop(state);
        if empty {
            self.shared.emptied.notify_waiters();
        }
    }

    fn receive(&self, caption: Caption) {
        // No receiver is no error.
        let _ = self.shared.received.send(caption);
    }
}
