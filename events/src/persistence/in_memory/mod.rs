//! In memory: for development and tests. All of it is behind one lock, so that every method is atomic.

mod events;
mod imports;
mod limits;
mod sessions;
mod templates;

use std::collections::BTreeMap;

use common::ids::{CustomerId, EventId};
use parking_lot::Mutex;

use crate::domain::{Event, SessionId, StoredSession, Template, TemplateId};

/// Keeps everything until the process ends.
#[derive(Debug, Default)]
pub struct InMemory {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) events: BTreeMap<EventId, Event>,
    /// Live events at once, where a customer has a limit of its own.
    pub(super) max_live_events: BTreeMap<CustomerId, u32>,
    pub(super) templates: BTreeMap<TemplateId, Template>,
    pub(super) sessions: BTreeMap<(EventId, SessionId), StoredSession>,
    /// As what events of the old system were taken over, by customer and key.
    pub(super) origins: BTreeMap<(CustomerId, String), crate::persistence::imports::Origin>,
}
