//! Hysteresis: from a score per frame to speech that starts, is confirmed, and stops.

use std::collections::VecDeque;

use super::Vad;

/// When scores become speech. The defaults are measured (`docs/benchmarks.md`).
#[derive(Clone, Debug, PartialEq)]
pub struct GateConfig {
    /// Scores are averaged over this long for `onset` and `confirm`; a click is shorter.
    pub window_ms: u32,
    /// The mean score at which speech may have begun.
    pub onset: f32,
    /// The mean score that takes away the doubt: music and applause pass `onset`, seldom this.
    pub confirm: f32,
    /// The mean score that is enough for what stands between two silences, as music and applause seldom do.
    pub confirm_alone: f32,
    /// The score under which a single frame is not speech.
    pub offset: f32,
}

impl Default for GateConfig {
    fn default() -> Self {
        Self { window_ms: 96, onset: 0.5, confirm: 0.89, confirm_alone: 0.84, offset: 0.6 }
    }
}

/// How sure it is that somebody speaks, by the mean score.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Evidence {
    /// Nobody seems to.
    #[default]
    None,
    /// Speech may have begun, at most `window_ms` ago.
    Onset,
    /// It is speech if it ends soon.
    ConfirmedAlone,
    /// It is speech beyond doubt.
    Confirmed,
}

/// What the gate makes of a frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Activity {
    /// This very frame sounds like speech.
    pub voiced: bool,
    /// What the window that ends with this frame says.
    pub evidence: Evidence,
}

/// The same hysteresis around every detector: frames in, [`Activity`] out.
pub struct SpeechGate {
    vad: Box<dyn Vad>,
    config: GateConfig,
    window: VecDeque<f32>,
    window_frames: usize,
}

impl SpeechGate {
    /// A gate that has heard nothing yet.
    pub fn new(config: GateConfig, vad: Box<dyn Vad>) -> Self {
        let window_samples = config.window_ms as usize * crate::ASR_HZ as usize / 1000;
        let window_frames = (window_samples / vad.frame_samples().max(1)).max(1);
        Self { vad, config, window: VecDeque::with_capacity(window_frames + 1), window_frames }
    }

    /// Samples in one frame.
    pub fn frame_samples(&self) -> usize {
        self.vad.frame_samples()
    }

    /// Frames in the averaging window.
    pub fn window_frames(&self) -> usize {
        self.window_frames
    }

    /// Judges one frame: mono, 16 000 Hz, [`frame_samples`](Self::frame_samples) long.
    pub fn push(&mut self, frame: &[i16]) -> Activity {
        let score = self.vad.score(frame);
        self.window.push_back(score);
        if self.window.len() > self.window_frames {
            self.window.pop_front();
        }
        // Frames before the first count as 0.
        let mean = self.window.iter().sum::<f32>() / self.window_frames as f32;
        let evidence = match mean {
            mean if mean >= self.config.confirm => Evidence::Confirmed,
            mean if mean >= self.config.confirm_alone => Evidence::ConfirmedAlone,
            mean if mean >= self.config.onset => Evidence::Onset,
            _ => Evidence::None,
        };
        Activity { voiced: score >= self.config.offset, evidence }
    }

    /// Forgets the past.
    pub fn reset(&mut self) {
        self.vad.reset();
        self.window.clear();
    }
}
