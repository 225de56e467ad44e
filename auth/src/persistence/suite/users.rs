//! Users, their roles and their custom permissions.

use std::sync::Arc;

use common::{
    access::{Permission, Tenants},
    ids::{CustomerId, UserId},
};

use super::{Clock, audit, on_both, user};
use crate::{
    domain::{Account, Action, Actor, BuiltinRole, Effect, Grant, User, stored},
    persistence::{Outcome, Persistence, Refusal, Slice, UserFilter},
};

on_both!(
    an_address_belongs_to_one_user,
    a_user_needs_a_customer_and_roles_that_exist,
    a_change_of_an_old_version_changes_nothing,
    what_a_change_of_a_user_must_not_touch_stays,
    of_changes_at_once_one_wins,
    users_are_found_by_address_role_and_state,
    another_customers_user_is_not_there,
    a_grant_takes_the_place_of_another,
    a_deleted_user_leaves_nothing,
    the_last_platform_administrator_stays,
    administrators_who_leave_at_once_leave_one,
);

async fn read(persistence: &Arc<dyn Persistence>, user_id: UserId) -> Account {
    persistence.account(user_id, Tenants::All).await.expect("read").expect("there")
}

async fn update(persistence: &Arc<dyn Persistence>, user: &User) -> Result<i64, Refusal> {
    persistence.update_user(user, None, &audit(Action::UserUpdated)).await.expect("stored")
}

async fn add(persistence: &Arc<dyn Persistence>, user: &User) -> Result<(), Refusal> {
    persistence.add_user(user, None, &audit(Action::UserCreated)).await.expect("stored")
}

fn other(like: &User, email: &str) -> User {
    let email = email.parse().expect("an address");
    User { user_id: UserId::generate(), email, ..like.clone() }
}

/// Somebody who runs the platform, of a customer of its own.
pub(super) async fn platform_admin(persistence: &Arc<dyn Persistence>) -> User {
    let listener = user(persistence, None).await;
    let email = format!("admin-{}", listener.email);
    let roles = [BuiltinRole::PlatformAdmin.into()].into();
    let admin = User { roles, ..other(&listener, &email) };
    add(persistence, &admin).await.expect("added");
    admin
}

async fn an_address_belongs_to_one_user(persistence: Arc<dyn Persistence>) {
    let (ada, mut bob) = (user(&persistence, None).await, user(&persistence, None).await);
    assert_eq!(add(&persistence, &other(&ada, ada.email.as_str())).await, Err(Refusal::Taken("email")));
    let bobs = bob.email.clone();
    bob.email = ada.email.clone();
    assert_eq!(update(&persistence, &bob).await, Err(Refusal::Taken("email")));
    let found = persistence.account_by_email(&bobs).await.expect("read").expect("there");
    assert_eq!(found.user.user_id, bob.user_id);
    assert!(persistence.account_by_email(&"no@body".parse().expect("a")).await.expect("read").is_none());
}

async fn a_user_needs_a_customer_and_roles_that_exist(persistence: Arc<dyn Persistence>) {
    let mut ada = user(&persistence, None).await;
    let mut lost = other(&ada, "lost@example.org");
    lost.customer_id = CustomerId::generate();
    assert_eq!(add(&persistence, &lost).await, Err(Refusal::UnknownCustomer));
    let mut odd = other(&ada, "odd@example.org");
    odd.roles.insert("juggler".parse().expect("a role"));
    assert_eq!(add(&persistence, &odd).await, Err(Refusal::UnknownRole));
    assert!(persistence.account(odd.user_id, Tenants::All).await.expect("read").is_none());
    ada.roles.insert("juggler".parse().expect("a role"));
    assert_eq!(update(&persistence, &ada).await, Err(Refusal::UnknownRole));
    assert_eq!(read(&persistence, ada.user_id).await.user.version, 1);
}

async fn a_change_of_an_old_version_changes_nothing(persistence: Arc<dyn Persistence>) {
    let mut ada = user(&persistence, None).await;
    ada.display_name = "Ada King".parse().expect("a name");
    assert_eq!(update(&persistence, &ada).await, Ok(2));
    ada.display_name = "Ada Late".parse().expect("a name");
    assert_eq!(update(&persistence, &ada).await, Err(Refusal::Stale));
    let stored = read(&persistence, ada.user_id).await.user;
    assert_eq!((stored.display_name.as_str(), stored.version), ("Ada King", 2));
    ada.user_id = UserId::generate();
    assert_eq!(update(&persistence, &ada).await, Err(Refusal::NotFound));
    let stale =
        persistence.delete_user(stored.user_id, 1, &audit(Action::UserDeleted)).await.expect("stored");
    assert_eq!(stale, Err(Refusal::Stale));
}

