use common::access::testing::TestToken;
use proptest::prelude::*;
use serde_json::json;

use crate::{domain::EventState, testing::TestService};

async fn move_to(service: &TestService, id: i64, state: &str) -> crate::testing::Answer {
    let call = service.call(&format!("POST /events/{id}/state")).by(&service.live_service());
    call.json(&json!({ "state": state })).await
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    /// Whatever is asked for in whatever order: an event moves along legal moves alone, and each refusal names them.
    #[test]
    fn random_walks_never_leave_the_legal_moves(walk in prop::collection::vec(0..EventState::ALL.len(), 1..30)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let service = TestService::new();
            let id = service.event().await;
            let mut at = EventState::Draft;
            for to in walk.into_iter().map(|index| EventState::ALL[index]) {
                let answer = move_to(&service, id, to.as_str()).await;
                let legal: Vec<&str> = at.legal_moves().iter().map(|state| state.as_str()).collect();
                if at.may_become(to) {
                    assert_eq!((answer.status.as_u16(), &answer.body["state"]), (200, &json!(to)), "{at} to {to}");
                    at = to;
                } else {
                    assert_eq!(answer.problem(), (409, "illegal_state_change"), "{at} to {to}");
                    assert_eq!((&answer.body["state"], &answer.body["legal_moves"]), (&json!(at), &json!(legal)));
                    let detail = answer.body["detail"].as_str().expect("a text");
                    assert!(legal.iter().all(|state| detail.contains(state)), "{detail}");
                }
            }
            let read = service.call(&format!("GET /events/{id}")).by(&service.manager()).await;
            assert_eq!(read.body["state"], json!(at));
        });
    }
}

#[tokio::test]
async fn an_event_lives_from_draft_to_completed_and_may_be_reopened() {
    let service = TestService::new();
    let id = service.event().await;
    for state in
        ["scheduled", "ready", "live", "ended", "completed", "ready", "live", "ended", "ready", "cancelled"]
    {
        move_to(&service, id, state).await.expect(200);
    }
    let refused = move_to(&service, id, "ready").await;
    assert_eq!(refused.problem(), (409, "illegal_state_change"));
    assert_eq!(refused.body["legal_moves"], json!([]));
}

#[tokio::test]
async fn starting_a_session_takes_a_scheduled_event_live() {
    let service = TestService::new();
    let id = service.event().await;
    service.move_through(id, &["scheduled", "live"]).await;
}

#[tokio::test]
async fn staff_and_the_live_service_move_events_and_nobody_else() {
    let service = TestService::new();
    let id = service.event_with(json!({ "listen_access": "public" })).await;
    service.move_through(id, &["scheduled"]).await;
    let user = common::ids::UserId::generate();
    let call = |token: &TestToken| {
        service.call(&format!("POST /events/{id}/state")).by(token).json(&json!({ "state": "ready" }))
    };
    for token in [service.speaker(user), service.listener(user), service.user(&["events:read"])] {
        assert_eq!(call(&token).await.problem(), (403, "forbidden"));
    }
    assert_eq!(call(&service.stranger()).await.problem(), (404, "not_found"));
    let unsigned = service.call(&format!("POST /events/{id}/state")).json(&json!({ "state": "ready" })).await;
    assert_eq!(unsigned.status.as_u16(), 401);
    call(&service.live_service()).await.expect(200);
}

#[tokio::test]
async fn a_live_event_and_its_channels_are_not_deleted() {
    let service = TestService::new();
    let id = service.event().await;
    service.move_through(id, &["scheduled", "live"]).await;
    for path in [format!("DELETE /events/{id}"), format!("DELETE /events/{id}/channels/1")] {
        let refused = service.call(&path).by(&service.manager()).await;
        assert_eq!(refused.problem(), (409, "event_is_live"));
    }
    service.move_through(id, &["ended"]).await;
    service.call(&format!("DELETE /events/{id}")).by(&service.manager()).await.expect(204);
    let gone = service.call(&format!("GET /events/{id}")).by(&service.manager()).await;
    assert_eq!(gone.problem(), (404, "not_found"));
}
