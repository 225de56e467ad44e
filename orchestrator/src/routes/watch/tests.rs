//! What those who watch an event are promised.

use std::time::Duration;

use common::{
    SegmentId,
    access::{Permission, testing::TestToken},
    event::{AgentType, EventState, ListenAccess, ListenerConfig},
    ids::UserId,
};
use serde_json::{Value, json};
use tokio::time::{Instant, timeout};

use crate::{
    domain::{AgentStatus, Session, SessionAgent, SessionState},
    testing::{EventStream, TestService, event_id},
};

const WATCH: &str = "GET /events/123457/watch";

async fn watch(service: &TestService, query: &str, by: &TestToken) -> EventStream {
    service.call(&format!("{WATCH}{query}")).by(by).open().await
}

fn listener(service: &TestService) -> TestToken {
    let user_id = UserId::generate();
    service.change_event(|event| event.listeners.push(ListenerConfig { user_id }));
    service.listener(user_id)
}

async fn say(service: &TestService, session: &Session, language: &str, text: &str) {
    let segment = json!({
        "id": SegmentId::generate(), "speaker": "speaker-1", "language": language, "source_language": "en-US",
        "text": text, "start_ms": 1, "end_ms": 2, "revision": 0, "state": "final"
    });
    let agent = service.service("live-service", &[Permission::SegmentsWrite]);
    let call = service.call(&format!("POST /sessions/{}/segments", session.session_id)).by(&agent);
    call.json(&json!({ "segments": [segment] })).await.expect(200);
}

fn agent(status: AgentStatus, error: Option<&str>) -> SessionAgent {
    SessionAgent {
        agent_id: "agent-asr".to_owned(),
        agent_type: AgentType::Asr,
        language: None,
        status,
        started_at: common::clock::now(),
        ended_at: None,
        restarts: 0,
        error: error.map(str::to_owned),
        seen_alive_at: None,
    }
}

#[tokio::test(start_paused = true)]
async fn the_state_is_told_at_once_and_when_it_changes() {
    let service = TestService::new();
    let mut events = watch(&service, "", &service.manager()).await;
    let state = events.next_of("state").await;
    assert_eq!(state, json!({ "event_id": 123_457, "state": "ready", "sessions": [] }));
    let session = service.a_session(SessionState::Active).await;
    let state = events.next_of("state").await;
    assert_eq!(state["sessions"][0]["session_id"], session.session_id.to_string());
    assert_eq!(state["sessions"][0]["status"], "active");
    service.change_event(|event| event.state = EventState::Live);
    service.live_state.publish("events", "event:123457:UPDATED").await.expect("told");
    let began = Instant::now();
    assert_eq!(events.next_of("state").await["state"], "live");
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    // A notice that was lost costs seconds.
    service.change_event(|event| event.state = EventState::Ready);
    assert_eq!(events.next_of("state").await["state"], "ready");
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    service.over_with(&session).await;
    assert_eq!(events.next_of("state").await["sessions"], json!([]));
}

#[tokio::test(start_paused = true)]
async fn only_staff_learn_what_went_wrong_with_an_agent() {
    let service = TestService::new();
    let session = service.a_session(SessionState::Active).await;
    let restarting = agent(AgentStatus::Restarting, Some("the room was lost"));
    service.sessions.save_agent(session.session_id, &restarting).await.expect("kept");
    let (mut staff, mut other) =
        (watch(&service, "", &service.manager()).await, watch(&service, "", &listener(&service)).await);
    let of = |state: &Value| state["sessions"][0]["agents"][0].clone();
    let (seen, told) = (of(&staff.next_of("state").await), of(&other.next_of("state").await));
    assert_eq!((&seen["status"], &seen["error"]), (&json!("restarting"), &json!("the room was lost")));
    assert_eq!((&told["status"], told.get("error")), (&json!("restarting"), None));
    // A change that others do not see is not told to them.
    let again = agent(AgentStatus::Restarting, Some("the room was lost again"));
    service.sessions.save_agent(session.session_id, &again).await.expect("kept");
    service.state.notices.changed(event_id()).await;
    assert_eq!(of(&staff.next_of("state").await)["error"], "the room was lost again");
    let quiet = timeout(Duration::from_secs(30), other.next_of("state")).await;
    assert!(quiet.is_err(), "{quiet:?}");
}

