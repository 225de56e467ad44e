//! Another customer's things do not exist.

use axum::http::Method;
use serde_json::{Value, json};

use super::house::House;

#[tokio::test]
async fn an_admin_sees_and_changes_nothing_of_another_customer() {
    let house = House::new().await;
    let (ours, theirs) = (house.customer("Ours").await, house.customer("Theirs").await);
    let (_, admin) = house.signed_in(ours, "admin", &["admin"]).await;
    let (bob, their_admin) = house.signed_in(theirs, "bob", &["admin"]).await;
    let role = json!({ "name": "editor", "permissions": ["transcripts:*"] });
    house.post(&their_admin, "/roles", role).await.expect(201);
    let client = json!({ "client_id": "archive", "name": "Archive", "scopes": ["events:read"] });
    house.post(&their_admin, "/clients", client).await.expect(201);
    let grant = json!({ "effect": "remove" });
    let requests = [
        (Method::GET, format!("/customers/{theirs}"), Value::Null),
        (Method::GET, format!("/users/{bob}"), Value::Null),
        (Method::PATCH, format!("/users/{bob}"), json!({ "display_name": "Mine" })),
        (Method::DELETE, format!("/users/{bob}"), Value::Null),
        (Method::GET, format!("/users/{bob}/permissions"), Value::Null),
        (Method::PUT, format!("/users/{bob}/permissions/events:read"), grant),
        (Method::DELETE, format!("/users/{bob}/permissions/events:read"), Value::Null),
        (
            Method::POST,
            "/users".to_owned(),
            json!({ "email": "a@b", "display_name": "A", "password": "long enough", "customer_id": theirs }),
        ),
        (Method::GET, "/roles/editor".to_owned(), Value::Null),
        (Method::GET, format!("/roles/editor?customer_id={theirs}"), Value::Null),
        (Method::PATCH, format!("/roles/editor?customer_id={theirs}"), json!({ "permissions": [] })),
        (Method::DELETE, format!("/roles/editor?customer_id={theirs}"), Value::Null),
        (Method::GET, format!("/roles?customer_id={theirs}"), Value::Null),
        (Method::GET, "/clients/archive".to_owned(), Value::Null),
        (Method::PATCH, "/clients/archive".to_owned(), json!({ "disabled": true })),
        (Method::POST, "/clients/archive/secret".to_owned(), json!({})),
        (Method::DELETE, "/clients/archive".to_owned(), Value::Null),
        (
            Method::POST,
            "/clients".to_owned(),
            json!({ "name": "Spy", "scopes": ["events:read"], "customer_id": theirs }),
        ),
    ];
    for (method, path, body) in requests {
        let answer = house.send(&admin, method.clone(), &path, body).await;
        assert_eq!(answer.status.as_u16(), 404, "{method} {path}: {}", answer.body);
        assert_eq!(answer.body["code"], "not_found", "{method} {path}");
    }
    // A role of theirs is no role of ours.
    let body = json!({ "email": "a@b", "display_name": "A", "password": "long enough", "roles": ["editor"] });
    let answer = house.post(&admin, "/users", body).await.expect(422);
    assert_eq!(answer.body["errors"][0]["field"], "roles");
}

