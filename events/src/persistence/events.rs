//! Events, their channels and their people.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use common::{
    access::Tenants,
    ids::{CustomerId, EventId},
};
use serde::{Deserialize, Serialize};

use super::PersistenceError;
use crate::domain::{Change, Changed, Event, EventState, Instant, Refusal, Viewer};

/// Which versions of an event may be changed (`If-Match`); `None`: any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expected(pub Option<Vec<i64>>);

impl Expected {
    /// Any version.
    pub const ANY: Self = Self(None);

    /// Whether an event of this version may be changed.
    pub fn allows(&self, version: i64) -> bool {
        self.0.as_ref().is_none_or(|versions| versions.contains(&version))
    }
}

/// Which events are wanted; what is not said does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// In one of these states; empty: in any.
    pub states: Vec<EventState>,
    /// Starting at this time or later.
    pub starts_after: Option<DateTime<Utc>>,
    /// Starting before this time.
    pub starts_before: Option<DateTime<Utc>>,
    /// With this in the title, whatever the case.
    pub title: Option<String>,
    /// Of this customer.
    pub customer: Option<CustomerId>,
}

/// The order of lists: by start, then by id. Neither of the two changes when other events are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct EventKey {
    /// When it starts.
    pub starts_at: Instant,
    /// Which.
    pub event_id: EventId,
}

impl EventKey {
    /// That of `event`.
    pub fn of(event: &Event) -> Self {
        Self { starts_at: event.starts_at.into(), event_id: event.event_id }
    }
}

/// Keeps events.
#[async_trait]
pub trait Events: Send + Sync {
    /// Keeps a new event; `false`: its id is taken, and nothing was changed.
    async fn create_event(&self, event: &Event) -> Result<bool, PersistenceError>;

    /// The event, if `viewer` sees it, with the people whom they see.
    async fn event(&self, id: EventId, viewer: Viewer) -> Result<Option<Event>, PersistenceError>;

    /// The first `rows` events after `after` in `viewer`'s list, in the order of [`EventKey`]. Of the people only
    /// `viewer`'s own assignments are in them, also for staff: a list is not the place for thousands of listeners.
    async fn events(
        &self,
        viewer: Viewer,
        filter: &EventFilter,
        after: Option<EventKey>,
        rows: usize,
    ) -> Result<Vec<Event>, PersistenceError>;

    /// Changes the event: [`Event::apply`] under a lock.
    async fn change_event(
        &self,
        id: EventId,
        scope: Tenants,
        expected: &Expected,
        change: &Change,
        now: DateTime<Utc>,
    ) -> Result<Result<Changed, Refusal>, PersistenceError>;

    /// Moves the event to another state: [`Event::move_to`] under a lock. Going live counts against the limit of its
    /// customer, or `default_limit` where none was set; two at once cannot both take the last place.
    async fn change_state(
        &self,
        id: EventId,
        scope: Tenants,
        expected: &Expected,
        to: EventState,
        default_limit: u32,
        now: DateTime<Utc>,
    ) -> Result<Result<Event, Refusal>, PersistenceError>;

    /// Deletes the event and all that hangs on it; not while it is live.
    async fn delete_event(
        &self,
        id: EventId,
        scope: Tenants,
        expected: &Expected,
    ) -> Result<Result<(), Refusal>, PersistenceError>;

    /// Whether what it needs can be used now, for `/ready`.
    async fn check(&self) -> Result<(), PersistenceError>;
}
