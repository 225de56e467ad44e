//! One reader of a log: its history, then what is written.

use std::{collections::VecDeque, sync::Arc};

use common::{LanguageTag, ids::SessionId};
use futures_util::{
    StreamExt as _,
    stream::{self, BoxStream},
};
use tokio::{
    sync::broadcast::{self, error::RecvError},
    time::sleep,
};

use super::tail::{PAGE, RETRY, Tail};
use crate::{Entry, Position, SegmentLog};

pub(super) struct Follower {
    tail: Arc<Tail>,
    written: broadcast::Receiver<Arc<Entry>>,
    log: Arc<dyn SegmentLog>,
    session: SessionId,
    language: Option<LanguageTag>,
    /// Nothing up to here is handed on any more.
    cursor: Position,
    page: VecDeque<Entry>,
    /// Whether the log has to be read before what is written is taken.
    behind: bool,
}

impl Follower {
    pub(super) fn new(
        tail: Arc<Tail>,
        log: Arc<dyn SegmentLog>,
        session: SessionId,
        language: Option<LanguageTag>,
        after: Position,
    ) -> Self {
        let written = tail.subscribe();
        Self { tail, written, log, session, language, cursor: after, page: VecDeque::new(), behind: true }
    }

    pub(super) fn into_stream(self) -> BoxStream<'static, Entry> {
        stream::unfold(self, async |mut follower| Some((follower.next().await, follower))).boxed()
    }

    async fn next(&mut self) -> Entry {
        loop {
            if let Some(entry) = self.page.pop_front() {
                self.cursor = entry.position;
                return entry;
            }
            if self.behind {
                self.read().await;
                continue;
            }
            match self.written.recv().await {
                Ok(entry) if entry.position > self.cursor => {
                    self.cursor = entry.position;
                    if self.language.as_ref().is_none_or(|language| *language == entry.segment.language) {
                        return Entry::clone(&entry);
                    }
                }
                // The log had it.
                Ok(_) => {}
                Err(RecvError::Lagged(_)) => self.behind = true,
                Err(RecvError::Closed) => std::future::pending().await,
            }
        }
    }

    /// Reads a page of the log. What is written meanwhile waits in `written`, and is there once more.
    async fn read(&mut self) {
        self.tail.has_begun().await;
        match self.log.entries_after(self.session, self.language.as_ref(), self.cursor, PAGE).await {
            Ok(page) => {
                self.behind = page.len() == PAGE;
                self.page = page.into();
            }
            Err(error) => {
                tracing::debug!(session.id = %self.session, %error, "a follower waits for the log");
                sleep(RETRY).await;
            }
        }
    }
}
