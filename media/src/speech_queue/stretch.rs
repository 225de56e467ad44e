//! Faster speech at the same pitch: WSOLA on one sentence.
//!
//! Source: Verhelst and Roelands, *An Overlap-Add Technique Based on Waveform Similarity (WSOLA) for High Quality
//! Time-Scale Modification of Speech*, ICASSP 1993. Here the sentence plays on untouched until it is more than the
//! search range behind the tempo asked for; then it jumps ahead to the most similar waveform, in a cross-fade. At
//! speed 1 the output is the input.

use crate::loudness::to_i16;

/// A sentence, read at varying speed.
pub(super) struct Stretch {
    samples: Vec<i16>,
    /// Where the sentence goes on if it is not bent.
    natural: usize,
    /// Where it would be at the tempo asked for.
    ideal: f64,
    /// Samples per step and length of a cross-fade: 10 ms.
    hop: usize,
    /// How far from `ideal` the jump may land: 10 ms, a period of the deepest voice.
    reach: usize,
}

impl Stretch {
    /// `samples` are mono at `sample_rate_hz`.
    pub(super) fn new(samples: Vec<i16>, sample_rate_hz: u32) -> Self {
        let hop = (sample_rate_hz as usize / 100).max(1);
        Self { samples, natural: 0, ideal: 0.0, hop, reach: hop }
    }

    /// Samples not yet read.
    pub(super) fn remaining(&self) -> usize {
        self.samples.len() - self.natural
    }

    /// Appends up to a hop of samples to `out`, at `speed` ≥ 1; at least one while any remain.
    pub(super) fn step(&mut self, speed: f32, out: &mut Vec<i16>) {
        self.ideal = self.ideal.max(self.natural as f64 - self.reach as f64);
        let hop = self.hop.min(self.remaining());
        self.ideal += hop as f64 * f64::from(speed);
        let here = &self.samples[self.natural..self.natural + hop];
        if let Some(landing) = self.landing() {
            let there = &self.samples[landing..landing + hop];
            out.extend(here.iter().zip(there).enumerate().map(|(n, (&a, &b))| {
                let weight = (n + 1) as f32 / (hop + 1) as f32;
                to_i16(f32::from(a) + (f32::from(b) - f32::from(a)) * weight)
            }));
            self.natural = landing + hop;
        } else {
            out.extend_from_slice(here);
            self.natural += hop;
        }
        if speed <= 1.0 {
            self.ideal = self.natural as f64;
        }
    }

    /// Where to jump, once the sentence is too far behind; never so near its end that a piece would be missing.
    fn landing(&self) -> Option<usize> {
        let ideal = self.ideal as usize;
        let due = self.natural + self.hop + self.reach < ideal;
        let (first, last) = (self.natural + self.reach, (ideal - self.hop.min(ideal)) + self.reach);
        if !due || last + 2 * self.hop > self.samples.len() || first >= last {
            return None;
        }
        // First every fourth lag over every fourth sample, then all lags around the best.
        let coarse = self.most_similar(first, last, 4);
        Some(self.most_similar(coarse.saturating_sub(3).max(first), (coarse + 3).min(last), 1))
    }

    /// The position in `first..=last` whose next hop looks most like what would follow naturally.
    fn most_similar(&self, first: usize, last: usize, stride: usize) -> usize {
        let here = &self.samples[self.natural..self.natural + self.hop];
        let similarity = |lag: usize| {
            let there = &self.samples[lag..lag + self.hop];
            let (mut cross, mut energy) = (0.0_f32, 1.0_f32);
            for (&a, &b) in here.iter().zip(there).step_by(stride) {
                cross += f32::from(a) * f32::from(b);
                energy += f32::from(b) * f32::from(b);
            }
            cross / energy.sqrt()
        };
        (first..=last)
            .step_by(stride)
            .map(|lag| (lag, similarity(lag)))
            .max_by(|(_, a), (_, b)| a.total_cmp(b))
            .map_or(first, |(lag, _)| lag)
    }
}
