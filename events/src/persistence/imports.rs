//! Events of the old system.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use common::ids::{CustomerId, EventId};

use super::PersistenceError;
use crate::{
    domain::{Event, Instant},
    import::{ImportedEvent, KeptBecause, Outcome},
};

/// Whether an import is made or only tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Events are kept.
    Keep,
    /// What would happen is told, and nothing is kept.
    Try,
}

/// Takes events of the old system over, and remembers as what.
#[async_trait]
pub trait Imports: Send + Sync {
    /// Takes an event over: makes it under `new_id` if its key is new, updates it if nobody changed it here since, else
    /// leaves it as it is. `None`: `new_id` is taken by another event, and nothing was changed.
    async fn import_event(
        &self,
        customer: CustomerId,
        imported: &ImportedEvent,
        new_id: EventId,
        mode: Mode,
        now: DateTime<Utc>,
    ) -> Result<Option<Outcome>, PersistenceError>;
}

/// As what an event was taken over.
#[derive(Clone, Debug)]
pub(super) struct Origin {
    pub(super) event_id: EventId,
    /// The version that the import made.
    pub(super) version: i64,
    /// What was imported.
    pub(super) content: String,
}

/// What is to be done with an event that was taken over before: the same in every persistence.
pub(super) fn again(
    imported: &ImportedEvent,
    origin: &Origin,
    event: Option<Event>,
    now: DateTime<Utc>,
) -> Result<Event, Outcome> {
    let id = origin.event_id;
    let Some(mut event) = event else { return Err(Outcome::Kept(id, KeptBecause::Deleted)) };
    if event.version != origin.version {
        return Err(Outcome::Kept(id, KeptBecause::Changed));
    }
    if imported.content.canonical() == origin.content {
        return Err(Outcome::Unchanged(id));
    }
    imported.content.put_into(&mut event);
    event.version += 1;
    event.updated_at = Instant::truncate(now);
    Ok(event)
}
