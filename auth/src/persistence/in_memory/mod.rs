//! Everything in this process: for development and tests, gone when it ends.

mod audit;
mod clients;
mod customers;
mod roles;
mod tokens;
mod users;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use common::{
    access::Permission,
    ids::{CustomerId, UserId},
};
use parking_lot::{Mutex, MutexGuard};

use crate::domain::{
    AuditEntry, BuiltinRole, ClientId, CustomRole, Customer, Grant, OAuthClient, RoleName, SecretHash, User,
};

/// The data, behind one lock: each operation sees and leaves a whole.
#[derive(Debug, Default)]
pub struct InMemory {
    state: Mutex<State>,
}

impl InMemory {
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }
}

/// A client's secret, and until when it is good.
type UntilWhen = (SecretHash, Option<DateTime<Utc>>);

#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) customers: BTreeMap<CustomerId, Customer>,
    pub(crate) users: BTreeMap<UserId, User>,
    pub(crate) passwords: BTreeMap<UserId, String>,
    pub(crate) grants: BTreeMap<(UserId, Permission), Grant>,
    pub(crate) roles: BTreeMap<(CustomerId, RoleName), CustomRole>,
    pub(crate) clients: BTreeMap<ClientId, OAuthClient>,
    pub(crate) client_secrets: BTreeMap<ClientId, Vec<UntilWhen>>,
    pub(crate) audit: Vec<AuditEntry>,
    pub(crate) tokens: tokens::Tokens,
}

impl State {
    /// Whether somebody other than `user` and those of `customer` can sign in and run the platform.
    fn has_platform_admin_besides(&self, user: Option<UserId>, customer: Option<CustomerId>) -> bool {
        self.users.values().any(|other| {
            Some(other.user_id) != user && Some(other.customer_id) != customer && self.runs_platform(other)
        })
    }

    /// Whether `user` can sign in and run the platform.
    fn runs_platform(&self, user: &User) -> bool {
        let enabled = self.customers.get(&user.customer_id).is_some_and(|customer| !customer.disabled);
        enabled && !user.disabled && user.roles.contains(&BuiltinRole::PlatformAdmin.into())
    }
}
