//! What was said, written and read.

use std::time::Duration;

use common::{
    SegmentId,
    access::{Permission, testing::TestToken},
    event::{EventState, ListenAccess, ListenerConfig},
    ids::{SessionId, UserId},
};
use serde_json::{Value, json};
use tokio::time::{Instant, timeout};

use crate::{
    domain::{Session, SessionState},
    testing::{EventStream, TestService},
};

const SOON: Duration = Duration::from_secs(20);

/// A final segment, said in that second.
fn segment(second: u64, language: &str) -> Value {
    json!({
        "id": SegmentId::generate(), "speaker": "speaker-1", "language": language, "source_language": "en-US",
        "text": format!("Said at {second}."), "start_ms": second * 1000, "end_ms": second * 1000 + 900,
        "revision": 0, "state": "final"
    })
}

fn changed(mut segment: Value, field: &str, value: Value) -> Value {
    segment[field] = value;
    segment
}

fn agent(service: &TestService) -> TestToken {
    service.service("live-service", &[Permission::SegmentsWrite])
}

async fn write(service: &TestService, session: &Session, segments: &[Value]) -> Value {
    let call = service.call(&format!("POST /sessions/{}/segments", session.session_id)).by(&agent(service));
    call.json(&json!({ "segments": segments })).await.expect(200).body
}

async fn said(service: &TestService, session: &Session, seconds: std::ops::Range<u64>) {
    let segments: Vec<_> = seconds.map(|second| segment(second, "en-US")).collect();
    for some in segments.chunks(500) {
        write(service, session, some).await;
    }
}

async fn page(service: &TestService, session: &Session, query: &str) -> Value {
    let call = service.call(&format!("GET /sessions/{}/segments?{query}", session.session_id));
    call.by(&service.manager()).await.expect(200).body
}

async fn stream(service: &TestService, session: &Session, query: &str, by: &TestToken) -> EventStream {
    let call = service.call(&format!("GET /sessions/{}/segments?{query}", session.session_id));
    call.by(by).header("accept", "text/event-stream").open().await
}

fn seconds(items: &Value) -> Vec<u64> {
    let items = items.as_array().expect("items").iter();
    items.map(|item| item["segment"]["start_ms"].as_u64().expect("a time") / 1000).collect()
}

#[tokio::test]
async fn a_segment_that_is_sent_again_is_kept_once() {
    let service = TestService::new();
    let session = service.a_session(SessionState::Active).await;
    let segments = [segment(1, "en-US"), segment(2, "en-US")];
    assert_eq!(write(&service, &session, &segments).await, json!({ "accepted": 2, "known": 0 }));
    let again =
        [segments[1].clone(), changed(segments[1].clone(), "revision", json!(1)), segment(3, "es-ES")];
    assert_eq!(write(&service, &session, &again).await, json!({ "accepted": 2, "known": 1 }));
    assert_eq!(seconds(&page(&service, &session, "").await["items"]), [1, 2, 2, 3]);
    assert_eq!(seconds(&page(&service, &session, "language=es-ES").await["items"]), [3]);
    for state in [SessionState::Starting, SessionState::Stopping, SessionState::Stopped] {
        let late = service.a_session(state).await;
        assert_eq!(write(&service, &late, &segments).await["accepted"], 2, "{state}");
    }
}

#[tokio::test]
async fn what_is_not_settled_or_makes_no_sense_is_refused_with_its_field() {
    let service = TestService::new();
    let session = service.a_session(SessionState::Active).await;
    let path = format!("POST /sessions/{}/segments", session.session_id);
    let good = || segment(1, "en-US");
    for (segment, field) in [
        (changed(good(), "state", json!("interim")), "segments[1].state"),
        (changed(good(), "state", json!("said")), "segments[1].state"),
        (changed(good(), "text", json!("x".repeat(10_001))), "segments[1].text"),
        (changed(good(), "text", json!("a\u{0}b")), "segments[1].text"),
        (changed(good(), "speaker", json!("x".repeat(201))), "segments[1].speaker"),
        (changed(good(), "end_ms", json!(5)), "segments[1].end_ms"),
        (changed(good(), "end_ms", json!(u64::MAX)), "segments[1].end_ms"),
        (changed(good(), "start_ms", json!(-1)), "segments[1].start_ms"),
        (changed(good(), "revision", json!(u32::MAX)), "segments[1].revision"),
        (changed(good(), "language", json!("es_ES")), "segments[1].language"),
        (changed(good(), "id", json!("")), "segments[1].id"),
    ] {
        let body = json!({ "segments": [good(), segment] });
        let answer = service.call(&path).by(&agent(&service)).json(&body).await.expect(422);
        assert_eq!(answer.body["errors"][0]["field"], field);
    }
    for segments in [json!([]), json!(vec![good(); 501])] {
        let call = service.call(&path).by(&agent(&service)).json(&json!({ "segments": segments }));
        assert_eq!(call.await.expect(422).body["errors"][0]["field"], "segments");
    }
    assert_eq!(page(&service, &session, "").await["items"], json!([]));
    let failed = service.a_session(SessionState::Failed).await;
    let path = format!("POST /sessions/{}/segments", failed.session_id);
    let body = json!({ "segments": [good()] });
    assert_eq!(service.call(&path).by(&agent(&service)).json(&body).await.problem(), (409, "session_failed"));
    let path = format!("POST /sessions/{}/segments", SessionId::generate());
    service.call(&path).by(&agent(&service)).json(&body).await.expect(404);
    service.call(&path).by(&service.manager()).json(&body).await.expect(403);
    service.call(&path).json(&body).await.expect(401);
}

