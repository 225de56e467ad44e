//! What the operations on channels promise.

use serde_json::{Value, json};

use crate::{domain::MAX_CHANNELS, testing::TestService};

#[tokio::test]
async fn a_channel_is_made_read_changed_and_removed() {
    let service = TestService::new();
    let manager = service.manager();
    let id = service.event().await;
    let body = json!({ "name": " Side ", "source_language": "CA", "glossary": { "ES": { "vot": "voto" } } });
    let made =
        service.call(&format!("POST /events/{id}/channels")).by(&manager).json(&body).await.expect(201);
    assert_eq!(made.header("location"), "channels/2");
    assert_eq!(
        made.body,
        json!({
            "channel_id": 2, "name": "Side", "source_language": "ca", "target_languages": [], "record": false,
            "speech": false, "glossary": { "es": { "vot": "voto" } }
        })
    );
    let path = format!("/events/{id}/channels/2");
    let read = service.call(&format!("GET {path}")).by(&manager).await.expect(200);
    assert_eq!(read.body, made.body);
    let patch = json!({ "speech": true, "target_languages": ["es-es"], "glossary": {} });
    let changed = service.call(&format!("PATCH {path}")).by(&manager).json(&patch).await.expect(200);
    assert_eq!(
        (&changed.body["speech"], &changed.body["target_languages"]),
        (&json!(true), &json!(["es-ES"]))
    );
    assert_eq!((&changed.body["name"], &changed.body["glossary"]), (&json!("Side"), &json!({})));
    let list = service.call(&format!("GET /events/{id}/channels")).by(&manager).await.expect(200);
    assert_eq!(list.body["items"].as_array().map(Vec::len), Some(2));
    service.call(&format!("DELETE {path}")).by(&manager).await.expect(204);
    for method in ["GET", "DELETE"] {
        let gone = service.call(&format!("{method} {path}")).by(&manager).await;
        assert_eq!(gone.problem(), (404, "not_found"));
    }
    let next =
        service.call(&format!("POST /events/{id}/channels")).by(&manager).json(&body).await.expect(201);
    assert_eq!(next.body["channel_id"], 3, "numbers are not given twice");
    let taken = json!({ "channel_id": 3, "name": "C", "source_language": "ca" });
    let refused = service.call(&format!("POST /events/{id}/channels")).by(&manager).json(&taken).await;
    assert_eq!(refused.problem(), (409, "channel_exists"));
}

#[tokio::test]
async fn what_a_channel_cannot_be_is_named_by_field() {
    let service = TestService::new();
    let id = service.event().await;
    let many: serde_json::Map<String, Value> = (0..501).map(|n| (format!("t{n}"), json!("x"))).collect();
    let languages: Vec<String> =
        (b'a'..=b'z').flat_map(|c| [format!("a{}", c as char), format!("b{}", c as char)]).collect();
    for (change, field) in [
        (json!({ "name": "" }), "name"),
        (json!({ "name": "nul\u{0}" }), "name"),
        (json!({ "name": "x".repeat(101) }), "name"),
        (json!({ "name": null }), "name"),
        (json!({ "source_language": "es_ES" }), "source_language"),
        (json!({ "source_language": "es-ES" }), "target_languages[0]"),
        (json!({ "target_languages": ["fr", "FR"] }), "target_languages[1]"),
        (json!({ "target_languages": languages[..31] }), "target_languages"),
        (json!({ "record": "yes" }), "record"),
        (json!({ "glossary": { "ca": many } }), "glossary"),
        (json!({ "glossary": { "es_ES": {} } }), "glossary"),
        (json!({ "channel_id": 2 }), "channel_id"),
    ] {
        let call = service.call(&format!("PATCH /events/{id}/channels/1")).by(&service.manager());
        let refused = call.json(&change).await.expect(422);
        assert_eq!(refused.fields(), [field], "{change}");
    }
    let read = service.call(&format!("GET /events/{id}")).by(&service.manager()).await;
    assert_eq!(read.body["version"], 1);
}

#[tokio::test]
async fn an_event_has_a_bounded_number_of_channels() {
    let service = TestService::new();
    let channel = json!({ "name": "C", "source_language": "ca" });
    let id = service.event_with(json!({ "channels": vec![channel.clone(); MAX_CHANNELS] })).await;
    let refused =
        service.call(&format!("POST /events/{id}/channels")).by(&service.manager()).json(&channel).await;
    assert_eq!(refused.problem(), (409, "limit_reached"));
    assert_eq!(refused.body["limit"], MAX_CHANNELS);
    let body = crate::testing::merged(
        crate::testing::new_event(),
        json!({ "channels": vec![channel; MAX_CHANNELS + 1] }),
    );
    let refused = service.call("POST /events").by(&service.manager()).json(&body).await.expect(422);
    assert_eq!(refused.fields(), ["channels"]);
}
