//! OAuth2 clients and their secrets.

use std::sync::Arc;

use common::{
    access::{Permission, Tenants},
    clock,
    config::Secret,
    ids::CustomerId,
};

use super::{Clock, audit, on_both, user};
use crate::{
    domain::{Action, ClientId, Customer, OAuthClient, SecretHash},
    persistence::{Persistence, Refusal, Slice},
};

on_both!(
    a_client_id_belongs_to_one_client,
    an_old_secret_is_good_for_its_overlap_and_no_longer,
    a_disabled_client_or_customer_is_not_let_in,
    a_change_of_an_old_version_of_a_client_is_refused,
    clients_come_in_order_and_within_reach,
    a_customer_with_clients_stays,
);

fn client(client_id: &str, customer_id: Option<CustomerId>) -> OAuthClient {
    let now = Clock::new().at(0);
    OAuthClient {
        client_id: client_id.parse().expect("an id"),
        name: "Archive".parse().expect("a name"),
        customer_id,
        scopes: [Permission::EventsRead, Permission::TranscriptsRead].into_iter().collect(),
        disabled: false,
        created_at: now,
        updated_at: now,
        not_before: None,
        version: 1,
    }
}

fn secret(text: &str) -> Secret {
    Secret::new(text)
}

async fn add(persistence: &Arc<dyn Persistence>, client: &OAuthClient) -> Result<(), Refusal> {
    let hash = SecretHash::of(&secret("first"));
    persistence.add_client(client, &hash, &audit(Action::ClientCreated)).await.expect("stored")
}

async fn a_client_id_belongs_to_one_client(persistence: Arc<dyn Persistence>) {
    let archive = client("archive", None);
    add(&persistence, &archive).await.expect("added");
    assert_eq!(add(&persistence, &archive).await, Err(Refusal::Taken("client_id")));
    let lost = client("lost", Some(CustomerId::generate()));
    assert_eq!(add(&persistence, &lost).await, Err(Refusal::UnknownCustomer));
    let found = persistence.client(&archive.client_id, Tenants::All).await.expect("read");
    assert_eq!(found, Some(archive));
}

async fn an_old_secret_is_good_for_its_overlap_and_no_longer(persistence: Arc<dyn Persistence>) {
    let clock = Clock::new();
    let archive = client("archive", None);
    let id = &archive.client_id;
    add(&persistence, &archive).await.expect("added");
    let accepts = async |text: &str, at| {
        let record = persistence.client_record(id, at).await.expect("read").expect("there");
        record.accepts(&secret(text))
    };
    let rotate = async |version, text: &str, old_until, not_before| -> Result<i64, Refusal> {
        let (hash, entry) = (SecretHash::of(&secret(text)), audit(Action::ClientSecretRotated));
        let rotated = persistence.rotate_client_secret(id, version, &hash, old_until, not_before, &entry);
        rotated.await.expect("stored")
    };
    assert!(accepts("first", clock.at(0)).await && !accepts("second", clock.at(0)).await);
    assert_eq!(rotate(1, "second", clock.at(60), None).await, Ok(2));
    assert_eq!(rotate(1, "third", clock.at(60), None).await, Err(Refusal::Stale));
    assert!(accepts("first", clock.at(59)).await && accepts("second", clock.at(59)).await);
    assert!(!accepts("first", clock.at(60)).await && accepts("second", clock.at(6000)).await);
    // A longer overlap of a later change does not bring the first back.
    assert_eq!(rotate(2, "third", clock.at(600), Some(clock.at(1))).await, Ok(3));
    assert!(!accepts("first", clock.at(60)).await && accepts("second", clock.at(599)).await);
    // Without overlap all older ones end.
    assert_eq!(rotate(3, "fourth", clock.at(0), None).await, Ok(4));
    assert!(!accepts("second", clock.at(0)).await && !accepts("third", clock.at(0)).await);
    assert!(accepts("fourth", clock.at(0)).await);
    let now = persistence.client(id, Tenants::All).await.expect("read").expect("there");
    assert_eq!((now.version, now.not_before), (4, Some(clock.at(1))));
}

