//! The queue between an application's `capture_frame` and the encoder of each sender.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use parking_lot::Mutex;
use tokio::{sync::Notify, time::Instant};

use super::{codec_channels, codec_rate, resample::Resampler};
use crate::audio_frame::AudioFrame;

/// How long a reader may pause before the queue counts as not read and runs dry in real time.
const READER_GRACE: Duration = Duration::from_millis(500);
/// How far a slow reader may fall behind the fastest one before it skips.
const READER_LAG_MS: u64 = 200;
/// Bound of the queue of a source without a queue of its own (`queue_size_ms` 0).
const DIRECT_QUEUE_MS: u64 = 120;
/// What is drained at once while nobody reads.
const DRAIN_STEP_MS: u64 = 10;

/// Why a frame was not accepted. None of these helps to retry with the same frame.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CaptureError {
    /// The frame's rate or channel count is not the source's.
    #[error(
        "frame has {frame_rate} Hz, {frame_channels} channels, but the source {rate} Hz, {channels} channels"
    )]
    FormatMismatch { frame_rate: u32, frame_channels: u32, rate: u32, channels: u32 },
    /// The number of samples is not a multiple of the channel count.
    #[error("{samples} samples are no whole number of frames of {channels} channels")]
    PartialFrame { samples: usize, channels: u32 },
    /// A source without a queue takes frames of 10 ms only.
    #[error("a source without a queue takes 10 ms, {expected} samples per channel, not {got}")]
    NotTenMs { got: usize, expected: usize },
}

/// PCM on its way to the encoders, with back-pressure on the application that gives it.
///
/// Samples are kept at the rate that libopus encodes ([`codec_rate`]) with one or two channels: a source of another
/// rate is resampled as it comes in, and of more than two channels the first two are taken.
///
/// Several senders may read one source; each sees all of it. While nobody reads (the track is not published, or its
/// peer connection hangs) the queue runs dry in real time, so that [`capture`](Self::capture) keeps its pace and
/// never waits for ever.
#[derive(Debug)]
pub(crate) struct SourceQueue {
    sample_rate: u32,
    channels: u32,
    rate: u32,
    width: usize,
    /// In frames at `rate`; `None` without a queue of its own.
    capacity: Option<u64>,
    state: Mutex<State>,
    /// Held by the capture whose samples go in now, so that frames do not mix. Has the resampler, if one is needed.
    turn: tokio::sync::Mutex<Converter>,
    /// Samples have left the queue.
    space: Notify,
}

#[derive(Debug)]
struct Converter {
    resampler: Option<Resampler>,
    /// The [`State::clears`] that the resampler has seen.
    clears: u64,
}

#[derive(Debug)]
struct State {
    /// Interleaved.
    samples: VecDeque<i16>,
    /// Position of the first of `samples`, in frames since the source was made.
    front: u64,
    readers: Vec<Cursor>,
    next_reader: u64,
    clears: u64,
    /// Up to here consumption is accounted for; after it an unread queue runs dry.
    settled: Instant,
    dropped_frames: u64,
}

#[derive(Debug)]
struct Cursor {
    id: u64,
    /// Of the next frame to read.
    position: u64,
    /// Samples have come in.
    filled: Arc<Notify>,
}

impl State {
    fn end(&self, width: usize) -> u64 {
        self.front + (self.samples.len() / width) as u64
    }

    fn wake_readers(&self) {
        for reader in &self.readers {
            reader.filled.notify_one();
        }
    }

    fn drop_front(&mut self, frames: u64, width: usize) {
        let frames = frames.min((self.samples.len() / width) as u64);
        self.samples.drain(..frames as usize * width);
        self.front += frames;
        for reader in &mut self.readers {
            reader.position = reader.position.max(self.front);
        }
    }
}

impl SourceQueue {
    /// A queue for frames of `sample_rate` Hz and `channels`, that holds `queue_size_ms`.
    ///
    /// With `queue_size_ms` 0 there is no back-pressure: [`capture`](Self::capture) takes frames of exactly 10 ms and
    /// returns at once; when they come faster than real time, what is older than 120 ms is dropped.
    ///
    /// # Panics
    ///
    /// When `queue_size_ms` is not a multiple of 10, `sample_rate` is under 100 or `channels` is 0.
    pub(crate) fn new(sample_rate: u32, channels: u32, queue_size_ms: u32) -> Arc<Self> {
        assert!(queue_size_ms.is_multiple_of(10), "queue_size_ms must be a multiple of 10");
        assert!(sample_rate >= 100 && channels > 0, "an audio source needs a sample rate and a channel");
        let rate = codec_rate(sample_rate);
        let width = codec_channels(channels) as usize;
        let resampler = (rate != sample_rate)
            .then(|| Resampler::new(sample_rate, rate, width).expect("a positive ratio and chunk are valid"));
        Arc::new(Self {
            sample_rate,
            channels,
            rate,
            width,
            capacity: (queue_size_ms > 0).then(|| u64::from(queue_size_ms) * u64::from(rate) / 1_000),
            state: Mutex::new(State {
                samples: VecDeque::new(),
                front: 0,
                readers: Vec::new(),
                next_reader: 0,
                clears: 0,
                settled: Instant::now(),
                dropped_frames: 0,
            }),
            turn: tokio::sync::Mutex::new(Converter { resampler, clears: 0 }),
            space: Notify::new(),
        })
    }

