//! Live state of one process.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use futures_util::stream::BoxStream;
use parking_lot::Mutex;
use tokio::time::Instant;

use super::{LiveState, LiveStateError, Notice, hub, hub::Hub, members::Sets, streams::Relay};

/// When there are more keys, those that would expire first go.
const MAX_KEYS: usize = 20_000;
/// The longest time to live; longer ones are cut.
const MAX_TTL: Duration = Duration::from_secs(366 * 24 * 3600);

/// Keys and notices within this process: for `ilenia dev`, for tests, and for services without Redis.
#[derive(Default)]
pub struct InProcess {
    keys: Mutex<Keys>,
    hub: Hub,
    pub(super) sets: Sets,
    pub(super) relay: Relay,
}

#[derive(Default)]
struct Keys {
    values: HashMap<Arc<str>, (Arc<str>, Instant)>,
    by_end: BTreeSet<(Instant, Arc<str>)>,
}

impl Keys {
    fn remove(&mut self, key: &str) {
        if let Some((key, (_, end))) = self.values.remove_entry(key) {
            self.by_end.remove(&(end, key));
        }
    }

    fn remove_ended(&mut self, now: Instant) {
        while self.by_end.first().is_some_and(|(end, _)| *end <= now) {
            self.remove_first();
        }
    }

    fn remove_first(&mut self) {
        if let Some((_, key)) = self.by_end.pop_first() {
            self.values.remove(&key);
        }
    }
}

impl InProcess {
    /// Empty.
    pub fn new() -> Self {
        Self::default()
    }
}

#[async_trait]
impl LiveState for InProcess {
    async fn get(&self, key: &str) -> Result<Option<String>, LiveStateError> {
        let mut keys = self.keys.lock();
        keys.remove_ended(Instant::now());
        Ok(keys.values.get(key).map(|(value, _)| value.to_string()))
    }

    async fn set(&self, key: &str, value: &str, ttl: Duration) -> Result<(), LiveStateError> {
        let now = Instant::now();
        let mut keys = self.keys.lock();
        keys.remove(key);
        keys.remove_ended(now);
        if keys.values.len() >= MAX_KEYS {
            keys.remove_first();
        }
        if !ttl.is_zero() {
            let (key, end): (Arc<str>, _) = (key.into(), now + ttl.min(MAX_TTL));
            keys.by_end.insert((end, Arc::clone(&key)));
            keys.values.insert(key, (value.into(), end));
        }
        Ok(())
    }

    async fn delete(&self, key: &str) -> Result<(), LiveStateError> {
        self.keys.lock().remove(key);
        self.sets.delete(key);
        Ok(())
    }

    async fn publish(&self, channel: &str, message: &str) -> Result<(), LiveStateError> {
        self.hub.send(channel, Notice::Message(message.to_owned()));
        Ok(())
    }

    async fn subscribe(&self, channel: &str) -> Result<BoxStream<'static, Notice>, LiveStateError> {
        Ok(hub::notices(self.hub.subscribe(channel)))
    }

    async fn check(&self) -> Result<(), LiveStateError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{FutureExt as _, StreamExt as _};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_key_ends_with_its_time_to_live() {
        let state = InProcess::new();
        state.set("a", "1", Duration::from_secs(10)).await.unwrap();
        state.set("b", "2", Duration::from_secs(10)).await.unwrap();
        state.set("b", "3", Duration::from_secs(20)).await.unwrap();
        tokio::time::advance(Duration::from_secs(10)).await;
        assert_eq!(state.get("a").await.unwrap(), None);
        assert_eq!(state.get("b").await.unwrap().as_deref(), Some("3"));
        state.delete("b").await.unwrap();
        assert_eq!(state.get("b").await.unwrap(), None);
        assert!(state.keys.lock().by_end.is_empty());
    }

    #[tokio::test]
    async fn with_too_many_keys_those_that_end_first_go() {
        let state = InProcess::new();
        state.set("first", "x", Duration::from_secs(1)).await.unwrap();
        for number in 0..MAX_KEYS {
            state.set(&number.to_string(), "x", Duration::from_secs(1000)).await.unwrap();
        }
        assert_eq!(state.get("first").await.unwrap(), None);
        assert_eq!(state.keys.lock().values.len(), MAX_KEYS);
    }

    #[tokio::test]
    async fn a_subscriber_gets_what_is_published_from_then_on_and_learns_what_it_missed() {
        let state = InProcess::new();
        state.publish("events", "before").await.unwrap();
        let mut notices = state.subscribe("events").await.unwrap();
        state.publish("events", "one").await.unwrap();
        state.publish("others", "two").await.unwrap();
        assert_eq!(notices.next().await, Some(Notice::Message("one".to_owned())));
        assert_eq!(notices.next().now_or_never(), None);
        for number in 0..1000 {
            state.publish("events", &number.to_string()).await.unwrap();
        }
        assert_eq!(notices.next().await, Some(Notice::Gap));
        let mut kept = 0;
        while notices.next().await != Some(Notice::Message("999".to_owned())) {
            kept += 1;
        }
        assert!((100..1000).contains(&kept), "{kept} of 1000 were kept");
    }
}
