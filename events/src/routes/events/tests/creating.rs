use serde_json::{Value, json};

use crate::testing::{TestService, merged, new_event};

#[tokio::test]
async fn an_event_is_read_back_as_it_was_made() {
    let service = TestService::new();
    let made = service.call("POST /events").by(&service.manager()).json(&new_event()).await.expect(201);
    let id = made.body["event_id"].as_i64().expect("an id");
    assert!((100_000..=999_999_999).contains(&id));
    assert_eq!(made.header("location"), format!("events/{id}"));
    assert_eq!(made.header("etag"), "\"1\"");
    assert_eq!(made.body["starts_at"], "2026-05-01T16:00:00Z");
    assert_eq!(made.body["state"], "draft");
    assert_eq!(made.body["description"], Value::Null);
    assert_eq!(made.body["customer_id"], service.customer.to_string());
    assert_eq!((&made.body["speakers"], &made.body["listeners"]), (&json!([]), &json!([])));
    let channel = json!({
        "channel_id": 1, "name": "Main", "source_language": "en-US", "target_languages": ["es-ES", "ca-ES"],
        "record": false, "speech": false, "glossary": {}
    });
    assert_eq!(made.body["channels"], json!([channel]));
    for path in ["/events", "/v1/events", ""] {
        let read = service.call(&format!("GET {path}/{id}")).by(&service.manager()).await.expect(200);
        assert_eq!(read.body, made.body);
    }
}

#[tokio::test]
async fn language_tags_are_normalised_and_what_is_none_is_refused() {
    let service = TestService::new();
    let with = |languages: Value| {
        let channel =
            json!({ "name": "M", "source_language": languages[0], "target_languages": [languages[1]] });
        merged(new_event(), json!({ "channels": [channel] }))
    };
    let call = |body: Value| service.call("POST /events").by(&service.manager()).json(&body);
    let made = call(with(json!(["EN-us", "ca-es-VALENCIA"]))).await.expect(201);
    let channel = &made.body["channels"][0];
    assert_eq!(
        (&channel["source_language"], &channel["target_languages"]),
        (&json!("en-US"), &json!(["ca-ES-valencia"]))
    );
    for odd in ["es_ES", "", "Spanish!", "x-mine", "es\u{0}"] {
        let refused = call(with(json!(["en", odd]))).await.expect(422);
        assert_eq!(refused.fields(), ["channels[0].target_languages[0]"], "{odd:?}");
    }
    let refused = call(with(json!(["ca-ES", "CA-es"]))).await.expect(422);
    assert_eq!(refused.fields(), ["channels[0].target_languages[0]"]);
}

#[tokio::test]
async fn texts_are_bounded_and_without_control_characters() {
    let service = TestService::new();
    for (changes, field) in [
        (json!({ "title": "" }), "title"),
        (json!({ "title": "  \t" }), "title"),
        (json!({ "title": "é".repeat(201) }), "title"),
        (json!({ "title": "nul \u{0}" }), "title"),
        (json!({ "title": "two\nlines" }), "title"),
        (json!({ "description": "x".repeat(10_001) }), "description"),
        (json!({ "description": "nul \u{0}" }), "description"),
        (json!({ "timezone": "Europe/Madrid\u{0}" }), "timezone"),
        (json!({ "timezone": "CEST" }), "timezone"),
        (json!({ "listen_access": "everybody" }), "listen_access"),
        (json!({ "starts_at": "2026-05-01T18:00:00" }), "starts_at"),
        (json!({ "starts_at": "0001-01-01T00:00:00Z" }), "starts_at"),
        (json!({ "ends_at": "2026-05-01T18:00:00+02:00" }), "ends_at"),
        (json!({ "customer_id": "mine" }), "customer_id"),
        (json!({ "state": "live" }), "state"),
    ] {
        let body = merged(new_event(), changes.clone());
        let refused = service.call("POST /events").by(&service.manager()).json(&body).await.expect(422);
        assert_eq!(refused.fields(), [field], "{changes}");
    }
    let longest = json!({ "title": "é".repeat(200), "description": "two\nlines\t" });
    service.event_with(longest).await;
}

#[tokio::test]
async fn every_mistake_between_fields_is_named_at_once() {
    let service = TestService::new();
    let channel =
        json!({ "channel_id": 2, "name": "A", "source_language": "en", "target_languages": ["en"] });
    let body =
        merged(new_event(), json!({ "ends_at": "2026-05-01T00:00:00Z", "channels": [channel, channel] }));
    let refused = service.call("POST /events").by(&service.manager()).json(&body).await.expect(422);
    assert_eq!(
        refused.fields(),
        [
            "ends_at",
            "channels[0].target_languages[0]",
            "channels[1].channel_id",
            "channels[1].target_languages[0]"
        ]
    );
}

#[tokio::test]
async fn only_a_platform_administrator_makes_events_for_another_customer() {
    let service = TestService::new();
    let other = common::ids::CustomerId::generate();
    let body = merged(new_event(), json!({ "customer_id": other }));
    let refused = service.call("POST /events").by(&service.manager()).json(&body).await;
    assert_eq!(refused.problem(), (403, "forbidden"));
    let made = service.call("POST /events").by(&service.platform_admin()).json(&body).await.expect(201);
    assert_eq!(made.body["customer_id"], other.to_string());
    let own = merged(new_event(), json!({ "customer_id": service.customer }));
    service.call("POST /events").by(&service.manager()).json(&own).await.expect(201);
}

#[tokio::test]
async fn a_patch_changes_what_it_names_and_null_takes_away_what_may_be_absent() {
    let service = TestService::new();
    let id = service.event_with(json!({ "description": "Long" })).await;
    let path = format!("PATCH /events/{id}");
    let patch = |body: Value| service.call(&path).by(&service.manager()).json(&body);
    let changed = patch(json!({ "title": " New " })).await.expect(200);
    assert_eq!((&changed.body["title"], &changed.body["description"]), (&json!("New"), &json!("Long")));
    assert_eq!(changed.header("etag"), "\"2\"");
    let cleared = patch(json!({ "description": null })).await.expect(200);
    assert_eq!((&cleared.body["description"], &cleared.body["version"]), (&Value::Null, &json!(3)));
    assert_eq!(patch(json!({})).await.expect(200).body["version"], 3, "nothing changed");
    for (body, field) in [
        (json!({ "title": null }), "title"),
        (json!({ "starts_at": "2026-06-01T00:00:00Z" }), "ends_at"),
        (json!({ "state": "live" }), "state"),
        (json!({ "version": 9 }), "version"),
    ] {
        assert_eq!(patch(body).await.expect(422).fields(), [field]);
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_a_problem_and_never_a_fault() {
    let service = TestService::new();
    for path in ["GET /events/0", "GET /events/abc", "GET /events/99999999999999999999", "GET /events/12345"]
    {
        let answer = service.call(path).by(&service.manager()).await;
        assert!(
            [(400, "invalid_path"), (404, "not_found")].contains(&answer.problem()),
            "{path} {}",
            answer.body
        );
    }
    for query in
        ["limit=0", "limit=201", "cursor=%00", "state=flying", "starts_after=2026-05-01", "q=%00", "x=1"]
    {
        let answer = service.call(&format!("GET /events?{query}")).by(&service.manager()).await;
        assert_eq!(answer.status.as_u16(), 400, "{query} {}", answer.body);
    }
    let answer = service.call("POST /events").by(&service.manager()).text("{".to_owned()).await;
    assert_eq!(answer.problem(), (400, "invalid_json"));
}
