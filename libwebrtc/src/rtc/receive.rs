//! From RTP packets to the streams of a remote track.

use std::sync::Arc;

use parking_lot::Mutex;

use crate::audio::{AudioSink, PlayoutClock};

/// The streams that were made on a track.
#[derive(Default)]
pub(crate) struct TrackSinks {
    state: Mutex<SinkState>,
}

#[derive(Default)]
struct SinkState {
    sinks: Vec<Arc<AudioSink>>,
    /// Gone once the track has ended, and never there for local tracks.
    clock: Option<PlayoutClock>,
}

impl TrackSinks {
    /// Sinks that `clock` drives.
    pub(crate) fn new(clock: PlayoutClock) -> Self {
        Self { state: Mutex::new(SinkState { sinks: Vec::new(), clock: Some(clock) }) }
    }

    /// Adds a stream. On a track that has ended, or is local, it ends at once.
    pub(crate) fn add(&self, sink: &Arc<AudioSink>) {
        let mut state = self.state.lock();
        match &state.clock {
            Some(clock) => {
                clock.register(sink);
                state.sinks.push(Arc::clone(sink));
            }
            None => sink.end(),
        }
    }

    /// Takes a stream away.
    pub(crate) fn remove(&self, sink: &Arc<AudioSink>) {
        self.state.lock().sinks.retain(|known| !Arc::ptr_eq(known, sink));
    }

    /// Ends the streams there are. New ones can be made.
    pub(crate) fn end_streams(&self) {
        let sinks = std::mem::take(&mut self.state.lock().sinks);
        sinks.iter().for_each(|sink| sink.end());
    }

    /// Ends all streams, also those to come.
    pub(crate) fn end(&self) {
        let clock = self.state.lock().clock.take();
        drop(clock);
        self.end_streams();
    }
}

/// What is known of the packets that arrive on one m-line.
#[derive(Default)]
pub(crate) struct Reception {}
