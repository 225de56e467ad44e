//! Voice activity: is there speech in this frame?
//!
//! A [`Vad`] scores frames; a [`SpeechGate`] turns the scores into "speech from here to there" by the same
//! hysteresis for each detector. Which of them is the default is measured in `docs/benchmarks.md`.

mod confirmed;
mod earshot;
mod gate;
mod webrtc;

use std::fmt;
use std::str::FromStr;

pub use confirmed::ConfirmedVad;
pub use earshot::EarshotVad;
pub use gate::{Activity, Evidence, GateConfig, SpeechGate};
pub use webrtc::{WebrtcMode, WebrtcVad};

/// A detector that looks at mono 16 000 Hz audio frame by frame and remembers what went before.
pub trait Vad: Send {
    /// Samples in one frame.
    fn frame_samples(&self) -> usize;

    /// How much like speech this frame is, 0..=1. `frame` is mono, 16 000 Hz, exactly
    /// [`frame_samples`](Self::frame_samples) long.
    fn score(&mut self, frame: &[i16]) -> f32;

    /// Forgets the past, for audio that does not follow on from it.
    fn reset(&mut self);
}

/// Which detector.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum VadKind {
    /// Gaussian mixtures, [`WebrtcVad`].
    Webrtc,
    /// A neural network, [`EarshotVad`].
    #[default]
    Earshot,
    /// The first, confirmed by the second, [`ConfirmedVad`].
    WebrtcEarshot,
}

impl VadKind {
    /// All of them, for tables and help texts.
    pub const ALL: [Self; 3] = [Self::Webrtc, Self::Earshot, Self::WebrtcEarshot];

    /// A fresh detector.
    pub fn build(self) -> Box<dyn Vad> {
        match self {
            Self::Webrtc => Box::new(WebrtcVad::default()),
            Self::Earshot => Box::new(EarshotVad::new()),
            Self::WebrtcEarshot => {
                Box::new(ConfirmedVad::new(WebrtcVad::new(WebrtcMode::Aggressive), EarshotVad::new()))
            }
        }
    }

    /// As [`FromStr`] reads it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Webrtc => "webrtc",
            Self::Earshot => "earshot",
            Self::WebrtcEarshot => "webrtc+earshot",
        }
    }
}

impl fmt::Display for VadKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// No detector has that name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown VAD {0:?}: use webrtc, earshot or webrtc+earshot")]
pub struct UnknownVad(pub String);

impl FromStr for VadKind {
    type Err = UnknownVad;

    fn from_str(name: &str) -> Result<Self, UnknownVad> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name).ok_or_else(|| UnknownVad(name.to_owned()))
    }
}
