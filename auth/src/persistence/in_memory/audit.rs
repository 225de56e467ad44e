use async_trait::async_trait;
use common::access::Tenants;
use uuid::Uuid;

use super::{InMemory, State};
use crate::{
    domain::AuditEntry,
    persistence::{Audit, AuditFilter, PersistenceError, Refusal, Slice},
};

impl State {
    /// Writes the line if the change was made.
    pub(super) fn noted<T>(&mut self, result: Result<T, Refusal>, audit: &AuditEntry) -> Result<T, Refusal> {
        if result.is_ok() {
            self.audit.push(audit.clone());
        }
        result
    }
}

impl AuditFilter {
    fn takes(&self, entry: &AuditEntry) -> bool {
        self.actor.as_ref().is_none_or(|actor| entry.actor == *actor)
            && self.action.is_none_or(|action| entry.action == action)
            && self.target.as_ref().is_none_or(|target| entry.target.id == *target)
            && self.from.is_none_or(|from| entry.at >= from)
            && self.until.is_none_or(|until| entry.at < until)
    }
}

#[async_trait]
impl Audit for InMemory {
    async fn note(&self, audit: &AuditEntry) -> Result<(), PersistenceError> {
        self.lock().audit.push(audit.clone());
        Ok(())
    }

    async fn audit_log(
        &self,
        tenants: Tenants,
        filter: &AuditFilter,
        slice: Slice<Uuid>,
    ) -> Result<Vec<AuditEntry>, PersistenceError> {
        let state = self.lock();
        let within = |entry: &&AuditEntry| {
            entry.customer_id.map_or(tenants == Tenants::All, |customer| tenants.include(customer))
                && slice.after.is_none_or(|after| entry.audit_id < after)
                && filter.takes(entry)
        };
        let mut found: Vec<_> = state.audit.iter().filter(within).cloned().collect();
        found.sort_by_key(|entry| std::cmp::Reverse(entry.audit_id));
        found.truncate(slice.limit as usize);
        Ok(found)
    }
}
