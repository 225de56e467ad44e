//! Rows as the database gives them, and what they mean.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use common::{
    access::{Permission, PermissionPattern},
    ids::CustomerId,
    persistence::PersistenceError,
};
use serde::Deserialize;
use sqlx::types::Json;
use uuid::Uuid;

use crate::domain::{
    Account, Actor, AuditEntry, CustomRole, Customer, Effect, Grant, OAuthClient, Target, User,
};

/// Reads a text that was checked when it was written.
pub(super) fn read<T: std::str::FromStr>(text: &str) -> Result<T, PersistenceError>
where
    T::Err: std::fmt::Display,
{
    text.parse().map_err(PersistenceError::corrupt)
}

/// Reads permissions, or patterns of them. What a newer version of the program has written is not understood: it is
/// left out, which gives nobody more.
fn read_known<T: std::str::FromStr, C: FromIterator<T>>(texts: &[String]) -> C
where
    T::Err: std::fmt::Display,
{
    let known = |text: &String| match text.parse() {
        Ok(value) => Some(value),
        Err(error) => {
            tracing::warn!(%error, "a stored permission is left out");
            None
        }
    };
    texts.iter().filter_map(known).collect()
}

pub(super) struct CustomerRow {
    pub(super) customer_id: Uuid,
    pub(super) name: String,
    pub(super) disabled: bool,
    pub(super) created_at: DateTime<Utc>,
    pub(super) updated_at: DateTime<Utc>,
    pub(super) version: i64,
}

impl TryFrom<CustomerRow> for Customer {
    type Error = PersistenceError;

    fn try_from(row: CustomerRow) -> Result<Self, PersistenceError> {
        Ok(Self {
            customer_id: CustomerId(row.customer_id),
            name: read(&row.name)?,
            disabled: row.disabled,
            created_at: row.created_at,
            updated_at: row.updated_at,
            version: row.version,
        })
    }
}

pub(super) struct UserRow {
    pub(super) user_id: Uuid,
    pub(super) customer_id: Uuid,
    pub(super) email: String,
    pub(super) display_name: String,
    pub(super) roles: Vec<String>,
    pub(super) disabled: bool,
    pub(super) created_at: DateTime<Utc>,
    pub(super) updated_at: DateTime<Utc>,
    pub(super) last_login_at: Option<DateTime<Utc>>,
    pub(super) not_before: Option<DateTime<Utc>>,
    pub(super) sessions_not_before: Option<DateTime<Utc>>,
    pub(super) version: i64,
}

impl TryFrom<UserRow> for User {
    type Error = PersistenceError;

    fn try_from(row: UserRow) -> Result<Self, PersistenceError> {
        Ok(Self {
            user_id: common::ids::UserId(row.user_id),
            customer_id: CustomerId(row.customer_id),
            email: read(&row.email)?,
            display_name: read(&row.display_name)?,
            roles: row.roles.iter().map(|name| read(name)).collect::<Result<_, _>>()?,
            disabled: row.disabled,
            created_at: row.created_at,
            updated_at: row.updated_at,
            last_login_at: row.last_login_at,
            not_before: row.not_before,
            sessions_not_before: row.sessions_not_before,
            version: row.version,
        })
    }
}

/// A user with all that belongs to it, of one statement: one moment.
pub(super) struct AccountRow {
    pub(super) user_id: Uuid,
    pub(super) customer_id: Uuid,
    pub(super) email: String,
    pub(super) display_name: String,
    pub(super) roles: Vec<String>,
    pub(super) disabled: bool,
    pub(super) created_at: DateTime<Utc>,
    pub(super) updated_at: DateTime<Utc>,
    pub(super) last_login_at: Option<DateTime<Utc>>,
    pub(super) not_before: Option<DateTime<Utc>>,
    pub(super) sessions_not_before: Option<DateTime<Utc>>,
    pub(super) version: i64,
    pub(super) customer_name: String,
    pub(super) customer_disabled: bool,
    pub(super) customer_created_at: DateTime<Utc>,
    pub(super) customer_updated_at: DateTime<Utc>,
    pub(super) customer_version: i64,
    pub(super) custom_roles: Json<Vec<RoleRow>>,
    pub(super) grants: Json<Vec<GrantRow>>,
}

impl TryFrom<AccountRow> for Account {
    type Error = PersistenceError;

