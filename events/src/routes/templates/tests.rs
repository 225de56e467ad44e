//! What the operations on templates promise.

use common::ids::UserId;
use serde_json::{Value, json};

use crate::testing::{TestService, merged};

fn new_template() -> Value {
    json!({
        "name": "Weekly", "title": "Briefing of {date}", "timezone": "Europe/Madrid", "duration_minutes": 45,
        "channels": [{ "name": "Main", "source_language": "EN-us", "target_languages": ["es-ES", "ca"] }]
    })
}

async fn made(service: &TestService, changes: Value) -> String {
    let body = merged(new_template(), changes);
    let answer = service.call("POST /templates").by(&service.manager()).json(&body).await.expect(201);
    answer.body["template_id"].as_str().expect("an id").to_owned()
}

#[tokio::test]
async fn a_template_is_read_back_as_it_was_made() {
    let service = TestService::new();
    let manager = service.manager();
    let made = service.call("POST /templates").by(&manager).json(&new_template()).await.expect(201);
    let id = made.body["template_id"].as_str().expect("an id");
    assert_eq!((made.header("location"), made.header("etag")), (format!("templates/{id}").as_str(), "\"1\""));
    assert_eq!(made.body["channels"][0]["source_language"], "en-US");
    assert_eq!(made.body["customer_id"], service.customer.to_string());
    assert_eq!(made.body["created_by"], manager.principal.subject.to_string());
    let read = service.call(&format!("GET /v1/templates/{id}")).by(&manager).await.expect(200);
    assert_eq!(read.body, made.body);
    let known = service.call(&format!("GET /templates/{id}")).by(&manager).header("if-none-match", "\"1\"");
    known.await.expect(304);
}

#[tokio::test]
async fn what_a_template_does_not_say_has_a_default() {
    let service = TestService::new();
    let made = service.call("POST /templates").by(&service.manager()).json(&json!({ "name": "Plain" })).await;
    let body = made.expect(201).body;
    assert_eq!((&body["title"], &body["timezone"]), (&json!("Plain"), &json!("UTC")));
    assert_eq!((&body["listen_access"], &body["duration_minutes"]), (&json!("assigned"), &json!(60)));
    assert_eq!((&body["channels"], &body["description"]), (&json!([]), &Value::Null));
}

#[tokio::test]
async fn mistakes_are_named_by_field() {
    let service = TestService::new();
    let channel = json!({ "name": "M", "source_language": "en", "target_languages": ["en"] });
    for (changes, field) in [
        (json!({ "name": null }), "name"),
        (json!({ "name": "a\u{0}" }), "name"),
        (json!({ "title": "x".repeat(198) + "{date}" }), "title"),
        (json!({ "title": "x".repeat(190) + "{date}{date}" }), "title"),
        (json!({ "duration_minutes": 0 }), "duration_minutes"),
        (json!({ "duration_minutes": 44_641 }), "duration_minutes"),
        (json!({ "channels": [channel] }), "channels[0].target_languages[0]"),
    ] {
        let body = merged(new_template(), changes);
        let refused = service.call("POST /templates").by(&service.manager()).json(&body).await.expect(422);
        assert!(
            refused.body["detail"].as_str().is_some_and(|detail| detail.contains(field)),
            "{}",
            refused.body
        );
    }
}

#[tokio::test]
async fn changes_ask_for_the_version() {
    let service = TestService::new();
    let id = made(&service, json!({})).await;
    let patch = |tag: &str, body: Value| {
        service
            .call(&format!("PATCH /templates/{id}"))
            .by(&service.manager())
            .header("if-match", tag)
            .json(&body)
    };
    let changed = patch("\"1\"", json!({ "name": "New", "description": "D" })).await.expect(200);
    assert_eq!((changed.header("etag"), &changed.body["name"]), ("\"2\"", &json!("New")));
    assert_eq!(patch("\"1\"", json!({ "name": "Late" })).await.problem(), (412, "version_mismatch"));
    let cleared = patch("*", json!({ "description": null, "channels": [] })).await.expect(200);
    assert_eq!((&cleared.body["description"], &cleared.body["channels"]), (&Value::Null, &json!([])));
    patch("*", json!({ "title": "x".repeat(199) + "{date}" })).await.expect(422);
    let delete = |tag: &str| {
        service.call(&format!("DELETE /templates/{id}")).by(&service.manager()).header("if-match", tag)
    };
    delete("\"1\"").await.expect(412);
    delete("\"3\"").await.expect(204);
    delete("*").await.expect(404);
}

