//! Reads one event for all who watch it in this process.

use std::{sync::Arc, time::Duration};

use common::{
    event::EventConfig,
    ids::EventId,
    live_state::{LiveStateError, Notice},
};
use futures_util::{StreamExt as _, stream, stream::BoxStream};
use tokio::{
    sync::{broadcast, watch},
    task::AbortHandle,
    time::{sleep, timeout},
};

use super::{
    Snapshot, Sources,
    captions::{Caption, Captions},
};
use crate::notices_channel;

/// Notices may be lost: it is read again after so long in any case.
const READ_EVERY: Duration = Duration::from_secs(5);
/// What changes within this time is read together.
const TOGETHER: Duration = Duration::from_millis(50);
/// As many captions wait for somebody slow; of more they learn only that there were some.
const QUEUED_CAPTIONS: usize = 512;

/// What happens in one event. Reads until it is dropped.
pub(crate) struct Hub {
    /// The event and its running sessions; `None` until they were read.
    pub(crate) state: watch::Receiver<Option<Arc<Snapshot>>>,
    captions: broadcast::Sender<Arc<Caption>>,
    task: AbortHandle,
}

impl Hub {
    pub(super) fn start(event_id: EventId, sources: Sources) -> Self {
        let (told, state) = watch::channel(None);
        let captions = broadcast::Sender::new(QUEUED_CAPTIONS);
        let reader = Reader {
            event_id,
            captions: Captions::new(sources.live.clone(), captions.clone()),
            sources,
            event: None,
            told,
        };
        let task = tokio::spawn(reader.run()).abort_handle();
        Self { state, captions, task }
    }

    /// What is said from now on in any running session of the event.
    pub(crate) fn captions(&self) -> broadcast::Receiver<Arc<Caption>> {
        self.captions.subscribe()
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Reader {
    event_id: EventId,
    sources: Sources,
    captions: Captions,
    /// As it was last known: events-service may be away.
    event: Option<Arc<EventConfig>>,
    told: watch::Sender<Option<Arc<Snapshot>>>,
}

impl Reader {
    async fn run(mut self) {
        // What happens between subscribing and reading is read.
        let mut notices = self.notices().await;
        loop {
            self.read().await;
            match timeout(READ_EVERY, notices.next()).await {
                Ok(Some(())) => {
                    sleep(TOGETHER).await;
                    // What was told meanwhile is about to be read as well.
                    while let Some(Some(())) = futures_util::FutureExt::now_or_never(notices.next()) {}
                }
                Ok(None) => {
                    sleep(READ_EVERY).await;
                    notices = self.notices().await;
                }
                Err(_quiet) => {}
            }
        }
    }

    async fn read(&mut self) {
        match self.sources.events.event(self.event_id).await {
            Ok(event) => self.event = event,
            Err(error) => tracing::debug!(%error, event.id = %self.event_id, "an event cannot be read"),
        }
        match self.sources.sessions.running_sessions(Some(self.event_id)).await {
            Ok(sessions) => {
                self.captions.follow(&sessions);
                let snapshot = Snapshot::new(self.event_id, self.event.as_deref(), &sessions);
                self.told.send_if_modified(|was| {
                    let differs = was.as_ref().is_none_or(|was| was.for_staff != snapshot.for_staff);
                    if differs {
                        *was = Some(Arc::new(snapshot));
                    }
                    differs
                });
            }
            Err(error) => tracing::debug!(%error, event.id = %self.event_id, "sessions cannot be read"),
        }
    }

    /// Says whenever something about the event changed. Without the live state it ends.
    async fn notices(&self) -> BoxStream<'static, ()> {
        match self.subscribe().await {
            Ok(notices) => notices,
            Err(error) => {
                tracing::debug!(%error, event.id = %self.event_id, "changes are seen late");
                stream::empty().boxed()
            }
        }
    }

    async fn subscribe(&self) -> Result<BoxStream<'static, ()>, LiveStateError> {
        let ours = self.sources.live_state.subscribe(&notices_channel(self.event_id)).await?;
        let of_events = self.sources.live_state.subscribe("events").await?;
        let prefix = format!("event:{}:", self.event_id);
        let of_events = of_events.filter(move |notice| {
            std::future::ready(match notice {
                Notice::Message(text) => text.starts_with(&prefix),
                Notice::Gap => true,
            })
        });
        Ok(stream::select(ours, of_events).map(|_| ()).boxed())
    }
}
