//! Session records in memory.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use common::{access::Tenants, ids::EventId};

use super::InMemory;
use crate::{
    domain::{Instant, Relation, SessionId, SessionRecord, StoredSession},
    persistence::{PersistenceError, Recorded, SessionKey, SessionScope, Sessions},
};

#[async_trait]
impl Sessions for InMemory {
    async fn record_session(
        &self,
        event_id: EventId,
        scope: Tenants,
        record: &SessionRecord,
        recorded_by: &str,
        now: DateTime<Utc>,
    ) -> Result<Recorded, PersistenceError> {
        let mut state = self.state.lock();
        let event = state.events.get(&event_id).filter(|event| scope.include(event.customer_id));
        let Some(event) = event else { return Ok(Recorded::NoEvent) };
        if record.channel_id.get() > event.last_channel_id {
            return Ok(Recorded::NoChannel);
        }
        let (key, now) = ((event_id, record.session_id.clone()), Instant::truncate(now));
        let Some(stored) = state.sessions.get_mut(&key) else {
            let (record, recorded_by) = (record.clone(), recorded_by.to_owned());
            let stored = StoredSession { record, recorded_by, recorded_at: now, updated_at: now };
            state.sessions.insert(key, stored.clone());
            return Ok(Recorded::New(stored));
        };
        Ok(match record.relation_to(&stored.record) {
            Relation::Known => Recorded::Known(stored.clone()),
            Relation::Contradicts => Recorded::Contradicted,
            Relation::Completes => {
                stored.record = record.clone();
                stored.updated_at = now;
                Recorded::Completed(stored.clone())
            }
        })
    }

    async fn session(
        &self,
        event_id: EventId,
        session_id: &SessionId,
        scope: &SessionScope,
    ) -> Result<Option<StoredSession>, PersistenceError> {
        let state = self.state.lock();
        let stored = state.sessions.get(&(event_id, session_id.clone()));
        Ok(stored.filter(|stored| scope.includes(stored.record.channel_id)).cloned())
    }

    async fn sessions(
        &self,
        event_id: EventId,
        scope: &SessionScope,
        after: Option<&SessionKey>,
        rows: usize,
    ) -> Result<Vec<StoredSession>, PersistenceError> {
        let state = self.state.lock();
        let mut wanted: Vec<_> = state
            .sessions
            .iter()
            .filter(|((of, _), stored)| *of == event_id && scope.includes(stored.record.channel_id))
            .map(|(_, stored)| stored)
            .filter(|stored| after.is_none_or(|after| SessionKey::of(stored) > *after))
            .collect();
        wanted.sort_by_key(|stored| SessionKey::of(stored));
        Ok(wanted.into_iter().take(rows).cloned().collect())
    }
}