async fn a_disabled_client_or_customer_is_not_let_in(persistence: Arc<dyn Persistence>) {
    let ada = user(&persistence, None).await;
    let archive = client("archive", Some(ada.customer_id));
    add(&persistence, &archive).await.expect("added");
    let accepts = async || {
        let record = persistence.client_record(&archive.client_id, clock::now()).await.expect("read");
        record.expect("there").accepts(&secret("first"))
    };
    assert!(accepts().await);
    let disabled = OAuthClient { disabled: true, ..archive.clone() };
    assert_eq!(
        persistence.update_client(&disabled, &audit(Action::ClientUpdated)).await.expect("stored"),
        Ok(2)
    );
    assert!(!accepts().await);
    let enabled = OAuthClient { version: 2, ..archive.clone() };
    assert_eq!(
        persistence.update_client(&enabled, &audit(Action::ClientUpdated)).await.expect("stored"),
        Ok(3)
    );
    assert!(accepts().await);
    let customer = persistence.customer(ada.customer_id, Tenants::All).await.expect("read").expect("there");
    let customer = Customer { disabled: true, ..customer };
    let affected = persistence
        .update_customer(&customer, Clock::new().at(9), &audit(Action::ClientUpdated))
        .await
        .expect("stored");
    assert_eq!(affected.expect("changed").clients, std::slice::from_ref(&archive.client_id));
    assert!(!accepts().await);
    let nobody: ClientId = "nobody".parse().expect("an id");
    assert!(persistence.client_record(&nobody, clock::now()).await.expect("read").is_none());
}

async fn a_change_of_an_old_version_of_a_client_is_refused(persistence: Arc<dyn Persistence>) {
    let clock = Clock::new();
    let archive = client("archive", None);
    add(&persistence, &archive).await.expect("added");
    let changed = OAuthClient {
        scopes: [Permission::AuditRead].into_iter().collect(),
        customer_id: Some(CustomerId::generate()),
        not_before: Some(clock.at(3)),
        ..archive.clone()
    };
    assert_eq!(
        persistence.update_client(&changed, &audit(Action::ClientUpdated)).await.expect("stored"),
        Ok(2)
    );
    assert_eq!(
        persistence.update_client(&changed, &audit(Action::ClientUpdated)).await.expect("stored"),
        Err(Refusal::Stale)
    );
    let now = persistence.client(&archive.client_id, Tenants::All).await.expect("read").expect("there");
    assert_eq!(now, OAuthClient { customer_id: None, version: 2, ..changed });
    let id = &archive.client_id;
    assert_eq!(
        persistence.delete_client(id, 1, &audit(Action::ClientDeleted)).await.expect("stored"),
        Err(Refusal::Stale)
    );
    assert_eq!(
        persistence.delete_client(id, 2, &audit(Action::ClientDeleted)).await.expect("stored"),
        Ok(())
    );
    assert_eq!(
        persistence.delete_client(id, 2, &audit(Action::ClientDeleted)).await.expect("stored"),
        Err(Refusal::NotFound)
    );
    add(&persistence, &archive).await.expect("the id is free");
}

async fn clients_come_in_order_and_within_reach(persistence: Arc<dyn Persistence>) {
    let (ada, bob) = (user(&persistence, None).await, user(&persistence, None).await);
    let added = [
        ("b-1", Some(ada.customer_id)),
        ("a.2", Some(bob.customer_id)),
        ("a-2", Some(ada.customer_id)),
        ("live", None),
    ];
    for (id, customer) in added {
        add(&persistence, &client(id, customer)).await.expect("added");
    }
    let list = async |tenants, customer, after: Option<&str>, limit| -> Vec<String> {
        let after = after.map(|id| id.parse().expect("an id"));
        let found = persistence.clients(tenants, customer, Slice { after, limit }).await.expect("read");
        found.into_iter().map(|client| client.client_id.into()).collect()
    };
    assert_eq!(list(Tenants::All, None, None, 9).await, ["a-2", "a.2", "b-1", "live"]);
    assert_eq!(list(Tenants::All, None, Some("a-2"), 2).await, ["a.2", "b-1"]);
    assert_eq!(list(Tenants::All, Some(bob.customer_id), None, 9).await, ["a.2"]);
    assert_eq!(list(Tenants::One(ada.customer_id), None, None, 9).await, ["a-2", "b-1"]);
    assert!(list(Tenants::One(ada.customer_id), Some(bob.customer_id), None, 9).await.is_empty());
    assert!(list(Tenants::None, None, None, 9).await.is_empty());
    let live = "live".parse().expect("an id");
    assert!(persistence.client(&live, Tenants::One(ada.customer_id)).await.expect("read").is_none());
}

async fn a_customer_with_clients_stays(persistence: Arc<dyn Persistence>) {
    let ada = user(&persistence, None).await;
    add(&persistence, &client("archive", Some(ada.customer_id))).await.expect("added");
    let deleted = persistence.delete_user(ada.user_id, 1, &audit(Action::UserDeleted)).await;
    deleted.expect("stored").expect("deleted");
    let refused = persistence.delete_customer(ada.customer_id, 1, &audit(Action::CustomerDeleted)).await;
    assert_eq!(refused.expect("stored"), Err(Refusal::InUse("clients")));
}