#[tokio::test]
async fn templates_of_others_do_not_exist() {
    let service = TestService::new();
    let (id, stranger) = (made(&service, json!({})).await, service.stranger());
    let rename = json!({ "name": "Mine" });
    let start = json!({ "starts_at": "2026-05-04T09:30:00Z" });
    service.call(&format!("GET /templates/{id}")).by(&stranger).await.expect(404);
    service.call(&format!("PATCH /templates/{id}")).by(&stranger).json(&rename).await.expect(404);
    service.call(&format!("DELETE /templates/{id}")).by(&stranger).await.expect(404);
    service.call(&format!("POST /templates/{id}/events")).by(&stranger).json(&start).await.expect(404);
    let list = service.call("GET /templates").by(&stranger).await.expect(200);
    assert_eq!(list.body, json!({ "items": [], "next_cursor": null }));
    let theirs = json!({ "name": "T", "customer_id": service.customer });
    service.call("POST /templates").by(&stranger).json(&theirs).await.expect(403);
    service.call("POST /templates").by(&service.platform_admin()).json(&theirs).await.expect(201);
    let event = service.event().await;
    service.call(&format!("POST /events/{event}/template")).by(&stranger).json(&rename).await.expect(404);
    let speaker = service.speaker(UserId::generate());
    service.call("GET /templates").by(&speaker).await.expect(403);
    service.call("GET /templates").await.expect(401);
}

#[tokio::test]
async fn a_list_comes_in_pages() {
    let service = TestService::new();
    let mut all = Vec::new();
    for number in 0..5 {
        all.push(made(&service, json!({ "name": format!("T {number}") })).await);
    }
    let (mut seen, mut next) = (Vec::new(), String::new());
    loop {
        let page =
            service.call(&format!("GET /templates?limit=2{next}")).by(&service.manager()).await.expect(200);
        let items = page.body["items"].as_array().expect("items").clone();
        seen.extend(items.iter().map(|item| item["template_id"].as_str().expect("an id").to_owned()));
        match page.body["next_cursor"].as_str() {
            Some(cursor) => next = format!("&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(seen, all);
    service.call("GET /templates?cursor=x").by(&service.manager()).await.expect(400);
}

#[tokio::test]
async fn an_event_is_made_from_a_template_and_a_template_from_an_event() {
    let service = TestService::new();
    let manager = service.manager();
    let id = made(&service, json!({ "listen_access": "public" })).await;
    let start = json!({ "starts_at": "2026-05-04T22:30:00Z" });
    let event =
        service.call(&format!("POST /templates/{id}/events")).by(&manager).json(&start).await.expect(201);
    let event_id = event.body["event_id"].as_i64().expect("an id");
    assert_eq!(event.header("location"), format!("../../events/{event_id}"));
    assert_eq!(event.body["title"], "Briefing of 2026-05-05");
    assert_eq!(event.body["ends_at"], "2026-05-04T23:15:00Z");
    assert_eq!((&event.body["state"], &event.body["listen_access"]), (&json!("draft"), &json!("public")));
    let read = service.call(&format!("GET /events/{event_id}")).by(&manager).await.expect(200);
    assert_eq!(read.body, event.body);

    let user = UserId::generate();
    let speaker = json!({ "user_id": user, "channel_id": 1 });
    service.call(&format!("POST /events/{event_id}/speakers")).by(&manager).json(&speaker).await.expect(201);
    let save = json!({ "name": "Saved" });
    let saved =
        service.call(&format!("POST /events/{event_id}/template")).by(&manager).json(&save).await.expect(201);
    assert_eq!(
        saved.header("location"),
        format!("../../templates/{}", saved.body["template_id"].as_str().unwrap())
    );
    assert_eq!((&saved.body["name"], &saved.body["duration_minutes"]), (&json!("Saved"), &json!(45)));
    assert_eq!(saved.body["channels"], event.body["channels"]);
    assert!(!saved.body.to_string().contains(&user.to_string()), "no people in templates");
}

#[tokio::test]
async fn an_event_of_a_template_may_differ() {
    let service = TestService::new();
    let id = made(&service, json!({ "description": "D" })).await;
    let call = |body: Value| {
        service.call(&format!("POST /templates/{id}/events")).by(&service.manager()).json(&body)
    };
    let own = json!({
        "title": "Own", "description": null, "starts_at": "2026-05-04T09:30:00Z", "ends_at": "2026-05-04T09:31:00Z"
    });
    let event = call(own).await.expect(201);
    assert_eq!((&event.body["title"], &event.body["description"]), (&json!("Own"), &Value::Null));
    assert_eq!(event.body["ends_at"], "2026-05-04T09:31:00Z");
    call(json!({})).await.expect(422);
    let ended = json!({ "starts_at": "2026-05-04T09:30:00Z", "ends_at": "2026-05-04T09:30:00Z" });
    assert_eq!(call(ended).await.expect(422).fields(), ["ends_at"]);
    let reader = service.user(&["events:create"]);
    let start = json!({ "starts_at": "2026-05-04T09:30:00Z" });
    service.call(&format!("POST /templates/{id}/events")).by(&reader).json(&start).await.expect(403);
}
