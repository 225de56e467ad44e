//! Cuts a stream of speech into utterances.
//!
//! The stream is judged in the detector's frames, so what comes out depends on the samples and not on how they were
//! cut into pushes. An utterance begins when speech is likely, is reported when it is certain, and ends with silence
//! or at its maximum length. Memory is bounded by that length, as long as events are polled.

mod cut;

use std::collections::VecDeque;
use std::ops::Range;

use self::cut::quietest_cut;
use crate::frame::{ASR_HZ, ms_to_samples};
use crate::vad::{Evidence, GateConfig, SpeechGate, Vad};

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
    /// How long likely speech may wait to become certain. What takes longer is certain from there on only, and its
    /// beginning is given up.
    pub doubt_ms: u32,
    /// An utterance in which nothing has sounded certainly like speech for so long ends halfway through that time:
    /// applause after the last word does not keep it open. Should it be speech after all, what follows is another utterance.
    pub stale_ms: u32,
    /// Digital silence put before and after the audio of each utterance. Counted in
    /// [`Utterance::padding_samples`], never in `start_sample` and `end_sample`.
    pub padding_ms: u32,
    /// When scores become speech.
    pub gate: GateConfig,
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
            doubt_ms: 3_000,
            stale_ms: 2_000,
            padding_ms: 0,
            gate: GateConfig::default(),
        }
    }
}

/// A finished utterance. Sample indices count from the first sample ever pushed into the segmenter.
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

/// What the segmenter tells, in the order of the audio. Utterances never overlap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SegmenterEvent {
    /// Somebody speaks; [`Segmenter::open`] has the audio so far. Ends in `Ended` or `Discarded`.
    Started {
        /// Index of the first sample of audio.
        start_sample: u64,
    },
    /// An utterance is complete.
    Ended(Utterance),
    /// What had started was too short to be speech.
    Discarded {
        /// As in its `Started`.
        start_sample: u64,
        /// Index after the last sample that is thrown away.
        end_sample: u64,
    },
}

/// The utterance in progress, for interim transcription.
#[derive(Clone, Copy, Debug)]
pub struct OpenUtterance<'a> {
    /// As in its [`SegmenterEvent::Started`].
    pub start_sample: u64,
    /// Mono, 16 000 Hz, from `start_sample` until now, without padding.
    pub samples: &'a [i16],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Nobody speaks; `audio` is what may become pre-roll.
    Silent,
    /// Perhaps somebody speaks. `alone`: it will be enough if it ends before `doubt_ms` have passed.
    Doubtful { alone: bool },
    /// Somebody speaks. `continued`: since before a cut.
    Speaking { continued: bool },
}

/// Speech → utterances.
pub struct Segmenter {
    gate: SpeechGate,
    limits: Limits,
    padding_samples: usize,
    state: State,
    /// Samples that do not fill a frame yet.
    partial: Vec<i16>,
    /// Audio from `audio_start` on: pre-roll, or the utterance in progress.
    audio: Vec<i16>,
    audio_start: u64,
    /// Whether each frame in `audio` sounds like speech; `audio` holds whole frames only.
    voiced: VecDeque<bool>,
    /// Frames since the last voiced one.
    silent_frames: usize,
    /// Frames since the evidence was last good.
    weak_frames: usize,
    events: VecDeque<SegmenterEvent>,
}

/// The configuration in frames, rounded up.
struct Limits {
    frame: usize,
    pre_roll: usize,
    post_roll: usize,
    min_speech: usize,
    end_silence: usize,
    max_utterance: usize,
    cut_window: usize,
    doubt: usize,
    stale: usize,
}

