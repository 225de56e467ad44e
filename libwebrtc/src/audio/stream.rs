//! The receiving end of a track as one application stream sees it.

use std::{
    sync::Arc,
    task::{Context, Poll},
    time::Instant,
};

use parking_lot::Mutex;

use super::{frame_queue::FrameQueue, playout::Playout, stats::PlayoutStats};
use crate::audio_frame::AudioFrame;

/// Packets in from the receiver, a frame out every 10 ms to the application.
///
/// Each stream of a track has its own: streams may want different rates. A [`PlayoutClock`](super::PlayoutClock) has
/// to know it, or no frames come.
#[derive(Debug)]
pub(crate) struct AudioSink {
    playout: Mutex<Playout>,
    queue: FrameQueue,
}

impl AudioSink {
    /// A sink that gives frames of `sample_rate` Hz and `channels` channels and holds up to `queue_frames` of them for
    /// the application, dropping the oldest; `None` holds a minute.
    ///
    /// # Errors
    ///
    /// When libopus has no memory.
    pub(crate) fn new(
        sample_rate: u32,
        channels: u32,
        queue_frames: Option<usize>,
    ) -> Result<Arc<Self>, opus::Error> {
        let playout = Mutex::new(Playout::new(sample_rate, channels)?);
        Ok(Arc::new(Self { playout, queue: FrameQueue::new(queue_frames) }))
    }

    /// Takes in a packet: `seq` and `rtp_time` (48 kHz ticks) extended, `payload` one Opus packet.
    pub(crate) fn push_rtp(&self, seq: u64, rtp_time: u64, payload: &[u8], arrival: Instant) {
        if !self.queue.is_ended() {
            self.playout.lock().push(seq, rtp_time, payload, arrival);
        }
    }

    /// Another SSRC sends from now on.
    pub(crate) fn reset(&self) {
        self.playout.lock().reset();
    }

    /// The track has ended: the stream gives what is queued and then `None`.
    pub(crate) fn end(&self) {
        self.queue.end();
    }

    /// The application has closed its stream: it gives `None` from now on.
    pub(crate) fn close(&self) {
        self.queue.close();
    }

    /// Whether no more frames come.
    pub(crate) fn is_ended(&self) -> bool {
        self.queue.is_ended()
    }

    /// Queues the 10 ms to be heard at `now`.
    pub(crate) fn tick(&self, now: Instant) {
        if !self.queue.is_ended() {
            let frame = self.playout.lock().pull_10ms(now);
            self.queue.push(frame);
        }
    }

    /// The next frame, or `None` after the end. Cancel-safe.
    pub(crate) fn poll_next(&self, cx: &mut Context<'_>) -> Poll<Option<AudioFrame<'static>>> {
        self.queue.poll_next(cx)
    }

    /// What was done so far.
    pub(crate) fn stats(&self) -> PlayoutStats {
        PlayoutStats { frames_dropped: self.queue.dropped(), ..self.playout.lock().stats() }
    }
}
