//! What becomes of sessions.

use common::access::Tenants;
use orchestrator::{
    domain::{AgentStatus, Session, SessionState},
    persistence::{Created, Move, SessionFilter, SessionKey},
};

use super::{Store, agent, event_id, language, moment, on_both, session, to};

on_both!(
    a_session_reads_back_as_it_was_made,
    a_channel_has_one_running_session,
    a_session_moves_only_from_where_it_is,
    what_is_stopped_and_not_finished_is_found_again,
    the_end_is_told_once_and_ends_its_agents,
    agents_are_kept_as_they_are_told_last,
    peaks_only_rise,
    lists_come_in_pages_newest_first,
    each_customer_lists_their_own,
);

async fn read(store: &Store, session: &Session) -> Session {
    store.session(session.session_id).await.expect("a store").expect("a session")
}

async fn make(store: &Store, session: &Session) {
    assert_eq!(store.create_session(session).await.expect("a store"), Created::New);
}

async fn a_session_reads_back_as_it_was_made(store: Store) {
    let session = session(123_457, 1);
    make(&store, &session).await;
    assert_eq!(read(&store, &session).await, session);
    assert_eq!(store.running_sessions(None).await.expect("a store"), std::slice::from_ref(&session));
    assert_eq!(store.running_sessions(Some(event_id(123_458))).await.expect("a store"), []);
    store.set_languages(session.session_id, &language("en-GB"), &[language("fr-FR")]).await.expect("a store");
    let changed = read(&store, &session).await;
    assert_eq!(changed.languages().cloned().collect::<Vec<_>>(), [language("en-GB"), language("fr-FR")]);
}

async fn a_channel_has_one_running_session(store: Store) {
    let first = session(123_457, 1);
    make(&store, &first).await;
    let again = session(123_457, 1);
    let running = Created::Running(Box::new(first.clone()));
    assert_eq!(store.create_session(&again).await.expect("a store"), running);
    make(&store, &session(123_457, 2)).await;
    make(&store, &session(123_458, 1)).await;
    let failed = Move {
        failure: Some("no room".to_owned()),
        ..to(&[SessionState::Starting], SessionState::Failed, 5)
    };
    let failed = store.move_session(first.session_id, &failed).await.expect("a store").expect("it moved");
    assert_eq!((failed.failure.as_deref(), failed.ended_at), (Some("no room"), Some(moment(5))));
    make(&store, &again).await;
}

async fn a_session_moves_only_from_where_it_is(store: Store) {
    let session = session(123_457, 1);
    make(&store, &session).await;
    let starting = [SessionState::Starting];
    let active = to(&starting, SessionState::Active, 1);
    let moved = store.move_session(session.session_id, &active).await.expect("a store");
    assert_eq!(moved.map(|session| session.state), Some(SessionState::Active));
    assert_eq!(store.move_session(session.session_id, &active).await.expect("a store"), None);
    let stopping = to(&[SessionState::Starting, SessionState::Active], SessionState::Stopping, 9);
    let moved = store.move_session(session.session_id, &stopping).await.expect("a store").expect("it moved");
    assert_eq!((moved.state, moved.stopping_at), (SessionState::Stopping, Some(moment(9))));
}

async fn what_is_stopped_and_not_finished_is_found_again(store: Store) {
    let session = session(123_457, 1);
    make(&store, &session).await;
    let stopped = to(&SessionState::RUNNING, SessionState::Stopped, 1);
    store.finish(session.session_id, moment(2)).await.expect("a store");
    assert_eq!(read(&store, &session).await.finished_at, None, "not before it is stopped");
    store.move_session(session.session_id, &stopped).await.expect("a store").expect("it moved");
    assert_eq!(store.unfinished_sessions().await.expect("a store").len(), 1);
    assert_eq!(store.running_sessions(None).await.expect("a store"), []);
    store.finish(session.session_id, moment(2)).await.expect("a store");
    store.finish(session.session_id, moment(3)).await.expect("a store");
    assert_eq!(store.unfinished_sessions().await.expect("a store"), []);
    assert_eq!(read(&store, &session).await.finished_at, Some(moment(2)));
}

