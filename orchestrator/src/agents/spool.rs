//! What agents said and is not in the log yet.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use common::{LanguageTag, Segment, clock, persistence::PersistenceError};
use parking_lot::Mutex;
use tokio::{
    sync::{Notify, watch},
    time::sleep,
};
use transcript::{Live, Topic};

/// As many segments wait at most: hours of a session with many languages. Of more the oldest fall out.
const CAPACITY: usize = 50_000;
/// As many are written at once.
const BATCH: usize = 200;
/// Between attempts while the log cannot be written; doubles up to …
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// … this.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Writes the settled segments of a session to its log, in the order in which they come, for as long as it takes.
pub(super) struct Spool {
    live: Live,
    topic: Topic,
    waiting: Mutex<VecDeque<Segment>>,
    more: Notify,
    /// How many were not written yet.
    unwritten: watch::Sender<usize>,
}

impl Spool {
    /// Empty. Nothing is written before [`Self::run`].
    pub(super) fn new(live: Live, topic: Topic) -> Self {
        let (waiting, more, unwritten) = Default::default();
        Self { live, topic, waiting, more, unwritten }
    }

    /// Takes a segment. Never blocks.
    pub(super) fn push(&self, segment: Segment) {
        let mut waiting = self.waiting.lock();
        if waiting.len() >= CAPACITY {
            waiting.pop_front();
            tracing::error!(session.id = %self.topic.session_id, "a segment is lost: too many wait for the log");
        }
        waiting.push_back(segment);
        self.unwritten.send_replace(waiting.len());
        self.more.notify_one();
    }

    /// Waits until everything that came so far is written. Cancel-safe.
    pub(super) async fn flushed(&self) {
        let mut unwritten = self.unwritten.subscribe();
        // The sender is held here.
        let _empty = unwritten.wait_for(|unwritten| *unwritten == 0).await;
    }

