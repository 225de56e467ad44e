//! Fake engines and talks for the tests of the pipeline.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use common::{LanguageTag, Segment, SegmentId, SegmentState};
use inference::{
    InferenceError, SynthesizeRequest, SynthesizedSpeech, Synthesizer, TranscribeRequest, Transcriber,
    Transcript, TranslateRequest, Translation, Translator,
};
use media::{ASR_HZ, AudioFrame, vad::Vad};
use parking_lot::Mutex;
use tokio::time::{Instant, sleep};

pub fn language(tag: &str) -> LanguageTag {
    tag.parse().expect("a language tag")
}

/// Counts what runs at the same time, also when it is dropped half-way.
#[derive(Default)]
pub struct Gauge {
    now: AtomicUsize,
    most: AtomicUsize,
}

impl Gauge {
    pub fn enter(self: &Arc<Self>) -> Inside {
        let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        Inside(Arc::clone(self))
    }

    pub fn now(&self) -> usize {
        self.now.load(Ordering::SeqCst)
    }

    pub fn most(&self) -> usize {
        self.most.load(Ordering::SeqCst)
    }
}

pub struct Inside(Arc<Gauge>);

impl Drop for Inside {
    fn drop(&mut self) {
        self.0.now.fetch_sub(1, Ordering::SeqCst);
    }
}

/// What every fake engine has: a latency, and a time during which it is away.
pub struct Behaviour {
    pub latency: Duration,
    pub away: Option<(Instant, Instant)>,
    pub refuse: Option<&'static str>,
    pub running: Arc<Gauge>,
    pub interims: Arc<Gauge>,
    pub finals: Arc<Gauge>,
    pub asked: Mutex<Vec<String>>,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            latency: Duration::from_millis(100),
            away: None,
            refuse: None,
            running: Arc::default(),
            interims: Arc::default(),
            finals: Arc::default(),
            asked: Mutex::default(),
        }
    }
}

impl Behaviour {
    /// Away from `after` from now for `length`.
    pub fn away(after: Duration, length: Duration) -> Self {
        let from = Instant::now() + after;
        Self { away: Some((from, from + length)), ..Self::default() }
    }

    async fn answer(&self, text: &str) -> Result<(), InferenceError> {
        let _inside = self.running.enter();
        self.asked.lock().push(text.to_owned());
        sleep(self.latency).await;
        if self.refuse == Some(text) {
            return Err(InferenceError::Refused { status: 400, detail: "no".into() });
        }
        let now = Instant::now();
        match self.away {
            Some((from, until)) if now >= from && now < until => {
                Err(InferenceError::Unavailable { status: 503, retry_after: None, detail: "away".into() })
            }
            _ => Ok(()),
        }
    }
}

/// Hears which number [`number`] spoke: a loud utterance of amplitude 1000 + 100 n is `word n`.
#[derive(Default)]
pub struct FakeTranscriber {
    pub behaviour: Behaviour,
    /// Finals of these numbers are empty.
    pub silent: Vec<u32>,
}

impl FakeTranscriber {
    pub fn new(behaviour: Behaviour) -> Arc<Self> {
        Arc::new(Self { behaviour, silent: Vec::new() })
    }
}

#[async_trait]
impl Transcriber for FakeTranscriber {
    async fn transcribe(&self, request: TranscribeRequest) -> Result<Transcript, InferenceError> {
        let kind = if request.interim { &self.behaviour.interims } else { &self.behaviour.finals };
        let _inside = kind.enter();
        let peak = request.samples.iter().map(|s| i32::from(*s).abs()).max().unwrap_or(0);
        // Resampling rings a little: take the nearest number.
        let number = ((peak - 1000).max(0) as u32 + 30) / 100;
        let text = format!("word {number}");
        self.behaviour.answer(&text).await?;
        if !request.interim && self.silent.contains(&number) {
            return Ok(Transcript::default());
        }
        Ok(Transcript { text })
    }
}

/// Translates by putting the target language before the text.
#[derive(Default)]
pub struct FakeTranslator {
    pub behaviour: Behaviour,
    pub requests: Mutex<Vec<TranslateRequest>>,
    pub chatters: Option<&'static str>,
}

#[async_trait]
impl Translator for FakeTranslator {
    async fn translate(&self, request: TranslateRequest) -> Result<Translation, InferenceError> {
        self.requests.lock().push(request.clone());
        self.behaviour.answer(&request.text).await?;
        if self.chatters == Some(request.text.as_str()) {
            return Ok(Translation { text: request.text, untranslated: true });
        }
        let text = format!("{}: {}", request.target_language.primary(), request.text);
        Ok(Translation { text, untranslated: false })
    }
}

/// Speaks each character for 100 ms, at 16 000 Hz.
#[derive(Default)]
pub struct FakeSynthesizer {
    pub behaviour: Behaviour,
}

#[async_trait]
impl Synthesizer for FakeSynthesizer {
    async fn synthesize(&self, request: SynthesizeRequest) -> Result<SynthesizedSpeech, InferenceError> {
        self.behaviour.answer(&request.text).await?;
        Ok(SynthesizedSpeech {
            samples: vec![5_000; request.text.chars().count() * 1_600],
            sample_rate_hz: 16_000,
        })
    }
}

/// Loud is speech.
pub struct Loudness;

impl Vad for Loudness {
    fn frame_samples(&self) -> usize {
        160
    }

    fn score(&mut self, frame: &[i16]) -> f32 {
        if frame.iter().any(|sample| sample.unsigned_abs() > 500) { 1.0 } else { 0.0 }
    }

    fn reset(&mut self) {}
}

/// `ms` of a loud tone that [`FakeTranscriber`] hears as `word n`, at 16 000 Hz.
pub fn number(n: u32, ms: usize) -> Vec<i16> {
    let amplitude = 1000.0 + 100.0 * f64::from(n);
    (0..ms * 16)
        .map(|i| (amplitude * (i as f64 * std::f64::consts::TAU * 500.0 / 16_000.0).sin()).round() as i16)
        .collect()
}

pub fn silence(ms: usize) -> Vec<i16> {
    vec![0; ms * 16]
}

/// The numbers of a range, each `speech_ms` long and followed by `pause_ms` of silence.
pub fn talk(numbers: std::ops::Range<u32>, speech_ms: usize, pause_ms: usize) -> Vec<i16> {
    numbers.flat_map(|n| [number(n, speech_ms), silence(pause_ms)].concat()).collect()
}

/// The frames of 10 ms of a talk at 16 000 Hz.
pub fn frames(talk: &[i16]) -> impl Iterator<Item = AudioFrame> + '_ {
    talk.chunks(160).map(|samples| AudioFrame::mono(samples.to_vec(), ASR_HZ))
}

/// A source caption.
pub fn caption(speaker: &str, text: &str) -> Segment {
    Segment {
        id: SegmentId::generate(),
        speaker: speaker.to_owned(),
        language: language("en-US"),
        source_language: language("en-US"),
        text: text.to_owned(),
        start_ms: 1_000,
        end_ms: 2_000,
        revision: 3,
        state: SegmentState::Final,
    }
}
