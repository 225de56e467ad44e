//! Every change is in the audit log, and no secret is.

use serde_json::json;

use super::house::House;

#[tokio::test]
async fn every_change_is_told_with_who_and_what() {
    let house = House::new().await;
    let ours = house.customer("Ours").await;
    let (admin_id, admin) = house.signed_in(ours, "admin", &["admin"]).await;
    let new = json!({ "email": "ada@b", "display_name": "Ada", "password": "hush-hush-1", "roles": [] });
    let made = house.post(&admin, "/users", new).await.expect(201);
    let ada = made.body["user_id"].as_str().expect("an id").to_owned();
    let path = format!("/users/{ada}");
    house.patch(&admin, &path, json!({ "roles": ["listener"], "password": "hush-hush-2" })).await.expect(200);
    house.patch(&admin, &path, json!({ "password": "hush-hush-3" })).await.expect(200);
    let grant = json!({ "effect": "add", "reason": "Stands in." });
    house.put(&admin, &format!("{path}/permissions/audit:read"), grant).await.expect(200);
    house.delete(&admin, &format!("{path}/permissions/audit:read")).await.expect(204);
    house.post(&admin, "/roles", json!({ "name": "crew", "permissions": [] })).await.expect(201);
    house.patch(&admin, "/roles/crew", json!({ "permissions": ["users:*"] })).await.expect(200);
    house.delete(&admin, "/roles/crew").await.expect(204);
    let client = json!({ "client_id": "archive", "name": "Archive", "scopes": [] });
    let client = house.post(&admin, "/clients", client).await.expect(201);
    let secret = client.body["client_secret"].as_str().expect("a secret").to_owned();
    house.patch(&admin, "/clients/archive", json!({ "name": "Archives" })).await.expect(200);
    house.post(&admin, "/clients/archive/secret", json!({ "overlap_seconds": 5 })).await.expect(200);
    house.delete(&admin, "/clients/archive").await.expect(204);
    house.delete(&admin, &path).await.expect(204);

    let log = house.get(&admin, "/audit").await.expect(200);
    let mut actions = log.items("action");
    actions.reverse();
    let expected = [
        "user.created",
        "user.updated",
        "password.changed",
        "permission.set",
        "permission.unset",
        "role.created",
        "role.updated",
        "role.deleted",
        "client.created",
        "client.updated",
        "client.secret_rotated",
        "client.deleted",
        "user.deleted",
    ];
    assert_eq!(actions, expected);
    assert!(log.items("actor").iter().all(|actor| *actor == admin_id.to_string()));
    assert!(log.items("customer_id").iter().all(|customer| *customer == ours.to_string()));
    let text = log.body.to_string();
    for hidden in ["hush-hush", "argon2", secret.as_str()] {
        assert!(!text.contains(hidden), "{hidden} is in {text}");
    }
    let update = house.get(&admin, "/audit?action=user.updated").await.expect(200);
    assert_eq!(
        update.body["items"][0]["details"],
        json!({ "changes": { "roles": { "from": [], "to": ["listener"] } }, "password_set": true })
    );
    let of_ada = house.get(&admin, &format!("/audit?target={ada}&limit=2")).await.expect(200);
    assert_eq!(of_ada.items("action"), ["user.deleted", "permission.unset"]);
    let cursor = of_ada.body["next_cursor"].as_str().expect("there is more");
    let rest = house.get(&admin, &format!("/audit?target={ada}&limit=9&cursor={cursor}")).await.expect(200);
    assert_eq!(rest.items("action"), ["permission.set", "password.changed", "user.updated", "user.created"]);
    assert!(rest.body["next_cursor"].is_null());
    let none = house.get(&admin, "/audit?before=2020-01-01T00:00:00Z").await.expect(200);
    assert!(none.items("action").is_empty());
}

#[tokio::test]
async fn what_was_refused_or_changed_nothing_leaves_no_line() {
    let house = House::new().await;
    let ours = house.customer("Ours").await;
    let (_, admin) = house.signed_in(ours, "admin", &["admin"]).await;
    let ada = house.user(ours, "ada", &["listener"]).await;
    let path = format!("/users/{ada}");
    let before = house.get(&admin, &path).await.expect(200);
    let same = json!({ "display_name": "ada", "roles": ["listener"], "disabled": false });
    let after = house.patch(&admin, &path, same).await.expect(200);
    assert_eq!(before.etag(), after.etag());
    house.patch(&admin, &path, json!({ "roles": ["platform_admin"] })).await.expect(403);
    house.patch(&admin, &path, json!({ "roles": ["nobody"] })).await.expect(422);
    assert!(house.get(&admin, "/audit").await.expect(200).items("action").is_empty());
}
