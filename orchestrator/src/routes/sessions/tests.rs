//! What reading sessions promises.

use common::ids::{SessionId, UserId};
use serde_json::json;

use crate::{
    domain::{Session, SessionState},
    persistence::Created,
    testing::{TestService, channel_id, event_id},
};

fn session(service: &TestService, channel: i64) -> Session {
    Session {
        session_id: SessionId::generate(),
        event_id: event_id(),
        channel_id: channel_id(channel),
        customer_id: service.customer,
        state: SessionState::Active,
        source_language: "en-US".parse().expect("a language"),
        target_languages: vec!["es-ES".parse().expect("a language")],
        started_by: "somebody".to_owned(),
        started_at: "2026-05-04T09:30:00Z".parse().expect("a time"),
        stopping_at: None,
        ended_at: None,
        finished_at: None,
        failure: None,
        peak_listeners: [("es-ES".parse().expect("a language"), 4)].into(),
        agents: Vec::new(),
    }
}

async fn kept(service: &TestService, channel: i64) -> SessionId {
    let session = session(service, channel);
    assert_eq!(service.sessions.create_session(&session).await.expect("a store"), Created::New);
    session.session_id
}

#[tokio::test]
async fn staff_see_all_sessions_and_speakers_those_of_their_channels() {
    let service = TestService::new();
    let (first, second) = (kept(&service, 1).await, kept(&service, 2).await);
    let user = UserId::generate();
    service.assign_speaker(user, 2);
    let listed = async |token| {
        let answer = service.call("GET /sessions").by(&token).await.expect(200);
        answer.body["items"].as_array().expect("items").len()
    };
    assert_eq!(listed(service.manager()).await, 2);
    assert_eq!(listed(service.speaker(user)).await, 1);
    assert_eq!(listed(service.speaker(UserId::generate())).await, 0);
    assert_eq!(listed(service.stranger()).await, 0);
    let of_speaker = service.call(&format!("GET /sessions/{second}")).by(&service.speaker(user)).await;
    let body = of_speaker.expect(200).body;
    assert_eq!((&body["status"], &body["peak_listeners"]), (&json!("active"), &json!({ "es-ES": 4 })));
    let path = format!("GET /sessions/{first}");
    service.call(&path).by(&service.speaker(user)).await.expect(404);
    service.call(&path).by(&service.stranger()).await.expect(404);
    service.call(&path).by(&service.listener(user)).await.expect(403);
    service.call(&path).await.expect(401);
}

#[tokio::test]
async fn sessions_are_found_by_event_and_state() {
    let service = TestService::new();
    kept(&service, 1).await;
    let found = async |query: &str| {
        let answer = service.call(&format!("GET /sessions?{query}")).by(&service.manager()).await;
        answer.expect(200).body["items"].as_array().expect("items").len()
    };
    assert_eq!(found("event_id=123457&state=active,stopping").await, 1);
    assert_eq!(found("state=stopped").await, 0);
    assert_eq!(found("event_id=123458").await, 0);
    let wrong = service.call("GET /sessions?state=done").by(&service.manager()).await;
    assert_eq!(wrong.problem(), (400, "invalid_query"));
}
