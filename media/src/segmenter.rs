//! Cuts a stream of speech into utterances.

use std::ops::Range;

use crate::vad::Vad;

/// When an utterance begins and ends. All times are milliseconds of audio.
#[derive(Clone, Debug, PartialEq)]
pub struct SegmenterConfig {
    /// Audio kept from before the first speech.
    pub pre_roll_ms: u32,
    /// Audio kept after the last speech; at most `end_silence_ms`.
    pub post_roll_ms: u32,
    /// Less speech than this is no utterance: it becomes [`SegmenterEvent::Discarded`].
    pub min_speech_ms: u32,
    /// Silence that ends an utterance.
    pub end_silence_ms: u32,
    /// The longest utterance; one that reaches it is cut at the quietest place in its last `cut_window_ms`.
    pub max_utterance_ms: u32,
    /// See `max_utterance_ms`.
    pub cut_window_ms: u32,
    /// Digital silence put before and after the audio of each utterance. Counted in
    /// [`Utterance::padding_samples`], never in `start_sample` and `end_sample`.
    pub padding_ms: u32,
}

impl Default for SegmenterConfig {
    fn default() -> Self {
        Self {
            pre_roll_ms: 250,
            post_roll_ms: 250,
            min_speech_ms: 120,
            end_silence_ms: 400,
            max_utterance_ms: 15_000,
            cut_window_ms: 4_000,
            padding_ms: 0,
        }
    }
}

/// A finished utterance. Sample indices count from the first sample pushed into the segmenter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Utterance {
    /// Index of the first sample of audio.
    pub start_sample: u64,
    /// Index after the last sample of audio.
    pub end_sample: u64,
    /// From the first to the last frame in which speech was heard, within `start_sample..end_sample`.
    pub voiced: Range<u64>,
    /// Mono, 16 000 Hz: `padding_samples` of silence, the audio, `padding_samples` of silence.
    pub samples: Vec<i16>,
    /// See `samples`.
    pub padding_samples: usize,
    /// Cut at the maximum length: the next utterance starts at `end_sample`, within the same speech.
    pub cut: bool,
}

/// What the segmenter tells, in the order of the audio.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SegmenterEvent {
    /// Somebody speaks; [`Segmenter::open`] has the audio so far. Ends in `Ended` or `Discarded`.
    Started { start_sample: u64 },
    /// An utterance is complete.
    Ended(Utterance),
    /// What had started was too short to be speech.
    Discarded { start_sample: u64, end_sample: u64 },
}

/// The utterance in progress, for interim transcription.
#[derive(Clone, Copy, Debug)]
pub struct OpenUtterance<'a> {
    /// As in its [`SegmenterEvent::Started`].
    pub start_sample: u64,
    /// Mono, 16 000 Hz, from `start_sample` until now, without padding.
    pub samples: &'a [i16],
}

/// Speech → utterances.
pub struct Segmenter {}

impl Segmenter {
    pub fn new(config: SegmenterConfig, vad: Box<dyn Vad>) -> Self {
        unimplemented!()
    }

    /// Takes mono samples at 16 000 Hz, any number.
    pub fn push(&mut self, samples: &[i16]) {
        unimplemented!()
    }

    /// The next event, if there is one.
    pub fn poll(&mut self) -> Option<SegmenterEvent> {
        unimplemented!()
    }

    /// The utterance in progress, if somebody speaks.
    pub fn open(&self) -> Option<OpenUtterance<'_>> {
        unimplemented!()
    }

    /// The track ended: ends what is open. Sample indices go on if more is pushed.
    pub fn flush(&mut self) {
        unimplemented!()
    }

    /// Samples pushed so far.
    pub fn position(&self) -> u64 {
        unimplemented!()
    }
}
