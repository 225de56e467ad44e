//! The tick of 10 ms that drives all streams.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use parking_lot::Mutex;
use tokio::{
    runtime::Handle,
    sync::Notify,
    time::{Instant, sleep_until},
};

use super::stream::AudioSink;

const TICK: Duration = Duration::from_millis(10);
/// After a stall up to this many ticks are made up for; the rest is skipped.
const MAX_CATCH_UP_TICKS: u32 = 20;
/// Sinks that are served before other tasks get a turn.
const SINKS_PER_TURN: usize = 16;

/// Ticks the registered [`AudioSink`]s every 10 ms from one task: 100 frames per second each, without drift.
///
/// Sinks are held weakly and forgotten once dropped or ended. Without sinks the task sleeps. It ends when the last
/// clone of the clock is dropped.
#[derive(Debug, Clone)]
pub(crate) struct PlayoutClock {
    shared: Arc<Shared>,
    _guard: Arc<StopOnDrop>,
}

#[derive(Debug, Default)]
struct Shared {
    sinks: Mutex<Vec<Weak<AudioSink>>>,
    registered: Notify,
}

#[derive(Debug)]
struct StopOnDrop(tokio::task::AbortHandle);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl PlayoutClock {
    /// Starts the tick task on `runtime`, whose time driver must be on.
    pub(crate) fn new(runtime: &Handle) -> Self {
        let shared = Arc::new(Shared::default());
        let task = runtime.spawn(run(Arc::clone(&shared)));
        Self { shared, _guard: Arc::new(StopOnDrop(task.abort_handle())) }
    }

    /// Ticks `sink` from now on, for as long as it lives and has not ended.
    pub(crate) fn register(&self, sink: &Arc<AudioSink>) {
        self.shared.sinks.lock().push(Arc::downgrade(sink));
        self.shared.registered.notify_one();
    }
}

async fn run(shared: Arc<Shared>) {
    loop {
        shared.registered.notified().await;
        let mut next = Instant::now();
        loop {
            sleep_until(next).await;
            let now = Instant::now();
            let behind = (now.saturating_duration_since(next).as_millis() / TICK.as_millis()) as u32;
            if behind > MAX_CATCH_UP_TICKS {
                let skipped = behind - MAX_CATCH_UP_TICKS;
                log::debug!("playout clock stalled: {skipped} ticks skipped");
                next += TICK * skipped;
            }
            if !shared.serve(&mut next, now).await {
                break;
            }
        }
    }
}

impl Shared {
    /// Ticks all sinks for each tick from `next` until `now`; `false` when there are none.
    async fn serve(&self, next: &mut Instant, now: Instant) -> bool {
        let sinks = self.live();
        while !sinks.is_empty() && *next <= now {
            for turn in sinks.chunks(SINKS_PER_TURN) {
                for sink in turn {
                    sink.tick(next.into_std());
                }
                tokio::task::yield_now().await;
            }
            *next += TICK;
        }
        !sinks.is_empty()
    }

    fn live(&self) -> Vec<Arc<AudioSink>> {
        let mut live = Vec::new();
        self.sinks.lock().retain(|sink| {
            let sink = sink.upgrade().filter(|sink| !sink.is_ended());
            let keep = sink.is_some();
            live.extend(sink);
            keep
        });
        live
    }
}