#[tokio::test]
async fn lists_have_only_what_is_within_reach() {
    let house = House::new().await;
    let (ours, theirs) = (house.customer("Ours").await, house.customer("Theirs").await);
    let (admin_id, admin) = house.signed_in(ours, "admin", &["admin"]).await;
    let (bob, their_admin) = house.signed_in(theirs, "bob", &["admin"]).await;
    let (platform_id, platform) = house.signed_in(ours, "platform", &["platform_admin"]).await;
    let client = json!({ "client_id": "archive", "name": "Archive", "scopes": ["events:read"] });
    house.post(&their_admin, "/clients", client).await.expect(201);
    let users = house.get(&admin, "/users").await.expect(200);
    assert_eq!(users.items("user_id"), [admin_id.to_string(), platform_id.to_string()]);
    let none = house.get(&admin, &format!("/users?customer_id={theirs}")).await.expect(200);
    assert!(none.items("user_id").is_empty());
    assert!(house.get(&admin, "/clients").await.expect(200).items("client_id").is_empty());
    let audit = house.get(&admin, "/audit").await.expect(200);
    assert!(audit.items("actor").is_empty(), "{}", audit.body);
    // The platform's administrator reaches everything.
    let users = house.get(&platform, &format!("/users?customer_id={theirs}")).await.expect(200);
    assert_eq!(users.items("user_id"), [bob.to_string()]);
    assert_eq!(house.get(&platform, "/clients").await.expect(200).items("client_id"), ["archive"]);
    assert_eq!(house.get(&platform, "/customers").await.expect(200).items("name"), ["Ours", "Theirs"]);
    house.get(&platform, &format!("/users/{bob}")).await.expect(200);
    house.patch(&platform, &format!("/users/{bob}"), json!({ "disabled": true })).await.expect(200);
}

#[tokio::test]
async fn everybody_sees_their_own_customer_and_permissions_and_nothing_else() {
    let house = House::new().await;
    let ours = house.customer("Ours").await;
    let (leo, listener) = house.signed_in(ours, "leo", &["listener"]).await;
    let ada = house.user(ours, "ada", &["listener"]).await;
    let customer = house.get(&listener, &format!("/customers/{ours}")).await.expect(200);
    assert_eq!(customer.body["name"], "Ours");
    let own = house.get(&listener, &format!("/users/{leo}/permissions")).await.expect(200);
    assert_eq!(own.body["effective"], json!(["events:read", "transcripts:read", "rooms:listen"]));
    house.get(&listener, &format!("/users/{ada}/permissions")).await.expect_problem(404, "not_found");
    house.get(&listener, "/permissions").await.expect(200);
    for path in ["/users", "/customers", "/roles", "/clients", "/audit"] {
        house.get(&listener, path).await.expect(403);
        house.get("", path).await.expect(401);
    }
}

#[tokio::test]
async fn only_the_platform_makes_and_deletes_customers() {
    let house = House::new().await;
    let ours = house.customer("Ours").await;
    let (_, admin) = house.signed_in(ours, "admin", &["admin"]).await;
    let (_, platform) = house.signed_in(ours, "platform", &["platform_admin"]).await;
    house.post(&admin, "/customers", json!({ "name": "Mine" })).await.expect(403);
    // Not even somebody to whom the permission was given.
    let (grace, _) = house.signed_in(ours, "grace", &["admin"]).await;
    let path = format!("/users/{grace}/permissions/customers:create");
    house.put(&platform, &path, json!({ "effect": "add" })).await.expect(200);
    let graces = house.token(grace).await;
    house.post(&graces, "/customers", json!({ "name": "Mine" })).await.expect_problem(403, "platform_only");

    let made = house.post(&platform, "/customers", json!({ "name": "Theirs" })).await.expect(201);
    let id = made.body["customer_id"].as_str().expect("an id").to_owned();
    assert_eq!(made.headers["location"], format!("customers/{id}"));
    house.post(&platform, "/customers", json!({ "name": "THEIRS" })).await.expect_problem(409, "name_taken");
    let body = json!({ "email": "a@b", "display_name": "A", "password": "long enough", "customer_id": id });
    let user = house.post(&platform, "/users", body).await.expect(201);
    house.delete(&platform, &format!("/customers/{id}")).await.expect_problem(409, "in_use");
    let user = format!("/users/{}", user.body["user_id"].as_str().expect("an id"));
    house.delete(&platform, &user).await.expect(204);
    house.delete(&platform, &format!("/customers/{id}")).await.expect(204);
    house.get(&platform, &format!("/customers/{id}")).await.expect_problem(404, "not_found");
}
