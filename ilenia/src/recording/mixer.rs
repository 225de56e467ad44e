//! Several tracks, each with gaps, as one recording on one time line.

use std::collections::{BTreeMap, VecDeque};

/// A track that falls behind the time line by more than this was interrupted, and goes on at its present end.
const INTERRUPTED_MS: u64 = 300;
/// What is older than this is settled: a track that comes later does not change it any more.
const SETTLED_MS: u64 = 500;

/// Adds tracks up on one time line of samples. Time comes in with each push, so it is the same in every test.
#[derive(Debug)]
pub(crate) struct Mixer {
    sample_rate_hz: u32,
    /// Samples from `settled` on.
    pending: VecDeque<i32>,
    /// Samples given out so far.
    settled: u64,
    /// Per track, where its next sample goes.
    positions: BTreeMap<String, u64>,
}

impl Mixer {
    /// An empty time line.
    pub(crate) fn new(sample_rate_hz: u32) -> Self {
        Self { sample_rate_hz, pending: VecDeque::new(), settled: 0, positions: BTreeMap::new() }
    }

    /// Adds samples of a track that arrived `now_ms` after the beginning of the time line. A track's samples follow
    /// each other without a gap, unless it was interrupted.
    pub(crate) fn push(&mut self, track: &str, samples: &[i16], now_ms: u64) {
        let now = media::ms_to_samples(now_ms, self.sample_rate_hz);
        let arrived_from = now.saturating_sub(samples.len() as u64);
        let tolerance = media::ms_to_samples(INTERRUPTED_MS, self.sample_rate_hz);
        let at = match self.positions.get(track) {
            Some(&position) if position + tolerance >= arrived_from => position,
            _ => arrived_from,
        };
        self.positions.insert(track.to_owned(), at + samples.len() as u64);
        // What would lie in the settled past is lost; the rest keeps its place.
        let late = self.settled.saturating_sub(at).min(samples.len() as u64) as usize;
        let offset = (at.max(self.settled) - self.settled) as usize;
        let samples = &samples[late..];
        if self.pending.len() < offset + samples.len() {
            self.pending.resize(offset + samples.len(), 0);
        }
        for (sum, sample) in self.pending.range_mut(offset..).zip(samples) {
            *sum += i32::from(*sample);
        }
    }

    /// What no later push can change, with silence where nobody spoke.
    pub(crate) fn poll(&mut self, now_ms: u64) -> Option<Vec<i16>> {
        let until = media::ms_to_samples(now_ms.saturating_sub(SETTLED_MS), self.sample_rate_hz);
        self.take(until)
    }

    /// Everything there is.
    pub(crate) fn finish(&mut self) -> Option<Vec<i16>> {
        self.take(self.settled + self.pending.len() as u64)
    }

    fn take(&mut self, until: u64) -> Option<Vec<i16>> {
        let count = until.checked_sub(self.settled).filter(|count| *count > 0)? as usize;
        if self.pending.len() < count {
            self.pending.resize(count, 0);
        }
        self.settled = until;
        Some(
            self.pending
                .drain(..count)
                .map(|sum| sum.clamp(i16::MIN.into(), i16::MAX.into()) as i16)
                .collect(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HZ: u32 = 1_000;

    #[test]
    fn tracks_add_up_and_silence_fills_the_gaps() {
        let mut mixer = Mixer::new(HZ);
        mixer.push("a", &[1; 10], 20);
        mixer.push("b", &[2; 10], 25);
        let mixed = mixer.finish().expect("sound");
        assert_eq!(mixed.len(), 25);
        assert_eq!((mixed[9], mixed[12], mixed[17], mixed[22]), (0, 1, 3, 2));
    }

    #[test]
    fn jitter_of_arrival_leaves_no_gap() {
        let mut mixer = Mixer::new(HZ);
        for (frame, arrival_ms) in [(1, 10), (2, 45), (3, 46), (4, 47), (5, 50)] {
            mixer.push("a", &[frame; 10], arrival_ms);
        }
        let mixed = mixer.finish().expect("sound");
        assert_eq!(mixed, (1..=5).flat_map(|frame| [frame; 10]).collect::<Vec<i16>>());
    }

    #[test]
    fn an_interrupted_track_goes_on_where_time_is() {
        let mut mixer = Mixer::new(HZ);
        mixer.push("a", &[1; 10], 10);
        mixer.push("a", &[2; 10], 2_000);
        let mixed = mixer.finish().expect("sound");
        assert_eq!(mixed.len(), 2_000);
        assert_eq!((mixed[9], mixed[10], mixed[1_989], mixed[1_990]), (1, 0, 0, 2));
    }

    #[test]
    fn what_is_settled_comes_out_once_and_late_sound_is_dropped() {
        let mut mixer = Mixer::new(HZ);
        mixer.push("a", &[1; 10], 10);
        assert_eq!(mixer.poll(100), None);
        assert_eq!(mixer.poll(600).map(|samples| samples.len()), Some(100));
        assert_eq!(mixer.poll(600), None);
        mixer.push("a", &[9; 200], 600);
        let rest = mixer.finish().expect("sound");
        assert_eq!(rest.len(), 500);
        assert_eq!((rest[299], rest[300]), (0, 9));
    }

    #[test]
    fn loud_voices_together_do_not_wrap_around() {
        let mut mixer = Mixer::new(HZ);
        mixer.push("a", &[i16::MAX], 1);
        mixer.push("b", &[i16::MAX], 1);
        assert_eq!(mixer.finish(), Some(vec![i16::MAX]));
    }
}
