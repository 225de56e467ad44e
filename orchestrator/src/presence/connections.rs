//! Who follows outside `LiveKit`: connections that say every few seconds that they are still there.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use common::{
    LanguageTag,
    ids::EventId,
    live_state::{InProcess, LiveState, LiveStateError, Members as _},
};
use futures_util::future::try_join_all;

use super::ByLanguage;

/// How long a connection counts after it was last renewed: with the time until it is counted again, a client that died
/// is gone within 15 s.
pub(crate) const TTL: Duration = Duration::from_secs(12);
/// How often clients should renew.
pub(crate) const RENEW_AFTER: Duration = Duration::from_secs(5);

/// The connections of all events, in the live state. Those that came through this process are remembered here as well:
/// when the live state forgets, nobody is uncounted until they renew.
pub(super) struct Connections {
    shared: Arc<dyn LiveState>,
    own: InProcess,
}

impl Connections {
    pub(super) fn new(shared: Arc<dyn LiveState>) -> Self {
        Self { shared, own: InProcess::new() }
    }

    /// Counts the connection, or counts it for longer; says whether it is new here. The live state may be away.
    pub(super) async fn enter(&self, event_id: EventId, language: &LanguageTag, connection_id: &str) -> bool {
        let key = key(event_id, language);
        // Within this process nothing fails.
        let new = self.own.enter(&key, connection_id, TTL).await.unwrap_or(true);
        if let Err(error) = self.shared.enter(&key, connection_id, TTL).await {
            tracing::debug!(%error, event.id = %event_id, "a connection is counted in this process alone");
        }
        new
    }

    /// Counts it no longer. Where the live state is away it leaves there by itself.
    pub(super) async fn leave(&self, event_id: EventId, language: &LanguageTag, connection_id: &str) {
        let key = key(event_id, language);
        let own = self.own.leave(&key, connection_id).await;
        if let Err(error) = own.and(self.shared.leave(&key, connection_id).await) {
            tracing::debug!(%error, event.id = %event_id, "a connection that left is counted for some seconds more");
        }
    }

    /// How many follow each of `languages`, in all processes.
    pub(super) async fn count(
        &self,
        event_id: EventId,
        languages: &BTreeSet<LanguageTag>,
    ) -> Result<ByLanguage, LiveStateError> {
        let one = async |language: &LanguageTag| {
            let count = self.shared.count(&key(event_id, language)).await?;
            Ok((language.clone(), count))
        };
        // At once: it is one round trip for all of them.
        try_join_all(languages.iter().map(one)).await.map(ByLanguage::from_iter)
    }

    /// How many of them came through this process.
    pub(super) async fn count_own(&self, event_id: EventId, languages: &BTreeSet<LanguageTag>) -> ByLanguage {
        let mut counts = ByLanguage::new();
        for language in languages {
            counts.insert(language.clone(), self.own.count(&key(event_id, language)).await.unwrap_or(0));
        }
        counts
    }
}

fn key(event_id: EventId, language: &LanguageTag) -> String {
    format!("live:event:{event_id}:channel:{language}:connections")
}
