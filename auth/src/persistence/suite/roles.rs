//! Customers' own roles.

use std::sync::Arc;

use common::{
    access::{Permission, Tenants},
    ids::{CustomerId, UserId},
};

use super::{Clock, audit, on_both, user};
use crate::{
    domain::{Action, CustomRole, User},
    persistence::{Persistence, Refusal},
};

on_both!(
    a_role_belongs_to_one_customer,
    a_role_has_its_name_for_itself,
    whoever_has_a_role_has_what_it_stands_for_today,
    a_role_that_somebody_has_stays,
    of_giving_and_deleting_a_role_at_once_one_wins,
);

fn role(customer_id: CustomerId, name: &str, permissions: &[&str]) -> CustomRole {
    let now = Clock::new().at(0);
    CustomRole {
        customer_id,
        name: name.parse().expect("a name"),
        description: Some("For a test.".parse().expect("a text")),
        permissions: permissions.iter().map(|pattern| pattern.parse().expect("a pattern")).collect(),
        created_at: now,
        updated_at: now,
        version: 1,
    }
}

async fn add(persistence: &Arc<dyn Persistence>, role: &CustomRole) -> Result<(), Refusal> {
    persistence.add_role(role, &audit(Action::RoleCreated)).await.expect("stored")
}

async fn give(persistence: &Arc<dyn Persistence>, user: &User, role: &CustomRole) -> Result<i64, Refusal> {
    let mut user = user.clone();
    user.roles.insert(role.name.clone());
    persistence.update_user(&user, None, &audit(Action::UserUpdated)).await.expect("stored")
}

async fn delete(persistence: &Arc<dyn Persistence>, role: &CustomRole, version: i64) -> Result<(), Refusal> {
    persistence
        .delete_role(role.customer_id, &role.name, version, &audit(Action::RoleDeleted))
        .await
        .expect("stored")
}

async fn a_role_belongs_to_one_customer(persistence: Arc<dyn Persistence>) {
    let (ada, bob) = (user(&persistence, None).await, user(&persistence, None).await);
    let editor = role(ada.customer_id, "editor", &["transcripts:*", "events:read"]);
    add(&persistence, &editor).await.expect("added");
    assert_eq!(persistence.role(ada.customer_id, &editor.name).await.expect("read"), Some(editor.clone()));
    assert_eq!(persistence.role(bob.customer_id, &editor.name).await.expect("read"), None);
    assert!(persistence.roles(bob.customer_id).await.expect("read").is_empty());
    assert_eq!(give(&persistence, &bob, &editor).await, Err(Refusal::UnknownRole));
    let archivist = role(ada.customer_id, "archivist", &[]);
    add(&persistence, &archivist).await.expect("added");
    assert_eq!(persistence.roles(ada.customer_id).await.expect("read"), [archivist, editor]);
}

async fn a_role_has_its_name_for_itself(persistence: Arc<dyn Persistence>) {
    let ada = user(&persistence, None).await;
    let editor = role(ada.customer_id, "editor", &["events:read"]);
    add(&persistence, &editor).await.expect("added");
    assert_eq!(add(&persistence, &editor).await, Err(Refusal::Taken("name")));
    assert_eq!(add(&persistence, &role(ada.customer_id, "admin", &[])).await, Err(Refusal::Taken("name")));
    let lost = role(CustomerId::generate(), "editor", &[]);
    assert_eq!(add(&persistence, &lost).await, Err(Refusal::UnknownCustomer));
}

async fn whoever_has_a_role_has_what_it_stands_for_today(persistence: Arc<dyn Persistence>) {
    let clock = Clock::new();
    let (ada, bob) = (user(&persistence, None).await, user(&persistence, None).await);
    let mut editor = role(ada.customer_id, "editor", &["recordings:read"]);
    add(&persistence, &editor).await.expect("added");
    // The same name elsewhere is another role.
    add(&persistence, &role(bob.customer_id, "editor", &["recordings:read"])).await.expect("added");
    give(&persistence, &ada, &editor).await.expect("given");
    give(&persistence, &bob, &editor).await.expect("given");
    let account = async |user_id: UserId| {
        persistence.account(user_id, Tenants::All).await.expect("read").expect("there")
    };
    assert!(account(ada.user_id).await.effective().has(Permission::RecordingsRead));
    editor.permissions = ["audit:read".parse().expect("a pattern")].into();
    editor.description = None;
    let moment = Some(clock.at(4));
    let affected =
        persistence.update_role(&editor, moment, &audit(Action::RoleUpdated)).await.expect("stored");
    assert_eq!(affected, Ok(vec![ada.user_id]));
    let stale = persistence.update_role(&editor, moment, &audit(Action::RoleUpdated)).await.expect("stored");
    assert_eq!(stale, Err(Refusal::Stale));
    let now = account(ada.user_id).await;
    assert!(now.effective().has(Permission::AuditRead) && !now.effective().has(Permission::RecordingsRead));
    assert_eq!(now.user.not_before, moment);
    assert_eq!(now.custom_roles, [CustomRole { version: 2, ..editor.clone() }]);
    let elsewhere = account(bob.user_id).await;
    assert!(elsewhere.effective().has(Permission::RecordingsRead) && elsewhere.user.not_before.is_none());
    // Without a withdrawal nobody has to sign in again.
    let again = CustomRole { version: 2, ..editor };
    let affected = persistence.update_role(&again, None, &audit(Action::RoleUpdated)).await.expect("stored");
    assert_eq!(affected, Ok(Vec::new()));
}

async fn a_role_that_somebody_has_stays(persistence: Arc<dyn Persistence>) {
    let ada = user(&persistence, None).await;
    let editor = role(ada.customer_id, "editor", &["events:read"]);
    add(&persistence, &editor).await.expect("added");
    give(&persistence, &ada, &editor).await.expect("given");
    assert_eq!(delete(&persistence, &editor, 1).await, Err(Refusal::InUse("users")));
    let without = User { version: 2, ..ada };
    persistence.update_user(&without, None, &audit(Action::UserUpdated)).await.expect("s").expect("changed");
    assert_eq!(delete(&persistence, &editor, 7).await, Err(Refusal::Stale));
    assert_eq!(delete(&persistence, &editor, 1).await, Ok(()));
    assert_eq!(delete(&persistence, &editor, 1).await, Err(Refusal::NotFound));
}

async fn of_giving_and_deleting_a_role_at_once_one_wins(persistence: Arc<dyn Persistence>) {
    for _ in 0..5 {
        let ada = user(&persistence, None).await;
        let editor = role(ada.customer_id, "editor", &["events:read"]);
        add(&persistence, &editor).await.expect("added");
        let (one, two) = (Arc::clone(&persistence), Arc::clone(&persistence));
        let (given_role, deleted_role) = (editor.clone(), editor.clone());
        let given = tokio::spawn(async move { give(&one, &ada, &given_role).await });
        let deleted = tokio::spawn(async move { delete(&two, &deleted_role, 1).await });
        match (given.await.expect("done"), deleted.await.expect("done")) {
            (Ok(2), Err(Refusal::InUse("users"))) | (Err(Refusal::UnknownRole), Ok(())) => {}
            neither => panic!("{neither:?}"),
        }
    }
}
