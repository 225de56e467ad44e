//! What both persistences promise. Each promise is kept on each.

mod attempts;
mod audit;
mod clients;
mod customers;
mod roles;
mod sessions;
mod signing_keys;
mod users;

use std::sync::Arc;

use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};
use common::{clock, ids::UserId};
use serde_json::json;

use super::Persistence;
use crate::domain::{Action, AuditEntry, Customer, Target, User, stored};

/// Keeps promises (`async fn(Arc<dyn Persistence>)`) in memory and in PostgreSQL.
macro_rules! on_both {
    ($($promise:ident),+ $(,)?) => {
        mod in_memory {
            $(#[tokio::test] async fn $promise() {
                super::$promise(std::sync::Arc::new($crate::persistence::in_memory::InMemory::default())).await;
            })+
        }
        mod postgres {
            use $crate::persistence::postgres::{MIGRATOR, Postgres};

            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)] async fn $promise() {
                let database = testkit::postgres::Database::create(&MIGRATOR).await;
                super::$promise(std::sync::Arc::new(Postgres::new(database.pool().clone()))).await;
            })+
        }
    };
}
pub(crate) use on_both;

/// A moment, `seconds` after the present of the test.
pub(crate) struct Clock(DateTime<Utc>);

impl Clock {
    pub(crate) fn new() -> Self {
        Self(stored(clock::now()).trunc_subsecs(3))
    }

    pub(crate) fn at(&self, seconds: i64) -> DateTime<Utc> {
        self.0 + TimeDelta::seconds(seconds)
    }
}

/// A line for the log.
pub(crate) fn audit(action: Action) -> AuditEntry {
    AuditEntry::by_system(action, None, Target::new("test", "1"), json!({}), clock::now())
}

/// A new user of a new customer, with this password hash.
pub(crate) async fn user(persistence: &Arc<dyn Persistence>, hash: Option<&str>) -> User {
    let now = clock::now();
    let unique = UserId::generate();
    let customer = Customer::new(format!("Customer {unique}").parse().expect("a name"), now);
    let added = persistence.add_customer(&customer, &audit(Action::CustomerCreated)).await;
    added.expect("stored").expect("a new name");
    let email = format!("{unique}@example.org").parse().expect("an address");
    let roles = ["listener".parse().expect("a role")];
    let user = User::new(customer.customer_id, email, "Ada".parse().expect("a name"), roles, now);
    let added = persistence.add_user(&user, hash, &audit(Action::UserCreated)).await;
    added.expect("stored").expect("a new address");
    user
}
