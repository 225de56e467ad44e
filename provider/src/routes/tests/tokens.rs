//! What is kept of tokens, and who reads it.

use serde_json::json;

use crate::testing::TestService;

#[tokio::test]
async fn every_token_is_kept_and_none_is_told() {
    let service = TestService::new();
    let speak = json!({ "event_id": 123_457, "channel_id": 1, "role": "speaker" });
    let spoken = service.call("POST /rooms/create-or-join").json(&speak).by(&service.the_speaker());
    let spoken = spoken.await.expect(200).body;
    let listen = json!({ "event_id": 123_457, "role": "listener", "language": "es-ES" });
    service.call("POST /rooms/join").json(&listen).by(&service.the_listener()).await.expect(200);
    let agent = json!({ "event_id": 123_457, "channel_id": 1, "agent_type": "mt", "language": "ca-ES" });
    service.call("POST /agents/token").json(&agent).by(&service.live_service()).await.expect(200);

    let auditor = service.user(&["audit:read"]);
    let list = service.call("GET /tokens?event_id=123457").by(&auditor).await.expect(200).body;
    let items = list["items"].as_array().expect("items");
    let told: Vec<_> =
        items.iter().map(|item| json!([item["role"], item["language"], item["issued_to"]])).collect();
    assert_eq!(
        told,
        [
            json!(["mt", "ca-ES", "live-service"]),
            json!(["listener", "es-ES", service.listener]),
            json!(["speaker", null, service.speaker]),
        ]
    );
    assert_eq!(items[2]["identity"], spoken["identity"]);
    assert_eq!(items[2]["expires_at"], spoken["expires_at"]);
    assert_eq!(items[2]["room_name"], "event-123457-channel-1");
    assert!(!list.to_string().contains(spoken["livekit_token"].as_str().expect("a token")));
}

#[tokio::test]
async fn auditors_read_what_is_of_their_customer_page_by_page() {
    let service = TestService::new();
    let listen = json!({ "event_id": 123_457, "role": "listener" });
    for _ in 0..3 {
        service.call("POST /rooms/join").json(&listen).by(&service.the_listener()).await.expect(200);
    }
    let auditor = service.user(&["audit:read"]);
    let mut line = "GET /tokens?event_id=123457&limit=2".to_owned();
    let first = service.call(&line).by(&auditor).await.expect(200).body;
    assert_eq!(first["items"].as_array().map(Vec::len), Some(2));
    line.push_str("&cursor=");
    line.push_str(first["next_cursor"].as_str().expect("there is more"));
    let last = service.call(&line).by(&auditor).await.expect(200).body;
    assert_eq!(last["items"].as_array().map(Vec::len), Some(1));
    assert_ne!(last["items"][0]["token_id"], first["items"][1]["token_id"]);
    assert!(last["next_cursor"].is_null());

    let line = "GET /tokens?event_id=123457";
    let stranger = auditor.customer(common::ids::CustomerId::generate());
    assert_eq!(service.call(line).by(&stranger).await.expect(200).body["items"], json!([]));
    service.call(line).by(&service.manager()).await.expect(403);
    service.call(line).await.expect(401);
    service.call("GET /tokens").by(&service.user(&["audit:read"])).await.expect(400);
}
