//! What was said while nobody was there to translate it.

use std::{
    collections::{HashSet, VecDeque},
    time::Duration,
};

use common::{Segment, SegmentId};
use futures_util::{FutureExt, future::BoxFuture};
use tokio::time::Instant;

use super::MtOptions;
use crate::JobContext;

/// How long the captions of the room wait for what was said before them.
const FIRST: Duration = Duration::from_secs(3);

/// What a predecessor left untranslated: asked of the job's log once, then given out piece by piece.
pub(super) struct Missed {
    /// The log's answer, until it is there.
    answer: Option<BoxFuture<'static, Vec<Segment>>>,
    first_until: Instant,
    waiting: VecDeque<Segment>,
    known: HashSet<SegmentId>,
}

impl Missed {
    pub(super) fn new(ctx: &JobContext, options: &MtOptions) -> Self {
        let answer = options.resume_since.zip(ctx.segments()).map(|(since, log)| {
            let language = options.language.clone();
            async move { log.untranslated(&language, since).await }.boxed()
        });
        Self { answer, first_until: Instant::now() + FIRST, waiting: VecDeque::new(), known: HashSet::new() }
    }

    /// Whether the captions of the room should still wait.
    pub(super) fn comes_first(&self) -> bool {
        self.answer.is_some() && Instant::now() < self.first_until
    }

    /// Resolves when the log has answered, or the room need not wait for it any more; never when neither is to come.
    /// Cancel-safe.
    pub(super) async fn progress(&mut self) {
        let first = self.comes_first();
        let Some(answer) = &mut self.answer else { return std::future::pending().await };
        tokio::select! {
            segments = answer => {
                self.answer = None;
                tracing::info!(segments = segments.len(), "missed by the agent before");
                self.known = segments.iter().map(|segment| segment.id.clone()).collect();
                self.waiting = segments.into();
            }
            () = tokio::time::sleep_until(self.first_until), if first => {}
        }
    }

    /// The next of them.
    pub(super) fn pop(&mut self) -> Option<Segment> {
        self.waiting.pop_front()
    }

    /// Whether this segment is one of them: nobody wants to hear it spoken any more.
    pub(super) fn contains(&self, id: &SegmentId) -> bool {
        self.known.contains(id)
    }
}
