//! The audit log.

use std::sync::Arc;

use common::{
    access::Tenants,
    ids::{CustomerId, UserId},
};
use serde_json::json;
use uuid::Uuid;

use super::{Clock, audit, on_both, user};
use crate::{
    domain::{Action, Actor, AuditEntry, Target, User},
    persistence::{AuditFilter, Persistence, Slice},
};

on_both!(
    every_change_that_is_made_has_its_line_and_no_other,
    lines_are_found_by_who_what_and_when,
    a_line_is_read_back_as_it_was_written,
);

async fn list(
    persistence: &Arc<dyn Persistence>,
    tenants: Tenants,
    filter: AuditFilter,
    after: Option<Uuid>,
) -> Vec<AuditEntry> {
    persistence.audit_log(tenants, &filter, Slice { after, limit: 3 }).await.expect("read")
}

async fn every_change_that_is_made_has_its_line_and_no_other(persistence: Arc<dyn Persistence>) {
    let ada = user(&persistence, None).await;
    let entry = audit(Action::UserUpdated);
    persistence.update_user(&ada, None, &entry).await.expect("stored").expect("changed");
    let refused = audit(Action::UserDeleted);
    persistence.delete_user(ada.user_id, 1, &refused).await.expect("stored").expect_err("stale");
    let taken = User { user_id: UserId::generate(), ..ada };
    persistence.add_user(&taken, None, &audit(Action::UserCreated)).await.expect("s").expect_err("taken");
    let lines = list(&persistence, Tenants::All, AuditFilter::default(), None).await;
    let actions: Vec<_> = lines.iter().map(|line| line.action).collect();
    assert_eq!(actions, [Action::UserUpdated, Action::UserCreated, Action::CustomerCreated]);
}

async fn lines_are_found_by_who_what_and_when(persistence: Arc<dyn Persistence>) {
    let clock = Clock::new();
    let (ours, theirs) = (CustomerId::generate(), CustomerId::generate());
    let ada = Actor::User(UserId::generate());
    let line = |seconds, actor: &Actor, customer_id, action, target: &str| AuditEntry {
        at: clock.at(seconds),
        actor: actor.clone(),
        target: Target::new("user", target),
        customer_id,
        ..audit(action)
    };
    let lines = [
        line(0, &ada, Some(ours), Action::UserCreated, "a"),
        line(1, &Actor::System, Some(theirs), Action::UserCreated, "a"),
        line(2, &ada, Some(ours), Action::UserDeleted, "b"),
        line(3, &Actor::System, None, Action::KeyRotated, "c"),
    ];
    for line in &lines {
        persistence.note(line).await.expect("stored");
    }
    let find = async |tenants, filter| -> Vec<usize> {
        let found = list(&persistence, tenants, filter, None).await;
        let index = |entry: &AuditEntry| lines.iter().position(|line| line == entry).expect("a line of ours");
        found.iter().map(index).collect()
    };
    let all = AuditFilter::default();
    assert_eq!(find(Tenants::All, all.clone()).await, [3, 2, 1]);
    let rest = list(&persistence, Tenants::All, all.clone(), Some(lines[1].audit_id)).await;
    assert_eq!(rest, lines[..1]);
    assert_eq!(find(Tenants::One(ours), all.clone()).await, [2, 0]);
    assert!(find(Tenants::None, all.clone()).await.is_empty());
    assert_eq!(find(Tenants::All, AuditFilter { actor: Some(ada), ..all.clone() }).await, [2, 0]);
    let filter = AuditFilter { action: Some(Action::UserCreated), ..all.clone() };
    assert_eq!(find(Tenants::All, filter).await, [1, 0]);
    let filter = AuditFilter { target: Some("b".to_owned()), ..all.clone() };
    assert_eq!(find(Tenants::All, filter).await, [2]);
    let filter = AuditFilter { from: Some(clock.at(1)), until: Some(clock.at(3)), ..all };
    assert_eq!(find(Tenants::All, filter).await, [2, 1]);
}

async fn a_line_is_read_back_as_it_was_written(persistence: Arc<dyn Persistence>) {
    let line = AuditEntry {
        actor: Actor::Service("live-service".to_owned()),
        details: json!({ "changes": { "name": { "from": "Àgora", "to": null } }, "n": [1, 2.5, true] }),
        request_id: Some("r-1".to_owned()),
        ..audit(Action::ClientUpdated)
    };
    persistence.note(&line).await.expect("stored");
    assert_eq!(list(&persistence, Tenants::All, AuditFilter::default(), None).await, [line]);
}

#[tokio::test]
async fn the_database_refuses_to_change_or_delete_a_line() {
    use crate::persistence::{Audit as _, postgres};
    let database = testkit::postgres::Database::create(&postgres::MIGRATOR).await;
    let persistence = postgres::Postgres::new(database.pool().clone());
    persistence.note(&audit(Action::KeyRotated)).await.expect("stored");
    for statement in ["UPDATE audit_log SET actor = 'nobody'", "DELETE FROM audit_log", "TRUNCATE audit_log"]
    {
        let error = sqlx::query(statement).execute(database.pool()).await.expect_err("refused");
        assert!(error.to_string().contains("only appended to"), "{error}");
    }
}