async fn what_a_change_of_a_user_must_not_touch_stays(persistence: Arc<dyn Persistence>) {
    let clock = Clock::new();
    let ada = user(&persistence, Some("hash")).await;
    let changed = User {
        customer_id: CustomerId::generate(),
        created_at: clock.at(-99),
        last_login_at: Some(clock.at(5)),
        not_before: Some(clock.at(10)),
        sessions_not_before: Some(clock.at(10)),
        roles: [BuiltinRole::Speaker.into(), BuiltinRole::Manager.into()].into(),
        ..ada.clone()
    };
    assert_eq!(update(&persistence, &changed).await, Ok(2));
    let now = read(&persistence, ada.user_id).await.user;
    assert_eq!((now.customer_id, now.created_at, now.last_login_at), (ada.customer_id, ada.created_at, None));
    assert_eq!((now.not_before, now.sessions_not_before), (Some(clock.at(10)), Some(clock.at(10))));
    assert_eq!(now.roles, changed.roles);
    assert_eq!(persistence.password_hash(ada.user_id).await.expect("read").as_deref(), Some("hash"));
    // What was refused once is never good again.
    let earlier = User { not_before: Some(clock.at(3)), sessions_not_before: None, ..now };
    let version = persistence
        .update_user(&earlier, Some("new"), &audit(Action::PasswordChanged))
        .await
        .expect("stored");
    assert_eq!(version, Ok(3));
    let now = read(&persistence, ada.user_id).await.user;
    assert_eq!((now.not_before, now.sessions_not_before), (Some(clock.at(10)), Some(clock.at(10))));
    assert_eq!(persistence.password_hash(ada.user_id).await.expect("read").as_deref(), Some("new"));
}

async fn of_changes_at_once_one_wins(persistence: Arc<dyn Persistence>) {
    let ada = user(&persistence, None).await;
    let changes = (0..8).map(|number| {
        let (persistence, mut ada) = (Arc::clone(&persistence), ada.clone());
        tokio::spawn(async move {
            ada.display_name = format!("Ada {number}").parse().expect("a name");
            update(&persistence, &ada).await
        })
    });
    let mut won = 0;
    for change in changes.collect::<Vec<_>>() {
        match change.await.expect("done") {
            Ok(version) => {
                assert_eq!(version, 2);
                won += 1;
            }
            Err(refusal) => assert_eq!(refusal, Refusal::Stale),
        }
    }
    assert_eq!(won, 1);
}

async fn users_are_found_by_address_role_and_state(persistence: Arc<dyn Persistence>) {
    let ada = user(&persistence, None).await;
    let mut grace = other(&ada, "Grace%_Hopper@Navy.example");
    grace.roles = [BuiltinRole::Manager.into()].into();
    grace.disabled = true;
    add(&persistence, &grace).await.expect("added");
    let list = async |filter: UserFilter, after, limit| -> Vec<UserId> {
        let slice = Slice { after, limit };
        let found = persistence.users(Tenants::One(ada.customer_id), &filter, slice).await.expect("read");
        found.into_iter().map(|user| user.user_id).collect()
    };
    let all = UserFilter::default();
    assert_eq!(list(all.clone(), None, 9).await, [ada.user_id, grace.user_id]);
    assert_eq!(list(all.clone(), None, 1).await, [ada.user_id]);
    assert_eq!(list(all.clone(), Some(ada.user_id), 9).await, [grace.user_id]);
    // What has a meaning in patterns has none here.
    for part in ["%_h", "NAVY", "grace"] {
        let filter = UserFilter { email_contains: Some(part.to_owned()), ..all.clone() };
        assert_eq!(list(filter, None, 9).await, [grace.user_id], "{part}");
    }
    let filter = UserFilter { role: Some(BuiltinRole::Manager.into()), ..all.clone() };
    assert_eq!(list(filter, None, 9).await, [grace.user_id]);
    let filter = UserFilter { disabled: Some(false), ..all };
    assert_eq!(list(filter, None, 9).await, [ada.user_id]);
}

async fn another_customers_user_is_not_there(persistence: Arc<dyn Persistence>) {
    let (ada, bob) = (user(&persistence, None).await, user(&persistence, None).await);
    let own = Tenants::One(ada.customer_id);
    assert!(persistence.account(ada.user_id, own).await.expect("read").is_some());
    assert!(persistence.account(bob.user_id, own).await.expect("read").is_none());
    assert!(persistence.account(ada.user_id, Tenants::None).await.expect("read").is_none());
    let slice = Slice { after: None, limit: 9 };
    let found = persistence.users(own, &UserFilter::default(), slice).await.expect("read");
    assert_eq!(found, [ada]);
}