#[tokio::test]
async fn pages_go_both_ways_through_everything() {
    let service = TestService::new();
    let session = service.a_session(SessionState::Active).await;
    let empty = page(&service, &session, "").await;
    assert_eq!(empty, json!({ "items": [], "next_cursor": "0", "previous_cursor": null }));
    said(&service, &session, 0..25).await;
    // From the newest to the beginning.
    let (mut query, mut found) = ("limit=10".to_owned(), Vec::new());
    loop {
        let page = page(&service, &session, &query).await;
        found.splice(..0, seconds(&page["items"]));
        let Some(previous) = page["previous_cursor"].as_str() else { break };
        query = format!("limit=10&before={previous}");
    }
    assert_eq!(found, (0..25).collect::<Vec<_>>());
    // From the beginning to the newest, and on.
    let (mut after, mut found) = ("0".to_owned(), Vec::new());
    for _ in 0..4 {
        let page = page(&service, &session, &format!("limit=10&after={after}")).await;
        found.extend(seconds(&page["items"]));
        assert_eq!(page["previous_cursor"].is_null(), after == "0");
        after = page["next_cursor"].as_str().expect("a cursor").to_owned();
    }
    assert_eq!(found, (0..25).collect::<Vec<_>>());
    said(&service, &session, 25..26).await;
    assert_eq!(seconds(&page(&service, &session, &format!("after={after}")).await["items"]), [25]);
    for odd in ["limit=0", "limit=501", "after=x", "before=-1", "after=1&before=2", "language=_", "cursor=1"]
    {
        let call = service.call(&format!("GET /sessions/{}/segments?{odd}", session.session_id));
        call.by(&service.manager()).await.expect(400);
    }
}

