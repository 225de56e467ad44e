//! Events of the old system, in memory.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use common::ids::{CustomerId, EventId};

use super::InMemory;
use crate::{
    domain::Instant,
    import::{ImportedEvent, Outcome},
    persistence::{
        Imports, Mode, PersistenceError,
        imports::{Origin, again},
    },
};

#[async_trait]
impl Imports for InMemory {
    async fn import_event(
        &self,
        customer: CustomerId,
        imported: &ImportedEvent,
        new_id: EventId,
        mode: Mode,
        now: DateTime<Utc>,
    ) -> Result<Option<Outcome>, PersistenceError> {
        let mut state = self.state.lock();
        let key = (customer, imported.key.clone());
        let (event, outcome) = match state.origins.get(&key) {
            Some(origin) => {
                let event = state.events.get(&origin.event_id).filter(|event| event.customer_id == customer);
                match again(imported, origin, event.cloned(), now) {
                    Ok(event) => (event, Outcome::Updated(origin.event_id)),
                    Err(outcome) => return Ok(Some(outcome)),
                }
            }
            None if state.events.contains_key(&new_id) => return Ok(None),
            None => (imported.to_event(new_id, customer, Instant::truncate(now)), Outcome::Created(new_id)),
        };
        if mode == Mode::Keep {
            let content = imported.content.canonical();
            state.origins.insert(key, Origin { event_id: event.event_id, version: event.version, content });
            state.events.insert(event.event_id, event);
        }
        Ok(Some(outcome))
    }
}