    /// The rate of the frames that [`capture`](Self::capture) takes, in Hz.
    pub(crate) fn sample_rate(&self) -> u32 {
        self.sample_rate
    }

    /// The channel count of the frames that [`capture`](Self::capture) takes.
    pub(crate) fn channels(&self) -> u32 {
        self.channels
    }

    /// Queues `frame` and returns when all its samples are in the queue, which paces the caller to real time.
    ///
    /// Frames may have any length, also more than the queue holds; concurrent calls go in whole, first come first
    /// served. [`clear`](Self::clear) also drops what a waiting call has not queued yet, and ends its wait.
    ///
    /// Cancel-safety: a dropped call leaves a beginning of its frame in the queue, of any length; what was not queued
    /// yet is gone. Call [`clear`](Self::clear) to be rid of the rest.
    pub(crate) async fn capture(&self, frame: &AudioFrame<'_>) -> Result<(), CaptureError> {
        self.check(frame)?;
        let clears = self.state.lock().clears;
        let mut turn = self.turn.lock().await;
        if self.state.lock().clears != clears {
            return Ok(());
        }
        let samples = turn.convert(&frame.data, self.channels as usize, self.width, clears);
        let Some(capacity) = self.capacity else {
            self.push_direct(&samples);
            return Ok(());
        };
        let mut rest: &[i16] = &samples;
        loop {
            let space = self.space.notified();
            let unread = {
                let mut state = self.state.lock();
                self.settle(&mut state, Instant::now());
                if state.clears != clears {
                    return Ok(());
                }
                let room = capacity.saturating_sub((state.samples.len() / self.width) as u64) as usize;
                let (fits, later) = rest.split_at((room * self.width).min(rest.len()));
                state.samples.extend(fits);
                rest = later;
                state.wake_readers();
                state.readers.is_empty()
            };
            if rest.is_empty() {
                return Ok(());
            }
            // Nobody wakes this up while nobody reads: look at the clock then.
            let look_again = if unread { Duration::from_millis(DRAIN_STEP_MS) } else { READER_GRACE / 5 };
            let _ = tokio::time::timeout(look_again, space).await;
        }
    }

    /// Drops all samples that wait, here and in calls of [`capture`](Self::capture) that have not returned.
    pub(crate) fn clear(&self) {
        let mut state = self.state.lock();
        state.drop_front(u64::MAX, self.width);
        state.clears += 1;
        drop(state);
        self.space.notify_waiters();
    }

    /// A new reader: the first one starts with what waits in the queue, further ones with what the first takes next.
    ///
    /// `filled` gets a permit (`notify_one`) when samples have come in.
    pub(crate) fn reader(self: &Arc<Self>, filled: Arc<Notify>) -> SourceReader {
        let mut state = self.state.lock();
        let now = Instant::now();
        self.settle(&mut state, now);
        state.settled = state.settled.max(now + READER_GRACE);
        let position = state.readers.iter().map(|reader| reader.position).max().unwrap_or(state.front);
        let id = state.next_reader;
        state.next_reader += 1;
        state.readers.push(Cursor { id, position, filled });
        SourceReader { queue: Arc::clone(self), id }
    }

    fn check(&self, frame: &AudioFrame<'_>) -> Result<(), CaptureError> {
        let (rate, channels) = (self.sample_rate, self.channels);
        if frame.sample_rate != rate || frame.num_channels != channels {
            let (frame_rate, frame_channels) = (frame.sample_rate, frame.num_channels);
            return Err(CaptureError::FormatMismatch { frame_rate, frame_channels, rate, channels });
        }
        let samples = frame.data.len();
        if !samples.is_multiple_of(channels as usize) {
            return Err(CaptureError::PartialFrame { samples, channels });
        }
        let (got, expected) = (samples / channels as usize, (rate / 100) as usize);
        if self.capacity.is_none() && got != expected {
            return Err(CaptureError::NotTenMs { got, expected });
        }
        Ok(())
    }

