//! Voice activity: is there speech in this frame?

use std::str::FromStr;

/// A detector that looks at mono 16 000 Hz audio frame by frame and remembers what went before.
pub trait Vad: Send {
    /// Samples in one frame.
    fn frame_samples(&self) -> usize;

    /// How much like speech this frame is, 0..=1. `frame` is mono, 16 000 Hz, exactly [`frame_samples`](Self::frame_samples) long.
    fn score(&mut self, frame: &[i16]) -> f32;

    /// Forgets the past.
    fn reset(&mut self);
}

/// Which detector.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum VadKind {
    /// Google's Gaussian mixtures.
    Webrtc,
    /// A small neural network.
    #[default]
    Earshot,
    /// The first, where the second agrees.
    WebrtcEarshot,
}

impl VadKind {
    /// All of them, for tables and help texts.
    pub const ALL: [Self; 3] = [Self::Webrtc, Self::Earshot, Self::WebrtcEarshot];

    /// A fresh detector.
    pub fn build(self) -> Box<dyn Vad> {
        unimplemented!()
    }
}

/// No detector of that name. Known: `webrtc`, `earshot`, `webrtc+earshot`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown VAD {0:?}: use webrtc, earshot or webrtc+earshot")]
pub struct UnknownVad(pub String);

impl FromStr for VadKind {
    type Err = UnknownVad;

    fn from_str(name: &str) -> Result<Self, UnknownVad> {
        unimplemented!()
    }
}
