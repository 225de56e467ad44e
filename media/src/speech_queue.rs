//! Paces synthesised sentences for one output track.

/// Pace and bounds.
#[derive(Clone, Debug, PartialEq)]
pub struct SpeechQueueConfig {
    /// Rate of everything pushed and pulled.
    pub sample_rate_hz: u32,
    /// Length of one pulled frame.
    pub frame_ms: u32,
    /// Silence between two sentences.
    pub gap_ms: u32,
    /// Above this much waiting audio, speech gets faster, linearly up to `max_speed` at `max_lag_ms`.
    pub speed_up_from_ms: u32,
    /// Above this much waiting audio, the oldest waiting sentences are dropped.
    pub max_lag_ms: u32,
    /// Fastest speech, 1.0 = as synthesised.
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

/// What happened to a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SpeechEvent<T> {
    /// Its first sample is in the frame just pulled.
    Started(T),
    /// Its last sample is in the frame just pulled.
    Finished(T),
    /// It was not spoken, because too much was waiting.
    Dropped(T),
}

/// One frame for the track.
#[derive(Debug)]
pub struct Pulled<'a, T> {
    /// Mono, exactly `frame_ms` long.
    pub frame: &'a [i16],
    /// The sentence being spoken in (the end of) this frame; `None` in silence.
    pub playing: Option<&'a T>,
    /// What happened since the pull before, in order.
    pub events: Vec<SpeechEvent<T>>,
}

/// Sentences in, frames out. Time is the number of samples pulled: pull one frame every `frame_ms`.
pub struct SpeechQueue<T> {
    marker: std::marker::PhantomData<T>,
}

impl<T: Clone> SpeechQueue<T> {
    pub fn new(config: SpeechQueueConfig) -> Self {
        unimplemented!()
    }

    /// Appends a sentence.
    pub fn push(&mut self, speech: Speech<T>) {
        unimplemented!()
    }

    /// The next frame: speech or silence, always full.
    pub fn pull(&mut self) -> Pulled<'_, T> {
        unimplemented!()
    }

    /// Audio not yet spoken, at normal speed.
    pub fn queued_ms(&self) -> u64 {
        unimplemented!()
    }

    /// Nothing is playing and nothing waits.
    pub fn is_idle(&self) -> bool {
        unimplemented!()
    }
}
