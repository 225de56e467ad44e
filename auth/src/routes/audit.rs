//! The audit log.

use axum::extract::State;
use chrono::{DateTime, Utc};
use common::{
    access::may,
    ids::CustomerId,
    problem::{Json, Problem, Query},
    service::page::{self, Page},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::by::By;
use crate::{
    AppState,
    domain::{Action, AuditEntry, audit::Reference},
    persistence::{AuditFilter, Slice},
};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_audit))
}

/// Which lines.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct AuditQuery {
    /// By this user or client (its id), or by `system`.
    #[param(inline)]
    actor: Option<Reference>,
    /// About this.
    action: Option<Action>,
    /// On the thing with this id; a role's name.
    #[param(inline)]
    target: Option<Reference>,
    /// Not earlier than this.
    after: Option<DateTime<Utc>>,
    /// Earlier than this.
    before: Option<DateTime<Utc>>,
    /// In the data of one customer among those within reach.
    customer_id: Option<CustomerId>,
    /// How many at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// Where the last page ended: its `next_cursor`.
    #[param(max_length = 500)]
    cursor: Option<String>,
}

/// A line of the audit log.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditEntry, example = json!({
    "audit_id": "0192f0c1-2a6b-7c3d-8e4f-5a6b7c8d9e0f", "at": "2026-03-01T09:00:00Z",
    "actor": "0192f0c1-0000-7000-8000-000000000011", "customer_id": "0192f0c1-0000-7000-8000-000000000001",
    "action": "user.updated", "target": { "kind": "user", "id": "0192f0c1-0000-7000-8000-000000000012" },
    "details": { "changes": { "disabled": { "from": false, "to": true } }, "password_set": false },
    "request_id": "0192f0c12a6b7c3d8e4f5a6b7c8d9e0f"
}))]
pub(crate) struct AuditView {
    audit_id: Uuid,
    at: DateTime<Utc>,
    /// Who: a user's id, a client's, or `system`.
    actor: String,
    /// In whose data; `null`: the platform's own.
    #[schema(required = true)]
    customer_id: Option<CustomerId>,
    action: Action,
    target: TargetView,
    /// How, depending on the action. Never has secrets.
    #[schema(value_type = Object)]
    details: serde_json::Value,
    /// The `x-request-id` of the request that did it, if it was one.
    #[schema(required = true)]
    request_id: Option<String>,
}

/// What something was done to.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditTarget)]
pub(crate) struct TargetView {
    /// `customer`, `user`, `role`, `client` or `key`.
    kind: String,
    /// Its id; a role's name.
    id: String,
}

impl From<AuditEntry> for AuditView {
    fn from(entry: AuditEntry) -> Self {
        Self {
            audit_id: entry.audit_id,
            at: entry.at,
            actor: entry.actor.to_string(),
            customer_id: entry.customer_id,
            action: entry.action,
            target: TargetView { kind: entry.target.kind, id: entry.target.id },
            details: entry.details,
            request_id: entry.request_id,
        }
    }
}

/// Read the audit log
///
/// Every change, the newest first. Nobody can change or delete a line.
#[utoipa::path(
    get, path = "/audit", operation_id = "list_audit", tag = "audit",
    params(AuditQuery),
    security(("bearer" = ["audit:read"])),
    responses((status = 200, description = "Lines within reach", body = Page<AuditView>)),
)]
async fn list_audit(
    By { caller, .. }: By<may::AuditRead>,
    State(state): State<AppState>,
    Query(query): Query<AuditQuery>,
) -> Result<Json<Page<AuditView>>, Problem> {
    let request = page::read::<Uuid>(query.limit, query.cursor.as_deref())?;
    let filter = AuditFilter {
        actor: query.actor.map(|actor| String::from(actor).into()),
        action: query.action,
        target: query.target.map(Into::into),
        from: query.after.map(within_calendar),
        until: query.before.map(within_calendar),
    };
    let slice = Slice { after: request.after, limit: request.limit + 1 };
    let found = state.persistence.audit_log(caller.tenants_of(query.customer_id), &filter, slice).await?;
    Ok(Json(request.page(found, |entry| entry.audit_id).map(Into::into)))
}

/// RFC 3339 ends with the year 9999; databases have their own ends.
fn within_calendar(moment: DateTime<Utc>) -> DateTime<Utc> {
    const SECONDS_OF_9999: i64 = 253_402_300_799;
    let end = DateTime::from_timestamp(SECONDS_OF_9999, 0).unwrap_or(moment);
    moment.clamp(DateTime::UNIX_EPOCH, end)
}