    fn push_direct(&self, samples: &[i16]) {
        let mut state = self.state.lock();
        self.settle(&mut state, Instant::now());
        state.samples.extend(samples);
        let bound = self.frames(DIRECT_QUEUE_MS);
        let excess = ((state.samples.len() / self.width) as u64).saturating_sub(bound);
        state.drop_front(excess, self.width);
        if excess > 0 {
            state.dropped_frames += excess;
            log::debug!("audio is captured faster than real time: {} samples dropped", state.dropped_frames);
        }
        state.wake_readers();
    }

    /// Lets the queue run dry by the time that went by without a reader.
    fn settle(&self, state: &mut State, now: Instant) {
        if state.samples.is_empty() {
            let grace = if state.readers.is_empty() { Duration::ZERO } else { READER_GRACE };
            state.settled = now + grace;
            return;
        }
        let steps = now.saturating_duration_since(state.settled).as_millis() as u64 / DRAIN_STEP_MS;
        if steps > 0 {
            state.drop_front(steps.saturating_mul(self.frames(DRAIN_STEP_MS)), self.width);
            state.settled += Duration::from_millis(steps * DRAIN_STEP_MS);
        }
    }

    fn frames(&self, ms: u64) -> u64 {
        ms * u64::from(self.rate) / 1_000
    }
}

impl Converter {
    /// The samples at the codec's rate and width.
    fn convert(&mut self, data: &[i16], channels: usize, width: usize, clears: u64) -> Vec<i16> {
        let narrow: Vec<i16> = if channels == width {
            data.to_vec()
        } else {
            data.chunks_exact(channels).flat_map(|frame| &frame[..width]).copied().collect()
        };
        let Some(resampler) = &mut self.resampler else { return narrow };
        if self.clears != clears {
            self.clears = clears;
            resampler.reset();
        }
        let mut converted = Vec::with_capacity(narrow.len() * 3);
        resampler.process(&narrow, &mut converted);
        converted
    }
}

/// A sender's place in a [`SourceQueue`]. Dropping it detaches the sender.
#[derive(Debug)]
pub(crate) struct SourceReader {
    queue: Arc<SourceQueue>,
    id: u64,
}

impl SourceReader {
    /// Rate of the samples that [`take`](Self::take) gives, in Hz: one that libopus encodes.
    pub(crate) fn rate(&self) -> u32 {
        self.queue.rate
    }

    /// Channels of the samples that [`take`](Self::take) gives: 1 or 2.
    pub(crate) fn width(&self) -> usize {
        self.queue.width
    }

    /// Samples per channel that wait for this reader.
    pub(crate) fn available(&self) -> usize {
        let state = self.queue.state.lock();
        (state.end(self.queue.width) - self.position(&state)) as usize
    }

    /// Appends up to `frames` samples per channel, interleaved, to `out` and returns how many there were.
    pub(crate) fn take(&self, frames: usize, out: &mut Vec<i16>) -> usize {
        let queue = &self.queue;
        let mut state = queue.state.lock();
        let position = self.position(&state);
        let taken = (state.end(queue.width) - position).min(frames as u64);
        let start = (position - state.front) as usize * queue.width;
        out.extend(state.samples.range(start..start + taken as usize * queue.width));
        for reader in state.readers.iter_mut().filter(|reader| reader.id == self.id) {
            reader.position += taken;
        }
        state.settled = Instant::now() + READER_GRACE;
        let positions = state.readers.iter().map(|reader| reader.position);
        let (slowest, fastest) = (positions.clone().min().unwrap_or(0), positions.max().unwrap_or(0));
        let keep_from = slowest.max(fastest.saturating_sub(queue.frames(READER_LAG_MS)));
        let gone = keep_from.saturating_sub(state.front);
        state.drop_front(gone, queue.width);
        drop(state);
        if gone > 0 {
            queue.space.notify_waiters();
        }
        taken as usize
    }

    fn position(&self, state: &State) -> u64 {
        let own = state.readers.iter().find(|reader| reader.id == self.id);
        own.map_or(state.front, |reader| reader.position)
    }
}

impl Drop for SourceReader {
    fn drop(&mut self) {
        let mut state = self.queue.state.lock();
        state.readers.retain(|reader| reader.id != self.id);
        if state.readers.is_empty() {
            state.settled = Instant::now();
        }
        drop(state);
        self.queue.space.notify_waiters();
    }
}