impl Segmenter {
    /// A segmenter that has heard nothing yet.
    pub fn new(config: SegmenterConfig, vad: Box<dyn Vad>) -> Self {
        let gate = SpeechGate::new(config.gate, vad);
        let frame = gate.frame_samples();
        let frames = |ms: u32| (ms_to_samples(u64::from(ms), ASR_HZ) as usize).div_ceil(frame);
        let end_silence = frames(config.end_silence_ms).max(1);
        let max_utterance = frames(config.max_utterance_ms).max(2);
        let limits = Limits {
            frame,
            pre_roll: frames(config.pre_roll_ms),
            post_roll: frames(config.post_roll_ms).min(end_silence),
            min_speech: frames(config.min_speech_ms),
            end_silence,
            max_utterance,
            cut_window: frames(config.cut_window_ms).clamp(1, max_utterance / 2),
            doubt: frames(config.doubt_ms).clamp(gate.window_frames(), max_utterance),
            stale: frames(config.stale_ms).max(2),
        };
        Self {
            gate,
            limits,
            padding_samples: ms_to_samples(u64::from(config.padding_ms), ASR_HZ) as usize,
            state: State::Silent,
            partial: Vec::new(),
            audio: Vec::new(),
            audio_start: 0,
            voiced: VecDeque::new(),
            silent_frames: 0,
            weak_frames: 0,
            events: VecDeque::new(),
        }
    }

    /// Takes mono samples at 16 000 Hz, any number.
    pub fn push(&mut self, mut samples: &[i16]) {
        let frame = self.limits.frame;
        if !self.partial.is_empty() {
            let (missing, rest) = samples.split_at((frame - self.partial.len()).min(samples.len()));
            self.partial.extend_from_slice(missing);
            samples = rest;
            if self.partial.len() == frame {
                let whole = std::mem::take(&mut self.partial);
                self.take_frame(&whole);
                self.partial = whole;
                self.partial.clear();
            }
        }
        let whole = samples.len() / frame * frame;
        for frame in samples[..whole].chunks_exact(frame) {
            self.take_frame(frame);
        }
        self.partial.extend_from_slice(&samples[whole..]);
    }

    /// The next event, if there is one.
    pub fn poll(&mut self) -> Option<SegmenterEvent> {
        self.events.pop_front()
    }