#[tokio::test(start_paused = true)]
async fn listeners_are_told_when_their_number_changes() {
    let service = TestService::new();
    let mut events = watch(&service, "", &service.manager()).await;
    assert_eq!(events.next_of("listeners").await, json!({ "ca-ES": 0, "en-US": 0, "es-ES": 0 }));
    service.call("POST /live/123457/es-ES/join").by(&listener(&service)).await.expect(200);
    let began = Instant::now();
    assert_eq!(events.next_of("listeners").await["es-ES"], 1);
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    assert_eq!(events.next_of("listeners").await["es-ES"], 0, "it did not renew");
    assert!(began.elapsed() <= Duration::from_secs(15), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn captions_come_as_they_are_said_in_every_session_of_the_event() {
    let service = TestService::new();
    let first = service.a_session(SessionState::Active).await;
    say(&service, &first, "en-US", "Before.").await;
    let (mut all, mut spanish) = (
        watch(&service, "", &service.manager()).await,
        watch(&service, "?language=es-ES", &listener(&service)).await,
    );
    all.next_of("state").await;
    spanish.next_of("state").await;
    // Until its captions are followed.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let second = service.a_session(SessionState::Active).await;
    say(&service, &first, "en-US", "One.").await;
    let caption = all.next_of("caption").await;
    assert_eq!(caption["segment"]["text"], "One.");
    assert_eq!((&caption["channel_id"], &caption["position"]), (&json!(1), &json!(2)));
    say(&service, &second, "es-ES", "Dos.").await;
    for events in [&mut all, &mut spanish] {
        let caption = events.next_of("caption").await;
        assert_eq!(caption["segment"]["text"], "Dos.");
        assert_eq!(caption["session_id"], second.session_id.to_string());
    }
}

#[tokio::test(start_paused = true)]
async fn a_watch_ends_with_the_token_the_right_and_the_service() {
    let service = TestService::new();
    let began = Instant::now();
    watch(&service, "", &service.manager()).await.rest().await;
    let took = began.elapsed();
    assert!(took <= Duration::from_secs(3600) && took > Duration::from_secs(3500), "{took:?}");

    let events = watch(&service, "", &listener(&service)).await;
    service.change_event(|event| event.listeners.clear());
    timeout(Duration::from_secs(11), events.rest()).await.expect("it ends with the right");

    service.change_event(|event| event.listen_access = ListenAccess::Public);
    let mut events = service.call(WATCH).open().await;
    let quiet = timeout(Duration::from_secs(7200), async { while events.next().await.is_some() {} }).await;
    assert!(quiet.is_err(), "without an account nothing expires");
    service.state.shutdown.cancel();
    timeout(Duration::from_secs(1), events.rest()).await.expect("it ends with the service");
}

#[tokio::test]
async fn only_those_who_see_the_event_watch_it() {
    let service = TestService::new();
    service.call(WATCH).await.expect(401);
    service.call(WATCH).by(&service.manager().expired()).await.expect(401);
    service.call(WATCH).by(&service.user(&["users:read"])).await.expect(403);
    service.call(WATCH).by(&service.listener(UserId::generate())).await.expect(404);
    service.call(WATCH).by(&service.stranger()).await.expect(404);
    service.call("GET /events/123458/watch").by(&service.manager()).await.expect(404);
    service.call(&format!("{WATCH}?language=_")).by(&service.manager()).await.expect(400);
    let reader = service.user(&["transcripts:read"]);
    service.change_event(|event| event.listen_access = ListenAccess::Authenticated);
    service.call(WATCH).by(&reader).open().await;
    service.call(WATCH).await.expect(401);
}

#[tokio::test(start_paused = true)]
async fn many_who_watch_read_once() {
    let service = TestService::new();
    let hub = service.state.watch.hub(event_id());
    let mut watching = Vec::new();
    for _ in 0..50 {
        watching.push(watch(&service, "", &service.manager()).await);
    }
    assert!(std::sync::Arc::ptr_eq(&hub, &service.state.watch.hub(event_id())));
    let held = std::sync::Arc::downgrade(&hub);
    drop(hub);
    assert!(held.upgrade().is_some());
    drop(watching);
    assert!(held.upgrade().is_none(), "nobody watches any more");
}
