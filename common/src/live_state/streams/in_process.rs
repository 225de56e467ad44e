//! Streams within this process. Nothing is kept: a tail gets what is appended from then on.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use futures_util::{
    StreamExt as _,
    stream::{self, BoxStream},
};
use tokio::sync::broadcast::{self, error::RecvError};

use super::{StreamNotice, Streams};
use crate::live_state::{InProcess, LiveStateError};

/// As many entries, of all streams, wait for a slow tail; of more it learns only that there were some.
const QUEUED_ENTRIES: usize = 1024;

/// Carries the entries of all streams, so that a tail of several gets them in the order in which they were appended.
pub(in crate::live_state) struct Relay(broadcast::Sender<Appended>);

#[derive(Clone)]
struct Appended {
    key: Arc<str>,
    entry: Arc<str>,
}

impl Default for Relay {
    fn default() -> Self {
        Self(broadcast::channel(QUEUED_ENTRIES).0)
    }
}

#[async_trait]
impl Streams for InProcess {
    async fn append(
        &self,
        key: &str,
        entry: &str,
        _keep: usize,
        _ttl: Duration,
    ) -> Result<(), LiveStateError> {
        // An error means that there is no tail now.
        let _unheard = self.relay.0.send(Appended { key: key.into(), entry: entry.into() });
        Ok(())
    }

    async fn tail(&self, keys: &[String]) -> Result<BoxStream<'static, StreamNotice>, LiveStateError> {
        let tail = (self.relay.0.subscribe(), keys.to_vec());
        Ok(stream::unfold(tail, async |(mut receiver, keys)| {
            let notice = loop {
                match receiver.recv().await {
                    Ok(Appended { key, entry }) if keys.iter().any(|wanted| **wanted == *key) => {
                        break StreamNotice::Entry { key: key.to_string(), entry: entry.to_string() };
                    }
                    Ok(_) => {}
                    Err(RecvError::Lagged(_)) => break StreamNotice::Gap,
                    Err(RecvError::Closed) => return None,
                }
            };
            Some((notice, (receiver, keys)))
        })
        .boxed())
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn entry(key: &str, entry: impl Into<String>) -> StreamNotice {
        StreamNotice::Entry { key: key.to_owned(), entry: entry.into() }
    }

    #[tokio::test]
    async fn a_tail_gets_what_is_appended_to_its_streams_from_then_on_in_order() {
        let state = InProcess::new();
        state.append("a", "before", 10, HOUR).await.unwrap();
        let mut tail = state.tail(&["a".to_owned(), "b".to_owned()]).await.unwrap();
        let mut other = state.tail(&["c".to_owned()]).await.unwrap();
        for number in 0..100 {
            state
                .append(if number % 2 == 0 { "a" } else { "b" }, &number.to_string(), 10, HOUR)
                .await
                .unwrap();
            state.append("c", "elsewhere", 10, HOUR).await.unwrap();
        }
        for number in 0..100 {
            let key = if number % 2 == 0 { "a" } else { "b" };
            assert_eq!(tail.next().await, Some(entry(key, number.to_string())));
        }
        assert_eq!(tail.next().now_or_never(), None);
        assert_eq!(other.next().await, Some(entry("c", "elsewhere")));
    }

    #[tokio::test]
    async fn a_tail_that_is_too_slow_learns_that_it_missed_something() {
        let state = InProcess::new();
        let mut tail = state.tail(&["a".to_owned()]).await.unwrap();
        for number in 0..3000 {
            state.append("a", &number.to_string(), 10, HOUR).await.unwrap();
        }
        assert_eq!(tail.next().await, Some(StreamNotice::Gap));
        let mut kept = 1;
        while tail.next().await != Some(entry("a", "2999")) {
            kept += 1;
        }
        assert_eq!(kept, QUEUED_ENTRIES);
    }
}
