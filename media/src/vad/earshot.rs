//! The small recurrent network of the `earshot` crate, with its input brought to one level.

use super::Vad;
use crate::loudness::{power, to_i16};

/// Scores 16 ms frames by a neural network over 40 mel bands; pure Rust, 8 KiB of state.
///
/// The network takes loud noise, music and applause for speech, and the same sounds at a low level for what they
/// are; speech it knows at either. So its input is levelled first.
pub struct EarshotVad {
    network: Box<::earshot::Detector>,
    leveller: Leveller,
    levelled: Vec<i16>,
}

impl EarshotVad {
    /// A detector that has heard nothing yet.
    pub fn new() -> Self {
        Self { network: Box::default(), leveller: Leveller::new(), levelled: Vec::new() }
    }
}

impl Default for EarshotVad {
    fn default() -> Self {
        Self::new()
    }
}

impl Vad for EarshotVad {
    fn frame_samples(&self) -> usize {
        256
    }

    fn score(&mut self, frame: &[i16]) -> f32 {
        self.leveller.level(frame, &mut self.levelled);
        self.network.predict_i16(&self.levelled).clamp(0.0, 1.0)
    }

    fn reset(&mut self) {
        self.network.reset();
        self.leveller = Leveller::new();
    }
}

/// Automatic gain: follows the loudest of the last seconds and brings it to [`TARGET_DBFS`](Self::TARGET_DBFS).
struct Leveller {
    /// Power, smoothed over some 50 ms, so that a click is not a level.
    smooth: f64,
    /// Power of the loudest of the last seconds.
    level: f64,
    gain: f32,
}

impl Leveller {
    const TARGET_DBFS: f64 = -28.0;
    /// Louder, but never so much that the noise of a silent room becomes loud.
    const MAX_GAIN_DB: f64 = 15.0;
    /// What is left of the level after each frame: it falls by 1/e in three seconds.
    const DECAY: f64 = 0.994_681;

    fn new() -> Self {
        Self { smooth: 0.0, level: 0.0, gain: 1.0 }
    }

    /// `levelled` becomes `frame` at the target level; the gain moves from frame to frame without a step.
    fn level(&mut self, frame: &[i16], levelled: &mut Vec<i16>) {
        let power = power(frame);
        self.smooth += (power - self.smooth) * 0.3;
        self.level = (self.level * Self::DECAY).max(power.min(self.smooth * 2.0));
        let target = 32_768.0_f64.powi(2) * 10_f64.powf(Self::TARGET_DBFS / 10.0);
        let most = 10_f64.powf(Self::MAX_GAIN_DB / 20.0);
        let gain = (target / self.level.max(1.0)).sqrt().min(most) as f32;
        let step = (gain - self.gain) / frame.len().max(1) as f32;
        levelled.clear();
        levelled.extend(
            frame.iter().enumerate().map(|(n, &x)| to_i16(f32::from(x) * (self.gain + step * n as f32))),
        );
        self.gain = gain;
    }
}
