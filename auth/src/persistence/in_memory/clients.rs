use async_trait::async_trait;
use chrono::{DateTime, Utc};
use common::{access::Tenants, ids::CustomerId};

use super::{InMemory, State};
use crate::{
    domain::{AuditEntry, ClientId, ClientRecord, OAuthClient, SecretHash},
    persistence::{Clients, Outcome, PersistenceError, Refusal, Slice},
};

impl State {
    fn add_client(&mut self, client: &OAuthClient, secret: &SecretHash) -> Result<(), Refusal> {
        if client.customer_id.is_some_and(|customer| !self.customers.contains_key(&customer)) {
            return Err(Refusal::UnknownCustomer);
        }
        if self.clients.contains_key(&client.client_id) {
            return Err(Refusal::Taken("client_id"));
        }
        self.clients.insert(client.client_id.clone(), client.clone());
        self.client_secrets.insert(client.client_id.clone(), vec![(secret.clone(), None)]);
        Ok(())
    }

    /// The stored client of this version.
    fn client_at(&mut self, client_id: &ClientId, version: i64) -> Result<&mut OAuthClient, Refusal> {
        let stored = self.clients.get_mut(client_id).ok_or(Refusal::NotFound)?;
        if stored.version == version { Ok(stored) } else { Err(Refusal::Stale) }
    }
}

/// A client of the platform itself is within reach of those alone who reach every customer.
fn reach(tenants: Tenants, client: &OAuthClient) -> bool {
    client.customer_id.map_or(tenants == Tenants::All, |customer| tenants.include(customer))
}

#[async_trait]
impl Clients for InMemory {
    async fn add_client(&self, client: &OAuthClient, secret: &SecretHash, audit: &AuditEntry) -> Outcome<()> {
        let mut state = self.lock();
        let result = state.add_client(client, secret);
        Ok(state.noted(result, audit))
    }

    async fn client(
        &self,
        client_id: &ClientId,
        tenants: Tenants,
    ) -> Result<Option<OAuthClient>, PersistenceError> {
        Ok(self.lock().clients.get(client_id).filter(|client| reach(tenants, client)).cloned())
    }

    async fn client_record(
        &self,
        client_id: &ClientId,
        now: DateTime<Utc>,
    ) -> Result<Option<ClientRecord>, PersistenceError> {
        let state = self.lock();
        let Some(client) = state.clients.get(client_id).cloned() else { return Ok(None) };
        let secrets = state.client_secrets.get(client_id).into_iter().flatten();
        let valid = secrets.filter(|(_, until)| until.is_none_or(|until| until > now));
        let secrets = valid.map(|(hash, _)| hash.clone()).collect();
        let customer = client.customer_id.and_then(|customer| state.customers.get(&customer));
        let customer_disabled = customer.is_some_and(|customer| customer.disabled);
        Ok(Some(ClientRecord { client, customer_disabled, secrets }))
    }

    async fn clients(
        &self,
        tenants: Tenants,
        customer_id: Option<CustomerId>,
        slice: Slice<ClientId>,
    ) -> Result<Vec<OAuthClient>, PersistenceError> {
        let state = self.lock();
        let all = state.clients.values().filter(|client| {
            reach(tenants, client) && (customer_id.is_none() || client.customer_id == customer_id)
        });
        let rest = all.filter(|client| slice.after.as_ref().is_none_or(|after| client.client_id > *after));
        Ok(rest.take(slice.limit as usize).cloned().collect())
    }

    async fn update_client(&self, client: &OAuthClient, audit: &AuditEntry) -> Outcome<i64> {
        let mut state = self.lock();
        let result = state.client_at(&client.client_id, client.version).map(|stored| {
            *stored = OAuthClient {
                customer_id: stored.customer_id,
                created_at: stored.created_at,
                not_before: stored.not_before.max(client.not_before),
                version: stored.version + 1,
                ..client.clone()
            };
            stored.version
        });
        Ok(state.noted(result, audit))
    }

    async fn rotate_client_secret(
        &self,
        client_id: &ClientId,
        version: i64,
        secret: &SecretHash,
        old_until: DateTime<Utc>,
        not_before: Option<DateTime<Utc>>,
        audit: &AuditEntry,
    ) -> Outcome<i64> {
        let mut state = self.lock();
        let result = state.client_at(client_id, version).map(|stored| {
            stored.version += 1;
            stored.updated_at = audit.at;
            stored.not_before = stored.not_before.max(not_before);
            stored.version
        });
        if result.is_ok() {
            let secrets = state.client_secrets.entry(client_id.clone()).or_default();
            for (_, until) in secrets.iter_mut() {
                *until = Some(until.map_or(old_until, |until| until.min(old_until)));
            }
            secrets.retain(|(hash, until)| hash != secret && until.is_none_or(|until| until > audit.at));
            secrets.push((secret.clone(), None));
        }
        Ok(state.noted(result, audit))
    }

    async fn delete_client(&self, client_id: &ClientId, version: i64, audit: &AuditEntry) -> Outcome<()> {
        let mut state = self.lock();
        let result = state.client_at(client_id, version).map(drop);
        if result.is_ok() {
            state.clients.remove(client_id);
            state.client_secrets.remove(client_id);
        }
        Ok(state.noted(result, audit))
    }
}
