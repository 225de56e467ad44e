//! Texts → the sound of one audio track.

use std::{collections::VecDeque, sync::Arc};

use common::LanguageTag;
use futures_util::future::BoxFuture;
use inference::{InferenceError, SynthesizeRequest, Synthesizer};
use media::{
    resample::resample_mono,
    speech_queue::{self, SpeechQueue, SpeechQueueConfig},
};
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::transcription::complete;

/// Events of the track that may wait to be read.
const EVENTS: usize = 256;

/// How texts are spoken.
#[derive(Clone, Debug)]
pub struct SpeechConfig {
    /// The language they are in.
    pub language: LanguageTag,
    /// Rate, pace and bounds of the track.
    pub queue: SpeechQueueConfig,
    /// How many texts may wait for the synthesizer. What is more falls out, oldest first.
    pub backlog: usize,
}

impl SpeechConfig {
    /// The usual values: a track of 48 000 Hz.
    pub fn new(language: LanguageTag) -> Self {
        Self { language, queue: SpeechQueueConfig::default(), backlog: 32 }
    }
}

/// What became of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SpeechEvent<T> {
    /// It begins to be heard.
    Started(T),
    /// It was heard to its end.
    Finished(T),
    /// It is not heard: too much was waiting.
    Dropped(T),
    /// It is not heard: the synthesizer failed, with this error.
    Failed(T, String),
}

/// Speaks texts one after the other: synthesises each in turn and queues it for [`SpeechFrames`].
///
/// A synthesizer that fails is not asked again, beyond its client's own retries: late speech helps nobody.
pub struct Speech<T> {
    config: SpeechConfig,
    synthesizer: Arc<dyn Synthesizer>,
    waiting: VecDeque<(T, String)>,
    request: Option<BoxFuture<'static, Synthesised<T>>>,
    ready: VecDeque<SpeechEvent<T>>,
    shared: Arc<Shared<T>>,
    finished: bool,
}

/// Samples at the track's rate, or why there are none.
type Synthesised<T> = (T, Result<Vec<i16>, String>);

/// The track's side: pull a frame each time one is due.
pub struct SpeechFrames<T> {
    shared: Arc<Shared<T>>,
}

struct Shared<T> {
    inner: Mutex<Inner<T>>,
    changed: Notify,
}

struct Inner<T> {
    queue: SpeechQueue<T>,
    events: VecDeque<SpeechEvent<T>>,
}

/// A synthesizer and the track it speaks on.
pub fn speech<T>(config: SpeechConfig, synthesizer: Arc<dyn Synthesizer>) -> (Speech<T>, SpeechFrames<T>)
where
    T: Clone + Send + 'static,
{
    let inner = Inner { queue: SpeechQueue::new(config.queue.clone()), events: VecDeque::new() };
    let shared = Arc::new(Shared { inner: Mutex::new(inner), changed: Notify::new() });
    let frames = SpeechFrames { shared: Arc::clone(&shared) };
    let speech = Speech {
        config,
        synthesizer,
        waiting: VecDeque::new(),
        request: None,
        ready: VecDeque::new(),
        shared,
        finished: false,
    };
    (speech, frames)
}

impl<T: Clone + Send + 'static> Speech<T> {
    /// Appends a text; `id` names it in the events.
    pub fn say(&mut self, id: T, text: String) {
        self.waiting.push_back((id, text));
        if self.waiting.len() > self.config.backlog
            && let Some((oldest, _)) = self.waiting.pop_front()
        {
            self.ready.push_back(SpeechEvent::Dropped(oldest));
        }
    }

    /// No more texts come. What waits is still spoken.
    pub fn finish(&mut self) {
        self.finished = true;
    }

    /// The next event; `None` once [`finish`](Self::finish) was called and the track is silent. Pending while there is
    /// nothing to do. [`SpeechFrames`] must be pulled meanwhile.
    ///
    /// Cancel-safe: a request in flight goes on at the next call.
    pub async fn next(&mut self) -> Option<SpeechEvent<T>> {
        loop {
            if let Some(event) =
                self.ready.pop_front().or_else(|| self.shared.inner.lock().events.pop_front())
            {
                return Some(event);
            }
            self.start();
            if self.finished && self.request.is_none() && self.shared.inner.lock().queue.is_idle() {
                return None;
            }
            tokio::select! {
                (id, result) = complete(&mut self.request) => match result {
                    Ok(samples) => {
                        self.shared.inner.lock().queue.push(speech_queue::Speech { id, samples });
                    }
                    Err(error) => return Some(SpeechEvent::Failed(id, error)),
                },
                () = self.shared.changed.notified() => {}
            }
        }
    }

    /// Audio that was synthesised and not yet spoken.
    pub fn queued_ms(&self) -> u64 {
        self.shared.inner.lock().queue.queued_ms()
    }

    fn start(&mut self) {
        if self.request.is_some() {
            return;
        }
        let Some((id, text)) = self.waiting.pop_front() else { return };
        let request = SynthesizeRequest { text, language: self.config.language.clone() };
        let (synthesizer, rate) = (Arc::clone(&self.synthesizer), self.config.queue.sample_rate_hz);
        self.request = Some(Box::pin(async move {
            let result = synthesize(synthesizer, request, rate).await;
            (id, result)
        }));
    }
}

/// Synthesises and brings the sound to `rate`, off the async threads.
async fn synthesize(
    synthesizer: Arc<dyn Synthesizer>,
    request: SynthesizeRequest,
    rate: u32,
) -> Result<Vec<i16>, String> {
    let speech = synthesizer.synthesize(request).await.map_err(|error: InferenceError| error.to_string())?;
    if speech.sample_rate_hz == rate {
        return Ok(speech.samples);
    }
    let resample = move || resample_mono(&speech.samples, speech.sample_rate_hz, 1, rate);
    match tokio::task::spawn_blocking(resample).await {
        Ok(result) => result.map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    }
}

impl<T: Clone> SpeechFrames<T> {
    /// Puts the next frame, speech or silence, into `frame`: mono, as long as [`SpeechQueueConfig::frame_ms`].
    /// Call it once per that time. Returns whether something is being spoken.
    pub fn pull(&mut self, frame: &mut Vec<i16>) -> bool {
        let mut inner = self.shared.inner.lock();
        let pulled = inner.queue.pull();
        frame.clear();
        frame.extend_from_slice(pulled.frame);
        let playing = pulled.playing.is_some();
        let events = pulled.events;
        if events.is_empty() {
            return playing;
        }
        inner.events.extend(events.into_iter().map(|event| match event {
            speech_queue::SpeechEvent::Started(id) => SpeechEvent::Started(id),
            speech_queue::SpeechEvent::Finished(id) => SpeechEvent::Finished(id),
            speech_queue::SpeechEvent::Dropped(id) => SpeechEvent::Dropped(id),
        }));
        let excess = inner.events.len().saturating_sub(EVENTS);
        inner.events.drain(..excess);
        drop(inner);
        self.shared.changed.notify_one();
        playing
    }
}