async fn the_end_is_told_once_and_ends_its_agents(store: Store) {
    let session = session(123_457, 1);
    make(&store, &session).await;
    assert_eq!(store.end_session(session.session_id, moment(3)).await.expect("a store"), None);
    let stopping = to(&SessionState::RUNNING, SessionState::Stopping, 1);
    store.move_session(session.session_id, &stopping).await.expect("a store").expect("it moved");
    let ended = store.end_session(session.session_id, moment(3)).await.expect("a store").expect("it stops");
    assert_eq!(ended.ended_at, Some(moment(3)));
    assert_eq!((ended.agents[0].status, ended.agents[0].ended_at), (AgentStatus::Ended, Some(moment(3))));
    let again = store.end_session(session.session_id, moment(4)).await.expect("a store");
    assert_eq!(again, Some(ended));
}

async fn agents_are_kept_as_they_are_told_last(store: Store) {
    let session = session(123_457, 1);
    make(&store, &session).await;
    let id = session.session_id;
    let mut mt = agent("agent-mt-es-ES");
    store.save_agent(id, &mt).await.expect("a store");
    mt.restarts = 3;
    mt.status = AgentStatus::Active;
    mt.error = Some("it fell".to_owned());
    store.save_agent(id, &mt).await.expect("a store");
    let ids = [mt.agent_id.clone()];
    store.seen_alive(id, &ids, moment(20)).await.expect("a store");
    store.seen_alive(id, &ids, moment(10)).await.expect("a store");
    mt.seen_alive_at = Some(moment(20));
    assert_eq!(read(&store, &session).await.agents, [agent("agent-asr"), mt]);
}

async fn peaks_only_rise(store: Store) {
    let session = session(123_457, 1);
    make(&store, &session).await;
    for counts in [[("es-ES", 2), ("ca-ES", 5)], [("es-ES", 4), ("ca-ES", 1)]] {
        let counts = counts.map(|(tag, count)| (language(tag), count)).into();
        store.raise_peaks(session.session_id, &counts).await.expect("a store");
    }
    let peaks = read(&store, &session).await.peak_listeners;
    assert_eq!(peaks, [(language("es-ES"), 4), (language("ca-ES"), 5)].into());
}

async fn lists_come_in_pages_newest_first(store: Store) {
    let mut all = Vec::new();
    for n in 1..=7 {
        let session = Session { started_at: moment(n / 2), ..session(123_457, n) };
        make(&store, &session).await;
        all.push(session);
    }
    all.sort_by_key(|session| std::cmp::Reverse(SessionKey::of(session)));
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let filter = SessionFilter { event_id: Some(event_id(123_457)), states: Vec::new() };
        let page = store.sessions(Tenants::All, &filter, after, 3).await.expect("a store");
        after = page.last().map(SessionKey::of);
        if page.is_empty() {
            break;
        }
        seen.extend(page);
    }
    assert_eq!(seen, all);
    let active = SessionFilter { event_id: None, states: vec![SessionState::Active] };
    assert_eq!(store.sessions(Tenants::All, &active, None, 9).await.expect("a store"), []);
}

async fn each_customer_lists_their_own(store: Store) {
    let (ours, theirs) = (session(123_457, 1), session(123_458, 1));
    make(&store, &ours).await;
    make(&store, &theirs).await;
    let filter = SessionFilter::default();
    let listed = async |tenants| store.sessions(tenants, &filter, None, 9).await.expect("a store").len();
    assert_eq!(listed(Tenants::One(ours.customer_id)).await, 1);
    assert_eq!(listed(Tenants::All).await, 2);
    assert_eq!(listed(Tenants::None).await, 0);
}
