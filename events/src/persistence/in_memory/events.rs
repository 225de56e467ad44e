//! Events in memory.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use common::{access::Tenants, ids::EventId};

use super::{InMemory, State};
use crate::{
    domain::{Change, Changed, Event, EventState, Refusal, Viewer},
    persistence::{EventFilter, EventKey, Events, Expected, PersistenceError},
};

impl State {
    fn find(&self, id: EventId, scope: Tenants, expected: &Expected) -> Result<&Event, Refusal> {
        let event = self.events.get(&id).filter(|event| scope.include(event.customer_id));
        let event = event.ok_or(Refusal::NoEvent)?;
        if expected.allows(event.version) { Ok(event) } else { Err(Refusal::Stale) }
    }

    fn may_go_live(&self, event: &Event, default_limit: u32) -> Result<(), Refusal> {
        let limit = self.max_live_events.get(&event.customer_id).copied().unwrap_or(default_limit);
        let is_live =
            |other: &&Event| other.customer_id == event.customer_id && other.state == EventState::Live;
        let live = self.events.values().filter(is_live).count();
        if live < limit as usize { Ok(()) } else { Err(Refusal::TooManyLive { limit }) }
    }
}

impl EventFilter {
    fn takes(&self, event: &Event) -> bool {
        (self.states.is_empty() || self.states.contains(&event.state))
            && self.starts_after.is_none_or(|time| event.starts_at >= time)
            && self.starts_before.is_none_or(|time| event.starts_at < time)
            && self.customer.is_none_or(|customer| event.customer_id == customer)
            && self
                .title
                .as_ref()
                .is_none_or(|part| event.title.as_str().to_lowercase().contains(&part.to_lowercase()))
    }
}

#[async_trait]
impl Events for InMemory {
    async fn create_event(&self, event: &Event) -> Result<bool, PersistenceError> {
        let mut state = self.state.lock();
        if state.events.contains_key(&event.event_id) {
            return Ok(false);
        }
        state.events.insert(event.event_id, event.clone());
        Ok(true)
    }

    async fn event(&self, id: EventId, viewer: Viewer) -> Result<Option<Event>, PersistenceError> {
        let event = self.state.lock().events.get(&id).filter(|event| viewer.sees(event)).cloned();
        Ok(event.map(|mut event| {
            viewer.reduce(&mut event);
            event
        }))
    }

    async fn events(
        &self,
        viewer: Viewer,
        filter: &EventFilter,
        after: Option<EventKey>,
        rows: usize,
    ) -> Result<Vec<Event>, PersistenceError> {
        let state = self.state.lock();
        let is_wanted = |event: &&Event| {
            viewer.lists(event)
                && filter.takes(event)
                && after.is_none_or(|after| EventKey::of(event) > after)
        };
        let mut wanted: Vec<&Event> = state.events.values().filter(is_wanted).collect();
        wanted.sort_by_key(|event| EventKey::of(event));
        let mut wanted: Vec<Event> = wanted.into_iter().take(rows).cloned().collect();
        let person = Viewer { staff_of: Tenants::None, ..viewer };
        for event in &mut wanted {
            person.reduce(event);
        }
        Ok(wanted)
    }

    async fn change_event(
        &self,
        id: EventId,
        scope: Tenants,
        expected: &Expected,
        change: &Change,
        now: DateTime<Utc>,
    ) -> Result<Result<Changed, Refusal>, PersistenceError> {
        let mut state = self.state.lock();
        Ok(state.find(id, scope, expected).cloned().and_then(|mut event| {
            let changed = event.apply(change, now)?;
            state.events.insert(id, event.clone());
            Ok(Changed { event, changed })
        }))
    }

    async fn change_state(
        &self,
        id: EventId,
        scope: Tenants,
        expected: &Expected,
        to: EventState,
        default_limit: u32,
        now: DateTime<Utc>,
    ) -> Result<Result<Event, Refusal>, PersistenceError> {
        let mut state = self.state.lock();
        Ok(state.find(id, scope, expected).cloned().and_then(|mut event| {
            event.move_to(to, now)?;
            if to == EventState::Live {
                state.may_go_live(&event, default_limit)?;
            }
            state.events.insert(id, event.clone());
            Ok(event)
        }))
    }

    async fn delete_event(
        &self,
        id: EventId,
        scope: Tenants,
        expected: &Expected,
    ) -> Result<Result<(), Refusal>, PersistenceError> {
        let mut state = self.state.lock();
        let live = match state.find(id, scope, expected) {
            Ok(event) => event.state == EventState::Live,
            Err(refusal) => return Ok(Err(refusal)),
        };
        if live {
            return Ok(Err(Refusal::Live));
        }
        state.events.remove(&id);
        state.sessions.retain(|(event_id, _), _| *event_id != id);
        Ok(Ok(()))
    }

    async fn check(&self) -> Result<(), PersistenceError> {
        Ok(())
    }
}
