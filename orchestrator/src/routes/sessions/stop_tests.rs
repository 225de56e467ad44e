//! What stopping sessions promises.

use std::time::Duration;

use common::{
    Segment, SegmentState,
    event::EventState,
    ids::{SessionId, UserId},
};
use futures_util::future::join_all;
use serde_json::json;
use tokio::time::Instant;

use crate::{
    RecordStatus,
    domain::{AgentStatus, SessionState},
    testing::{EVENT, TestService},
};

const AGENTS: [&str; 3] = ["agent-asr", "agent-mt-ca-ES", "agent-mt-es-ES"];

#[tokio::test(start_paused = true)]
async fn a_stop_records_the_session_and_completes_the_event() {
    let service = TestService::new();
    let id = service.started(1).await;
    service.until_present(&AGENTS).await;
    let peaks = [("es-ES".parse().expect("a language"), 7)].into();
    service.sessions.raise_peaks(id, &peaks).await.expect("a store");
    let stopped = service.stop(id).await.expect(200).body;
    assert_eq!(stopped["status"], "stopped");
    assert_eq!(service.spawner.finished(), 3);
    assert_eq!(service.events.moves(), [EventState::Live, EventState::Ended, EventState::Completed]);
    let record = service.events.records().pop().expect("a record");
    assert_eq!((record.session_id, record.status), (id, RecordStatus::Ended));
    assert_eq!(record.peak_listeners, peaks);
    assert_eq!(record.agents.iter().map(|agent| agent.agent_id.as_str()).collect::<Vec<_>>(), AGENTS);
    assert!(record.ended_at.is_some_and(|ended| ended >= record.started_at));
    assert!(record.agents.iter().all(|agent| agent.ended_at.is_some() && agent.restarts == 0));
    let session = service.session(id).await;
    assert!(
        session.finished_at.is_some() && session.agents.iter().all(|one| one.status == AgentStatus::Ended)
    );
    let state = service.live_state.get(&format!("live:event:{EVENT}:state")).await.expect("a live state");
    assert_eq!(state.as_deref(), Some("ENDED"));
}

#[tokio::test(start_paused = true)]
async fn what_was_said_is_left_as_subtitles_in_each_language() {
    let service = TestService::new();
    let id = service.started(1).await;
    let said = |language: &str, text: &str| Segment {
        id: "SG_1".parse().expect("an id"),
        speaker: "speaker-ana".to_owned(),
        language: language.parse().expect("a language"),
        source_language: "en-US".parse().expect("a language"),
        text: text.to_owned(),
        start_ms: 1_000,
        end_ms: 2_500,
        revision: 0,
        state: SegmentState::Final,
    };
    let segments = [said("en-US", "Good morning."), said("es-ES", "Buenos días.")];
    service.state.live.log().append(id, &segments, common::clock::now()).await.expect("a log");
    service.stop(id).await.expect(200);
    let artefacts = service.events.records().pop().expect("a record").artefacts;
    let names: Vec<_> = artefacts.iter().map(|artefact| artefact.name.as_str()).collect();
    assert_eq!(
        names,
        ["subtitles.en-US.srt", "subtitles.en-US.vtt", "subtitles.es-ES.srt", "subtitles.es-ES.vtt"]
    );
    let srt = &artefacts[2];
    assert_eq!(srt.url, format!("/sessions/{id}/transcript?language=es-ES&format=srt"));
    let file = transcript::format::srt(&segments[1..], &transcript::format::Speakers::new());
    assert_eq!((srt.kind.as_str(), srt.bytes, srt.sha256.len()), ("subtitles", file.len() as u64, 64));
}

#[tokio::test(start_paused = true)]
async fn of_many_stops_at_once_one_does_it_and_all_are_answered() {
    let service = TestService::new();
    let id = service.started(1).await;
    service.until_present(&AGENTS).await;
    let stops = (0..10).map(|_| {
        let service = service.clone();
        tokio::spawn(async move { service.stop(id).await.expect(200).body["status"].clone() })
    });
    for status in join_all(stops.collect::<Vec<_>>()).await {
        assert_eq!(status.expect("it ends"), "stopped");
    }
    let ended = service.events.records().into_iter().filter(|record| record.status == RecordStatus::Ended);
    assert_eq!(ended.count(), 1);
    assert_eq!(service.stop(id).await.expect(200).body["status"], "stopped");
}

