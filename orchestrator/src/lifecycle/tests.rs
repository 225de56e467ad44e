//! What becomes of running sessions, in paused time.

use std::{collections::BTreeMap, time::Duration};

use common::event::EventState;
use tokio::time::{Instant, sleep};

use crate::{
    agents::AgentEnd,
    domain::{AgentStatus, Session, SessionAgent, SessionState},
    provider::Room,
    testing::{Fate, TestService, channel_id, event_id},
};

const AGENTS: [&str; 3] = ["agent-asr", "agent-mt-ca-ES", "agent-mt-es-ES"];
const MT: &str = "agent-mt-es-ES";

fn agent<'a>(session: &'a Session, agent_id: &str) -> &'a SessionAgent {
    session.agents.iter().find(|agent| agent.agent_id == agent_id).expect("an agent")
}

/// The channel's room, with these agents in it.
fn room(agents: &[&str]) -> Room {
    Room {
        room_name: "event-123457-channel-1".to_owned(),
        event_id: event_id(),
        channel_id: channel_id(1),
        customer_id: None,
        created_at: None,
        speakers: Vec::new(),
        listeners: BTreeMap::new(),
        agents: agents.iter().map(|&agent| agent.to_owned()).collect(),
    }
}

#[tokio::test(start_paused = true)]
async fn an_agent_that_dies_is_started_again_each_time_after_a_longer_pause() {
    let service = TestService::new();
    let id = service.started(1).await;
    for (time, fate, pause_ms) in [
        (1, Fate::End(AgentEnd::Failed("the model is away".to_owned())), 500),
        (2, Fate::Panic, 1_000),
        (3, Fate::End(AgentEnd::Removed), 2_000),
    ] {
        service.until_present(&AGENTS).await;
        service.spawner.strike(MT, fate);
        let died = Instant::now();
        let back = service.until(id, |session| {
            let agent = agent(session, MT);
            (agent.restarts, agent.status) == (time, AgentStatus::Active)
        });
        let session = back.await;
        let pause = died.elapsed();
        let expected = Duration::from_millis(pause_ms);
        assert!(pause >= expected && pause < expected + Duration::from_millis(200), "{pause:?}");
        assert!(agent(&session, MT).error.is_some());
    }
    assert_eq!(agent(&service.session(id).await, "agent-asr").restarts, 0);
    let jobs = service.spawner.jobs();
    let last = jobs.last().expect("a job");
    assert!(last.resume_since.is_some(), "it translates what it missed");
    assert_eq!(jobs[0].resume_since, None);
}

#[tokio::test(start_paused = true)]
async fn pauses_begin_anew_after_an_agent_was_healthy() {
    let service = TestService::new();
    let id = service.started(1).await;
    for time in 1..=4 {
        service.until_present(&AGENTS).await;
        sleep(Duration::from_secs(31)).await;
        service.spawner.strike(MT, Fate::End(AgentEnd::Removed));
        let died = Instant::now();
        service.until(id, |session| agent(session, MT).restarts == time).await;
        assert!(died.elapsed() < Duration::from_millis(700));
    }
}

#[tokio::test(start_paused = true)]
async fn a_duplicate_stays_away_while_the_other_one_is_there() {
    let service = TestService::new();
    let id = service.started(1).await;
    service.until_present(&AGENTS).await;
    service.provider.set_rooms(vec![room(&AGENTS)]);
    service.spawner.strike(MT, Fate::End(AgentEnd::Duplicate));
    let session = service.until(id, |session| agent(session, MT).status == AgentStatus::Failed).await;
    assert!(agent(&session, MT).error.as_ref().is_some_and(|error| error.contains("same agent")));
    sleep(Duration::from_secs(120)).await;
    assert_eq!(service.spawner.begun(MT), 1);
    service.provider.set_rooms(vec![room(&["agent-asr"])]);
    service.until_present(&AGENTS).await;
}

#[tokio::test(start_paused = true)]
async fn an_agent_that_is_not_in_its_room_any_more_is_started_again() {
    let service = TestService::new();
    let id = service.started(1).await;
    service.until_present(&AGENTS).await;
    service.provider.set_rooms(vec![room(&AGENTS)]);
    service.state.lifecycle.agent_left(event_id(), channel_id(1), MT);
    sleep(Duration::from_secs(20)).await;
    assert_eq!(service.spawner.begun(MT), 1, "it is there");
    service.provider.set_rooms(vec![room(&["agent-asr"])]);
    service.state.lifecycle.agent_left(event_id(), channel_id(1), MT);
    let session = service.until(id, |session| agent(session, MT).restarts == 1).await;
    assert!(agent(&session, MT).error.as_ref().is_some_and(|error| error.contains("room")));
}

#[tokio::test(start_paused = true)]
async fn languages_come_and_go_with_the_event() {
    let service = TestService::new();
    let id = service.started(1).await;
    service.until_present(&AGENTS).await;
    let targets = ["es-ES", "fr-FR"].map(|tag| tag.parse().expect("a language")).to_vec();
    service.change_event(|event| event.channels[0].target_languages.clone_from(&targets));
    service.notice("UPDATED").await;
    service.until_present(&["agent-asr", MT, "agent-mt-fr-FR"]).await;
    let session = service.until(id, |session| agent(session, "agent-mt-ca-ES").ended_at.is_some()).await;
    assert_eq!(agent(&session, "agent-mt-ca-ES").status, AgentStatus::Ended);
    assert_eq!(session.target_languages, targets);
    assert_eq!(service.spawner.begun(MT), 1, "who is still wanted works on");

    let back = ["es-ES", "ca-ES"].map(|tag| tag.parse().expect("a language")).to_vec();
    service.change_event(|event| event.channels[0].target_languages = back);
    service.notice("UPDATED").await;
    service.until_present(&AGENTS).await;
    let session = service.session(id).await;
    assert_eq!(agent(&session, "agent-mt-ca-ES").ended_at, None);
}