    /// The utterance in progress, if somebody speaks.
    pub fn open(&self) -> Option<OpenUtterance<'_>> {
        matches!(self.state, State::Speaking { .. })
            .then(|| OpenUtterance { start_sample: self.audio_start, samples: &self.audio })
    }

    /// The track ended: ends what is open, up to the last sample. Sample indices go on if more is pushed.
    pub fn flush(&mut self) {
        let position = self.position();
        if self.state == (State::Doubtful { alone: true }) {
            self.state = State::Speaking { continued: false };
            self.events.push_back(SegmenterEvent::Started { start_sample: self.audio_start });
        }
        if matches!(self.state, State::Speaking { .. }) {
            let tail = self.silent_frames.min(self.limits.post_roll);
            let rest =
                if tail == self.silent_frames { std::mem::take(&mut self.partial) } else { Vec::new() };
            self.finish(self.voiced.len() - self.silent_frames + tail, &rest, false);
        }
        self.state = State::Silent;
        self.partial.clear();
        self.audio.clear();
        self.voiced.clear();
        self.audio_start = position;
        self.gate.reset();
    }

    /// Samples pushed so far.
    pub fn position(&self) -> u64 {
        self.audio_start + (self.audio.len() + self.partial.len()) as u64
    }

    fn take_frame(&mut self, frame: &[i16]) {
        let activity = self.gate.push(frame);
        self.audio.extend_from_slice(frame);
        self.voiced.push_back(activity.voiced);
        self.silent_frames = if activity.voiced { 0 } else { self.silent_frames + 1 };
        let good = activity.evidence >= Evidence::ConfirmedAlone;
        self.weak_frames = if good { 0 } else { self.weak_frames + 1 };
        match self.state {
            State::Silent => self.listen(activity.evidence),
            State::Doubtful { alone } => self.doubt(activity.evidence, alone),
            State::Speaking { .. } => self.speak(),
        }
    }

    fn listen(&mut self, evidence: Evidence) {
        self.keep_last(self.gate.window_frames() + self.limits.pre_roll);
        if evidence >= Evidence::Onset {
            self.doubt(evidence, false);
        }
    }

    fn doubt(&mut self, evidence: Evidence, alone: bool) {
        let most = self.limits.doubt + self.limits.pre_roll;
        let alone = (alone || evidence >= Evidence::ConfirmedAlone) && self.voiced.len() <= most;
        let silent = self.silent_frames >= self.limits.end_silence;
        if evidence == Evidence::Confirmed || (alone && silent) {
            self.state = State::Speaking { continued: false };
            self.events.push_back(SegmenterEvent::Started { start_sample: self.audio_start });
            self.speak();
        } else if silent {
            self.state = State::Silent;
            self.keep_last(self.gate.window_frames() + self.limits.pre_roll);
        } else {
            self.state = State::Doubtful { alone };
            self.keep_last(most);
        }
    }

    fn speak(&mut self) {
        let frames = self.voiced.len();
        if self.silent_frames >= self.limits.end_silence {
            // Speech that was confirmed late may be followed by less audio than its silence is long.
            let spoken = frames.saturating_sub(self.silent_frames);
            self.finish(spoken + self.limits.post_roll.min(frames - spoken), &[], false);
            self.state = State::Silent;
        } else if self.weak_frames >= self.limits.stale {
            // The rest stays in doubt, so that no word of it is lost if it is speech.
            let rest = (self.limits.stale / 2).min(frames - 1);
            self.finish(frames - rest, &[], false);
            self.state = State::Doubtful { alone: false };
        } else if frames >= self.limits.max_utterance {
            let cut = quietest_cut(&self.audio, self.limits.frame, frames - self.limits.cut_window..frames);
            self.finish(cut, &[], true);
            self.state = State::Speaking { continued: true };
            self.events.push_back(SegmenterEvent::Started { start_sample: self.audio_start });
        }
    }

    /// Ends the utterance after `frames` frames and then `rest`; later audio stays.
    fn finish(&mut self, frames: usize, rest: &[i16], cut: bool) {
        let length = frames * self.limits.frame;
        let start_sample = self.audio_start;
        let end_sample = start_sample + (length + rest.len()) as u64;
        let least = if self.state == (State::Speaking { continued: true }) {
            1
        } else {
            self.limits.min_speech.max(1)
        };
        let heard = self.voiced.iter().take(frames).filter(|&&voiced| voiced).count();
        self.events.push_back(if heard < least {
            SegmenterEvent::Discarded { start_sample, end_sample }
        } else {
            let at = |frame: usize| start_sample + (frame * self.limits.frame) as u64;
            let first = self.voiced.iter().position(|&voiced| voiced).unwrap_or(0);
            let last = self.voiced.iter().take(frames).rposition(|&voiced| voiced).unwrap_or(first);
            let mut samples = Vec::with_capacity(length + rest.len() + 2 * self.padding_samples);
            samples.resize(self.padding_samples, 0);
            samples.extend_from_slice(&self.audio[..length]);
            samples.extend_from_slice(rest);
            samples.resize(samples.len() + self.padding_samples, 0);
            SegmenterEvent::Ended(Utterance {
                start_sample,
                end_sample,
                voiced: at(first)..at(last + 1),
                samples,
                padding_samples: self.padding_samples,
                cut,
            })
        });
        self.drop_first(frames);
    }

    fn keep_last(&mut self, frames: usize) {
        self.drop_first(self.voiced.len().saturating_sub(frames));
    }

    fn drop_first(&mut self, frames: usize) {
        let samples = frames * self.limits.frame;
        self.audio.drain(..samples);
        self.voiced.drain(..frames);
        self.audio_start += samples as u64;
        self.silent_frames = self.silent_frames.min(self.voiced.len());
    }
}