#[tokio::test(start_paused = true)]
async fn the_last_session_of_an_event_ends_it() {
    let service = TestService::new();
    let (first, second) = (service.started(1).await, service.started(2).await);
    service.stop(first).await.expect(200);
    assert_eq!(service.events.moves(), [EventState::Live]);
    service.stop(second).await.expect(200);
    assert_eq!(service.events.moves(), [EventState::Live, EventState::Ended, EventState::Completed]);
}

#[tokio::test(start_paused = true)]
async fn the_last_two_sessions_that_stop_at_once_end_the_event() {
    let service = TestService::new();
    let (first, second) = (service.started(1).await, service.started(2).await);
    let (one, other) = tokio::join!(service.stop(first), service.stop(second));
    one.expect(200);
    other.expect(200);
    assert_eq!(service.events.moves(), [EventState::Live, EventState::Ended, EventState::Completed]);
}

#[tokio::test(start_paused = true)]
async fn an_agent_that_does_not_end_is_cut_off() {
    let service = TestService::new();
    let id = service.started(1).await;
    service.until_present(&AGENTS).await;
    service.spawner.set_stubborn();
    let began = Instant::now();
    let answer = service.stop(id).await.expect(200).body;
    assert_eq!(answer["status"], "stopping");
    assert!(began.elapsed() < Duration::from_secs(7));
    service.until(id, |session| session.finished_at.is_some()).await;
    assert!(began.elapsed() < Duration::from_secs(15));
}

#[tokio::test(start_paused = true)]
async fn a_session_is_finished_as_soon_as_events_service_is_back() {
    let service = TestService::new();
    let id = service.started(1).await;
    service.until_present(&AGENTS).await;
    service.events.set_away(true);
    let answer = service.stop(id).await.expect(200).body;
    assert_eq!(answer["status"], "stopping");
    assert_eq!(service.spawner.present(), Vec::<String>::new(), "agents do not wait for it");
    let ended_at = service.session(id).await.ended_at.expect("its agents are done");
    service.events.set_away(false);
    let session = service.until(id, |session| session.finished_at.is_some()).await;
    assert_eq!((session.state, session.ended_at), (SessionState::Stopped, Some(ended_at)));
    assert_eq!(service.events.moves(), [EventState::Live, EventState::Ended, EventState::Completed]);
    assert_eq!(service.events.records().pop().and_then(|record| record.ended_at), Some(ended_at));
}

#[tokio::test(start_paused = true)]
async fn a_session_that_is_starting_can_be_stopped() {
    let service = TestService::new();
    service.provider.set_delay(Duration::from_secs(2));
    let starting = tokio::spawn({
        let service = service.clone();
        async move { service.start(1).await }
    });
    while service.sessions.running_sessions(None).await.expect("a store").is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let id = service.sessions.running_sessions(None).await.expect("a store")[0].session_id;
    service.stop(id).await.expect(200);
    starting.await.expect("it ends");
    let session = service.until(id, |session| session.finished_at.is_some()).await;
    assert_eq!(session.state, SessionState::Stopped);
    assert_eq!(service.spawner.jobs().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn managers_stop_sessions_of_their_events() {
    let service = TestService::new();
    let user = UserId::generate();
    service.assign_speaker(user, 1);
    let id = service.started(1).await;
    let stop = |event_id: i64, session_id: SessionId| {
        let body = json!({ "event_id": event_id, "session_id": session_id });
        service.call("POST /sessions/stop").json(&body)
    };
    stop(EVENT, id).await.expect(401);
    stop(EVENT, id).by(&service.speaker(user)).await.expect(403);
    stop(EVENT, id).by(&service.stranger()).await.expect(404);
    stop(999_999, id).by(&service.manager()).await.expect(404);
    stop(EVENT, SessionId::generate()).by(&service.manager()).await.expect(404);
    assert_eq!(service.session(id).await.state, SessionState::Active);
}
