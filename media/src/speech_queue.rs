//! Paces synthesised sentences for one output track.
//!
//! One sentence at a time, a short gap between two. When sentences come faster than they can be spoken, speech gets
//! faster (without changing its pitch), and when that is not enough, the oldest waiting sentences are dropped and
//! reported: a listener hears less, but never late, and never half a sentence.

mod stretch;

use std::collections::VecDeque;

use self::stretch::Stretch;
use crate::frame::{ms_to_samples, samples_to_ms};

/// Pace and bounds.
#[derive(Clone, Debug, PartialEq)]
pub struct SpeechQueueConfig {
    /// Rate of everything pushed and pulled.
    pub sample_rate_hz: u32,
    /// Length of one pulled frame.
    pub frame_ms: u32,
    /// Silence between two sentences.
    pub gap_ms: u32,
    /// With more than this much audio not yet spoken, speech gets faster, linearly up to `max_speed` at `max_lag_ms`.
    pub speed_up_from_ms: u32,
    /// When the newest sentence would have to wait longer than this, the oldest waiting ones are dropped.
    pub max_lag_ms: u32,
    /// Fastest speech; 1.0 is as synthesised. Clamped to 1.0 – 2.0.
    pub max_speed: f32,
}

impl Default for SpeechQueueConfig {
    fn default() -> Self {
        Self {
            sample_rate_hz: 48_000,
            frame_ms: 10,
            gap_ms: 150,
            speed_up_from_ms: 3_000,
            max_lag_ms: 10_000,
            max_speed: 1.3,
        }
    }
}

/// A sentence to speak.
#[derive(Clone, Debug)]
pub struct Speech<T> {
    /// What it belongs to, e.g. a segment id.
    pub id: T,
    /// Mono, at the queue's rate.
    pub samples: Vec<i16>,
}

/// What happened to a sentence. Each one pushed is either `Started` and then `Finished`, or `Dropped`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SpeechEvent<T> {
    /// Its first sample is in the frame just pulled.
    Started(T),
    /// Its last sample is in the frame just pulled, or was the last of the frame before.
    Finished(T),
    /// It was not spoken, because too much was waiting.
    Dropped(T),
}

/// One frame for the track.
#[derive(Debug)]
pub struct Pulled<'a, T> {
    /// Mono, exactly `frame_ms` long.
    pub frame: &'a [i16],
    /// The sentence being spoken at the end of this frame; `None` in silence.
    pub playing: Option<&'a T>,
    /// What happened since the pull before, in order.
    pub events: Vec<SpeechEvent<T>>,
}

/// Sentences in, frames out. Time is the number of samples pulled: pull one frame every `frame_ms`.
pub struct SpeechQueue<T> {
    config: SpeechQueueConfig,
    waiting: VecDeque<Speech<T>>,
    /// Samples in `waiting`, with a gap for each sentence.
    waiting_samples: usize,
    playing: Option<(T, Stretch)>,
    gap_samples: usize,
    /// Silence still due before the next sentence.
    gap_left: usize,
    /// Stretched samples that did not fit into the last frame.
    ready: Vec<i16>,
    frame: Vec<i16>,
    frame_samples: usize,
    events: Vec<SpeechEvent<T>>,
}

impl<T: Clone> SpeechQueue<T> {
    /// An empty queue.
    pub fn new(config: SpeechQueueConfig) -> Self {
        let samples = |ms: u32| ms_to_samples(u64::from(ms), config.sample_rate_hz) as usize;
        let frame_samples = samples(config.frame_ms).max(1);
        Self {
            gap_samples: samples(config.gap_ms),
            frame_samples,
            waiting: VecDeque::new(),
            waiting_samples: 0,
            playing: None,
            gap_left: 0,
            ready: Vec::new(),
            frame: Vec::with_capacity(frame_samples),
            events: Vec::new(),
            config,
        }
    }

    /// Appends a sentence. Its first and last 2 ms are faded, so that it cannot click.
    pub fn push(&mut self, mut speech: Speech<T>) {
        fade_ends(&mut speech.samples, self.config.sample_rate_hz as usize / 500);
        let newest = speech.samples.len() + self.gap_samples;
        self.waiting_samples += newest;
        self.waiting.push_back(speech);
        let limit = ms_to_samples(u64::from(self.config.max_lag_ms), self.config.sample_rate_hz) as usize;
        while self.waiting.len() > 1 && self.queued_samples() - newest > limit {
            if let Some(oldest) = self.next_waiting() {
                self.events.push(SpeechEvent::Dropped(oldest.id));
            }
        }
    }

    /// The next frame: speech or silence, always full.
    pub fn pull(&mut self) -> Pulled<'_, T> {
        self.frame.clear();
        while self.frame.len() < self.frame_samples {
            let room = self.frame_samples - self.frame.len();
            if !self.ready.is_empty() {
                let take = room.min(self.ready.len());
                self.frame.extend(self.ready.drain(..take));
            } else if let Some((id, mut stretch)) = self.playing.take() {
                if stretch.remaining() == 0 {
                    self.events.push(SpeechEvent::Finished(id));
                    self.gap_left = self.gap_samples;
                } else {
                    let speed = self.speed(stretch.remaining());
                    stretch.step(speed, &mut self.ready);
                    self.playing = Some((id, stretch));
                }
            } else if self.gap_left > 0 {
                let take = room.min(self.gap_left);
                self.frame.resize(self.frame.len() + take, 0);
                self.gap_left -= take;
            } else if let Some(speech) = self.next_waiting() {
                self.events.push(SpeechEvent::Started(speech.id.clone()));
                self.playing = Some((speech.id, Stretch::new(speech.samples, self.config.sample_rate_hz)));
            } else {
                self.frame.resize(self.frame_samples, 0);
            }
        }
        Pulled {
            frame: &self.frame,
            playing: self.playing.as_ref().map(|(id, _)| id),
            events: std::mem::take(&mut self.events),
        }
    }

    /// Audio not yet spoken, at normal speed, with the gaps between sentences.
    pub fn queued_ms(&self) -> u64 {
        samples_to_ms(self.queued_samples() as u64, self.config.sample_rate_hz)
    }

    /// Nothing is playing and nothing waits; the next pull is silence.
    pub fn is_idle(&self) -> bool {
        self.playing.is_none() && self.waiting.is_empty() && self.ready.is_empty()
    }

    fn queued_samples(&self) -> usize {
        let playing = self.playing.as_ref().map_or(0, |(_, stretch)| stretch.remaining());
        self.waiting_samples + playing + self.ready.len()
    }

    fn next_waiting(&mut self) -> Option<Speech<T>> {
        let speech = self.waiting.pop_front()?;
        self.waiting_samples -= speech.samples.len() + self.gap_samples;
        Some(speech)
    }

    fn speed(&self, playing_samples: usize) -> f32 {
        let queued =
            samples_to_ms((self.waiting_samples + playing_samples) as u64, self.config.sample_rate_hz) as f32;
        let (from, to) = (self.config.speed_up_from_ms as f32, self.config.max_lag_ms as f32);
        let urgency = ((queued - from) / (to - from).max(1.0)).clamp(0.0, 1.0);
        1.0 + urgency * (self.config.max_speed.clamp(1.0, 2.0) - 1.0)
    }
}

fn fade_ends(samples: &mut [i16], fade: usize) {
    let fade = fade.min(samples.len() / 2);
    for n in 0..fade {
        let weight = n as f32 / fade as f32;
        let end = samples.len() - 1 - n;
        samples[n] = (f32::from(samples[n]) * weight) as i16;
        samples[end] = (f32::from(samples[end]) * weight) as i16;
    }
}
