//! From RTP packets to the streams of a remote track.

use std::{sync::Arc, time::Instant};

use parking_lot::Mutex;
use str0m::rtp::Ssrc;

use crate::audio::{AudioSink, PlayoutClock, PlayoutStats};

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
    /// Sinks that `clock` drives; without a clock the track has ended.
    pub(crate) fn new(clock: Option<PlayoutClock>) -> Self {
        Self { state: Mutex::new(SinkState { sinks: Vec::new(), clock }) }
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

    /// Hands a packet to all streams.
    pub(crate) fn push(&self, sequence: u64, rtp_time: u64, payload: &[u8], arrival: Instant) {
        for sink in &self.state.lock().sinks {
            sink.push_rtp(sequence, rtp_time, payload, arrival);
        }
    }

    /// Packets of another source follow.
    pub(crate) fn reset(&self) {
        for sink in &self.state.lock().sinks {
            sink.reset();
        }
    }

    /// Ends the streams there are. New ones can be made.
    pub(crate) fn end_streams(&self) {
        let sinks = std::mem::take(&mut self.state.lock().sinks);
        for sink in sinks {
            sink.end();
        }
    }

    /// Ends all streams, also those to come.
    pub(crate) fn end(&self) {
        let clock = self.state.lock().clock.take();
        drop(clock);
        self.end_streams();
    }

    /// What the first stream has played.
    pub(crate) fn stats(&self) -> Option<PlayoutStats> {
        self.state.lock().sinks.first().map(|sink| sink.stats())
    }
}

/// Which source sends on an m-line, and what has come from it.
///
/// An SFU puts one track after another on the same m-line, each with its own SSRC.
#[derive(Debug, Default)]
pub(crate) struct Reception {
    current: Option<Source>,
    /// The source before: stragglers of it must not make it the current one again.
    previous: Option<Ssrc>,
    pub(crate) packets: u64,
    pub(crate) payload_bytes: u64,
    pub(crate) last_arrival: Option<Instant>,
}

#[derive(Debug)]
struct Source {
    ssrc: Ssrc,
    first_sequence: u64,
    highest_sequence: u64,
    packets: u64,
}

/// What to do with a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Admission {
    /// It belongs to the current source.
    Current,
    /// It begins a new source; the old one is over.
    New {
        /// The source before.
        old: Option<Ssrc>,
    },
    /// It is a straggler of the source before.
    Stale,
}

impl Reception {
    /// Takes note of a packet with an extended sequence number.
    pub(crate) fn admit(
        &mut self,
        ssrc: Ssrc,
        sequence: u64,
        payload_bytes: usize,
        arrival: Instant,
    ) -> Admission {
        if self.previous == Some(ssrc) {
            return Admission::Stale;
        }
        let admission = match &mut self.current {
            Some(source) if source.ssrc == ssrc => {
                source.first_sequence = source.first_sequence.min(sequence);
                source.highest_sequence = source.highest_sequence.max(sequence);
                source.packets += 1;
                Admission::Current
            }
            current => {
                let old = current.as_ref().map(|source| source.ssrc);
                *current =
                    Some(Source { ssrc, first_sequence: sequence, highest_sequence: sequence, packets: 1 });
                self.previous = old;
                Admission::New { old }
            }
        };
        self.packets += 1;
        self.payload_bytes += payload_bytes as u64;
        self.last_arrival = Some(arrival);
        admission
    }

    /// Packets of the current source that did not come.
    pub(crate) fn lost(&self) -> u64 {
        self.current.as_ref().map_or(0, |source| {
            (source.highest_sequence - source.first_sequence + 1).saturating_sub(source.packets)
        })
    }

    /// The current source.
    pub(crate) fn ssrc(&self) -> Option<Ssrc> {
        self.current.as_ref().map(|source| source.ssrc)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admit(reception: &mut Reception, ssrc: u32, sequence: u64) -> Admission {
        reception.admit(ssrc.into(), sequence, 10, tokio::time::Instant::now().into_std())
    }

    #[test]
    fn a_new_source_takes_over_and_stragglers_of_the_old_one_do_not() {
        let mut reception = Reception::default();
        assert_eq!(admit(&mut reception, 1, 10), Admission::New { old: None });
        assert_eq!(admit(&mut reception, 1, 11), Admission::Current);
        assert_eq!(admit(&mut reception, 2, 500), Admission::New { old: Some(1.into()) });
        assert_eq!(admit(&mut reception, 1, 12), Admission::Stale);
        assert_eq!(admit(&mut reception, 2, 501), Admission::Current);
        assert_eq!(reception.packets, 4);
    }

    #[test]
    fn loss_is_what_is_missing_between_the_first_and_the_highest_packet() {
        let mut reception = Reception::default();
        for sequence in [10, 11, 14, 13] {
            admit(&mut reception, 1, sequence);
        }
        assert_eq!(reception.lost(), 1);
    }
}
