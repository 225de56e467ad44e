//! What starting sessions promises.

use std::time::Duration;

use common::{access::Permission, event::EventState, ids::UserId};
use futures_util::future::join_all;
use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::{
    RecordStatus,
    domain::SessionState,
    testing::{EVENT, TestService, event_id},
};

const AGENTS: [&str; 3] = ["agent-asr", "agent-mt-ca-ES", "agent-mt-es-ES"];

#[tokio::test(start_paused = true)]
async fn a_start_takes_the_event_live_and_has_its_agents_at_work() {
    let service = TestService::new();
    let started = service.start(1).await.expect(200).body;
    assert_eq!((&started["status"], &started["event_id"]), (&json!("active"), &json!(EVENT)));
    let ids: Vec<_> =
        started["agents"].as_array().expect("agents").iter().map(|agent| &agent["agent_id"]).collect();
    assert_eq!(ids, AGENTS);
    assert_eq!(started["agents"][1]["language"], "ca-ES");
    service.until_present(&AGENTS).await;
    assert_eq!(service.events.moves(), [EventState::Live]);
    let id = started["session_id"].as_str().expect("an id").parse().expect("an id");
    let all_active = |session: &crate::domain::Session| {
        session.agents.iter().all(|agent| agent.status == crate::domain::AgentStatus::Active)
    };
    service.until(id, all_active).await;
    let records = service.events.records();
    assert_eq!((records.len(), records[0].status, records[0].session_id), (1, RecordStatus::Active, id));
    let state = service.live_state.get(&format!("live:event:{EVENT}:state")).await.expect("a live state");
    assert_eq!(state.as_deref(), Some("LIVE"));
}

#[tokio::test(start_paused = true)]
async fn start_twice_gives_the_same_session() {
    let service = TestService::new();
    let first = service.started(1).await;
    assert_eq!(service.started(1).await, first);
    let other = service.started(2).await;
    assert_ne!(other, first);
    assert_eq!(service.events.moves(), [EventState::Live]);
}

#[tokio::test(start_paused = true)]
async fn twenty_starts_at_once_give_one_session() {
    let service = TestService::new();
    let starts = (0..20).map(|_| {
        let service = service.clone();
        tokio::spawn(async move { service.started(1).await })
    });
    let ids: Vec<_> = join_all(starts.collect::<Vec<_>>()).await;
    let ids: std::collections::HashSet<_> = ids.into_iter().map(|id| id.expect("it ends")).collect();
    assert_eq!(ids.len(), 1);
    service.until_present(&AGENTS).await;
    assert_eq!(service.spawner.jobs().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn without_rooms_the_start_fails_quickly_and_the_next_one_works() {
    let service = TestService::new();
    service.provider.set_away(true);
    let began = Instant::now();
    let failed = service.start(1).await;
    assert_eq!(failed.problem(), (503, "dependency_unavailable"));
    assert!(began.elapsed() < Duration::from_secs(5));
    let listed = service.call("GET /sessions").by(&service.manager()).await.expect(200).body;
    assert_eq!(listed["items"][0]["status"], "failed");
    assert!(listed["items"][0]["failure"].as_str().expect("a reason").contains("livekit-provider"));
    assert_eq!(service.events.moves(), []);
    service.provider.set_away(false);
    service.started(1).await;
}

#[tokio::test(start_paused = true)]
async fn a_start_that_nobody_waits_for_is_not_left_half_done() {
    let service = TestService::new();
    service.provider.set_delay(Duration::from_secs(1));
    let body = json!({ "event_id": EVENT, "channel_id": 1 });
    let call = service.call("POST /sessions/start").by(&service.manager()).json(&body).into_future();
    let given_up = tokio::time::timeout(Duration::from_millis(500), call).await;
    assert!(given_up.is_err());
    service.until_present(&AGENTS).await;
    let running = service.sessions.running_sessions(None).await.expect("a store");
    assert_eq!((running.len(), running[0].state), (1, SessionState::Active));
}

#[tokio::test(start_paused = true)]
async fn a_start_beside_a_slow_one_waits_for_it() {
    let service = TestService::new();
    service.provider.set_delay(Duration::from_secs(3));
    let (first, second) = tokio::join!(service.started(1), async {
        sleep(Duration::from_secs(1)).await;
        service.started(1).await
    });
    assert_eq!(first, second);
    service.provider.set_delay(Duration::from_secs(60));
    let began = Instant::now();
    let slow = service.start(2).await;
    assert_eq!(slow.problem(), (503, "start_takes_long"));
    assert!(began.elapsed() < Duration::from_secs(5));
}

#[tokio::test(start_paused = true)]
async fn only_an_event_that_may_go_live_starts() {
    let service = TestService::new();
    for state in [EventState::Draft, EventState::Ended, EventState::Completed, EventState::Cancelled] {
        service.change_event(|event| event.state = state);
        let refused = service.start(1).await;
        assert_eq!(refused.problem(), (409, "event_not_startable"), "{state}");
        assert_eq!(refused.body["state"], state.as_str());
    }
    service.change_event(|event| event.state = EventState::Scheduled);
    service.started(1).await;
    let nowhere = service.start(3).await;
    assert_eq!(nowhere.problem(), (404, "not_found"));
}

#[tokio::test(start_paused = true)]
async fn a_customer_with_enough_live_events_is_told_so() {
    let service = TestService::new();
    service.events.set_full(true);
    let refused = service.start(1).await;
    assert_eq!(refused.problem(), (409, "too_many_live_events"));
    let failed = service.sessions.running_sessions(Some(event_id())).await.expect("a store");
    assert_eq!(failed, []);
    service.events.set_full(false);
    service.started(1).await;
}

#[tokio::test(start_paused = true)]
async fn managers_start_all_and_speakers_their_channel() {
    let service = TestService::new();
    let user = UserId::generate();
    service.assign_speaker(user, 2);
    let start = |channel: i64| {
        let body = json!({ "event_id": EVENT, "channel_id": channel });
        service.call("POST /sessions/start").json(&body)
    };
    start(1).await.expect(401);
    start(1).by(&service.listener(user)).await.expect(403);
    start(1).by(&service.speaker(user)).await.expect(403);
    start(1).by(&service.speaker(UserId::generate())).await.expect(404);
    start(1).by(&service.stranger()).await.expect(404);
    start(1).by(&service.service("live-event-service", &[Permission::EventsRead])).await.expect(403);
    start(2).by(&service.speaker(user)).await.expect(200);
}

#[tokio::test(start_paused = true)]
async fn mistakes_in_the_body_are_told_after_who_asks() {
    let service = TestService::new();
    let path = "POST /sessions/start";
    service.call(path).text("{".to_owned()).await.expect(401);
    let manager = service.manager();
    service.call(path).by(&manager).text("{".to_owned()).await.expect(400);
    service.call(path).by(&manager).json(&json!({ "event_id": 7, "channel_id": 1 })).await.expect(422);
    let unknown = json!({ "event_id": EVENT, "channel_id": 1, "speech": true });
    service.call(path).by(&manager).json(&unknown).await.expect(422);
}