#[tokio::test]
async fn the_newest_page_of_a_long_session_comes_at_once() {
    let service = TestService::new();
    let session = service.a_session(SessionState::Active).await;
    said(&service, &session, 0..60_000).await;
    let began = Instant::now();
    let newest = page(&service, &session, "language=en-US").await;
    let took = began.elapsed();
    assert_eq!(seconds(&newest["items"]), (59_900..60_000).collect::<Vec<_>>());
    assert!(took < Duration::from_secs(1), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_late_joiner_gets_the_history_then_what_is_said_and_the_end() {
    let service = TestService::new();
    let session = service.a_session(SessionState::Active).await;
    said(&service, &session, 0..5).await;
    let mut events = stream(&service, &session, "limit=2", &service.manager()).await;
    for second in 3..5 {
        let event = events.next().await.expect("history");
        assert_eq!(
            (event.name.as_str(), event.data["segment"]["start_ms"].as_u64()),
            ("segment", Some(second * 1000))
        );
        assert_eq!(event.data["cursor"], event.id);
    }
    said(&service, &session, 5..6).await;
    assert_eq!(events.next().await.expect("live").data["segment"]["start_ms"], 5000);
    let quiet = timeout(Duration::from_secs(60), events.next()).await;
    assert!(quiet.is_err(), "nothing is said: {quiet:?}");
    assert!(events.heartbeats() >= 5, "{}", events.heartbeats());
    // What is written until the session is over is told before its end.
    said(&service, &session, 6..8).await;
    service.over_with(&session).await;
    let rest: Vec<_> = events.rest().await.into_iter().map(|event| event.name).collect();
    assert_eq!(rest, ["segment", "segment", "end"]);
    // Of a session that is over there is the history.
    let events = stream(&service, &session, "after=6", &service.manager()).await.rest().await;
    assert_eq!(events.iter().map(|event| event.id.as_str()).collect::<Vec<_>>(), ["7", "8", ""]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_who_are_cut_off_again_and_again_get_everything_once() {
    const SECONDS: u64 = 600;
    let service = TestService::new();
    let session = service.a_session(SessionState::Active).await;
    let writers = (0..4).map(|writer| {
        let (service, session) = (service.clone(), session.clone());
        tokio::spawn(async move {
            for second in (writer..SECONDS).step_by(4) {
                let language = if second % 3 == 0 { "es-ES" } else { "en-US" };
                write(&service, &session, &[segment(second, language)]).await;
            }
        })
    });
    let readers = ["", "language=en-US", "language=es-ES"].map(|query| {
        let (service, session) = (service.clone(), session.clone());
        tokio::spawn(async move {
            let expected = (0..SECONDS)
                .filter(|second| query.is_empty() || query.contains("es-ES") == (second % 3 == 0));
            let expected: Vec<_> = expected.collect();
            let (mut found, mut last) = (Vec::new(), "0".to_owned());
            let mut cut_after = 1;
            while found.len() < expected.len() {
                let call = service.call(&format!("GET /sessions/{}/segments?{query}", session.session_id));
                let call = call.by(&service.manager()).header("accept", "text/event-stream");
                let mut events = call.header("last-event-id", &last).open().await;
                for _ in 0..cut_after {
                    if found.len() == expected.len() {
                        break;
                    }
                    let event = timeout(SOON, events.next()).await.expect("in time").expect("an event");
                    found.push(event.data["segment"]["start_ms"].as_u64().expect("a time") / 1000);
                    last = event.id;
                }
                cut_after = cut_after * 5 % 37 + 1;
            }
            found.sort_unstable();
            assert_eq!(found, expected, "{query}");
        })
    });
    for task in writers.collect::<Vec<_>>().into_iter().chain(readers) {
        task.await.expect("done");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_ends_with_the_token_the_right_and_the_service() {
    let service = TestService::new();
    let session = service.a_session(SessionState::Active).await;
    let listener = UserId::generate();
    service.change_event(|event| event.listeners.push(ListenerConfig { user_id: listener }));
    let token = service.listener(listener);
    let began = Instant::now();
    let events = stream(&service, &session, "", &token).await.rest().await;
    assert!(events.is_empty());
    let hour = Duration::from_secs(3600);
    let took = began.elapsed();
    assert!(took <= hour && took + Duration::from_secs(60) > hour, "{took:?}");

    let events = stream(&service, &session, "", &token).await;
    service.change_event(|event| event.listeners.clear());
    let began = Instant::now();
    events.rest().await;
    assert!(began.elapsed() <= Duration::from_secs(11), "{:?}", began.elapsed());

    let events = stream(&service, &session, "", &service.manager()).await;
    service.state.shutdown.cancel();
    timeout(Duration::from_secs(1), events.rest()).await.expect("it ends at once");
}

#[tokio::test]
async fn only_those_who_may_hear_the_event_read_what_was_said() {
    let service = TestService::new();
    let session = service.a_session(SessionState::Active).await;
    let path = format!("GET /sessions/{}/segments", session.session_id);
    let (speaker, listener) = (UserId::generate(), UserId::generate());
    service.assign_speaker(speaker, 1);
    service.change_event(|event| event.listeners.push(ListenerConfig { user_id: listener }));
    service.call(&path).await.expect(401);
    service.call(&path).by(&service.listener(UserId::generate())).await.expect(404);
    service.call(&path).by(&service.stranger()).await.expect(404);
    service.call(&path).by(&service.user(&["events:read"]).id(listener)).await.expect(403);
    for token in [service.manager(), service.speaker(speaker), service.listener(listener), agent(&service)] {
        service.call(&path).by(&token).await.expect(200);
    }
    service.change_event(|event| event.listen_access = ListenAccess::Public);
    service.call(&path).await.expect(200);
    service.call(&path).by(&service.stranger()).await.expect(200);
    service.call(&path).by(&service.manager().expired()).await.expect(401);
    service.change_event(|event| event.state = EventState::Draft);
    service.call(&path).await.expect(401);
    service.call(&format!("GET /sessions/{}/segments", SessionId::generate())).await.expect(401);
    // Without events-service nobody can tell.
    service.events.set_away(true);
    service.call(&path).by(&service.manager()).await.expect(503);
}

#[tokio::test]
async fn agents_learn_what_was_not_translated() {
    let service = TestService::new();
    let session = service.a_session(SessionState::Active).await;
    let said = [segment(1, "en-US"), segment(2, "en-US")];
    write(&service, &session, &said).await;
    write(&service, &session, &[changed(said[0].clone(), "language", json!("es-ES"))]).await;
    let path = format!("GET /sessions/{}/untranslated", session.session_id);
    let missing = service.call(&format!("{path}?language=es-ES")).by(&agent(&service)).await.expect(200);
    assert_eq!(missing.body, json!({ "items": [said[1]] }));
    let later = service.call(&format!("{path}?language=es-ES&since=2999-01-01T00:00:00Z"));
    assert_eq!(later.by(&agent(&service)).await.expect(200).body, json!({ "items": [] }));
    service.call(&path).by(&agent(&service)).await.expect(400);
    service.call(&format!("{path}?language=es-ES")).by(&service.manager()).await.expect(403);
    let nowhere = format!("GET /sessions/{}/untranslated?language=es-ES", SessionId::generate());
    service.call(&nowhere).by(&agent(&service)).await.expect(404);
}
