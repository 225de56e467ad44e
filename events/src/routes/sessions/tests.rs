//! What the operations on session records promise.

use common::ids::UserId;
use serde_json::{Value, json};

use crate::testing::{TestService, merged};

fn record(changes: Value) -> Value {
    let record = json!({
        "session_id": "s-1", "channel_id": 1, "status": "active", "started_at": "2026-05-04T11:30:00+02:00",
        "agents": [{ "agent_id": "agent-asr", "agent_type": "asr", "started_at": "2026-05-04T09:30:01Z" }]
    });
    merged(record, changes)
}

fn ended() -> Value {
    json!({ "status": "ended", "ended_at": "2026-05-04T10:00:00Z", "peak_listeners": { "CA-es": 41 }, "artefacts": [{
        "name": "ca.srt", "kind": "subtitles", "language": "ca-ES", "format": "srt", "bytes": 7, "url": "/s/ca.srt"
    }]})
}

#[tokio::test]
async fn a_session_is_recorded_once_and_completed() {
    let service = TestService::new();
    let id = service.event().await;
    let post = |body: Value| {
        service.call(&format!("POST /events/{id}/sessions")).by(&service.live_service()).json(&body)
    };
    let made = post(record(json!({}))).await.expect(201);
    assert_eq!(made.header("location"), "sessions/s-1");
    assert_eq!((&made.body["event_id"], &made.body["recorded_by"]), (&json!(id), &json!("live-service")));
    assert_eq!(made.body["started_at"], "2026-05-04T09:30:00Z");
    assert_eq!((&made.body["ended_at"], &made.body["peak_listeners"]), (&Value::Null, &json!({})));
    assert_eq!(post(record(json!({}))).await.expect(200).body, made.body);

    let whole = post(record(ended())).await.expect(200).body;
    assert_eq!((&whole["status"], &whole["peak_listeners"]), (&json!("ended"), &json!({ "ca-ES": 41 })));
    assert_eq!(post(record(json!({}))).await.expect(200).body, whole, "an earlier stage that comes late");
    let other = post(record(json!({ "channel_id": 1, "started_at": "2026-05-04T09:30:01Z" }))).await;
    assert_eq!(other.problem(), (409, "session_recorded_otherwise"));

    let manager = service.manager();
    let read = service.call(&format!("GET /events/{id}/sessions/s-1")).by(&manager).await.expect(200);
    assert_eq!(read.body, whole);
    let list = service.call(&format!("GET /events/{id}/sessions")).by(&manager).await.expect(200);
    assert_eq!(list.body, json!({ "items": [whole], "next_cursor": null }));
}

#[tokio::test]
async fn only_services_record_and_only_what_makes_sense() {
    let service = TestService::new();
    let id = service.event().await;
    let path = format!("POST /events/{id}/sessions");
    service.call(&path).json(&record(json!({}))).await.expect(401);
    service.call(&path).by(&service.manager()).json(&record(json!({}))).await.expect(403);
    let post = |body: Value| service.call(&path).by(&service.live_service()).json(&body);
    for (changes, field) in [
        (json!({ "channel_id": 2 }), "channel_id"),
        (json!({ "session_id": "a b" }), "session_id"),
        (json!({ "status": "ended" }), "ended_at"),
        (json!({ "peak_listeners": { "ca": -1 } }), "peak_listeners"),
        (json!({ "peak_listeners": { "klingon!": 1 } }), "peak_listeners"),
        (
            json!({ "agents": [{ "agent_id": "a\u{0}", "agent_type": "mt", "started_at": "2026-05-04T09:30:01Z" }] }),
            "agents[0].agent_id",
        ),
    ] {
        let refused = post(record(changes)).await.expect(422);
        assert!(refused.fields()[0].starts_with(field), "{}", refused.body);
    }
    let nowhere =
        service.call("POST /events/999999/sessions").by(&service.live_service()).json(&record(json!({})));
    nowhere.await.expect(404);
}

#[tokio::test]
async fn a_speaker_sees_the_records_of_their_channels() {
    let service = TestService::new();
    let channel = |name: &str| json!({ "name": name, "source_language": "en" });
    let id = service.event_with(json!({ "channels": [channel("A"), channel("B")] })).await;
    service.move_through(id, &["scheduled"]).await;
    for (session, channel) in [("s-1", 1), ("s-2", 2)] {
        let body = record(json!({ "session_id": session, "channel_id": channel }));
        service
            .call(&format!("POST /events/{id}/sessions"))
            .by(&service.live_service())
            .json(&body)
            .await
            .expect(201);
    }
    let user = UserId::generate();
    let assign = json!({ "user_id": user, "channel_id": 2 });
    service
        .call(&format!("POST /events/{id}/speakers"))
        .by(&service.manager())
        .json(&assign)
        .await
        .expect(201);
    let speaker = service.speaker(user);
    let list = service.call(&format!("GET /events/{id}/sessions")).by(&speaker).await.expect(200);
    let seen: Vec<_> =
        list.body["items"].as_array().expect("items").iter().map(|item| &item["session_id"]).collect();
    assert_eq!(seen, ["s-2"]);
    service.call(&format!("GET /events/{id}/sessions/s-2")).by(&speaker).await.expect(200);
    service.call(&format!("GET /events/{id}/sessions/s-1")).by(&speaker).await.expect(404);
    service.call(&format!("GET /events/{id}/sessions")).by(&service.stranger()).await.expect(404);
    service.call(&format!("GET /events/{id}/sessions")).by(&service.listener(user)).await.expect(403);
}
