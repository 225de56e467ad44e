//! `POST /livekit/webhook`

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use livekit_api::access_token::AccessToken;
use serde_json::json;

use crate::testing::{API_KEY, API_SECRET, Answer, TestService, event_id};

fn body() -> String {
    json!({
        "event": "participant_joined", "id": "EV_1", "createdAt": "1777887000",
        "room": { "sid": "RM_1", "name": "event-123457-channel-1", "emptyTimeout": 86400, "version": { "unixMicro": "1" } },
        "participant": {
            "sid": "PA_1", "identity": "listener-guest-01", "state": "ACTIVE", "joinedAt": "1777887000",
            "attributes": { "language": "es-ES" }, "permission": { "canSubscribe": true }
        }
    })
    .to_string()
}

/// As the server signs: in the header `Authorization`, without `Bearer`.
fn signature(key: &str, secret: &str, body: &str) -> String {
    let hash = STANDARD.encode(digest(&SHA256, body.as_bytes()));
    AccessToken::with_api_key(key, secret).with_sha256(&hash).to_jwt().expect("a token")
}

async fn tell(service: &TestService, signature: &str, body: String) -> Answer {
    let call = service.call("POST /livekit/webhook").text(body);
    call.header("content-type", "application/webhook+json").header("authorization", signature).await
}

#[tokio::test]
async fn what_the_server_signed_is_kept_once() {
    let mut service = TestService::new();
    for _ in 0..2 {
        tell(&service, &signature(API_KEY, API_SECRET, &body()), body()).await.expect(200);
    }
    let kept = service.persistence.pending_webhooks(10).await.expect("events");
    assert_eq!(kept.len(), 1);
    assert_eq!(
        serde_json::to_value(&kept[0]).expect("json"),
        json!({
            "id": "EV_1", "event": "participant_joined", "created_at": "2026-05-04T09:30:00Z",
            "room_name": "event-123457-channel-1", "event_id": 123_457, "channel_id": 1,
            "identity": "listener-guest-01", "attributes": { "language": "es-ES" }
        })
    );
    assert_eq!(service.errands.doubts.try_recv(), Ok(event_id(123_457)), "whoever came is looked at");
    assert!(service.errands.doubts.try_recv().is_err(), "once");
}

#[tokio::test]
async fn what_the_server_did_not_sign_is_refused() {
    let service = TestService::new();
    let of_another_body = signature(API_KEY, API_SECRET, "{}");
    let no_hash = AccessToken::with_api_key(API_KEY, API_SECRET).to_jwt().expect("a token");
    let listen = json!({ "event_id": 123_457, "role": "listener" });
    let joined = service.call("POST /rooms/join").json(&listen).by(&service.the_listener()).await.expect(200);
    for forged in [
        "",
        "x",
        "Bearer ",
        &signature(API_KEY, "another secret that is long enough", &body()),
        &signature("another key", API_SECRET, &body()),
        &of_another_body,
        &no_hash,
        joined.body["livekit_token"].as_str().expect("a listener's token"),
        &service.live_service().sign(),
    ] {
        let answer = tell(&service, forged, body()).await;
        assert_eq!(answer.problem(), (401, "invalid_signature"), "{forged}");
    }
    service.call("POST /livekit/webhook").text(body()).await.expect(401);
    assert!(service.persistence.pending_webhooks(10).await.expect("events").is_empty());
}

#[tokio::test]
async fn rooms_of_others_are_acknowledged_and_not_kept() {
    let service = TestService::new();
    for body in [
        json!({ "event": "room_started", "id": "EV_2", "room": { "name": "demo" } }),
        json!({ "event": "egress_started", "id": "EV_3", "egressInfo": { "roomName": "event-123457-channel-1" } }),
        json!({ "event": "of_the_future", "id": "EV_4", "createdAt": "1", "something": [1, 2] }),
    ] {
        let body = body.to_string();
        tell(&service, &signature(API_KEY, API_SECRET, &body), body).await.expect(200);
    }
    assert!(service.persistence.pending_webhooks(10).await.expect("events").is_empty());
}

#[tokio::test]
async fn events_of_newer_servers_are_understood() {
    let service = TestService::new();
    let body = json!({
        "event": "room_of_the_future", "id": "EV_5", "createdAt": "1777887000", "roomEndReason": "OF_THE_FUTURE",
        "room": { "name": "event-123457-channel-1", "newField": { "a": 1 } }
    })
    .to_string();
    tell(&service, &signature(API_KEY, API_SECRET, &body), body).await.expect(200);
    assert_eq!(
        service.persistence.pending_webhooks(10).await.expect("events")[0].event,
        "room_of_the_future"
    );
}

#[tokio::test]
async fn signed_nonsense_is_a_mistake_and_what_is_too_long_is_too_long() {
    let service = TestService::new();
    for (body, status) in [
        ("no json".to_owned(), 400),
        (json!({ "event": "room_started", "room": { "name": "event-123457-channel-1" } }).to_string(), 422),
        ("x".repeat(2 << 20), 413),
    ] {
        tell(&service, &signature(API_KEY, API_SECRET, &body), body).await.expect(status);
    }
}
