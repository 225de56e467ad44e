//! What requests and answers look like.

use axum::http::Method;
use serde_json::{Value, json};

use super::house::House;

#[tokio::test]
async fn a_change_of_an_old_version_is_412() {
    let house = House::new().await;
    let ours = house.customer("Ours").await;
    let (_, platform) = house.signed_in(ours, "platform", &["platform_admin"]).await;
    let ada = house.user(ours, "ada", &["listener"]).await;
    house.post(&platform, "/roles", json!({ "name": "crew", "permissions": [] })).await.expect(201);
    let client = json!({ "client_id": "archive", "name": "Archive", "scopes": [] });
    house.post(&platform, "/clients", client).await.expect(201);
    let things = [
        (format!("/users/{ada}"), json!({ "display_name": "Ada" })),
        (format!("/customers/{ours}"), json!({ "name": "Ours and theirs" })),
        ("/roles/crew".to_owned(), json!({ "permissions": ["audit:read"] })),
        ("/clients/archive".to_owned(), json!({ "scopes": ["audit:read"] })),
    ];
    for (path, change) in things {
        let old = house.get(&platform, &path).await.expect(200).etag().to_owned();
        let conditional = async |method: Method, body: Value, tag: &str| {
            house.send_if(&platform, method, &path, body, &[("if-match", tag)]).await
        };
        let changed = conditional(Method::PATCH, change.clone(), &old).await.expect(200);
        assert_ne!(changed.etag(), old, "{path}");
        conditional(Method::PATCH, change, &old).await.expect_problem(412, "version_mismatch");
        conditional(Method::DELETE, Value::Null, &old).await.expect_problem(412, "version_mismatch");
        let now = house.get(&platform, &path).await.expect(200);
        assert_eq!(now.etag(), changed.etag(), "{path}");
        assert_eq!(now.body, changed.body, "{path}");
    }
    let path = format!("/users/{ada}");
    let tag = house.get(&platform, &path).await.expect(200).etag().to_owned();
    let same = house.send_if(&platform, Method::GET, &path, Value::Null, &[("if-none-match", &tag)]).await;
    same.expect(304);
}

#[tokio::test]
async fn what_a_patch_does_not_name_stays() {
    let house = House::new().await;
    let ours = house.customer("Ours").await;
    let (_, admin) = house.signed_in(ours, "admin", &["admin"]).await;
    let role = json!({ "name": "crew", "description": "Helps.", "permissions": ["users:read"] });
    house.post(&admin, "/roles", role).await.expect(201);
    let role = house.patch(&admin, "/roles/crew", json!({ "permissions": ["roles:read"] })).await.expect(200);
    assert_eq!(
        (&role.body["description"], &role.body["permissions"]),
        (&json!("Helps."), &json!(["roles:read"]))
    );
    let role = house.patch(&admin, "/roles/crew", json!({ "description": null })).await.expect(200);
    assert_eq!(
        (&role.body["description"], &role.body["permissions"]),
        (&Value::Null, &json!(["roles:read"]))
    );
    let ada = house.user(ours, "ada", &["listener"]).await;
    let path = format!("/users/{ada}");
    let user = house.patch(&admin, &path, json!({ "email": "Ada@B" })).await.expect(200);
    assert_eq!((&user.body["email"], &user.body["display_name"]), (&json!("ada@b"), &json!("ada")));
    house.patch(&admin, &path, json!({ "display_name": null })).await.expect_problem(422, "invalid_body");
}

