//! How events are read.

use chrono::{DateTime, Utc};
use common::{
    ids::{CustomerId, EventId},
    persistence::PersistenceError,
};
use sqlx::types::Json;
use uuid::Uuid;

use crate::domain::{Channel, Event, Listener, Speaker};

/// One statement that reads events with their channels and people, as far as a viewer sees them.
///
/// `whole`: staff sees all people, not just themselves; `offered`: events that are open to the viewer without an
/// assignment count. The rest of the WHERE clause and its arguments, from `$6`, follow. It says in SQL what
/// [`Viewer`](crate::domain::Viewer) says in Rust.
macro_rules! event_query {
    ($viewer:expr, whole = $whole:expr, offered = $offered:expr, $rest:tt, $($argument:expr),+ $(,)?) => {
        sqlx::query_as!(
            EventRow,
            r#"SELECT e.event_id, e.customer_id, e.title, e.description, e.starts_at, e.ends_at, e.timezone, e.state,
                e.listen_access, e.last_channel_id, e.created_at, e.updated_at, e.version,
                (SELECT coalesce(jsonb_agg(to_jsonb(c) - 'event_id' ORDER BY c.channel_id), '[]')
                 FROM channels c WHERE c.event_id = e.event_id) AS "channels!: sqlx::types::Json<Vec<crate::domain::Channel>>",
                (SELECT coalesce(jsonb_agg(to_jsonb(s) - 'event_id' ORDER BY s.channel_id, s.user_id), '[]')
                 FROM speakers s WHERE s.event_id = e.event_id
                    AND (s.user_id = $2 OR ($4::boolean AND ($1::uuid IS NULL OR e.customer_id = $1)))
                ) AS "speakers!: sqlx::types::Json<Vec<crate::domain::Speaker>>",
                (SELECT coalesce(jsonb_agg(to_jsonb(l) - 'event_id' ORDER BY l.user_id), '[]')
                 FROM listeners l WHERE l.event_id = e.event_id
                    AND (l.user_id = $2 OR ($4::boolean AND ($1::uuid IS NULL OR e.customer_id = $1)))
                ) AS "listeners!: sqlx::types::Json<Vec<crate::domain::Listener>>"
            FROM events e
            WHERE (($1::uuid IS NULL OR e.customer_id = $1)
                OR (e.state <> 'draft'
                    AND (($5::boolean AND (e.listen_access = 'public'
                            OR (e.listen_access = 'authenticated' AND $3::boolean)))
                        OR EXISTS (SELECT FROM speakers s WHERE s.event_id = e.event_id AND s.user_id = $2::uuid)
                        OR EXISTS (SELECT FROM listeners l WHERE l.event_id = e.event_id AND l.user_id = $2::uuid))))
            "# + $rest,
            $viewer.staff_of.as_filter(),
            $viewer.user.map(|user| user.0),
            $viewer.signed_in,
            $whole,
            $offered,
            $($argument),+
        )
    };
}
pub(super) use event_query;

/// A row of [`event_query`].
pub(super) struct EventRow {
    pub(super) event_id: i32,
    pub(super) customer_id: Uuid,
    pub(super) title: String,
    pub(super) description: Option<String>,
    pub(super) starts_at: DateTime<Utc>,
    pub(super) ends_at: DateTime<Utc>,
    pub(super) timezone: String,
    pub(super) state: String,
    pub(super) listen_access: String,
    pub(super) last_channel_id: i32,
    pub(super) created_at: DateTime<Utc>,
    pub(super) updated_at: DateTime<Utc>,
    pub(super) version: i64,
    pub(super) channels: Json<Vec<Channel>>,
    pub(super) speakers: Json<Vec<Speaker>>,
    pub(super) listeners: Json<Vec<Listener>>,
}

impl TryFrom<EventRow> for Event {
    type Error = PersistenceError;

    fn try_from(row: EventRow) -> Result<Self, PersistenceError> {
        Ok(Self {
            event_id: EventId::new(row.event_id.into()).map_err(PersistenceError::corrupt)?,
            customer_id: CustomerId(row.customer_id),
            title: row.title.parse().map_err(PersistenceError::corrupt)?,
            description: row
                .description
                .map(|text| text.parse())
                .transpose()
                .map_err(PersistenceError::corrupt)?,
            starts_at: row.starts_at,
            ends_at: row.ends_at,
            timezone: row.timezone.parse().map_err(PersistenceError::corrupt)?,
            state: row.state.parse().map_err(PersistenceError::corrupt)?,
            listen_access: row.listen_access.parse().map_err(PersistenceError::corrupt)?,
            channels: row.channels.0,
            last_channel_id: row.last_channel_id,
            speakers: row.speakers.0,
            listeners: row.listeners.0,
            created_at: row.created_at,
            updated_at: row.updated_at,
            version: row.version,
        })
    }
}