    fn try_from(row: AccountRow) -> Result<Self, PersistenceError> {
        let customer = CustomerRow {
            customer_id: row.customer_id,
            name: row.customer_name,
            disabled: row.customer_disabled,
            created_at: row.customer_created_at,
            updated_at: row.customer_updated_at,
            version: row.customer_version,
        };
        let user = UserRow {
            user_id: row.user_id,
            customer_id: row.customer_id,
            email: row.email,
            display_name: row.display_name,
            roles: row.roles,
            disabled: row.disabled,
            created_at: row.created_at,
            updated_at: row.updated_at,
            last_login_at: row.last_login_at,
            not_before: row.not_before,
            sessions_not_before: row.sessions_not_before,
            version: row.version,
        };
        // A grant of a permission that this version does not know gives and takes nothing.
        let known = |grant: &GrantRow| grant.permission.parse::<Permission>().is_ok();
        Ok(Self {
            user: user.try_into()?,
            customer: customer.try_into()?,
            custom_roles: row.custom_roles.0.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?,
            grants: {
                let grants = row.grants.0.into_iter().filter(known).map(TryInto::try_into);
                let mut grants = grants.collect::<Result<Vec<Grant>, _>>()?;
                grants.sort_by_key(|grant| grant.permission);
                grants
            },
        })
    }
}

#[derive(Deserialize)]
pub(super) struct RoleRow {
    pub(super) customer_id: Uuid,
    pub(super) name: String,
    pub(super) description: Option<String>,
    pub(super) permissions: Vec<String>,
    pub(super) created_at: DateTime<Utc>,
    pub(super) updated_at: DateTime<Utc>,
    pub(super) version: i64,
}

impl TryFrom<RoleRow> for CustomRole {
    type Error = PersistenceError;

    fn try_from(row: RoleRow) -> Result<Self, PersistenceError> {
        Ok(Self {
            customer_id: CustomerId(row.customer_id),
            name: read(&row.name)?,
            description: row.description.as_deref().map(read).transpose()?,
            permissions: read_known::<PermissionPattern, BTreeSet<_>>(&row.permissions),
            created_at: row.created_at,
            updated_at: row.updated_at,
            version: row.version,
        })
    }
}

#[derive(Deserialize)]
pub(super) struct GrantRow {
    permission: String,
    effect: Effect,
    granted_by: Actor,
    granted_at: DateTime<Utc>,
    reason: Option<String>,
}

impl TryFrom<GrantRow> for Grant {
    type Error = PersistenceError;

    fn try_from(row: GrantRow) -> Result<Self, PersistenceError> {
        Ok(Self {
            permission: read(&row.permission)?,
            effect: row.effect,
            granted_by: row.granted_by,
            granted_at: row.granted_at,
            reason: row.reason.as_deref().map(read).transpose()?,
        })
    }
}

pub(super) struct ClientRow {
    pub(super) client_id: String,
    pub(super) name: String,
    pub(super) customer_id: Option<Uuid>,
    pub(super) scopes: Vec<String>,
    pub(super) disabled: bool,
    pub(super) created_at: DateTime<Utc>,
    pub(super) updated_at: DateTime<Utc>,
    pub(super) not_before: Option<DateTime<Utc>>,
    pub(super) version: i64,
}

impl TryFrom<ClientRow> for OAuthClient {
    type Error = PersistenceError;

    fn try_from(row: ClientRow) -> Result<Self, PersistenceError> {
        Ok(Self {
            client_id: read(&row.client_id)?,
            name: read(&row.name)?,
            customer_id: row.customer_id.map(CustomerId),
            scopes: read_known::<Permission, _>(&row.scopes),
            disabled: row.disabled,
            created_at: row.created_at,
            updated_at: row.updated_at,
            not_before: row.not_before,
            version: row.version,
        })
    }
}

pub(super) struct AuditRow {
    pub(super) audit_id: Uuid,
    pub(super) at: DateTime<Utc>,
    pub(super) actor: String,
    pub(super) customer_id: Option<Uuid>,
    pub(super) action: String,
    pub(super) target_kind: String,
    pub(super) target_id: String,
    pub(super) details: serde_json::Value,
    pub(super) request_id: Option<String>,
}

impl TryFrom<AuditRow> for AuditEntry {
    type Error = PersistenceError;

    fn try_from(row: AuditRow) -> Result<Self, PersistenceError> {
        Ok(Self {
            audit_id: row.audit_id,
            at: row.at,
            actor: row.actor.into(),
            customer_id: row.customer_id.map(CustomerId),
            action: read(&row.action)?,
            target: Target { kind: row.target_kind, id: row.target_id },
            details: row.details,
            request_id: row.request_id,
        })
    }
}
