//! Who follows an event outside `LiveKit`.

use common::{
    event::{ListenAccess, ListenerConfig},
    ids::UserId,
};
use serde_json::{Value, json};

use crate::testing::TestService;

const JOIN: &str = "POST /live/123457/es-ES/join";
const LEAVE: &str = "POST /live/123457/es-ES/leave";
const STATS: &str = "GET /live/123457/stats";

async fn spanish(service: &TestService) -> Value {
    service.call(STATS).by(&service.manager()).await.expect(200).body["es-ES"].clone()
}

#[tokio::test]
async fn a_connection_counts_from_joining_to_leaving() {
    let service = TestService::new();
    let (ann, bob) = (UserId::generate(), UserId::generate());
    service.change_event(|event| {
        event.listeners.extend([ann, bob].map(|user_id| ListenerConfig { user_id }));
    });
    let [ann, bob] = [ann, bob].map(|user| service.listener(user));
    let none = json!({ "ca-ES": 0, "en-US": 0, "es-ES": 0 });
    assert_eq!(service.call(STATS).by(&ann).await.expect(200).body, none);
    let joined = service.call(JOIN).by(&ann).await.expect(200).body;
    assert_eq!(joined["renew_after_seconds"], 5);
    assert!(joined["ttl_seconds"].as_u64().is_some_and(|ttl| (10..=15).contains(&ttl)), "{joined}");
    assert_eq!(spanish(&service).await, 1);
    // Renewing counts once.
    let id = json!({ "connection_id": joined["connection_id"] });
    let renewed = service.call(JOIN).by(&ann).json(&id).await.expect(200).body;
    assert_eq!(renewed, joined);
    assert_eq!(spanish(&service).await, 1);
    // A second one, without an id in the body.
    service.call(JOIN).by(&ann).json(&json!({})).await.expect(200);
    assert_eq!(spanish(&service).await, 2);
    // Nobody ends the connection of somebody else, and the same id of somebody else is another.
    service.call(LEAVE).by(&bob).json(&id).await.expect(204);
    service.call(JOIN).by(&bob).json(&id).await.expect(200);
    assert_eq!(spanish(&service).await, 3);
    for _ in 0..2 {
        service.call(LEAVE).by(&ann).json(&id).await.expect(204);
        assert_eq!(spanish(&service).await, 2);
    }
}

#[tokio::test]
async fn only_those_who_may_hear_the_event_count() {
    let service = TestService::new();
    let speaker = UserId::generate();
    service.assign_speaker(speaker, 1);
    service.call(JOIN).await.expect(401);
    service.call(JOIN).by(&service.listener(UserId::generate())).await.expect(404);
    service.call(JOIN).by(&service.stranger()).await.expect(404);
    service.call(JOIN).by(&service.speaker(speaker)).await.expect(200);
    service.call(JOIN).by(&service.service("live-event-service", &[])).await.expect(200);
    service.call("POST /live/123457/fr-FR/join").by(&service.manager()).await.expect(404);
    service.call("POST /live/123458/es-ES/join").by(&service.manager()).await.expect(404);
    service.call("POST /live/123457/es_ES/join").by(&service.manager()).await.expect(400);
    service.call("POST /live/7/es-ES/join").by(&service.manager()).await.expect(400);
    for body in [json!({ "connection_id": "" }), json!({ "connection_id": "a b" }), json!({ "id": "x" })] {
        service.call(JOIN).by(&service.manager()).json(&body).await.expect(422);
    }
    service.call(LEAVE).by(&service.manager()).json(&json!({})).await.expect(422);
    service.call(LEAVE).json(&json!({ "connection_id": "a" })).await.expect(401);
    assert_eq!(spanish(&service).await, 2);
}

#[tokio::test]
async fn counts_of_public_events_need_no_account() {
    let service = TestService::new();
    service.call(STATS).await.expect(401);
    service.call(STATS).by(&service.user(&["users:read"])).await.expect(403);
    service.call(STATS).by(&service.stranger()).await.expect(404);
    service.change_event(|event| event.listen_access = ListenAccess::Public);
    let counts = service.call(STATS).await.expect(200).body;
    assert_eq!(counts, json!({ "ca-ES": 0, "en-US": 0, "es-ES": 0 }));
    service.call(STATS).by(&service.user(&["users:read"])).await.expect(200);
}
