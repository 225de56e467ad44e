use async_trait::async_trait;
use chrono::{DateTime, Utc};
use common::{access::Tenants, ids::CustomerId};

use super::{InMemory, State};
use crate::{
    domain::{AuditEntry, Customer},
    persistence::{Affected, Customers, Outcome, PersistenceError, Refusal, Slice},
};

impl State {
    fn name_is_taken(&self, customer: &Customer) -> bool {
        let others = self.customers.values().filter(|other| other.customer_id != customer.customer_id);
        others.into_iter().any(|other| other.name.key() == customer.name.key())
    }

    fn update_customer(
        &mut self,
        customer: &Customer,
        not_before: DateTime<Utc>,
    ) -> Result<Affected, Refusal> {
        let id = customer.customer_id;
        let stored = self.customers.get(&id).ok_or(Refusal::NotFound)?;
        if stored.version != customer.version {
            return Err(Refusal::Stale);
        }
        if self.name_is_taken(customer) {
            return Err(Refusal::Taken("name"));
        }
        let locked_out = customer.disabled && !stored.disabled;
        let runs_platform = |user: &crate::domain::User| user.customer_id == id && self.runs_platform(user);
        if locked_out
            && self.users.values().any(runs_platform)
            && !self.has_platform_admin_besides(None, Some(id))
        {
            return Err(Refusal::LastPlatformAdmin);
        }
        let created_at = stored.created_at;
        let version = stored.version + 1;
        self.customers.insert(id, Customer { created_at, version, ..customer.clone() });
        let mut affected = Affected::default();
        if locked_out {
            for user in self.users.values_mut().filter(|user| user.customer_id == id) {
                user.not_before = user.not_before.max(Some(not_before));
                user.sessions_not_before = user.sessions_not_before.max(Some(not_before));
                affected.users.push(user.user_id);
            }
            for client in self.clients.values_mut().filter(|client| client.customer_id == Some(id)) {
                client.not_before = client.not_before.max(Some(not_before));
                affected.clients.push(client.client_id.clone());
            }
        }
        Ok(affected)
    }

    fn delete_customer(&mut self, id: CustomerId, version: i64) -> Result<(), Refusal> {
        let stored = self.customers.get(&id).ok_or(Refusal::NotFound)?;
        if stored.version != version {
            return Err(Refusal::Stale);
        }
        if self.users.values().any(|user| user.customer_id == id) {
            return Err(Refusal::InUse("users"));
        }
        if self.clients.values().any(|client| client.customer_id == Some(id)) {
            return Err(Refusal::InUse("clients"));
        }
        self.customers.remove(&id);
        self.roles.retain(|(customer, _), _| *customer != id);
        Ok(())
    }
}

#[async_trait]
impl Customers for InMemory {
    async fn add_customer(&self, customer: &Customer, audit: &AuditEntry) -> Outcome<()> {
        let mut state = self.lock();
        if state.name_is_taken(customer) || state.customers.contains_key(&customer.customer_id) {
            return Ok(Err(Refusal::Taken("name")));
        }
        state.customers.insert(customer.customer_id, customer.clone());
        state.audit.push(audit.clone());
        Ok(Ok(()))
    }

    async fn customer(
        &self,
        customer_id: CustomerId,
        tenants: Tenants,
    ) -> Result<Option<Customer>, PersistenceError> {
        let found = self.lock().customers.get(&customer_id).cloned();
        Ok(found.filter(|customer| tenants.include(customer.customer_id)))
    }

    async fn customers(
        &self,
        tenants: Tenants,
        slice: Slice<CustomerId>,
    ) -> Result<Vec<Customer>, PersistenceError> {
        let state = self.lock();
        let all = state.customers.values().filter(|customer| tenants.include(customer.customer_id));
        let rest = all.filter(|customer| slice.after.is_none_or(|after| customer.customer_id > after));
        Ok(rest.take(slice.limit as usize).cloned().collect())
    }

    async fn update_customer(
        &self,
        customer: &Customer,
        not_before: DateTime<Utc>,
        audit: &AuditEntry,
    ) -> Outcome<Affected> {
        let mut state = self.lock();
        let result = state.update_customer(customer, not_before);
        Ok(state.noted(result, audit))
    }

    async fn delete_customer(
        &self,
        customer_id: CustomerId,
        version: i64,
        audit: &AuditEntry,
    ) -> Outcome<()> {
        let mut state = self.lock();
        let result = state.delete_customer(customer_id, version);
        Ok(state.noted(result, audit))
    }
}
