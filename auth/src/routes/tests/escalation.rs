//! Nobody gives what they do not have, nobody touches who has more, and nobody locks themselves out.

use axum::http::Method;
use serde_json::{Value, json};

use super::house::House;

#[tokio::test]
async fn nobody_gives_what_they_do_not_have() {
    let house = House::new().await;
    let ours = house.customer("Ours").await;
    let (admin_id, admin) = house.signed_in(ours, "admin", &["admin"]).await;
    let ada = house.user(ours, "ada", &["listener"]).await;
    let new = |roles: Value| json!({ "email": "new@b", "display_name": "N", "password": "long enough", "roles": roles });
    let client = |scopes: Value| json!({ "name": "N", "scopes": scopes });
    let role = |permissions: Value| json!({ "name": "boss", "permissions": permissions });
    let beyond = [
        (Method::POST, "/users".to_owned(), new(json!(["platform_admin"])), "platform_only"),
        (Method::PATCH, format!("/users/{ada}"), json!({ "roles": ["platform_admin"] }), "platform_only"),
        (
            Method::PATCH,
            format!("/users/{admin_id}"),
            json!({ "roles": ["admin", "platform_admin"] }),
            "platform_only",
        ),
        (
            Method::PUT,
            format!("/users/{ada}/permissions/segments:write"),
            json!({ "effect": "add" }),
            "beyond_own_rights",
        ),
        (
            Method::PUT,
            format!("/users/{admin_id}/permissions/customers:read"),
            json!({ "effect": "add" }),
            "beyond_own_rights",
        ),
        (Method::POST, "/roles".to_owned(), role(json!(["*"])), "beyond_own_rights"),
        // `sessions:*` has `sessions:record`, which is for services.
        (Method::POST, "/roles".to_owned(), role(json!(["sessions:*"])), "beyond_own_rights"),
        (Method::POST, "/roles".to_owned(), role(json!(["agents:token"])), "beyond_own_rights"),
        (Method::POST, "/clients".to_owned(), client(json!(["segments:write"])), "beyond_own_rights"),
        (
            Method::POST,
            "/clients".to_owned(),
            json!({ "name": "N", "scopes": ["events:read"], "customer_id": null }),
            "platform_only",
        ),
    ];
    for (method, path, body, code) in beyond {
        let answer = house.send(&admin, method.clone(), &path, body.clone()).await;
        assert_eq!(
            (answer.status.as_u16(), answer.body["code"].as_str()),
            (403, Some(code)),
            "{method} {path} {body}: {}",
            answer.body
        );
    }
    // What the admin has may be given.
    house.post(&admin, "/users", new(json!(["admin"]))).await.expect(201);
    house.post(&admin, "/roles", role(json!(["users:*", "templates:*"]))).await.expect(201);
    house.post(&admin, "/clients", client(json!(["events:read"]))).await.expect(201);
    let path = format!("/users/{ada}/permissions/audit:read");
    house.put(&admin, &path, json!({ "effect": "add" })).await.expect(200);
}

#[tokio::test]
async fn nobody_touches_a_user_who_has_more() {
    let house = House::new().await;
    let ours = house.customer("Ours").await;
    let (_, admin) = house.signed_in(ours, "admin", &["admin"]).await;
    let boss = house.user(ours, "boss", &["platform_admin"]).await;
    let (helper, _) = house.signed_in(ours, "helper", &["listener"]).await;
    let (_, platform) = house.signed_in(ours, "platform", &["platform_admin"]).await;
    let path = format!("/users/{helper}/permissions/segments:write");
    house.put(&platform, &path, json!({ "effect": "add" })).await.expect(200);
    for (target, code) in [(boss, "platform_only"), (helper, "beyond_own_rights")] {
        let attacks = [
            (Method::PATCH, format!("/users/{target}"), json!({ "password": "now it is mine" })),
            (Method::PATCH, format!("/users/{target}"), json!({ "email": "mine@b" })),
            (Method::PATCH, format!("/users/{target}"), json!({ "disabled": true })),
            (Method::PATCH, format!("/users/{target}"), json!({ "roles": [] })),
            (Method::PUT, format!("/users/{target}/permissions/users:read"), json!({ "effect": "remove" })),
            (Method::DELETE, format!("/users/{target}/permissions/segments:write"), Value::Null),
            (Method::DELETE, format!("/users/{target}"), Value::Null),
        ];
        for (method, path, body) in attacks {
            let answer = house.send(&admin, method.clone(), &path, body.clone()).await;
            assert_eq!(
                (answer.status.as_u16(), answer.body["code"].as_str()),
                (403, Some(code)),
                "{method} {path} {body}: {}",
                answer.body
            );
        }
    }
    house.patch(&platform, &format!("/users/{helper}"), json!({ "disabled": true })).await.expect(200);
}

#[tokio::test]
async fn a_role_that_grew_beyond_an_admin_is_out_of_reach() {
    let house = House::new().await;
    let ours = house.customer("Ours").await;
    let (admin_id, admin) = house.signed_in(ours, "admin", &["admin"]).await;
    let (_, platform) = house.signed_in(ours, "platform", &["platform_admin"]).await;
    let ada = house.user(ours, "ada", &["listener"]).await;
    let role = json!({ "name": "crew", "permissions": ["events:read"] });
    house.post(&admin, "/roles", role).await.expect(201);
    let grown = json!({ "permissions": ["events:read", "segments:write"] });
    house.patch(&admin, "/roles/crew", grown.clone()).await.expect_problem(403, "beyond_own_rights");
    house.patch(&platform, "/roles/crew", grown).await.expect(200);
    for (method, path, body) in [
        (Method::PATCH, format!("/users/{ada}"), json!({ "roles": ["listener", "crew"] })),
        (Method::PATCH, format!("/users/{admin_id}"), json!({ "roles": ["admin", "crew"] })),
        (Method::PATCH, "/roles/crew".to_owned(), json!({ "permissions": ["events:read"] })),
        (Method::PATCH, "/roles/crew".to_owned(), json!({ "description": "Mine" })),
        (Method::DELETE, "/roles/crew".to_owned(), Value::Null),
    ] {
        house.send(&admin, method, &path, body).await.expect_problem(403, "beyond_own_rights");
    }
    house.delete(&platform, "/roles/crew").await.expect(204);
}

