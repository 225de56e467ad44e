use sqlx::PgConnection;

use crate::{domain::AuditEntry, persistence::PersistenceError};

/// Writes a line of the log, in the transaction of what it tells of.
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
