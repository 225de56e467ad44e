//! One detector's yes, where another agrees.

use super::Vad;

/// The score of `judge` where `scout` hears speech too (or heard it in its last whole frame), else 0.
///
/// Frames are the judge's; the scout is fed as its own frames fill.
pub struct ConfirmedVad<S, J> {
    scout: S,
    judge: J,
    pending: Vec<i16>,
    scout_score: f32,
}

impl<S: Vad, J: Vad> ConfirmedVad<S, J> {
    /// `scout` proposes, `judge` decides.
    pub fn new(scout: S, judge: J) -> Self {
        Self { scout, judge, pending: Vec::new(), scout_score: 0.0 }
    }
}

impl<S: Vad, J: Vad> Vad for ConfirmedVad<S, J> {
    fn frame_samples(&self) -> usize {
        self.judge.frame_samples()
    }

    fn score(&mut self, frame: &[i16]) -> f32 {
        self.pending.extend_from_slice(frame);
        let size = self.scout.frame_samples();
        let whole = self.pending.len() / size * size;
        for part in self.pending[..whole].chunks_exact(size) {
            self.scout_score = self.scout.score(part);
        }
        self.pending.drain(..whole);
        let score = self.judge.score(frame);
        if self.scout_score >= 0.5 { score } else { 0.0 }
    }

    fn reset(&mut self) {
        self.scout.reset();
        self.judge.reset();
        self.pending.clear();
        self.scout_score = 0.0;
    }
}