#[tokio::test]
async fn what_was_taken_from_an_admin_the_admin_cannot_take_back() {
    let house = House::new().await;
    let ours = house.customer("Ours").await;
    let (_, platform) = house.signed_in(ours, "platform", &["platform_admin"]).await;
    let admin_id = house.user(ours, "admin", &["admin"]).await;
    let path = format!("/users/{admin_id}/permissions/recordings:read");
    house.put(&platform, &path, json!({ "effect": "remove" })).await.expect(200);
    let admin = house.token(admin_id).await;
    house.delete(&admin, &path).await.expect_problem(403, "beyond_own_rights");
    house.put(&admin, &path, json!({ "effect": "add" })).await.expect_problem(403, "beyond_own_rights");
    // Nor through others who have it.
    let new = json!({ "email": "new@b", "display_name": "N", "password": "long enough", "roles": ["admin"] });
    house.post(&admin, "/users", new).await.expect_problem(403, "beyond_own_rights");
    let role = json!({ "name": "crew", "permissions": ["recordings:*"] });
    house.post(&admin, "/roles", role).await.expect_problem(403, "beyond_own_rights");
    house.delete(&platform, &path).await.expect(204);
}

#[tokio::test]
async fn nobody_locks_themselves_out() {
    let house = House::new().await;
    let ours = house.customer("Ours").await;
    let (id, platform) = house.signed_in(ours, "platform", &["platform_admin", "manager"]).await;
    let crew = json!({ "name": "crew", "permissions": ["audit:read"] });
    house.post(&platform, "/roles", crew).await.expect(201);
    let own = format!("/users/{id}");
    // Taking a role is fine, giving it back is not.
    house.patch(&platform, &own, json!({ "roles": ["platform_admin", "manager", "crew"] })).await.expect(200);
    let platform = house.token(id).await;
    for (method, path, body) in [
        (Method::DELETE, own.clone(), Value::Null),
        (Method::PATCH, own.clone(), json!({ "disabled": true })),
        (Method::PATCH, own.clone(), json!({ "roles": ["platform_admin"] })),
        (Method::PATCH, own.clone(), json!({ "password": "another one" })),
        (Method::PUT, format!("{own}/permissions/users:read"), json!({ "effect": "remove" })),
        (Method::PATCH, format!("/customers/{ours}"), json!({ "disabled": true })),
        (Method::PATCH, "/roles/crew".to_owned(), json!({ "permissions": [] })),
    ] {
        house.send(&platform, method, &path, body).await.expect_problem(409, "own_account");
    }
    house.patch(&platform, &own, json!({ "display_name": "Grace" })).await.expect(200);
}

#[tokio::test]
async fn the_last_administrator_of_the_platform_cannot_be_removed_by_a_program_either() {
    let house = House::new().await;
    let (ours, theirs) = (house.customer("Ours").await, house.customer("Theirs").await);
    let (id, platform) = house.signed_in(ours, "platform", &["platform_admin"]).await;
    let all: Vec<_> = common::access::Permission::ALL.iter().map(|permission| permission.as_str()).collect();
    let robot = json!({ "client_id": "robot", "name": "Robot", "scopes": all, "customer_id": null });
    house.post(&platform, "/clients", robot).await.expect(201);
    let robot = house.service_token("robot").await;
    let path = format!("/users/{id}");
    let refused = "last_platform_admin";
    house.delete(&robot, &path).await.expect_problem(409, refused);
    house.patch(&robot, &path, json!({ "disabled": true })).await.expect_problem(409, refused);
    house.patch(&robot, &path, json!({ "roles": ["admin"] })).await.expect_problem(409, refused);
    let customer = format!("/customers/{ours}");
    house.patch(&robot, &customer, json!({ "disabled": true })).await.expect_problem(409, refused);
    house.user(theirs, "second", &["platform_admin"]).await;
    house.patch(&robot, &customer, json!({ "disabled": true })).await.expect(200);
}

#[tokio::test]
async fn built_in_roles_stay_as_they_are() {
    let house = House::new().await;
    let ours = house.customer("Ours").await;
    let (_, platform) = house.signed_in(ours, "platform", &["platform_admin"]).await;
    let taken = json!({ "name": "speaker", "permissions": [] });
    house.post(&platform, "/roles", taken).await.expect_problem(409, "name_taken");
    house.patch(&platform, "/roles/speaker", json!({})).await.expect_problem(409, "built_in_role");
    house.delete(&platform, "/roles/speaker").await.expect_problem(409, "built_in_role");
    let role = house.get(&platform, "/roles/speaker").await.expect(200);
    assert_eq!((&role.body["built_in"], &role.body["customer_id"]), (&json!(true), &Value::Null));
    let roles = house.get(&platform, "/roles").await.expect(200);
    assert_eq!(roles.items("name"), ["platform_admin", "admin", "manager", "speaker", "listener"]);
}
