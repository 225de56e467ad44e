//! Transcripts, as they are handed out.

use common::{
    SegmentId,
    access::Permission,
    event::{ListenAccess, ListenerConfig},
    ids::{SessionId, UserId},
};
use serde_json::json;

use crate::{
    domain::{Session, SessionState},
    testing::{Answer, TestService},
};

async fn say(service: &TestService, session: &Session, second: u64, language: &str, text: &str) {
    let segment = json!({
        "id": SegmentId::generate(), "speaker": "speaker-1", "language": language, "source_language": "en-US",
        "text": text, "start_ms": second * 1000, "end_ms": second * 1000 + 1500, "revision": 0, "state": "final"
    });
    let agent = service.service("live-service", &[Permission::SegmentsWrite]);
    let call = service.call(&format!("POST /sessions/{}/segments", session.session_id)).by(&agent);
    call.json(&json!({ "segments": [segment] })).await.expect(200);
}

async fn read(service: &TestService, session: &Session, query: &str) -> Answer {
    let call = service.call(&format!("GET /sessions/{}/transcript{query}", session.session_id));
    call.by(&service.manager()).await
}

#[tokio::test]
async fn each_format_has_its_type_its_name_and_the_text() {
    let service = TestService::new();
    let session = service.a_session(SessionState::Active).await;
    say(&service, &session, 3, "en-US", "And a second sentence.").await;
    say(&service, &session, 1, "en-US", "Welcome & hello.").await;
    say(&service, &session, 1, "es-ES", "Bienvenidos.").await;
    let id = session.session_id;
    for (format, media_type, beginning, text) in [
        ("srt", "application/x-subrip; charset=utf-8", "1\n00:00:01,000 --> ", "Welcome & hello."),
        ("vtt", "text/vtt; charset=utf-8", "WEBVTT\n", "Welcome &amp; hello."),
        ("txt", "text/plain; charset=utf-8", "", "Welcome & hello."),
        ("json", "application/json", "", "Welcome & hello."),
    ] {
        let answer = read(&service, &session, &format!("?format={format}")).await.expect(200);
        assert_eq!(answer.header("content-type"), media_type);
        let name = format!("attachment; filename=\"session-{id}-en-US.{format}\"");
        assert_eq!(answer.header("content-disposition"), name);
        let body = answer.text.replace("\r\n", "\n");
        assert!(body.starts_with(beginning), "{body}");
        let (first, second) = (body.find(text), body.find("And a second sentence."));
        assert!(first.is_some() && first < second, "by media time: {body}");
        assert!(!body.contains("Bienvenidos"), "{body}");
    }
    let spanish = read(&service, &session, "?language=es-ES&format=txt").await.expect(200);
    assert!(spanish.text.contains("Bienvenidos.") && !spanish.text.contains("Welcome"), "{}", spanish.text);
}

#[tokio::test]
async fn a_language_that_the_session_never_had_is_not_there() {
    let service = TestService::new();
    let session = service.a_session(SessionState::Active).await;
    read(&service, &session, "").await.expect(200);
    read(&service, &session, "?language=ca-ES").await.expect(200);
    read(&service, &session, "?language=fr-FR").await.expect(404);
    say(&service, &session, 1, "fr-FR", "Bonjour.").await;
    read(&service, &session, "?language=fr-FR").await.expect(200);
    for odd in ["?language=_", "?format=pdf", "?lang=en"] {
        read(&service, &session, odd).await.expect(400);
    }
}

#[tokio::test]
async fn it_is_fetched_again_only_when_more_was_said() {
    let service = TestService::new();
    let session = service.a_session(SessionState::Active).await;
    say(&service, &session, 1, "en-US", "One.").await;
    let tag = read(&service, &session, "?format=vtt").await.expect(200).header("etag").to_owned();
    let again = async || {
        let call = service.call(&format!("GET /sessions/{}/transcript?format=vtt", session.session_id));
        call.by(&service.manager()).header("if-none-match", &tag).await
    };
    again().await.expect(304);
    service.over_with(&session).await;
    again().await.expect(304);
    say(&service, &session, 2, "en-US", "Two.").await;
    assert!(again().await.expect(200).text.contains("Two."));
}

#[tokio::test]
async fn only_those_who_may_hear_the_event_read_its_transcript() {
    let service = TestService::new();
    let session = service.a_session(SessionState::Active).await;
    let path = format!("GET /sessions/{}/transcript", session.session_id);
    let listener = UserId::generate();
    service.change_event(|event| event.listeners.push(ListenerConfig { user_id: listener }));
    service.call(&path).await.expect(401);
    service.call(&path).by(&service.listener(UserId::generate())).await.expect(404);
    service.call(&path).by(&service.stranger()).await.expect(404);
    service.call(&path).by(&service.user(&["events:read"]).id(listener)).await.expect(403);
    service.call(&path).by(&service.listener(listener)).await.expect(200);
    service.change_event(|event| event.listen_access = ListenAccess::Public);
    service.call(&path).await.expect(200);
    let nowhere = format!("GET /sessions/{}/transcript", SessionId::generate());
    service.call(&nowhere).by(&service.manager()).await.expect(404);
}
