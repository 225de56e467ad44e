//! The log, and what is written to it as it is written.

mod fan_out;
mod follower;
mod tail;

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Weak},
};

use chrono::{DateTime, Utc};
use common::{
    LanguageTag, Segment,
    ids::{ChannelId, EventId, SessionId},
    live_state::LiveState,
    persistence::PersistenceError,
};
use futures_util::stream::BoxStream;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use self::{fan_out::FanOut, follower::Follower, tail::Tail};
use crate::{Entry, Position, SegmentLog};

/// What is followed: one session, and the channel in which it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Topic {
    /// The event.
    pub event_id: EventId,
    /// Its channel.
    pub channel_id: ChannelId,
    /// The session in that channel.
    pub session_id: SessionId,
}

impl Topic {
    /// Where entries of `language` are told to all processes. Sessions of one channel share it.
    pub fn stream(&self, language: &LanguageTag) -> String {
        format!("live:event:{}:captions:{}:{language}", self.event_id, self.channel_id)
    }
}

/// An entry as it is told to all processes.
#[derive(Debug, Serialize, Deserialize)]
struct Told {
    session_id: SessionId,
    #[serde(flatten)]
    entry: Entry,
}

/// The log together with the live state: what is appended here is told to the followers of every process. The log is
/// the truth; without the live state entries come up to two seconds later. Clones share all of it.
#[derive(Clone)]
pub struct Live(Arc<Shared>);

/// By what they tell of.
type Tails = HashMap<(Topic, BTreeSet<LanguageTag>), Weak<Tail>>;

struct Shared {
    log: Arc<dyn SegmentLog>,
    state: Arc<dyn LiveState>,
    fan_out: FanOut,
    /// Those that somebody follows, and some that nobody does any more.
    tails: Mutex<Tails>,
}

impl Live {
    /// Over these. Has to be called within a tokio runtime.
    pub fn new(log: Arc<dyn SegmentLog>, state: Arc<dyn LiveState>) -> Self {
        let fan_out = FanOut::spawn(Arc::clone(&state));
        Self(Arc::new(Shared { log, state, fan_out, tails: Mutex::default() }))
    }

    /// The log underneath.
    pub fn log(&self) -> &Arc<dyn SegmentLog> {
        &self.0.log
    }

    /// Appends as [`SegmentLog::append`] does, and tells the followers without waiting for that to succeed. When the
    /// future is dropped, either nothing happened or followers get it within two seconds.
    pub async fn append(
        &self,
        topic: &Topic,
        segments: &[Segment],
        now: DateTime<Utc>,
    ) -> Result<Vec<Entry>, PersistenceError> {
        let entries = self.0.log.append(topic.session_id, segments, now).await?;
        self.0.fan_out.tell(topic, &entries);
        Ok(entries)
    }

    /// The entries after `after`, of `language` or of all: first those that are there, then each as it is written; by
    /// position, without gaps or doubles. Never ends by itself; while log or live state are away it waits.
    ///
    /// `languages` are those of the session. Entries of others come up to two seconds later. All who follow the same
    /// session share one connection to the live state. A follower that is not read holds up nobody. Has to be called
    /// within a tokio runtime.
    pub fn follow(
        &self,
        topic: &Topic,
        languages: &[LanguageTag],
        language: Option<LanguageTag>,
        after: Position,
    ) -> BoxStream<'static, Entry> {
        let tail = self.tail(topic, languages);
        Follower::new(tail, Arc::clone(&self.0.log), topic.session_id, language, after).into_stream()
    }

    fn tail(&self, topic: &Topic, languages: &[LanguageTag]) -> Arc<Tail> {
        let key = (*topic, languages.iter().cloned().collect::<BTreeSet<_>>());
        let mut tails = self.0.tails.lock();
        if let Some(tail) = tails.get(&key).and_then(Weak::upgrade) {
            return tail;
        }
        tails.retain(|_, tail| tail.strong_count() > 0);
        let streams = key.1.iter().map(|language| topic.stream(language)).collect();
        let (log, state) = (Arc::clone(&self.0.log), Arc::clone(&self.0.state));
        let tail = Arc::new(Tail::spawn(log, state, topic.session_id, streams));
        tails.insert(key, Arc::downgrade(&tail));
        tail
    }
}
