use async_trait::async_trait;
use chrono::{DateTime, Utc};
use common::ids::{CustomerId, UserId};

use super::{InMemory, State};
use crate::{
    domain::{AuditEntry, CustomRole, RoleName},
    persistence::{Outcome, PersistenceError, Refusal, Roles},
};

impl State {
    fn add_role(&mut self, role: &CustomRole) -> Result<(), Refusal> {
        if !self.customers.contains_key(&role.customer_id) {
            return Err(Refusal::UnknownCustomer);
        }
        let key = (role.customer_id, role.name.clone());
        if role.name.builtin().is_some() || self.roles.contains_key(&key) {
            return Err(Refusal::Taken("name"));
        }
        self.roles.insert(key, role.clone());
        Ok(())
    }

    /// The stored role of this version.
    fn role_at(
        &mut self,
        customer_id: CustomerId,
        name: &RoleName,
        version: i64,
    ) -> Result<&mut CustomRole, Refusal> {
        let stored = self.roles.get_mut(&(customer_id, name.clone())).ok_or(Refusal::NotFound)?;
        if stored.version == version { Ok(stored) } else { Err(Refusal::Stale) }
    }

    fn update_role(
        &mut self,
        role: &CustomRole,
        not_before: Option<DateTime<Utc>>,
    ) -> Result<Vec<UserId>, Refusal> {
        let stored = self.role_at(role.customer_id, &role.name, role.version)?;
        *stored = CustomRole { created_at: stored.created_at, version: stored.version + 1, ..role.clone() };
        let Some(not_before) = not_before else { return Ok(Vec::new()) };
        let have = self
            .users
            .values_mut()
            .filter(|user| user.customer_id == role.customer_id && user.roles.contains(&role.name));
        Ok(have
            .map(|user| {
                user.not_before = user.not_before.max(Some(not_before));
                user.user_id
            })
            .collect())
    }

    fn delete_role(&mut self, customer_id: CustomerId, name: &RoleName, version: i64) -> Result<(), Refusal> {
        self.role_at(customer_id, name, version)?;
        if self.users.values().any(|user| user.customer_id == customer_id && user.roles.contains(name)) {
            return Err(Refusal::InUse("users"));
        }
        self.roles.remove(&(customer_id, name.clone()));
        Ok(())
    }
}

#[async_trait]
impl Roles for InMemory {
    async fn add_role(&self, role: &CustomRole, audit: &AuditEntry) -> Outcome<()> {
        let mut state = self.lock();
        let result = state.add_role(role);
        Ok(state.noted(result, audit))
    }

    async fn role(
        &self,
        customer_id: CustomerId,
        name: &RoleName,
    ) -> Result<Option<CustomRole>, PersistenceError> {
        Ok(self.lock().roles.get(&(customer_id, name.clone())).cloned())
    }

    async fn roles(&self, customer_id: CustomerId) -> Result<Vec<CustomRole>, PersistenceError> {
        let state = self.lock();
        Ok(state.roles.values().filter(|role| role.customer_id == customer_id).cloned().collect())
    }

    async fn update_role(
        &self,
        role: &CustomRole,
        not_before: Option<DateTime<Utc>>,
        audit: &AuditEntry,
    ) -> Outcome<Vec<UserId>> {
        let mut state = self.lock();
        let result = state.update_role(role, not_before);
        Ok(state.noted(result, audit))
    }

    async fn delete_role(
        &self,
        customer_id: CustomerId,
        name: &RoleName,
        version: i64,
        audit: &AuditEntry,
    ) -> Outcome<()> {
        let mut state = self.lock();
        let result = state.delete_role(customer_id, name, version);
        Ok(state.noted(result, audit))
    }
}
