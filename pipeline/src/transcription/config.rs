//! How one source is transcribed, and what is counted meanwhile.

use std::time::Duration;

use common::{LanguageTag, Segment};
use media::{segmenter::SegmenterConfig, vad::VadKind};

use crate::{MediaClock, Timings};

/// How one source is transcribed.
#[derive(Clone, Debug)]
pub struct TranscriptionConfig {
    /// Who speaks.
    pub speaker: String,
    /// The language that is spoken.
    pub language: LanguageTag,
    /// Where the source stands on the session's media clock.
    pub clock: MediaClock,
    /// Which voice activity detector.
    pub vad: VadKind,
    /// When utterances begin and end.
    pub segmenter: SegmenterConfig,
    /// How much audio lies between two interim transcriptions of a growing utterance; `None`: none are made.
    pub interim_every: Option<Duration>,
    /// How much audio may wait for the transcriber, besides the utterance it is at. What is more falls out, oldest first.
    pub backlog: Duration,
    /// How long one utterance is tried, over the client's own deadlines. Longer than outages, shorter than for ever.
    pub patience: Duration,
}

impl TranscriptionConfig {
    /// The usual values.
    pub fn new(speaker: impl Into<String>, language: LanguageTag, clock: MediaClock) -> Self {
        Self {
            speaker: speaker.into(),
            language,
            clock,
            vad: VadKind::default(),
            segmenter: SegmenterConfig::default(),
            interim_every: Some(Duration::from_millis(700)),
            backlog: Duration::from_secs(120),
            patience: Duration::from_secs(180),
        }
    }
}

/// What a source said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TranscriptionEvent {
    /// A growing utterance: may change, may be withdrawn.
    Interim(Segment),
    /// A settled utterance: `final`, or `withdrawn` when an interim was shown and there was no speech after all.
    Final(Segment, Timings),
    /// Speech that was lost.
    Gap(GapEvent),
}

/// Speech that was lost, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GapEvent {
    /// Stands for it in the transcript: a final segment whose text is [`crate::GAP_TEXT`].
    pub segment: Segment,
    /// How many utterances it was.
    pub utterances: u64,
    /// How much audio.
    pub audio_ms: u64,
    /// What happened.
    pub reason: GapReason,
}

/// Why speech was lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GapReason {
    /// More than [`TranscriptionConfig::backlog`] was waiting.
    Overflow,
    /// The transcriber refused it, or failed for all of [`TranscriptionConfig::patience`]; with its last error.
    Failed(String),
}

/// What one source did so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TranscriptionStats {
    /// Finished utterances.
    pub utterances: u64,
    /// Final segments with text.
    pub finals: u64,
    /// Utterances without text.
    pub empty: u64,
    /// Interim requests made.
    pub interims_asked: u64,
    /// Interim requests that were due but not made, because the transcriber was busy or in trouble.
    pub interims_skipped: u64,
    /// Requests repeated after the client gave up.
    pub retries: u64,
    /// Utterances lost.
    pub lost: u64,
    /// Audio lost.
    pub lost_ms: u64,
}
