//! The connection that carries notices: one for all subscriptions of a process, made again whenever it breaks.

use std::{collections::HashSet, sync::Arc, time::Duration};

use ::redis::{
    Client, RedisError,
    aio::{PubSubSink, PubSubStream},
};
use futures_util::{StreamExt as _, stream::BoxStream};
use parking_lot::Mutex;
use tokio::{
    sync::{mpsc, oneshot},
    task::AbortHandle,
    time::{Instant, MissedTickBehavior, error::Elapsed, interval_at, sleep, timeout},
};

use super::{COMMAND_TIMEOUT, CONNECT_TIMEOUT, RESPONSE_TIMEOUT};
use crate::live_state::{
    Notice,
    hub::{self, Hub},
};

/// A connection over which nothing comes is asked this often whether it is still there.
const PING_EVERY: Duration = Duration::from_secs(3);
/// The first wait before connecting again; it doubles up to …
const FIRST_WAIT: Duration = Duration::from_millis(50);
/// … this.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

pub(super) struct Listener {
    shared: Arc<Shared>,
    wishes: mpsc::UnboundedSender<Wish>,
    task: AbortHandle,
}

#[derive(Default)]
struct Shared {
    hub: Hub,
    /// Channels whose subscribers were told that they are subscribed: after an outage these have a gap.
    promised: Mutex<HashSet<String>>,
}

/// Somebody waits for `channel` to be subscribed.
struct Wish {
    channel: String,
    done: oneshot::Sender<()>,
}

impl Listener {
    /// Connects when there is something to listen to.
    pub(super) fn spawn(client: Client) -> Self {
        let shared = Arc::<Shared>::default();
        let (wishes, wished) = mpsc::unbounded_channel();
        let task = tokio::spawn(listen(client, Arc::clone(&shared), wished)).abort_handle();
        Self { shared, wishes, task }
    }

    pub(super) async fn subscribe(&self, channel: &str) -> BoxStream<'static, Notice> {
        let receiver = self.shared.hub.subscribe(channel);
        let (done, subscribed) = oneshot::channel();
        let _ended_with_us = self.wishes.send(Wish { channel: channel.to_owned(), done });
        // Whether it is done or not: from now on this subscriber relies on being told of gaps.
        let _done = timeout(COMMAND_TIMEOUT, subscribed).await;
        self.shared.promised.lock().insert(channel.to_owned());
        hub::notices(receiver)
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn listen(client: Client, shared: Arc<Shared>, mut wished: mpsc::UnboundedReceiver<Wish>) {
    let Some(first) = wished.recv().await else { return };
    let mut waiting = vec![first];
    let mut wait = FIRST_WAIT;
    loop {
        let failure = match connect(&client).await {
            Ok((sink, stream)) => match shared.resume(sink, &mut wished, &mut waiting).await {
                Ok(sink) => {
                    wait = FIRST_WAIT;
                    match shared.hand_on(sink, stream, &mut wished).await {
                        Ok(()) => return,
                        Err(failure) => failure,
                    }
                }
                Err(failure) => failure,
            },
            Err(failure) => failure,
        };
        tracing::warn!(error = %failure, "no notices from Redis for the moment");
        sleep(wait).await;
        wait = (wait * 2).min(LONGEST_WAIT);
    }
}

async fn connect(client: &Client) -> Result<(PubSubSink, PubSubStream), Failure> {
    Ok(timeout(CONNECT_TIMEOUT, client.get_async_pubsub()).await??.split())
}

impl Shared {
    /// Subscribes on a new connection to all that somebody listens to.
    async fn resume(
        &self,
        mut sink: PubSubSink,
        wished: &mut mpsc::UnboundedReceiver<Wish>,
        waiting: &mut Vec<Wish>,
    ) -> Result<PubSubSink, Failure> {
        // Whoever wishes listens to the hub already, so that these channels are among the hub's.
        while let Ok(wish) = wished.try_recv() {
            waiting.push(wish);
        }
        let channels = self.hub.channels();
        for channel in &channels {
            timeout(RESPONSE_TIMEOUT, sink.subscribe(channel)).await??;
        }
        self.promised.lock().retain(|channel| channels.contains(channel));
        let promised: Vec<_> = self.promised.lock().iter().cloned().collect();
        for channel in promised {
            self.hub.send(&channel, Notice::Gap);
        }
        for wish in waiting.drain(..) {
            let _gone = wish.done.send(());
        }
        Ok(sink)
    }

    /// Hands notices on until the connection breaks; `Ok` when nobody can subscribe any more.
    async fn hand_on(
        &self,
        mut sink: PubSubSink,
        mut notices: PubSubStream,
        wished: &mut mpsc::UnboundedReceiver<Wish>,
    ) -> Result<(), Failure> {
        let mut ping = interval_at(Instant::now() + PING_EVERY, PING_EVERY);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                notice = notices.next() => {
                    let notice = notice.ok_or(Failure::Ended)?;
                    let channel = notice.get_channel_name();
                    let text = String::from_utf8_lossy(notice.get_payload_bytes()).into_owned();
                    if !self.hub.send(channel, Notice::Message(text)) {
                        self.promised.lock().remove(channel);
                        timeout(RESPONSE_TIMEOUT, sink.unsubscribe(channel)).await??;
                        self.keep(channel, &mut sink).await?;
                    }
                }
                wish = wished.recv() => {
                    let Some(wish) = wish else { return Ok(()) };
                    timeout(RESPONSE_TIMEOUT, sink.subscribe(&wish.channel)).await??;
                    let _gone = wish.done.send(());
                }
                _ = ping.tick() => timeout(RESPONSE_TIMEOUT, sink.ping::<::redis::Value>()).await?.map(drop)?,
            }
        }
    }

    /// Somebody may have begun to listen to `channel` while it was being given up.
    async fn keep(&self, channel: &str, sink: &mut PubSubSink) -> Result<(), Failure> {
        if self.hub.channels().iter().any(|heard| heard == channel) {
            timeout(RESPONSE_TIMEOUT, sink.subscribe(channel)).await??;
        }
        Ok(())
    }
}

/// Why a connection was given up. Another one is made.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("no answer in time")]
    Silent(#[from] Elapsed),
    #[error(transparent)]
    Redis(#[from] RedisError),
    #[error("Redis closed the connection")]
    Ended,
}
