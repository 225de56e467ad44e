//! In memory: for development and tests. All of it is behind one lock, so that every method is atomic.

mod events;

use std::collections::BTreeMap;

use common::ids::{CustomerId, EventId};
use parking_lot::Mutex;

use crate::domain::Event;

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
}