    /// Writes what comes, for ever. Cancel-safe: what is not written stays, and what is written again does no harm.
    pub(super) async fn run(self: Arc<Self>) {
        let mut pause = FIRST_PAUSE;
        loop {
            let batch: Vec<_> = self.waiting.lock().iter().take(BATCH).cloned().collect();
            if batch.is_empty() {
                self.more.notified().await;
                continue;
            }
            match self.live.append(&self.topic, &batch, clock::now()).await {
                Ok(_) => {
                    self.written(&batch);
                    pause = FIRST_PAUSE;
                    continue;
                }
                Err(PersistenceError::Failed(error)) if batch.len() == 1 => {
                    tracing::error!(%error, segment.id = %batch[0].id, "a segment is lost: the log refuses it");
                    self.written(&batch);
                    continue;
                }
                Err(PersistenceError::Failed(error)) => {
                    tracing::error!(%error, session.id = %self.topic.session_id, "the log refuses segments");
                    self.write_each(&batch).await;
                    continue;
                }
                Err(error) => {
                    tracing::warn!(%error, session.id = %self.topic.session_id, "segments wait for the log");
                }
            }
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// One of these is refused: the others are not to suffer from it.
    async fn write_each(&self, batch: &[Segment]) {
        for segment in batch {
            let one = std::slice::from_ref(segment);
            match self.live.append(&self.topic, one, clock::now()).await {
                Ok(_) => self.written(one),
                Err(PersistenceError::Failed(error)) => {
                    tracing::error!(%error, segment.id = %segment.id, "a segment is lost: the log refuses it");
                    self.written(one);
                }
                // The rest is tried again.
                Err(PersistenceError::Unavailable(_)) => return,
            }
        }
    }

    fn written(&self, batch: &[Segment]) {
        let mut waiting = self.waiting.lock();
        for segment in batch {
            // It fell out where too many came meanwhile.
            if waiting.front() == Some(segment) {
                waiting.pop_front();
            }
        }
        self.unwritten.send_replace(waiting.len());
    }
}

/// The log as the agents of a session know it.
#[async_trait]
impl agents::SegmentLog for Spool {
    fn write(&self, segment: Segment) {
        self.push(segment);
    }

    async fn flush(&self) {
        self.flushed().await;
    }

    async fn untranslated(&self, language: &LanguageTag, since: DateTime<Utc>) -> Vec<Segment> {
        loop {
            match self.live.log().untranslated(self.topic.session_id, language, since).await {
                Ok(segments) => return segments,
                Err(error) => tracing::warn!(%error, %language, "what was missed cannot be read yet"),
            }
            sleep(LONGEST_PAUSE).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use common::{
        SegmentId, SegmentState,
        ids::{ChannelId, EventId, SessionId},
        live_state::InProcess,
    };
    use transcript::{Entry, InMemory, Position, SegmentLog};

    use super::*;

    /// A log that is away when a test says so, and refuses empty texts.
    #[derive(Default)]
    struct Cuttable {
        log: InMemory,
        away: AtomicBool,
    }

    #[async_trait]
    impl SegmentLog for Cuttable {
        async fn append(
            &self,
            session: SessionId,
            segments: &[Segment],
            now: DateTime<Utc>,
        ) -> Result<Vec<Entry>, PersistenceError> {
            if self.away.load(Ordering::Relaxed) {
                return Err(PersistenceError::Unavailable("a test says so".into()));
            }
            if segments.iter().any(|segment| segment.text.is_empty()) {
                return Err(PersistenceError::Failed("an empty text".into()));
            }
            self.log.append(session, segments, now).await
        }

        async fn entries_after(
            &self,
            session: SessionId,
            language: Option<&LanguageTag>,
            after: Position,
            limit: usize,
        ) -> Result<Vec<Entry>, PersistenceError> {
            self.log.entries_after(session, language, after, limit).await
        }

        async fn entries_before(
            &self,
            session: SessionId,
            language: Option<&LanguageTag>,
            before: Option<Position>,
            limit: usize,
        ) -> Result<Vec<Entry>, PersistenceError> {
            self.log.entries_before(session, language, before, limit).await
        }

        async fn segments(
            &self,
            session: SessionId,
            language: &LanguageTag,
        ) -> Result<Vec<Segment>, PersistenceError> {
            self.log.segments(session, language).await
        }

        async fn untranslated(
            &self,
            session: SessionId,
            language: &LanguageTag,
            since: DateTime<Utc>,
        ) -> Result<Vec<Segment>, PersistenceError> {
            self.log.untranslated(session, language, since).await
        }
    }

    fn segment(text: &str) -> Segment {
        Segment {
            id: SegmentId::generate(),
            speaker: "ana".to_owned(),
            language: "en-US".parse().expect("a language"),
            source_language: "en-US".parse().expect("a language"),
            text: text.to_owned(),
            start_ms: 0,
            end_ms: 1,
            revision: 0,
            state: SegmentState::Final,
        }
    }

    fn spool(log: &Arc<Cuttable>) -> Arc<Spool> {
        let topic = Topic {
            event_id: EventId::new(123_457).expect("an id"),
            channel_id: ChannelId::new(1).expect("an id"),
            session_id: SessionId::generate(),
        };
        let spool = Arc::new(Spool::new(Live::new(Arc::clone(log) as _, Arc::new(InProcess::new())), topic));
        tokio::spawn(Arc::clone(&spool).run());
        spool
    }

    async fn texts(spool: &Spool, log: &Cuttable) -> Vec<String> {
        let entries = log.log.entries_after(spool.topic.session_id, None, Position(0), 5_000).await;
        entries.expect("a log").into_iter().map(|entry| entry.segment.text).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn a_minute_without_the_log_loses_nothing_and_keeps_the_order() {
        let log = Arc::new(Cuttable::default());
        let spool = spool(&log);
        log.away.store(true, Ordering::Relaxed);
        let said: Vec<_> = (0..1_000).map(|n| format!("sentence {n}")).collect();
        for text in &said {
            spool.push(segment(text));
        }
        sleep(Duration::from_secs(60)).await;
        assert!(texts(&spool, &log).await.is_empty());
        log.away.store(false, Ordering::Relaxed);
        spool.flushed().await;
        assert_eq!(texts(&spool, &log).await, said);
    }

    #[tokio::test(start_paused = true)]
    async fn a_segment_that_is_refused_does_not_hold_up_the_others() {
        let log = Arc::new(Cuttable::default());
        let spool = spool(&log);
        for text in ["one", "", "three"] {
            spool.push(segment(text));
        }
        spool.flushed().await;
        assert_eq!(texts(&spool, &log).await, ["one", "three"]);
    }
}
