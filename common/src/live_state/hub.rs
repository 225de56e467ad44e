//! Hands notices on to those who are subscribed within this process.

use std::collections::HashMap;

use futures_util::{StreamExt as _, stream, stream::BoxStream};
use parking_lot::Mutex;
use tokio::sync::broadcast::{self, error::RecvError};

use super::Notice;

/// As many notices wait for a slow subscriber; of more it learns only that there were some.
const QUEUED_NOTICES: usize = 256;

#[derive(Default)]
pub(super) struct Hub {
    channels: Mutex<HashMap<String, broadcast::Sender<Notice>>>,
}

impl Hub {
    /// Listens to `channel` from now on.
    pub(super) fn subscribe(&self, channel: &str) -> broadcast::Receiver<Notice> {
        let mut channels = self.channels.lock();
        channels.retain(|_, sender| sender.receiver_count() > 0);
        let sender = channels.entry(channel.to_owned());
        sender.or_insert_with(|| broadcast::channel(QUEUED_NOTICES).0).subscribe()
    }

    /// Hands `notice` on; `false` when nobody listens any more.
    pub(super) fn send(&self, channel: &str, notice: Notice) -> bool {
        let mut channels = self.channels.lock();
        let heard = channels.get(channel).is_some_and(|sender| sender.send(notice).is_ok());
        if !heard {
            channels.remove(channel);
        }
        heard
    }

    /// The channels that somebody listens to.
    pub(super) fn channels(&self) -> Vec<String> {
        let channels = self.channels.lock();
        let heard = channels.iter().filter(|(_, sender)| sender.receiver_count() > 0);
        heard.map(|(name, _)| name.clone()).collect()
    }
}

/// What `receiver` gets, for as long as the hub is there; where it was too slow there is a gap.
pub(super) fn notices(receiver: broadcast::Receiver<Notice>) -> BoxStream<'static, Notice> {
    stream::unfold(receiver, async |mut receiver| match receiver.recv().await {
        Ok(notice) => Some((notice, receiver)),
        Err(RecvError::Lagged(_)) => Some((Notice::Gap, receiver)),
        Err(RecvError::Closed) => None,
    })
    .boxed()
}
