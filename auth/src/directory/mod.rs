//! What may be done to the directory, and by whom.
//!
//! The rules that no operation may break:
//! - Another customer's things do not exist ([`Tenants`] goes into every query).
//! - Nobody gives what they do not have, and nobody touches a user, role or client that has more than themselves.
//! - Nobody locks themselves out, and the platform keeps an administrator.
//! - Every change is judged on the version that it replaces.

pub(crate) mod clients;
pub(crate) mod customers;
mod error;
pub(crate) mod permissions;
pub(crate) mod roles;
pub(crate) mod users;

use chrono::{DateTime, Utc};
use common::{
    access::{PermissionSet, Principal, Subject, Tenants},
    ids::{CustomerId, UserId},
};
use serde_json::{Map, Value, json};

pub use error::DirectoryError;

use crate::{
    AppState,
    domain::{Account, Action, Actor, AuditEntry, Target, stored},
};

/// How often a change is judged anew when somebody else was faster.
const ATTEMPTS: usize = 5;

/// Who asks, when, and in which request.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) principal: Principal,
    pub(crate) now: DateTime<Utc>,
    pub(crate) request_id: Option<String>,
}

impl Caller {
    fn tenants(&self) -> Tenants {
        self.principal.tenants()
    }

    /// Whether it acts in every customer.
    fn runs_platform(&self) -> bool {
        self.tenants() == Tenants::All
    }

    fn is(&self, user_id: UserId) -> bool {
        self.principal.user() == Some(user_id)
    }

    /// Only what it has itself.
    fn may_give(&self, permissions: &PermissionSet) -> Result<(), DirectoryError> {
        let missing: Vec<_> = permissions.iter().filter(|wanted| !self.principal.may(*wanted)).collect();
        if missing.is_empty() { Ok(()) } else { Err(DirectoryError::BeyondOwnRights(missing)) }
    }

    /// Only users who have no more than itself.
    fn may_change(&self, account: &Account) -> Result<(), DirectoryError> {
        if self.is(account.user.user_id) {
            return Ok(());
        }
        if account.is_platform_admin() && !self.runs_platform() {
            return Err(DirectoryError::PlatformOnly);
        }
        self.may_give(&account.effective())
    }

    /// The customer that a new thing is for: the given one, else the caller's own.
    fn customer(&self, given: Option<CustomerId>) -> Result<CustomerId, DirectoryError> {
        let customer = given.or(self.principal.customer).ok_or(DirectoryError::CustomerNeeded)?;
        if self.tenants().include(customer) {
            Ok(customer)
        } else {
            Err(DirectoryError::NotFound("customer"))
        }
    }

    /// Those of `given` within reach; without it, all within reach.
    pub(crate) fn tenants_of(&self, given: Option<CustomerId>) -> Tenants {
        match given {
            None => self.tenants(),
            Some(customer) if self.tenants().include(customer) => Tenants::One(customer),
            Some(_) => Tenants::None,
        }
    }

    /// A line of the audit log.
    fn entry(
        &self,
        action: Action,
        customer_id: Option<CustomerId>,
        target: Target,
        details: Value,
    ) -> AuditEntry {
        AuditEntry {
            audit_id: common::ids::new_uuid(),
            at: stored(self.now),
            actor: Actor::from(&self.principal.subject),
            customer_id,
            action,
            target,
            details,
            request_id: self.request_id.clone(),
        }
    }
}

impl AppState {
    /// Tells the other services that tokens of `subjects` from before `moment` are good no more.
    async fn withdraw_tokens(&self, subjects: impl IntoIterator<Item = Subject>, moment: DateTime<Utc>) {
        for subject in subjects {
            self.tell_withdrawn(&subject, moment).await;
        }
    }
}

/// What differs between two objects: `{field: {from, to}}`.
fn difference(before: &Value, after: &Value) -> Map<String, Value> {
    let fields = after.as_object().into_iter().flatten();
    let changed = fields.filter(|(name, value)| before[name.as_str()] != **value);
    changed
        .map(|(name, value)| (name.clone(), json!({ "from": before[name.as_str()], "to": value })))
        .collect()
}
