use async_trait::async_trait;
use common::access::Tenants;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Postgres, rows::AuditRow};
use crate::{
    domain::{Action, AuditEntry},
    persistence::{Audit, AuditFilter, PersistenceError, Slice},
};

/// Writes a line, within the transaction of what it tells of.
pub(super) async fn write(connection: &mut PgConnection, entry: &AuditEntry) -> Result<(), PersistenceError> {
    sqlx::query!(
        "INSERT INTO audit_log (audit_id, at, actor, customer_id, action, target_kind, target_id, details, request_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        entry.audit_id,
        entry.at,
        entry.actor.to_string(),
        entry.customer_id.map(|customer| customer.0),
        entry.action.as_str(),
        entry.target.kind,
        entry.target.id,
        entry.details,
        entry.request_id,
    )
    .execute(connection)
    .await?;
    Ok(())
}

#[async_trait]
impl Audit for Postgres {
    async fn note(&self, audit: &AuditEntry) -> Result<(), PersistenceError> {
        let mut connection = self.pool.acquire().await?;
        write(&mut connection, audit).await
    }

    async fn audit_log(
        &self,
        tenants: Tenants,
        filter: &AuditFilter,
        slice: Slice<Uuid>,
    ) -> Result<Vec<AuditEntry>, PersistenceError> {
        let rows = sqlx::query_as!(
            AuditRow,
            "SELECT audit_id, at, actor, customer_id, action, target_kind, target_id, details, request_id
             FROM audit_log
             WHERE ($1::uuid IS NULL OR customer_id = $1)
               AND ($2::uuid IS NULL OR audit_id < $2)
               AND ($3::text IS NULL OR actor = $3)
               AND ($4::text IS NULL OR action = $4)
               AND ($5::text IS NULL OR target_id = $5)
               AND ($6::timestamptz IS NULL OR at >= $6)
               AND ($7::timestamptz IS NULL OR at < $7)
             ORDER BY audit_id DESC
             LIMIT $8",
            tenants.as_filter(),
            slice.after,
            filter.actor.as_ref().map(ToString::to_string),
            filter.action.map(Action::as_str),
            filter.target,
            filter.from,
            filter.until,
            i64::from(slice.limit),
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(TryInto::try_into).collect()
    }
}
