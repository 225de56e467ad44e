//! Frames between the playout clock and the application's stream.

use std::{
    collections::VecDeque,
    task::{Context, Poll, Waker},
};

use parking_lot::Mutex;

use crate::audio_frame::AudioFrame;

/// Bound of a queue that was asked to have none: one minute.
const UNBOUNDED_FRAMES: usize = 6_000;

/// A queue that never blocks its writer: when full, the oldest frame goes.
#[derive(Debug)]
pub(crate) struct FrameQueue {
    capacity: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    frames: VecDeque<AudioFrame<'static>>,
    waker: Option<Waker>,
    ended: bool,
    dropped: u64,
}

impl FrameQueue {
    /// Holds up to `capacity` frames; `None` holds a minute.
    pub(crate) fn new(capacity: Option<usize>) -> Self {
        let capacity = capacity.filter(|&frames| frames > 0).unwrap_or(UNBOUNDED_FRAMES);
        Self { capacity, state: Mutex::default() }
    }

    /// Adds a frame and wakes the reader; after the end it is dropped.
    pub(crate) fn push(&self, frame: AudioFrame<'static>) {
        let mut state = self.state.lock();
        if state.ended {
            return;
        }
        if state.frames.len() >= self.capacity {
            state.frames.pop_front();
            state.dropped += 1;
            if state.dropped == 1 || state.dropped.is_multiple_of(1_000) {
                log::warn!("audio stream is read too slowly: {} frames dropped", state.dropped);
            }
        }
        state.frames.push_back(frame);
        let waker = state.waker.take();
        drop(state);
        wake(waker);
    }

    /// The next frame; `None` after the last one.
    ///
    /// Cancel-safe: a frame leaves the queue only when it is returned. One reader at a time is woken.
    pub(crate) fn poll_next(&self, cx: &mut Context<'_>) -> Poll<Option<AudioFrame<'static>>> {
        let mut state = self.state.lock();
        if let Some(frame) = state.frames.pop_front() {
            return Poll::Ready(Some(frame));
        }
        if state.ended {
            return Poll::Ready(None);
        }
        state.waker = Some(cx.waker().clone());
        Poll::Pending
    }

    /// No frame comes any more; those that wait can still be read.
    pub(crate) fn end(&self) {
        let mut state = self.state.lock();
        state.ended = true;
        let waker = state.waker.take();
        drop(state);
        wake(waker);
    }

    /// Nobody reads any more: ends and drops what waits.
    pub(crate) fn close(&self) {
        self.state.lock().frames.clear();
        self.end();
    }

    /// Whether [`end`](Self::end) or [`close`](Self::close) was called.
    pub(crate) fn is_ended(&self) -> bool {
        self.state.lock().ended
    }

    /// Frames that were dropped because the queue was full.
    pub(crate) fn dropped(&self) -> u64 {
        self.state.lock().dropped
    }
}

/// Outside of the lock: a waker may run anything.
fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(mark: i16) -> AudioFrame<'static> {
        AudioFrame { data: vec![mark].into(), sample_rate: 8_000, num_channels: 1, samples_per_channel: 1 }
    }

    fn read(queue: &FrameQueue) -> Poll<Option<i16>> {
        let mut cx = Context::from_waker(Waker::noop());
        queue.poll_next(&mut cx).map(|frame| frame.map(|frame| frame.data[0]))
    }

    #[test]
    fn a_full_queue_drops_its_oldest_frame_and_counts_it() {
        let queue = FrameQueue::new(Some(2));
        for mark in 1..=3 {
            queue.push(frame(mark));
        }
        assert_eq!(read(&queue), Poll::Ready(Some(2)));
        assert_eq!(read(&queue), Poll::Ready(Some(3)));
        assert_eq!(read(&queue), Poll::Pending);
        assert_eq!(queue.dropped(), 1);
    }

    #[test]
    fn a_queue_without_a_bound_holds_a_minute() {
        for queue in [FrameQueue::new(None), FrameQueue::new(Some(0))] {
            for mark in 0..6_001 {
                queue.push(frame(mark));
            }
            assert_eq!(queue.dropped(), 1);
            assert_eq!(read(&queue), Poll::Ready(Some(1)));
        }
    }

    #[test]
    fn an_ended_queue_gives_its_frames_and_then_none_for_ever() {
        let queue = FrameQueue::new(Some(4));
        queue.push(frame(1));
        queue.end();
        queue.push(frame(2));
        assert_eq!(read(&queue), Poll::Ready(Some(1)));
        assert_eq!(read(&queue), Poll::Ready(None));
        assert_eq!(read(&queue), Poll::Ready(None));
    }

    #[test]
    fn a_closed_queue_gives_nothing() {
        let queue = FrameQueue::new(Some(4));
        queue.push(frame(1));
        queue.close();
        assert_eq!(read(&queue), Poll::Ready(None));
    }
}