#[tokio::test(start_paused = true)]
async fn a_new_glossary_is_told_to_its_agent_alone() {
    let service = TestService::new();
    let id = service.started(1).await;
    service.until_present(&AGENTS).await;
    service.change_event(|event| {
        let terms = [("floor".to_owned(), "palabra".to_owned())].into();
        event.channels[0].glossary.insert("es-ES".parse().expect("a language"), terms);
    });
    service.notice("UPDATED").await;
    while service.spawner.begun(MT) < 2 {
        sleep(Duration::from_millis(50)).await;
    }
    assert_eq!((service.spawner.begun("agent-asr"), service.spawner.begun("agent-mt-ca-ES")), (1, 1));
    let jobs = service.spawner.jobs();
    assert_eq!(jobs.last().and_then(|job| job.glossary.get("floor")).map(String::as_str), Some("palabra"));
    assert_eq!(agent(&service.session(id).await, MT).restarts, 0);
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_event_stops_its_sessions_and_is_not_moved() {
    let service = TestService::new();
    let (first, second) = (service.started(1).await, service.started(2).await);
    service.change_event(|event| event.state = EventState::Cancelled);
    service.notice("CANCELLED").await;
    for id in [first, second] {
        let session = service.until(id, |session| session.finished_at.is_some()).await;
        assert_eq!(session.state, SessionState::Stopped);
    }
    assert_eq!(service.events.moves(), [EventState::Live]);
    assert_eq!(service.spawner.present(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn an_event_that_is_ended_by_hand_stops_its_sessions_and_is_completed() {
    let service = TestService::new();
    let id = service.started(1).await;
    service.change_event(|event| event.state = EventState::Ended);
    service.notice("UPDATED").await;
    service.until(id, |session| session.finished_at.is_some()).await;
    assert_eq!(service.events.moves(), [EventState::Live, EventState::Completed]);
}

#[tokio::test(start_paused = true)]
async fn an_active_session_goes_on_after_a_restart_of_the_service() {
    let service = TestService::new();
    let id = service.started(1).await;
    service.until_present(&AGENTS).await;
    service.shut_down().await;
    assert_eq!(service.spawner.finished(), 3, "agents end in good order");
    let session = service.session(id).await;
    assert_eq!((session.state, session.ended_at), (SessionState::Active, None));
    assert!(session.agents.iter().all(|agent| agent.status == AgentStatus::Restarting));

    let next = service.restarted();
    next.until_present(&AGENTS).await;
    let session = next
        .until(id, |session| session.agents.iter().all(|agent| agent.status == AgentStatus::Active))
        .await;
    assert_eq!(session.started_at, service.session(id).await.started_at);
    let mt = next.spawner.jobs().into_iter().find(|job| job.agent_id == MT).expect("a job");
    assert!(mt.resume_since.is_some_and(|since| since < session.agents[0].seen_alive_at.expect("seen")));
    assert_eq!(next.stop(id).await.expect(200).body["status"], "stopped");
    assert_eq!(next.events.moves(), [EventState::Live, EventState::Ended, EventState::Completed]);
}

#[tokio::test(start_paused = true)]
async fn what_was_stopping_is_finished_after_a_restart_of_the_service() {
    let service = TestService::new();
    let id = service.started(1).await;
    service.until_present(&AGENTS).await;
    service.events.set_away(true);
    service.stop(id).await.expect(200);
    service.shut_down().await;
    assert_eq!(service.session(id).await.state, SessionState::Stopping);
    let next = service.restarted();
    sleep(Duration::from_secs(10)).await;
    next.events.set_away(false);
    next.until(id, |session| session.finished_at.is_some()).await;
    assert_eq!(next.events.moves(), [EventState::Live, EventState::Ended, EventState::Completed]);
    assert_eq!(next.spawner.jobs().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_was_starting_is_started_after_a_restart_of_the_service() {
    let service = TestService::new();
    service.provider.set_delay(Duration::from_secs(60));
    service.start(1).await.expect(503);
    let starting = service.sessions.running_sessions(None).await.expect("a store");
    assert_eq!(starting[0].state, SessionState::Starting);
    let next = service.restarted();
    next.until(starting[0].session_id, |session| session.state == SessionState::Active).await;
    next.until_present(&AGENTS).await;
}

#[tokio::test(start_paused = true)]
async fn agents_that_work_are_seen_alive_every_few_seconds() {
    let service = TestService::new();
    let id = service.started(1).await;
    service.until_present(&AGENTS).await;
    let before = service.session(id).await;
    // The wall clock does not stand still while tokio's does.
    sleep(Duration::from_secs(6)).await;
    let after = service.session(id).await;
    assert!(agent(&after, MT).seen_alive_at > agent(&before, MT).seen_alive_at);
}