async fn a_grant_takes_the_place_of_another(persistence: Arc<dyn Persistence>) {
    let clock = Clock::new();
    let ada = user(&persistence, None).await;
    let permission = Permission::RecordingsRead;
    let first = Grant {
        permission,
        effect: Effect::Add,
        granted_by: Actor::User(UserId::generate()),
        granted_at: stored(clock.at(0)),
        reason: Some("Stands in.".parse().expect("a reason")),
    };
    let put = async |grant: &Grant, version, not_before| -> Result<i64, Refusal> {
        persistence
            .put_grant(ada.user_id, version, grant, not_before, &audit(Action::PermissionSet))
            .await
            .expect("stored")
    };
    assert_eq!(put(&first, 1, None).await, Ok(2));
    let account = read(&persistence, ada.user_id).await;
    assert_eq!(account.grants, std::slice::from_ref(&first));
    assert!(account.effective().has(permission));
    let second =
        Grant { effect: Effect::Remove, granted_by: Actor::Service("ops".into()), reason: None, ..first };
    assert_eq!(put(&second, 1, None).await, Err(Refusal::Stale));
    assert_eq!(put(&second, 2, Some(clock.at(7))).await, Ok(3));
    let account = read(&persistence, ada.user_id).await;
    assert_eq!(account.grants, [second]);
    assert_eq!(account.user.not_before, Some(clock.at(7)));
    assert!(!account.effective().has(permission));
    let delete = async |version, permission| -> Outcome<i64> {
        persistence
            .delete_grant(ada.user_id, version, permission, None, &audit(Action::PermissionUnset))
            .await
    };
    assert_eq!(delete(2, permission).await.expect("stored"), Err(Refusal::Stale));
    assert_eq!(delete(3, Permission::AuditRead).await.expect("stored"), Err(Refusal::NotFound));
    assert_eq!(delete(3, permission).await.expect("stored"), Ok(4));
    assert!(read(&persistence, ada.user_id).await.grants.is_empty());
}

async fn a_deleted_user_leaves_nothing(persistence: Arc<dyn Persistence>) {
    let ada = user(&persistence, Some("hash")).await;
    persistence
        .delete_user(ada.user_id, 1, &audit(Action::UserDeleted))
        .await
        .expect("stored")
        .expect("deleted");
    assert!(persistence.account_by_email(&ada.email).await.expect("read").is_none());
    assert!(persistence.password_hash(ada.user_id).await.expect("read").is_none());
    add(&persistence, &ada).await.expect("the address is free");
}

async fn the_last_platform_administrator_stays(persistence: Arc<dyn Persistence>) {
    let first = platform_admin(&persistence).await;
    let listener = [BuiltinRole::Listener.into()].into();
    let changes = [User { disabled: true, ..first.clone() }, User { roles: listener, ..first.clone() }];
    for change in &changes {
        assert_eq!(update(&persistence, change).await, Err(Refusal::LastPlatformAdmin));
    }
    let refused =
        persistence.delete_user(first.user_id, 1, &audit(Action::UserDeleted)).await.expect("stored");
    assert_eq!(refused, Err(Refusal::LastPlatformAdmin));
    // One who cannot sign in does not count.
    let second = platform_admin(&persistence).await;
    assert_eq!(update(&persistence, &User { disabled: true, ..second.clone() }).await, Ok(2));
    assert_eq!(update(&persistence, &changes[0]).await, Err(Refusal::LastPlatformAdmin));
    // And can be deleted.
    persistence
        .delete_user(second.user_id, 2, &audit(Action::UserDeleted))
        .await
        .expect("stored")
        .expect("deleted");
    platform_admin(&persistence).await;
    assert_eq!(update(&persistence, &changes[1]).await, Ok(2));
}

async fn administrators_who_leave_at_once_leave_one(persistence: Arc<dyn Persistence>) {
    let mut admins = Vec::new();
    for _ in 0..8 {
        admins.push(platform_admin(&persistence).await);
    }
    let leaving = admins.into_iter().enumerate().map(|(number, admin)| {
        let persistence = Arc::clone(&persistence);
        tokio::spawn(async move {
            if number % 2 == 0 {
                return update(&persistence, &User { disabled: true, ..admin }).await.map(drop);
            }
            persistence.delete_user(admin.user_id, 1, &audit(Action::UserDeleted)).await.expect("stored")
        })
    });
    let mut results = Vec::new();
    for one in leaving.collect::<Vec<_>>() {
        results.push(one.await.expect("done"));
    }
    let kept = results.iter().filter(|result| **result == Err(Refusal::LastPlatformAdmin)).count();
    let left = results.iter().filter(|result| result.is_ok()).count();
    assert_eq!((kept, left), (1, 7), "{results:?}");
}
