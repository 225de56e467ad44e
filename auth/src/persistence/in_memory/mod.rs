//! Everything in this process: for development and tests, gone when it ends.

mod tokens;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use common::{
    access::Permission,
    ids::{CustomerId, UserId},
};
use parking_lot::Mutex;

use crate::domain::{
    AuditEntry, ClientId, CustomRole, Customer, Grant, OAuthClient, RoleName, SecretHash, User,
};

/// The data, behind one lock: each operation sees and leaves a whole.
#[derive(Debug, Default)]
pub struct InMemory {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) customers: BTreeMap<CustomerId, Customer>,
    pub(crate) users: BTreeMap<UserId, User>,
    pub(crate) passwords: BTreeMap<UserId, String>,
    pub(crate) grants: BTreeMap<(UserId, Permission), Grant>,
    pub(crate) roles: BTreeMap<(CustomerId, RoleName), CustomRole>,
    pub(crate) clients: BTreeMap<ClientId, OAuthClient>,
    pub(crate) client_secrets: BTreeMap<ClientId, Vec<(SecretHash, Option<DateTime<Utc>>)>>,
    pub(crate) audit: Vec<AuditEntry>,
    pub(crate) tokens: tokens::Tokens,
}