#[tokio::test]
async fn unusable_input_says_which_field() {
    let house = House::new().await;
    let ours = house.customer("Ours").await;
    let (_, admin) = house.signed_in(ours, "admin", &["admin"]).await;
    let good = json!({ "email": "ada@b", "display_name": "Ada", "password": "long enough" });
    let with = |field: &str, value: Value| {
        let mut body = good.clone();
        body[field] = value;
        body
    };
    for (field, value) in [
        ("email", json!("ada")),
        ("email", json!("a\u{0}@b")),
        ("email", json!(7)),
        ("display_name", json!("a\u{0}b")),
        ("display_name", json!("  ")),
        ("password", json!("short")),
        ("password", json!("password")),
        ("password", json!("ADA@b   ".trim())),
        ("roles", json!(["Nobody"])),
        ("roles", json!(["nobody"])),
        ("roles", json!(["speaker", "speaker"])),
        ("customer_id", Value::Null),
        ("favourite_colour", json!("blue")),
    ] {
        let answer = house.post(&admin, "/users", with(field, value.clone())).await.expect(422);
        let named = answer.body["errors"][0]["field"].as_str().expect("a field");
        let told = format!("{named} {}", answer.body["errors"][0]["detail"]);
        assert!(told.contains(field), "{field} {value}: {}", answer.body);
    }
    house.post(&admin, "/users", good.clone()).await.expect(201);
    house.post(&admin, "/users", with("email", json!("ADA@B"))).await.expect_problem(409, "email_taken");
    for query in
        ["q=%00", "q=", "role=No", "limit=0", "limit=x", "cursor=x", "disabled=perhaps", "colour=blue"]
    {
        let answer = house.get(&admin, &format!("/users?{query}")).await;
        assert_eq!(answer.status.as_u16(), 400, "{query}: {}", answer.body);
    }
    for path in ["/users/1", "/roles/A", "/clients/A", "/customers/x", "/audit?actor=%00", "/audit?action=x"]
    {
        let answer = house.get(&admin, path).await;
        assert!(matches!(answer.status.as_u16(), 400 | 403), "{path}: {}", answer.body);
    }
    let found = house.get(&admin, "/users?q=DA@&role=listener&disabled=false").await.expect(200);
    assert!(found.items("email").is_empty());
    assert_eq!(house.get(&admin, "/users?q=DA@&disabled=false").await.expect(200).items("email"), ["ada@b"]);
}

#[tokio::test]
async fn permissions_are_explained_by_their_sources() {
    let house = House::new().await;
    let ours = house.customer("Ours").await;
    let (admin_id, admin) = house.signed_in(ours, "admin", &["admin"]).await;
    let role = json!({ "name": "crew", "permissions": ["recordings:read", "events:read"] });
    house.post(&admin, "/roles", role).await.expect(201);
    let ada = house.user(ours, "ada", &["listener", "crew"]).await;
    let path = format!("/users/{ada}/permissions");
    let grant = json!({ "effect": "remove", "reason": "Closed session." });
    let set = house.put(&admin, &format!("{path}/recordings:read"), grant.clone()).await.expect(200);
    assert_eq!(set.body["granted_by"], admin_id.to_string());
    // Saying it again changes nothing.
    let again = house.put(&admin, &format!("{path}/recordings:read"), grant).await.expect(200);
    assert_eq!((again.etag(), &again.body), (set.etag(), &set.body));
    house.put(&admin, &format!("{path}/audit:read"), json!({ "effect": "add" })).await.expect(200);
    let explained = house.get(&admin, &path).await.expect(200);
    let effective = json!(["audit:read", "events:read", "transcripts:read", "rooms:listen"]);
    assert_eq!(explained.body["effective"], effective);
    let permissions = explained.body["permissions"].as_array().expect("a list");
    let of = |name: &str| permissions.iter().find(|one| one["permission"] == name).expect("explained");
    assert_eq!(of("events:read")["roles"], json!(["crew", "listener"]));
    assert_eq!(of("events:read")["custom"], Value::Null);
    let removed = of("recordings:read");
    assert_eq!((&removed["effective"], &removed["roles"]), (&json!(false), &json!(["crew"])));
    assert_eq!(removed["custom"]["reason"], "Closed session.");
    let added = of("audit:read");
    assert_eq!((&added["effective"], &added["roles"]), (&json!(true), &json!([])));
    house.delete(&admin, &format!("{path}/events:read")).await.expect_problem(404, "not_found");
    let bad = house.put(&admin, &format!("{path}/events:fly"), json!({ "effect": "add" })).await;
    bad.expect_problem(400, "invalid_path");
}

#[tokio::test]
async fn users_come_in_pages() {
    let house = House::new().await;
    let ours = house.customer("Ours").await;
    let (_, admin) = house.signed_in(ours, "admin", &["admin"]).await;
    for number in 0..6 {
        house.user(ours, &format!("u{number}"), &[]).await;
    }
    let (mut names, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = house.get(&admin, &format!("/users?limit=3{cursor}")).await.expect(200);
        names.extend(page.items("display_name").into_iter().map(str::to_owned));
        match page.body["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(names, ["admin", "u0", "u1", "u2", "u3", "u4", "u5"]);
}
