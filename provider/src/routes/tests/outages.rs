//! What is answered while something that is needed is away.

use std::sync::Arc;

use serde_json::json;

use crate::testing::{AwayStore, TestService, room};

#[tokio::test]
async fn without_the_livekit_server_the_answer_is_503_and_when_to_ask_again() {
    let service = TestService::new();
    service.livekit.cut(true);
    let speak = json!({ "event_id": 123_457, "channel_id": 1, "role": "speaker" });
    let listen = json!({ "event_id": 123_457, "channel_id": 1, "role": "listener" });
    let agent = json!({ "event_id": 123_457, "channel_id": 1, "agent_type": "asr" });
    let close = json!({ "event_id": 123_457 });
    for call in [
        service.call("POST /rooms/create-or-join").json(&speak).by(&service.the_speaker()),
        service.call("POST /rooms/join").json(&listen).by(&service.the_listener()),
        service.call("POST /agents/token").json(&agent).by(&service.live_service()),
        service.call("POST /rooms/close").json(&close).by(&service.manager()),
        service.call("GET /rooms").by(&service.manager()),
    ] {
        let answer = call.await;
        assert_eq!(answer.problem(), (503, "livekit_unavailable"));
        assert_eq!(answer.header("retry-after"), "2");
    }
    service.livekit.cut(false);
    service.call("POST /rooms/join").json(&listen).by(&service.the_listener()).await.expect(200);
}

#[tokio::test]
async fn without_the_events_service_nobody_is_let_in() {
    let service = TestService::new();
    service.events.cut(true);
    let speak = json!({ "event_id": 123_457, "channel_id": 1, "role": "speaker" });
    let answer = service.call("POST /rooms/create-or-join").json(&speak).by(&service.the_speaker()).await;
    assert_eq!(answer.problem(), (503, "dependency_unavailable"));
    assert_eq!(service.livekit.customer_of(room(1)), None);
}

#[tokio::test]
async fn a_token_that_cannot_be_kept_is_not_given_out() {
    let service = TestService::with(Arc::new(AwayStore));
    let listen = json!({ "event_id": 123_457, "role": "listener" });
    let answer = service.call("POST /rooms/join").json(&listen).by(&service.the_listener()).await.expect(503);
    assert!(answer.body.get("livekit_token").is_none());
}
