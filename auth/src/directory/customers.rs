//! Customers.

use common::{
    access::{Permission, Subject},
    ids::CustomerId,
    service::etag::IfMatch,
};
use serde_json::{Value, json};

use super::{ATTEMPTS, Caller, DirectoryError, difference};
use crate::{
    AppState,
    domain::{Action, Customer, CustomerName, Target, stored, tokens_good_from},
    persistence::Refusal,
};

/// What changes; `None` stays.
pub(crate) struct CustomerChange {
    pub(crate) name: Option<CustomerName>,
    pub(crate) disabled: Option<bool>,
}

/// As the audit log tells of it.
fn describe(customer: &Customer) -> Value {
    json!({ "name": customer.name, "disabled": customer.disabled })
}

fn target(customer_id: CustomerId) -> Target {
    Target::new("customer", customer_id)
}

/// The caller's own, or with `customers:read` any within reach.
pub(crate) async fn get(
    state: &AppState,
    caller: &Caller,
    customer_id: CustomerId,
) -> Result<Customer, DirectoryError> {
    let own = caller.principal.customer == Some(customer_id);
    let visible = own || caller.principal.may(Permission::CustomersRead);
    let found = state.persistence.customer(customer_id, caller.tenants()).await?;
    found.filter(|_| visible).ok_or(DirectoryError::NotFound("customer"))
}

pub(crate) async fn create(
    state: &AppState,
    caller: &Caller,
    name: CustomerName,
) -> Result<Customer, DirectoryError> {
    if !caller.runs_platform() {
        return Err(DirectoryError::PlatformOnly);
    }
    let customer = Customer::new(name, caller.now);
    let id = customer.customer_id;
    let entry = caller.entry(Action::CustomerCreated, Some(id), target(id), describe(&customer));
    match state.persistence.add_customer(&customer, &entry).await? {
        Ok(()) => Ok(customer),
        Err(refusal) => Err(DirectoryError::refused(refusal, "customer")),
    }
}

pub(crate) async fn update(
    state: &AppState,
    caller: &Caller,
    customer_id: CustomerId,
    if_match: &IfMatch,
    change: CustomerChange,
) -> Result<Customer, DirectoryError> {
    if change.disabled == Some(true) && caller.principal.customer == Some(customer_id) {
        return Err(DirectoryError::OwnAccount("you cannot lock out your own customer"));
    }
    for _ in 0..ATTEMPTS {
        let before = state.persistence.customer(customer_id, caller.tenants()).await?;
        let before = before.ok_or(DirectoryError::NotFound("customer"))?;
        if !if_match.allows(before.version) {
            return Err(DirectoryError::Stale);
        }
        let mut after = before.clone();
        after.name = change.name.clone().unwrap_or(after.name);
        after.disabled = change.disabled.unwrap_or(after.disabled);
        if after == before {
            return Ok(before);
        }
        after.updated_at = stored(caller.now);
        let details = json!({ "changes": difference(&describe(&before), &describe(&after)) });
        let entry = caller.entry(Action::CustomerUpdated, Some(customer_id), target(customer_id), details);
        let moment = tokens_good_from(caller.now);
        match state.persistence.update_customer(&after, moment, &entry).await? {
            Ok(affected) => {
                let users = affected.users.into_iter().map(Subject::User);
                let clients = affected.clients.into_iter().map(|id| Subject::Service(id.into()));
                state.withdraw_tokens(users.chain(clients), moment).await;
                after.version += 1;
                return Ok(after);
            }
            Err(Refusal::Stale) => {}
            Err(refusal) => return Err(DirectoryError::refused(refusal, "customer")),
        }
    }
    Err(DirectoryError::Busy)
}

pub(crate) async fn delete(
    state: &AppState,
    caller: &Caller,
    customer_id: CustomerId,
    if_match: &IfMatch,
) -> Result<(), DirectoryError> {
    for _ in 0..ATTEMPTS {
        let found = state.persistence.customer(customer_id, caller.tenants()).await?;
        let found = found.ok_or(DirectoryError::NotFound("customer"))?;
        if !if_match.allows(found.version) {
            return Err(DirectoryError::Stale);
        }
        let entry =
            caller.entry(Action::CustomerDeleted, Some(customer_id), target(customer_id), describe(&found));
        match state.persistence.delete_customer(customer_id, found.version, &entry).await? {
            Ok(()) => return Ok(()),
            Err(Refusal::Stale) => {}
            Err(refusal) => return Err(DirectoryError::refused(refusal, "customer")),
        }
    }
    Err(DirectoryError::Busy)
}
