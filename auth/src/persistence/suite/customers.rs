//! Customers.

use std::sync::Arc;

use chrono::TimeDelta;
use common::{access::Tenants, clock, ids::CustomerId};

use super::{audit, on_both, user, users::platform_admin};
use crate::{
    domain::{Action, Customer, tokens_good_from},
    persistence::{Affected, Persistence, Refusal, Slice},
};

on_both!(
    a_name_belongs_to_one_customer_whatever_its_case,
    a_change_of_an_old_version_is_refused,
    a_customer_with_users_stays,
    whoever_belongs_to_a_disabled_customer_is_locked_out,
    the_customer_of_the_last_platform_administrator_stays_enabled,
    customers_come_in_order_and_within_reach,
);

fn customer(name: &str) -> Customer {
    Customer::new(name.parse().expect("a name"), clock::now())
}

async fn add(persistence: &Arc<dyn Persistence>, customer: &Customer) -> Result<(), Refusal> {
    persistence.add_customer(customer, &audit(Action::CustomerCreated)).await.expect("stored")
}

async fn a_name_belongs_to_one_customer_whatever_its_case(persistence: Arc<dyn Persistence>) {
    add(&persistence, &customer("Àgora")).await.expect("a new name");
    assert_eq!(add(&persistence, &customer("àGORA")).await, Err(Refusal::Taken("name")));
    let mut other = customer("Forum");
    add(&persistence, &other).await.expect("a new name");
    other.name = "ÀGORA".parse().expect("a name");
    let taken = persistence
        .update_customer(&other, clock::now(), &audit(Action::CustomerUpdated))
        .await
        .expect("stored");
    assert_eq!(taken, Err(Refusal::Taken("name")));
    // One's own name in other letters is one's own.
    let mut same = persistence.customer(other.customer_id, Tenants::All).await.expect("read").expect("there");
    same.name = "FORUM".parse().expect("a name");
    persistence
        .update_customer(&same, clock::now(), &audit(Action::CustomerUpdated))
        .await
        .expect("stored")
        .expect("its own");
}

async fn a_change_of_an_old_version_is_refused(persistence: Arc<dyn Persistence>) {
    let mut first = customer("Àgora");
    add(&persistence, &first).await.expect("added");
    first.name = "Forum".parse().expect("a name");
    persistence
        .update_customer(&first, clock::now(), &audit(Action::CustomerUpdated))
        .await
        .expect("stored")
        .expect("changed");
    let stale = persistence
        .update_customer(&first, clock::now(), &audit(Action::CustomerUpdated))
        .await
        .expect("stored");
    assert_eq!(stale, Err(Refusal::Stale));
    assert_eq!(
        persistence.delete_customer(first.customer_id, 1, &audit(Action::CustomerDeleted)).await.expect("s"),
        Err(Refusal::Stale)
    );
    persistence
        .delete_customer(first.customer_id, 2, &audit(Action::CustomerDeleted))
        .await
        .expect("stored")
        .expect("deleted");
    let gone = persistence
        .delete_customer(first.customer_id, 2, &audit(Action::CustomerDeleted))
        .await
        .expect("stored");
    assert_eq!(gone, Err(Refusal::NotFound));
    let gone = persistence
        .update_customer(&first, clock::now(), &audit(Action::CustomerDeleted))
        .await
        .expect("stored");
    assert_eq!(gone, Err(Refusal::NotFound));
}

async fn a_customer_with_users_stays(persistence: Arc<dyn Persistence>) {
    let ada = user(&persistence, None).await;
    let refused = persistence
        .delete_customer(ada.customer_id, 1, &audit(Action::CustomerDeleted))
        .await
        .expect("stored");
    assert_eq!(refused, Err(Refusal::InUse("users")));
    persistence.delete_user(ada.user_id, 1, &audit(Action::UserDeleted)).await.expect("s").expect("deleted");
    persistence
        .delete_customer(ada.customer_id, 1, &audit(Action::CustomerDeleted))
        .await
        .expect("stored")
        .expect("empty now");
}

async fn whoever_belongs_to_a_disabled_customer_is_locked_out(persistence: Arc<dyn Persistence>) {
    let ada = user(&persistence, None).await;
    let elsewhere = user(&persistence, None).await;
    let found = persistence.customer(ada.customer_id, Tenants::All).await.expect("read").expect("there");
    let moment = tokens_good_from(clock::now());
    let disabled = Customer { disabled: true, ..found };
    let affected = persistence
        .update_customer(&disabled, moment, &audit(Action::CustomerUpdated))
        .await
        .expect("s")
        .expect("changed");
    assert_eq!(affected, Affected { users: vec![ada.user_id], clients: Vec::new() });
    let account = persistence.account(ada.user_id, Tenants::All).await.expect("read").expect("there");
    assert!(!account.is_enabled());
    assert_eq!(account.user.not_before, Some(moment));
    assert_eq!(account.user.sessions_not_before, Some(moment));
    // A later change of a customer that is disabled already affects nobody.
    let again = Customer { version: 2, ..disabled };
    let later = moment + TimeDelta::seconds(1);
    let affected = persistence
        .update_customer(&again, later, &audit(Action::CustomerUpdated))
        .await
        .expect("s")
        .expect("changed");
    assert_eq!(affected, Affected::default());
    let untouched = persistence.account(elsewhere.user_id, Tenants::All).await.expect("read").expect("there");
    assert!(untouched.is_enabled() && untouched.user.not_before.is_none());
}

async fn the_customer_of_the_last_platform_administrator_stays_enabled(persistence: Arc<dyn Persistence>) {
    let first = platform_admin(&persistence).await;
    let found = persistence.customer(first.customer_id, Tenants::All).await.expect("read").expect("there");
    let disabled = Customer { disabled: true, ..found };
    let refused = persistence
        .update_customer(&disabled, clock::now(), &audit(Action::CustomerUpdated))
        .await
        .expect("stored");
    assert_eq!(refused, Err(Refusal::LastPlatformAdmin));
    platform_admin(&persistence).await;
    persistence
        .update_customer(&disabled, clock::now(), &audit(Action::CustomerUpdated))
        .await
        .expect("s")
        .expect("there is another");
}

async fn customers_come_in_order_and_within_reach(persistence: Arc<dyn Persistence>) {
    let mut ids = Vec::new();
    for name in ["Cc", "Aa", "Bb"] {
        let customer = customer(name);
        add(&persistence, &customer).await.expect("added");
        ids.push(customer.customer_id);
    }
    let list = async |tenants, after, limit| -> Vec<CustomerId> {
        let found = persistence.customers(tenants, Slice { after, limit }).await.expect("read");
        found.into_iter().map(|customer| customer.customer_id).collect()
    };
    assert_eq!(list(Tenants::All, None, 2).await, ids[..2]);
    assert_eq!(list(Tenants::All, Some(ids[1]), 2).await, ids[2..]);
    assert_eq!(list(Tenants::One(ids[1]), None, 9).await, [ids[1]]);
    assert!(list(Tenants::None, None, 9).await.is_empty());
    let hidden = persistence.customer(ids[0], Tenants::One(ids[1])).await.expect("read");
    assert!(hidden.is_none());
}
