//! Segments that wait to be sent.

use std::collections::VecDeque;

use common::Segment;
use parking_lot::Mutex;
use tokio::sync::{Notify, watch};

/// As many segments wait at most.
pub const SPOOLED_SEGMENTS: usize = 4096;

/// What became of segments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Wait to be sent, or are being sent.
    pub waiting: usize,
    /// Were sent and taken, or known already.
    pub sent: u64,
    /// Were refused, and are lost.
    pub refused: u64,
    /// Were given up because too many waited.
    pub given_up: u64,
}

/// In order. Segments stay until it is known what became of them.
pub(super) struct Spool {
    state: Mutex<State>,
    pushed: Notify,
    /// How many are done with, whatever became of them.
    done: watch::Sender<u64>,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Segment>,
    /// How many are done with: the number of the first that waits.
    done: u64,
    stats: Stats,
}

/// Some that are being sent.
pub(super) struct Batch {
    first: u64,
    pub(super) segments: Vec<Segment>,
}

impl Default for Spool {
    fn default() -> Self {
        Self { state: Mutex::default(), pushed: Notify::new(), done: watch::channel(0).0 }
    }
}

impl Spool {
    /// `false`: another one had to go.
    pub(super) fn push(&self, segment: Segment) -> bool {
        let mut state = self.state.lock();
        let room = state.waiting.len() < SPOOLED_SEGMENTS;
        if !room {
            state.waiting.pop_front();
            state.stats.given_up += 1;
            state.done += 1;
            self.done.send_replace(state.done);
        }
        state.waiting.push_back(segment);
        self.pushed.notify_one();
        room
    }

    /// The next ones, at most `limit`, at least one. They stay until [`Spool::sent`] or [`Spool::refused`].
    pub(super) async fn next(&self, limit: usize) -> Batch {
        loop {
            {
                let state = self.state.lock();
                if !state.waiting.is_empty() {
                    let segments = state.waiting.iter().take(limit).cloned().collect();
                    return Batch { first: state.done, segments };
                }
            }
            self.pushed.notified().await;
        }
    }

    pub(super) fn sent(&self, batch: &Batch) {
        self.remove(batch, |stats| &mut stats.sent);
    }

    pub(super) fn refused(&self, batch: &Batch) {
        self.remove(batch, |stats| &mut stats.refused);
    }

    /// Those that were given up meanwhile are counted already.
    fn remove(&self, batch: &Batch, count: impl Fn(&mut Stats) -> &mut u64) {
        let mut state = self.state.lock();
        let end = batch.first + batch.segments.len() as u64;
        let gone = end.saturating_sub(state.done);
        state.waiting.drain(..gone as usize);
        state.done += gone;
        *count(&mut state.stats) += gone;
        self.done.send_replace(state.done);
    }

    /// Waits until all that wait now are done with.
    pub(super) async fn flushed(&self) {
        let mut done = self.done.subscribe();
        let last = {
            let state = self.state.lock();
            state.done + state.waiting.len() as u64
        };
        // An error would mean that the spool is gone, which it is not.
        let _done = done.wait_for(|done| *done >= last).await;
    }

    pub(super) fn stats(&self) -> Stats {
        let state = self.state.lock();
        Stats { waiting: state.waiting.len(), ..state.stats }
    }
}
