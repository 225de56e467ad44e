//! What happens to events.

use std::sync::Arc;

use common::{ids::EventId, live_state::Notice};
use futures_util::StreamExt as _;

use super::{Pauses, Running, Shared};

/// Where events-service publishes changes.
const CHANNEL: &str = "events";

impl Shared {
    /// Listens to changes of events, for ever.
    pub(super) async fn follow_events(self: Arc<Self>) {
        let mut pauses = Pauses::new();
        loop {
            match self.parts.live_state.subscribe(CHANNEL).await {
                Ok(mut notices) => {
                    // Something may have happened before.
                    self.heard(&Notice::Gap).await;
                    pauses = Pauses::new();
                    while let Some(notice) = notices.next().await {
                        self.heard(&notice).await;
                    }
                }
                Err(error) => tracing::warn!(%error, "changes of events are not heard"),
            }
            pauses.wait().await;
        }
    }

    async fn heard(self: &Arc<Self>, notice: &Notice) {
        let Notice::Message(text) = notice else {
            return self.those(|_| true).iter().for_each(|(_, running)| running.reread.notify_one());
        };
        let Some((event_id, happened)) = read(text) else { return };
        for (session_id, running) in self.those(|running| running.event_id == event_id) {
            if matches!(happened, "CANCELLED" | "DELETED") {
                tracing::info!(session.id = %session_id, event.id = %event_id, happened, "its event is over");
                self.begin_stopping(session_id).await;
            } else {
                running.reread.notify_one();
            }
        }
    }

    fn those(&self, wanted: impl Fn(&Running) -> bool) -> Vec<(common::ids::SessionId, Arc<Running>)> {
        let running = self.running.lock();
        let those = running.iter().filter(|(_, running)| wanted(running));
        those.map(|(id, running)| (*id, Arc::clone(running))).collect()
    }
}

/// `event:123457:UPDATED`
fn read(text: &str) -> Option<(EventId, &str)> {
    let (event_id, happened) = text.strip_prefix("event:")?.split_once(':')?;
    Some((event_id.parse().ok()?, happened))
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn notices_name_an_event_and_what_happened() {
        assert_eq!(
            read("event:123457:UPDATED").map(|(id, what)| (id.get(), what)),
            Some((123_457, "UPDATED"))
        );
        for text in ["event:7:UPDATED", "event:123457", "user:123457:UPDATED", ""] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
