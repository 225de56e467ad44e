use std::{sync::Arc, time::Duration};

use common::live_state::{Notice, testing::Cuttable};
use futures_util::StreamExt as _;
use serde_json::{Value, json};

use crate::{persistence::in_memory::InMemory, testing::TestService};

#[tokio::test]
async fn every_change_is_told_and_drops_what_is_cached() {
    let service = TestService::new();
    let manager = service.manager();
    let mut notices = service.live_state.subscribe("events").await.expect("a subscription");
    let id = service.event().await;
    let user = common::ids::UserId::generate();
    let told = |what: &str| Notice::Message(format!("event:{id}:{what}"));
    assert_eq!(notices.next().await, Some(told("UPDATED")));
    let key = format!("event:{id}:config");
    for (line, body, what) in [
        (format!("PATCH /events/{id}"), json!({ "title": "New" }), "UPDATED"),
        (format!("POST /events/{id}/channels"), json!({ "name": "B", "source_language": "ca" }), "UPDATED"),
        (format!("PATCH /events/{id}/channels/2"), json!({ "record": true }), "UPDATED"),
        (format!("DELETE /events/{id}/channels/2"), Value::Null, "UPDATED"),
        (format!("POST /events/{id}/speakers"), json!({ "user_id": user, "channel_id": 1 }), "UPDATED"),
        (format!("DELETE /events/{id}/speakers/{user}/1"), Value::Null, "UPDATED"),
        (format!("POST /events/{id}/listeners"), json!({ "user_id": user }), "UPDATED"),
        (format!("DELETE /events/{id}/listeners/{user}"), Value::Null, "UPDATED"),
        (format!("POST /events/{id}/state"), json!({ "state": "scheduled" }), "UPDATED"),
        (format!("POST /events/{id}/state"), json!({ "state": "cancelled" }), "CANCELLED"),
        (format!("DELETE /events/{id}"), Value::Null, "DELETED"),
    ] {
        service.live_state.set(&key, "{}", Duration::from_secs(60)).await.expect("set");
        // What changes nothing and what is refused is not told: the next notice is that of the change.
        service.call(&format!("PATCH /events/{id}")).by(&manager).json(&json!({})).await.expect(200);
        service.call(&format!("PATCH /events/{id}")).by(&manager).json(&json!({ "x": 1 })).await.expect(422);
        assert!(service.live_state.get(&key).await.expect("live state").is_some());
        let answer = service.call(&line).by(&manager).json(&body).await;
        assert!(answer.status.is_success(), "{line} {}", answer.body);
        assert_eq!(notices.next().await, Some(told(what)), "{line}");
        assert_eq!(service.live_state.get(&key).await.expect("live state"), None, "{line}");
    }
}

#[tokio::test]
async fn no_change_fails_because_it_cannot_be_told() {
    let service = TestService::with(Arc::new(InMemory::default()), Arc::new(Cuttable::away()));
    let id = service.event().await;
    service.move_through(id, &["scheduled", "cancelled"]).await;
    service.call(&format!("DELETE /events/{id}")).by(&service.manager()).await.expect(204);
}
