use async_trait::async_trait;
use chrono::{DateTime, Utc};
use common::{
    access::{Permission, Tenants},
    ids::UserId,
};

use super::{Outcome, PersistenceError, Slice};
use crate::domain::{Account, AuditEntry, Email, Grant, RoleName, User};

/// People, their roles and their custom permissions.
#[async_trait]
pub trait Users: Send + Sync {
    /// Adds one with its password's hash; without one it cannot sign in by password. Refused:
    /// [`Taken`](super::Refusal::Taken), [`UnknownCustomer`](super::Refusal::UnknownCustomer),
    /// [`UnknownRole`](super::Refusal::UnknownRole).
    async fn add_user(&self, user: &User, password_hash: Option<&str>, audit: &AuditEntry) -> Outcome<()>;

    /// The user with this id, with all that decides what it may do.
    async fn account(&self, user_id: UserId, tenants: Tenants) -> Result<Option<Account>, PersistenceError>;

    /// The user with this address, in any customer: for signing in.
    async fn account_by_email(&self, email: &Email) -> Result<Option<Account>, PersistenceError>;

    /// Some of them, by id.
    async fn users(
        &self,
        tenants: Tenants,
        filter: &UserFilter,
        slice: Slice<UserId>,
    ) -> Result<Vec<User>, PersistenceError>;

    /// Puts `user` in the place of its version `user.version`; gives the new version. Its customer, `created_at` and
    /// `last_login_at` stay as they are; `not_before` and `sessions_not_before` never go back. With `password_hash`, the
    /// password is changed as well. Refused: [`NotFound`](super::Refusal::NotFound), [`Stale`](super::Refusal::Stale),
    /// [`Taken`](super::Refusal::Taken), [`UnknownRole`](super::Refusal::UnknownRole),
    /// [`LastPlatformAdmin`](super::Refusal::LastPlatformAdmin).
    async fn update_user(&self, user: &User, password_hash: Option<&str>, audit: &AuditEntry)
    -> Outcome<i64>;

    /// Deletes the user with all that is the user's. Refused: not found, stale, last platform administrator.
    async fn delete_user(&self, user_id: UserId, version: i64, audit: &AuditEntry) -> Outcome<()>;

    /// Sets a custom permission of the user, in the place of the one there may be. `version` is the user's; the new one
    /// is given. With `not_before`, older tokens are refused.
    async fn put_grant(
        &self,
        user_id: UserId,
        version: i64,
        grant: &Grant,
        not_before: Option<DateTime<Utc>>,
        audit: &AuditEntry,
    ) -> Outcome<i64>;

    /// Drops a custom permission, as [`Self::put_grant`]. Not found: there is no such user or no such grant.
    async fn delete_grant(
        &self,
        user_id: UserId,
        version: i64,
        permission: Permission,
        not_before: Option<DateTime<Utc>>,
        audit: &AuditEntry,
    ) -> Outcome<i64>;
}

/// Which users.
#[derive(Clone, Debug, Default)]
pub struct UserFilter {
    /// Whose address contains this, whatever the case.
    pub email_contains: Option<String>,
    /// Who have this role.
    pub role: Option<RoleName>,
    /// Who are locked out, or not.
    pub disabled: Option<bool>,
}
