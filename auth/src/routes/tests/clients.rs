//! OAuth2 clients and their secrets.

use axum::{
    body::Body,
    http::{Request, header},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::house::{Answer, House};

/// `POST /oauth/token`, as a client does it.
async fn sign_in(house: &House, client_id: &str, secret: &str) -> Answer {
    let basic = STANDARD.encode(format!("{client_id}:{secret}"));
    let request = Request::post("/oauth/token")
        .header(header::AUTHORIZATION, format!("Basic {basic}"))
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from("grant_type=client_credentials"));
    house.answer(request.expect("a request")).await
}

fn secret(answer: &Answer) -> String {
    answer.body["client_secret"].as_str().expect("a secret").to_owned()
}

#[tokio::test]
async fn a_client_signs_in_with_the_secret_it_was_given() {
    let house = House::new().await;
    let ours = house.customer("Ours").await;
    let (_, admin) = house.signed_in(ours, "admin", &["admin"]).await;
    let body = json!({ "client_id": "archive", "name": "Archive", "scopes": ["events:read", "users:read"] });
    let made = house.post(&admin, "/clients", body.clone()).await.expect(201);
    assert_eq!(made.headers["location"], "clients/archive");
    assert_eq!(made.body["customer_id"], ours.to_string());
    let shown = house.get(&admin, "/clients/archive").await.expect(200);
    assert_eq!(shown.body["client_secret"], Value::Null);
    house.post(&admin, "/clients", body).await.expect_problem(409, "client_id_taken");
    sign_in(&house, "archive", "guess").await.expect(401);
    let token = sign_in(&house, "archive", &secret(&made)).await.expect(200);
    // It acts for its customer, with its scopes.
    let token = token.body["access_token"].as_str().expect("a token");
    assert_eq!(house.get(token, "/users").await.expect(200).items("display_name"), ["admin"]);
    house.get(token, "/roles").await.expect(403);
    let generated = house.post(&admin, "/clients", json!({ "name": "N", "scopes": [] })).await.expect(201);
    assert!(generated.body["client_id"].as_str().expect("an id").starts_with("client-"));
}

#[tokio::test]
async fn a_secret_is_replaced_at_once_or_with_an_overlap() {
    let house = House::new().await;
    let ours = house.customer("Ours").await;
    let (_, admin) = house.signed_in(ours, "admin", &["admin"]).await;
    let body = json!({ "client_id": "archive", "name": "Archive", "scopes": ["events:read"] });
    let first = secret(&house.post(&admin, "/clients", body).await.expect(201));
    let token = house.service_token("archive").await;
    let path = "/clients/archive/secret";
    let second = secret(&house.post(&admin, path, json!({ "overlap_seconds": 60 })).await.expect(200));
    assert_ne!(first, second);
    for good in [&first, &second] {
        sign_in(&house, "archive", good).await.expect(200);
    }
    house.get(&token, "/permissions").await.expect(200);
    let third = secret(&house.post(&admin, path, json!({})).await.expect(200));
    for bad in [&first, &second] {
        sign_in(&house, "archive", bad).await.expect(401);
    }
    sign_in(&house, "archive", &third).await.expect(200);
    // Tokens that the old secret got are worthless too: it may have been stolen.
    house.get(&token, "/permissions").await.expect(401);
    for bad in [json!({ "overlap_seconds": 86_401 }), json!({ "overlap_seconds": -1 })] {
        house.post(&admin, path, bad).await.expect(422);
    }
}

#[tokio::test]
async fn nobody_takes_over_a_client_that_may_do_more() {
    let house = House::new().await;
    let ours = house.customer("Ours").await;
    let (_, admin) = house.signed_in(ours, "admin", &["admin"]).await;
    let (_, platform) = house.signed_in(ours, "platform", &["platform_admin"]).await;
    let body = json!({ "client_id": "writer", "name": "Writer", "scopes": ["segments:write"] });
    house.post(&platform, "/clients", body).await.expect(201);
    house.get(&admin, "/clients/writer").await.expect(200);
    let refused = "beyond_own_rights";
    house.post(&admin, "/clients/writer/secret", json!({})).await.expect_problem(403, refused);
    house.patch(&admin, "/clients/writer", json!({ "name": "Mine" })).await.expect_problem(403, refused);
    house.delete(&admin, "/clients/writer").await.expect_problem(403, refused);
    house.delete(&platform, "/clients/writer").await.expect(204);
}
