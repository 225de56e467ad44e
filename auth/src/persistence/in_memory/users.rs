use async_trait::async_trait;
use chrono::{DateTime, Utc};
use common::{
    access::{Permission, Tenants},
    ids::UserId,
};

use super::{InMemory, State};
use crate::{
    domain::{Account, AuditEntry, Email, Grant, RoleName, User},
    persistence::{Outcome, PersistenceError, Refusal, Slice, UserFilter, Users},
};

impl State {
    fn check_user(&self, user: &User) -> Result<(), Refusal> {
        if !self.customers.contains_key(&user.customer_id) {
            return Err(Refusal::UnknownCustomer);
        }
        let mut others = self.users.values().filter(|other| other.user_id != user.user_id);
        if others.any(|other| other.email == user.email) {
            return Err(Refusal::Taken("email"));
        }
        let exists = |role: &RoleName| {
            role.builtin().is_some() || self.roles.contains_key(&(user.customer_id, role.clone()))
        };
        if user.roles.iter().all(exists) { Ok(()) } else { Err(Refusal::UnknownRole) }
    }

    /// The stored user of this version.
    fn user_at(&mut self, user_id: UserId, version: i64) -> Result<&mut User, Refusal> {
        let stored = self.users.get_mut(&user_id).ok_or(Refusal::NotFound)?;
        if stored.version == version { Ok(stored) } else { Err(Refusal::Stale) }
    }

    fn update_user(&mut self, user: &User, password_hash: Option<&str>) -> Result<i64, Refusal> {
        let stored = self.user_at(user.user_id, user.version)?.clone();
        let user = User {
            customer_id: stored.customer_id,
            created_at: stored.created_at,
            last_login_at: stored.last_login_at,
            not_before: stored.not_before.max(user.not_before),
            sessions_not_before: stored.sessions_not_before.max(user.sessions_not_before),
            version: stored.version + 1,
            ..user.clone()
        };
        self.check_user(&user)?;
        if self.runs_platform(&stored)
            && !self.runs_platform(&user)
            && !self.has_platform_admin_besides(Some(user.user_id), None)
        {
            return Err(Refusal::LastPlatformAdmin);
        }
        if let Some(hash) = password_hash {
            self.passwords.insert(user.user_id, hash.to_owned());
        }
        let version = user.version;
        self.users.insert(user.user_id, user);
        Ok(version)
    }

    fn delete_user(&mut self, user_id: UserId, version: i64) -> Result<(), Refusal> {
        let stored = self.user_at(user_id, version)?.clone();
        if self.runs_platform(&stored) && !self.has_platform_admin_besides(Some(user_id), None) {
            return Err(Refusal::LastPlatformAdmin);
        }
        self.users.remove(&user_id);
        self.passwords.remove(&user_id);
        self.tokens.end_sessions(|_, user| user == user_id);
        self.grants.retain(|(user, _), _| *user != user_id);
        Ok(())
    }

    /// Counts a change of the user's grants.
    fn touch_user(
        &mut self,
        user_id: UserId,
        version: i64,
        at: DateTime<Utc>,
        not_before: Option<DateTime<Utc>>,
    ) -> Result<i64, Refusal> {
        let stored = self.user_at(user_id, version)?;
        stored.not_before = stored.not_before.max(not_before);
        stored.updated_at = at;
        stored.version += 1;
        Ok(stored.version)
    }

    fn account(&self, user: &User) -> Option<Account> {
        let own = |role: &RoleName| self.roles.get(&(user.customer_id, role.clone())).cloned();
        Some(Account {
            user: user.clone(),
            customer: self.customers.get(&user.customer_id)?.clone(),
            custom_roles: user.roles.iter().filter_map(own).collect(),
            grants: self
                .grants
                .iter()
                .filter(|((id, _), _)| *id == user.user_id)
                .map(|(_, grant)| grant.clone())
                .collect(),
        })
    }
}

impl UserFilter {
    fn takes(&self, user: &User) -> bool {
        let part = self.email_contains.as_ref().map(|part| part.to_lowercase());
        part.is_none_or(|part| user.email.as_str().contains(&part))
            && self.role.as_ref().is_none_or(|role| user.roles.contains(role))
            && self.disabled.is_none_or(|disabled| user.disabled == disabled)
    }
}

#[async_trait]
impl Users for InMemory {
    async fn add_user(&self, user: &User, password_hash: Option<&str>, audit: &AuditEntry) -> Outcome<()> {
        let mut state = self.lock();
        let result = state.check_user(user);
        if result.is_ok() {
            state.users.insert(user.user_id, user.clone());
            if let Some(hash) = password_hash {
                state.passwords.insert(user.user_id, hash.to_owned());
            }
        }
        Ok(state.noted(result, audit))
    }

    async fn account(&self, user_id: UserId, tenants: Tenants) -> Result<Option<Account>, PersistenceError> {
        let state = self.lock();
        let found = state.users.get(&user_id).filter(|user| tenants.include(user.customer_id));
        Ok(found.and_then(|user| state.account(user)))
    }

    async fn account_by_email(&self, email: &Email) -> Result<Option<Account>, PersistenceError> {
        let state = self.lock();
        let found = state.users.values().find(|user| user.email == *email);
        Ok(found.and_then(|user| state.account(user)))
    }

    async fn users(
        &self,
        tenants: Tenants,
        filter: &UserFilter,
        slice: Slice<UserId>,
    ) -> Result<Vec<User>, PersistenceError> {
        let state = self.lock();
        let all = state.users.values().filter(|user| tenants.include(user.customer_id) && filter.takes(user));
        let rest = all.filter(|user| slice.after.is_none_or(|after| user.user_id > after));
        Ok(rest.take(slice.limit as usize).cloned().collect())
    }

    async fn update_user(
        &self,
        user: &User,
        password_hash: Option<&str>,
        audit: &AuditEntry,
    ) -> Outcome<i64> {
        let mut state = self.lock();
        let result = state.update_user(user, password_hash);
        Ok(state.noted(result, audit))
    }

    async fn delete_user(&self, user_id: UserId, version: i64, audit: &AuditEntry) -> Outcome<()> {
        let mut state = self.lock();
        let result = state.delete_user(user_id, version);
        Ok(state.noted(result, audit))
    }

    async fn put_grant(
        &self,
        user_id: UserId,
        version: i64,
        grant: &Grant,
        not_before: Option<DateTime<Utc>>,
        audit: &AuditEntry,
    ) -> Outcome<i64> {
        let mut state = self.lock();
        let result = state.touch_user(user_id, version, audit.at, not_before);
        if result.is_ok() {
            state.grants.insert((user_id, grant.permission), grant.clone());
        }
        Ok(state.noted(result, audit))
    }

    async fn delete_grant(
        &self,
        user_id: UserId,
        version: i64,
        permission: Permission,
        not_before: Option<DateTime<Utc>>,
        audit: &AuditEntry,
    ) -> Outcome<i64> {
        let mut state = self.lock();
        if let Err(refusal) = state.user_at(user_id, version) {
            return Ok(Err(refusal));
        }
        if state.grants.remove(&(user_id, permission)).is_none() {
            return Ok(Err(Refusal::NotFound));
        }
        let result = state.touch_user(user_id, version, audit.at, not_before);
        Ok(state.noted(result, audit))
    }
}
