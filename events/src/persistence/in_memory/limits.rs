//! Customers' limits in memory.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use common::ids::CustomerId;

use super::{InMemory, State};
use crate::{
    domain::EventState,
    persistence::{CustomerLimits, Limits, PersistenceError},
};

impl State {
    fn limits(&self, customer: CustomerId) -> CustomerLimits {
        let live = self
            .events
            .values()
            .filter(|event| event.customer_id == customer && event.state == EventState::Live);
        let live_events = u32::try_from(live.count()).unwrap_or(u32::MAX);
        CustomerLimits { max_live_events: self.max_live_events.get(&customer).copied(), live_events }
    }
}

#[async_trait]
impl Limits for InMemory {
    async fn customer_limits(&self, customer: CustomerId) -> Result<CustomerLimits, PersistenceError> {
        Ok(self.state.lock().limits(customer))
    }

    async fn set_customer_limits(
        &self,
        customer: CustomerId,
        max_live_events: u32,
        _: DateTime<Utc>,
    ) -> Result<CustomerLimits, PersistenceError> {
        let mut state = self.state.lock();
        state.max_live_events.insert(customer, max_live_events);
        Ok(state.limits(customer))
    }
}
