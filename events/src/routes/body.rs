//! Events as they travel.

use chrono::{DateTime, Utc};
use common::ids::{CustomerId, EventId};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::{
    Channel, Description, Event, EventState, ListenAccess, Listener, Speaker, Timezone, Title, Viewer,
};

/// An event.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Event, example = json!({
    "event_id": 123_457,
    "customer_id": "0192f0c1-2a6b-7c3d-8e4f-5a6b7c8d9e0f",
    "title": "The spring assembly",
    "description": "Budget, elections, open questions.",
    "starts_at": "2026-05-01T16:00:00Z",
    "ends_at": "2026-05-01T19:00:00Z",
    "timezone": "Europe/Madrid",
    "state": "scheduled",
    "listen_access": "assigned",
    "channels": [{
        "channel_id": 1, "name": "Main stage", "source_language": "en-US", "target_languages": ["es-ES", "ca-ES"],
        "record": true, "speech": true, "glossary": { "ca-ES": { "assembly": "assemblea" } }
    }],
    "speakers": [{ "channel_id": 1, "user_id": "0192f0c1-2a6b-7c3d-8e4f-5a6b7c8d9e1a" }],
    "listeners": [{ "user_id": "0192f0c1-2a6b-7c3d-8e4f-5a6b7c8d9e2b" }],
    "created_at": "2026-04-01T08:30:00Z",
    "updated_at": "2026-04-02T10:00:00Z",
    "version": 4
}))]
pub(crate) struct EventBody {
    /// Names it everywhere.
    pub event_id: EventId,
    /// Whose it is.
    pub customer_id: CustomerId,
    /// What it is called.
    pub title: Title,
    /// What it is about.
    #[schema(required = true)]
    pub description: Option<Description>,
    /// When it begins.
    pub starts_at: DateTime<Utc>,
    /// When it ends.
    pub ends_at: DateTime<Utc>,
    /// In which time zone people think of it.
    pub timezone: Timezone,
    /// Where it is in its life.
    pub state: EventState,
    /// Who may listen.
    pub listen_access: ListenAccess,
    /// By number.
    pub channels: Vec<Channel>,
    /// Who speaks. For its customer's staff, of a single event; others find themselves here, or nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub speakers: Option<Vec<Speaker>>,
    /// Who was assigned to listen. As with `speakers`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub listeners: Option<Vec<Listener>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it, its channels or its people changed last.
    pub updated_at: DateTime<Utc>,
    /// Counts its changes, from 1; the `ETag` of the event.
    #[schema(minimum = 1)]
    pub version: i64,
}

impl EventBody {
    /// An event with all its people, for staff.
    pub(crate) fn whole(event: Event) -> Self {
        Self::new(event, true)
    }

    /// An event as `viewer` sees it.
    pub(crate) fn seen_by(viewer: &Viewer, event: Event) -> Self {
        let staff = viewer.is_staff_of(&event);
        Self::new(event, staff)
    }

    /// An event in a list: of its people only those who look.
    pub(crate) fn listed(event: Event) -> Self {
        Self::new(event, false)
    }

    fn new(event: Event, whole: bool) -> Self {
        Self {
            event_id: event.event_id,
            customer_id: event.customer_id,
            title: event.title,
            description: event.description,
            starts_at: event.starts_at,
            ends_at: event.ends_at,
            timezone: event.timezone,
            state: event.state,
            listen_access: event.listen_access,
            channels: event.channels,
            speakers: Some(event.speakers).filter(|speakers| whole || !speakers.is_empty()),
            listeners: Some(event.listeners).filter(|listeners| whole || !listeners.is_empty()),
            created_at: event.created_at,
            updated_at: event.updated_at,
            version: event.version,
        }
    }
}
