//! What is withdrawn is withdrawn at once: here, and wherever tokens are verified.

use axum::{
    body::Body,
    http::{Method, Request, header},
};
use serde_json::{Value, json};

use super::house::House;

#[tokio::test]
async fn who_loses_a_right_needs_a_new_token() {
    let house = House::new().await;
    let ours = house.customer("Ours").await;
    let (_, platform) = house.signed_in(ours, "platform", &["platform_admin"]).await;
    let role = json!({ "name": "crew", "permissions": ["events:read", "audit:read"] });
    house.post(&platform, "/roles", role).await.expect(201);
    let withdrawals = [
        (Method::PATCH, "", json!({ "roles": ["listener", "crew"] })),
        (Method::PUT, "/permissions/rooms:listen", json!({ "effect": "remove" })),
        (Method::DELETE, "/permissions/recordings:read", Value::Null),
    ];
    for (number, (method, path, body)) in withdrawals.into_iter().enumerate() {
        let ada = house.user(ours, &format!("ada{number}"), &["listener", "speaker", "crew"]).await;
        let extra = format!("/users/{ada}/permissions/recordings:read");
        house.put(&platform, &extra, json!({ "effect": "add" })).await.expect(200);
        let old = house.token(ada).await;
        assert!(house.another_service().verify(&old).await.is_ok());
        let path = format!("/users/{ada}{path}");
        let answer = house.send(&platform, method, &path, body).await;
        assert!(answer.status.is_success(), "{path}: {}", answer.body);
        house.get(&old, &format!("/customers/{ours}")).await.expect(401);
        assert!(house.another_service().verify(&old).await.is_err(), "{path}");
        let new = house.token(ada).await;
        house.get(&new, &format!("/customers/{ours}")).await.expect(200);
        assert!(house.another_service().verify(&new).await.is_ok(), "{path}");
    }
}

#[tokio::test]
async fn who_gains_a_right_keeps_the_token() {
    let house = House::new().await;
    let ours = house.customer("Ours").await;
    let (_, admin) = house.signed_in(ours, "admin", &["admin"]).await;
    let (ada, token) = house.signed_in(ours, "ada", &["listener"]).await;
    let path = format!("/users/{ada}");
    house.patch(&admin, &path, json!({ "roles": ["listener", "speaker"] })).await.expect(200);
    let grant = format!("{path}/permissions/recordings:read");
    house.put(&admin, &grant, json!({ "effect": "add" })).await.expect(200);
    house.patch(&admin, &path, json!({ "display_name": "Ada King" })).await.expect(200);
    house.get(&token, &format!("/customers/{ours}")).await.expect(200);
}

#[tokio::test]
async fn a_role_that_shrinks_withdraws_the_tokens_of_those_who_have_it() {
    let house = House::new().await;
    let ours = house.customer("Ours").await;
    let (_, admin) = house.signed_in(ours, "admin", &["admin"]).await;
    let role = json!({ "name": "crew", "permissions": ["events:read", "recordings:read"] });
    house.post(&admin, "/roles", role).await.expect(201);
    let (_, with) = house.signed_in(ours, "with", &["crew"]).await;
    let (_, without) = house.signed_in(ours, "without", &["listener"]).await;
    let grown = json!({ "permissions": ["events:read", "recordings:read", "audit:read"] });
    house.patch(&admin, "/roles/crew", grown).await.expect(200);
    assert!(house.another_service().verify(&with).await.is_ok());
    house.patch(&admin, "/roles/crew", json!({ "permissions": ["events:read"] })).await.expect(200);
    assert!(house.another_service().verify(&with).await.is_err());
    assert!(house.another_service().verify(&without).await.is_ok());
    house.delete(&admin, "/roles/crew").await.expect_problem(409, "in_use");
}

#[tokio::test]
async fn a_locked_out_customer_user_or_client_is_out_at_once() {
    let house = House::new().await;
    let (ours, theirs) = (house.customer("Ours").await, house.customer("Theirs").await);
    let (_, platform) = house.signed_in(ours, "platform", &["platform_admin"]).await;
    let (_, their_admin) = house.signed_in(theirs, "admin", &["admin"]).await;
    for id in ["one", "two", "three"] {
        let client = json!({ "client_id": id, "name": "C", "scopes": ["events:read"] });
        house.post(&their_admin, "/clients", client).await.expect(201);
    }
    let (ada, adas) = house.signed_in(theirs, "ada", &["listener"]).await;
    let (bob, bobs) = house.signed_in(theirs, "bob", &["listener"]).await;
    let [one, two, three] = [
        house.service_token("one").await,
        house.service_token("two").await,
        house.service_token("three").await,
    ];
    let off = json!({ "disabled": true });
    house.patch(&their_admin, &format!("/users/{ada}"), off.clone()).await.expect(200);
    house.delete(&their_admin, &format!("/users/{bob}")).await.expect(204);
    house.patch(&their_admin, "/clients/one", off.clone()).await.expect(200);
    house.delete(&their_admin, "/clients/two").await.expect(204);
    for gone in [&adas, &bobs, &one, &two] {
        assert!(house.another_service().verify(gone).await.is_err());
        house.get(gone, "/permissions").await.expect(401);
    }
    house.get(&three, "/permissions").await.expect(200);
    house.patch(&platform, &format!("/customers/{theirs}"), off).await.expect(200);
    for gone in [&their_admin, &three] {
        assert!(house.another_service().verify(gone).await.is_err());
        house.get(gone, "/permissions").await.expect(401);
    }
    house.get(&platform, "/permissions").await.expect(200);
}

#[tokio::test]
async fn a_password_set_by_an_admin_ends_the_users_sessions() {
    let house = House::new().await;
    let ours = house.customer("Ours").await;
    let (_, admin) = house.signed_in(ours, "admin", &["admin"]).await;
    let new = json!({ "email": "ada@example.org", "display_name": "Ada", "password": "the first one", "roles": ["listener"] });
    let made = house.post(&admin, "/users", new).await.expect(201);
    let path = format!("/users/{}", made.body["user_id"].as_str().expect("an id"));
    let login = async |password: &str| {
        house.post("", "/login", json!({ "email": "ADA@example.org", "password": password })).await
    };
    let session = login("the first one").await.expect(200);
    let cookie = session.headers[header::SET_COOKIE].to_str().expect("text");
    let cookie = cookie.split(';').next().expect("a pair").to_owned();
    let refresh = || {
        let request = Request::post("/refresh").header(header::COOKIE, cookie.as_str());
        house.answer(request.body(Body::empty()).expect("a request"))
    };
    house.patch(&admin, &path, json!({ "password": "ada@example.org" })).await.expect(422);
    house.patch(&admin, &path, json!({ "password": "the second one" })).await.expect(200);
    let token = session.body["access_token"].as_str().expect("a token");
    house.get(token, "/permissions").await.expect(401);
    refresh().await.expect(401);
    login("the first one").await.expect(401);
    login("the second one").await.expect(200);
}
