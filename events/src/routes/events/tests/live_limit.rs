use futures_util::future::join_all;
use serde_json::json;

use crate::testing::{MAX_LIVE_EVENTS, TestService};

#[tokio::test]
async fn going_live_counts_against_the_customers_limit() {
    let service = TestService::new();
    let mut ids = Vec::new();
    for _ in 0..=MAX_LIVE_EVENTS {
        let id = service.event().await;
        service.move_through(id, &["scheduled", "ready"]).await;
        ids.push(id);
    }
    let go_live = |id: i64| {
        let call = service.call(&format!("POST /events/{id}/state")).by(&service.live_service());
        call.json(&json!({ "state": "live" }))
    };
    let last = ids.pop().expect("an event");
    for id in &ids {
        go_live(*id).await.expect(200);
    }
    let refused = go_live(last).await;
    assert_eq!(refused.problem(), (409, "too_many_live_events"));
    assert_eq!(refused.body["limit"], MAX_LIVE_EVENTS);
    service.move_through(ids[0], &["ended"]).await;
    go_live(last).await.expect(200);
}

#[tokio::test]
async fn of_many_that_go_live_at_once_as_many_win_as_there_are_places() {
    let service = TestService::new();
    let mut calls = Vec::new();
    for _ in 0..12 {
        let id = service.event().await;
        service.move_through(id, &["scheduled"]).await;
        let call = service.call(&format!("POST /events/{id}/state")).by(&service.live_service());
        calls.push(tokio::spawn(call.json(&json!({ "state": "live" })).into_future()));
    }
    let answers = join_all(calls).await.into_iter().map(|answer| answer.expect("an answer"));
    let won = answers.filter(|answer| answer.status.is_success()).count();
    assert_eq!(won, MAX_LIVE_EVENTS as usize);
}
