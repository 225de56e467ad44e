//! Utterances that wait for the transcriber.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use common::SegmentId;
use tokio::time::Instant;

/// A finished utterance.
#[derive(Clone, Debug)]
pub(super) struct Pending {
    pub(super) id: SegmentId,
    /// The revision its final will have.
    pub(super) revision: u32,
    /// An interim of it was shown.
    pub(super) shown: bool,
    /// On the session's media clock.
    pub(super) start_ms: u64,
    pub(super) end_ms: u64,
    /// Mono, 16 000 Hz.
    pub(super) samples: Arc<[i16]>,
    pub(super) audio_ms: u64,
    pub(super) end_of_speech: Instant,
    pub(super) endpointing: Duration,
}

/// Speech that was lost: a stretch of the media clock, under the id of its first utterance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Gap {
    pub(super) id: SegmentId,
    pub(super) revision: u32,
    pub(super) start_ms: u64,
    pub(super) end_ms: u64,
    pub(super) utterances: u64,
    pub(super) audio_ms: u64,
}

impl From<&Pending> for Gap {
    fn from(lost: &Pending) -> Self {
        Self {
            id: lost.id.clone(),
            revision: lost.revision,
            start_ms: lost.start_ms,
            end_ms: lost.end_ms,
            utterances: 1,
            audio_ms: lost.audio_ms,
        }
    }
}

/// What comes next.
#[derive(Debug)]
pub(super) enum Next {
    Gap(Gap),
    Utterance(Pending),
}

/// A queue bounded by its seconds of audio. What falls out is the oldest, and leaves one gap in its place.
#[derive(Debug)]
pub(super) struct Backlog {
    bound_ms: u64,
    waiting_ms: u64,
    gap: Option<Gap>,
    waiting: VecDeque<Pending>,
}

impl Backlog {
    pub(super) fn new(bound: Duration) -> Self {
        Self { bound_ms: bound.as_millis() as u64, waiting_ms: 0, gap: None, waiting: VecDeque::new() }
    }

    /// Appends an utterance; returns those that fell out into the gap.
    pub(super) fn push(&mut self, utterance: Pending) -> Vec<Pending> {
        self.waiting_ms += utterance.audio_ms;
        self.waiting.push_back(utterance);
        let mut dropped = Vec::new();
        while self.waiting_ms > self.bound_ms
            && let Some(oldest) = self.waiting.pop_front()
        {
            self.waiting_ms -= oldest.audio_ms;
            match &mut self.gap {
                Some(gap) => {
                    gap.end_ms = oldest.end_ms;
                    gap.utterances += 1;
                    gap.audio_ms += oldest.audio_ms;
                }
                None => self.gap = Some(Gap::from(&oldest)),
            }
            dropped.push(oldest);
        }
        dropped
    }

    pub(super) fn pop(&mut self) -> Option<Next> {
        if let Some(gap) = self.gap.take() {
            return Some(Next::Gap(gap));
        }
        let next = self.waiting.pop_front()?;
        self.waiting_ms -= next.audio_ms;
        Some(Next::Utterance(next))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.gap.is_none() && self.waiting.is_empty()
    }

    pub(super) fn waiting_ms(&self) -> u64 {
        self.waiting_ms
    }
}
