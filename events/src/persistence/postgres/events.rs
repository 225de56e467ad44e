//! Events in PostgreSQL.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use common::{access::Tenants, ids::EventId};
use sqlx::{PgExecutor, PgTransaction};

use super::{
    Postgres,
    event_row::{EventRow, event_query},
    event_write,
};
use crate::{
    domain::{Change, Changed, Event, EventState, Refusal, Viewer},
    persistence::{EventFilter, EventKey, Events, Expected, PersistenceError},
};

pub(super) type Outcome<T> = Result<Result<T, Refusal>, PersistenceError>;

/// Goes on with the value, or ends here with the refusal.
macro_rules! or_refuse {
    ($result:expr) => {
        match $result {
            Ok(value) => value,
            Err(refusal) => return Ok(Err(refusal)),
        }
    };
}

/// The event as `viewer` sees it.
async fn read(
    executor: impl PgExecutor<'_>,
    id: EventId,
    viewer: Viewer,
) -> Result<Option<Event>, PersistenceError> {
    let row = event_query!(viewer, whole = true, offered = true, "AND e.event_id = $6", id.get())
        .fetch_optional(executor)
        .await?;
    row.map(Event::try_from).transpose()
}

/// Locks the event for a change and reads it. Two statements: what was waited for must be seen by the reading one.
pub(super) async fn lock(
    transaction: &mut PgTransaction<'_>,
    id: EventId,
    scope: Tenants,
    expected: &Expected,
) -> Outcome<Event> {
    let version = sqlx::query_scalar!(
        "SELECT version FROM events WHERE event_id = $1 AND ($2::uuid IS NULL OR customer_id = $2) FOR UPDATE",
        id.get(),
        scope.as_filter(),
    )
    .fetch_optional(&mut **transaction)
    .await?;
    let Some(version) = version else { return Ok(Err(Refusal::NoEvent)) };
    if !expected.allows(version) {
        return Ok(Err(Refusal::Stale));
    }
    let everything = Viewer { staff_of: Tenants::All, ..Viewer::GUEST };
    let event = read(&mut **transaction, id, everything).await?;
    Ok(event.ok_or(Refusal::NoEvent))
}

/// Whether the customer may have one more live event. Whoever else wants to know waits until this transaction ends.
async fn may_go_live(transaction: &mut PgTransaction<'_>, event: &Event, default_limit: u32) -> Outcome<()> {
    sqlx::query!(
        "SELECT pg_advisory_xact_lock(hashtextextended('live events of ' || $1::uuid::text, 0))",
        event.customer_id.0,
    )
    .execute(&mut **transaction)
    .await?;
    // A statement of its own, so that it sees what the one before waited for.
    let found = sqlx::query!(
        r#"SELECT (SELECT max_live_events FROM customer_limits WHERE customer_id = $1) AS own_limit,
            (SELECT count(*) FROM events WHERE customer_id = $1 AND state = 'live') AS "live!""#,
        event.customer_id.0,
    )
    .fetch_one(&mut **transaction)
    .await?;
    let limit = match found.own_limit {
        Some(own) => u32::try_from(own).map_err(PersistenceError::corrupt)?,
        None => default_limit,
    };
    Ok(if found.live < i64::from(limit) { Ok(()) } else { Err(Refusal::TooManyLive { limit }) })
}

#[async_trait]
impl Events for Postgres {
    async fn create_event(&self, event: &Event) -> Result<bool, PersistenceError> {
        let mut transaction = self.pool.begin().await?;
        if !event_write::insert(&mut transaction, event).await? {
            return Ok(false);
        }
        transaction.commit().await?;
        Ok(true)
    }

    async fn event(&self, id: EventId, viewer: Viewer) -> Result<Option<Event>, PersistenceError> {
        read(&self.pool, id, viewer).await
    }

    async fn events(
        &self,
        viewer: Viewer,
        filter: &EventFilter,
        after: Option<EventKey>,
        rows: usize,
    ) -> Result<Vec<Event>, PersistenceError> {
        let states: Vec<String> = filter.states.iter().map(ToString::to_string).collect();
        let rows = event_query!(
            viewer,
            whole = false,
            offered = viewer.staff_of == Tenants::None,
            "AND (cardinality($6::text[]) = 0 OR e.state = ANY ($6))
             AND ($7::timestamptz IS NULL OR e.starts_at >= $7)
             AND ($8::timestamptz IS NULL OR e.starts_at < $8)
             AND ($9::text IS NULL OR strpos(lower(e.title), lower($9)) > 0)
             AND ($10::uuid IS NULL OR e.customer_id = $10)
             AND ($11::timestamptz IS NULL OR (e.starts_at, e.event_id) > ($11, $12::integer))
             ORDER BY e.starts_at, e.event_id LIMIT $13",
            &states,
            filter.starts_after,
            filter.starts_before,
            filter.title,
            filter.customer.map(|customer| customer.0),
            after.map(|after| after.starts_at.utc()),
            after.map(|after| after.event_id.get()),
            i64::try_from(rows).unwrap_or(i64::MAX),
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(Event::try_from).collect()
    }

    async fn change_event(
        &self,
        id: EventId,
        scope: Tenants,
        expected: &Expected,
        change: &Change,
        now: DateTime<Utc>,
    ) -> Outcome<Changed> {
        let mut transaction = self.pool.begin().await?;
        let before = or_refuse!(lock(&mut transaction, id, scope, expected).await?);
        let mut event = before.clone();
        let changed = or_refuse!(event.apply(change, now));
        if changed {
            event_write::update(&mut transaction, &before, &event).await?;
            transaction.commit().await?;
        }
        Ok(Ok(Changed { event, changed }))
    }

    async fn change_state(
        &self,
        id: EventId,
        scope: Tenants,
        expected: &Expected,
        to: EventState,
        default_limit: u32,
        now: DateTime<Utc>,
    ) -> Outcome<Event> {
        let mut transaction = self.pool.begin().await?;
        let before = or_refuse!(lock(&mut transaction, id, scope, expected).await?);
        let mut event = before.clone();
        or_refuse!(event.move_to(to, now));
        if to == EventState::Live {
            or_refuse!(may_go_live(&mut transaction, &event, default_limit).await?);
        }
        event_write::update(&mut transaction, &before, &event).await?;
        transaction.commit().await?;
        Ok(Ok(event))
    }

    async fn delete_event(&self, id: EventId, scope: Tenants, expected: &Expected) -> Outcome<()> {
        let mut transaction = self.pool.begin().await?;
        let event = or_refuse!(lock(&mut transaction, id, scope, expected).await?);
        if event.state == EventState::Live {
            return Ok(Err(Refusal::Live));
        }
        sqlx::query!("DELETE FROM events WHERE event_id = $1", id.get()).execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(Ok(()))
    }

    async fn check(&self) -> Result<(), PersistenceError> {
        common::persistence::postgres::check(&self.pool).await
    }
}
