//! Sessions that are said to run, and streams of server-sent events.

use axum::body::BodyDataStream;
use common::{
    LanguageTag, clock,
    ids::{CustomerId, SessionId},
};
use futures_util::StreamExt as _;
use serde_json::Value;
use tower::ServiceExt as _;

use super::{Call, TestService, channel_id, event_id};
use crate::{
    domain::{Session, SessionState},
    persistence::{Created, Move},
};

pub(crate) fn language(tag: &str) -> LanguageTag {
    tag.parse().expect("a language")
}

/// A session of the event's channel 1, begun now, without agents.
pub(crate) fn session(state: SessionState) -> Session {
    Session {
        session_id: SessionId::generate(),
        event_id: event_id(),
        channel_id: channel_id(1),
        customer_id: CustomerId::generate(),
        state,
        source_language: language("en-US"),
        target_languages: vec![language("es-ES"), language("ca-ES")],
        started_by: "somebody".to_owned(),
        started_at: clock::now(),
        stopping_at: None,
        ended_at: None,
        finished_at: None,
        failure: None,
        peak_listeners: std::collections::BTreeMap::new(),
        agents: Vec::new(),
    }
}

impl TestService {
    /// Keeps a session of the event, on the first channel that has none running.
    pub(crate) async fn a_session(&self, state: SessionState) -> Session {
        // What the service does at its start is over: it does not go on with this one.
        tokio::task::yield_now().await;
        for channel in 1.. {
            let session =
                Session { channel_id: channel_id(channel), customer_id: self.customer, ..session(state) };
            if self.sessions.create_session(&session).await.expect("kept") == Created::New {
                self.state.notices.changed(event_id()).await;
                return session;
            }
        }
        unreachable!("there are channels enough")
    }

    /// Ends it.
    pub(crate) async fn over_with(&self, session: &Session) {
        let states = [SessionState::Active, SessionState::Stopping, SessionState::Stopped];
        for pair in states.windows(2) {
            let to = Move { from: vec![pair[0]], to: pair[1], at: clock::now(), failure: None };
            let moved = self.sessions.move_session(session.session_id, &to).await.expect("kept");
            assert!(moved.is_some(), "{pair:?}");
        }
        self.state.notices.changed(event_id()).await;
    }
}

impl Call {
    /// Opens a stream of events.
    pub(crate) async fn open(self) -> EventStream {
        let response = self.router.oneshot(self.request).await.expect("an answer");
        assert_eq!(response.status().as_u16(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        EventStream { body: response.into_body().into_data_stream(), text: String::new(), heartbeats: 0 }
    }
}

/// A stream of server-sent events that is being read.
pub(crate) struct EventStream {
    body: BodyDataStream,
    text: String,
    heartbeats: usize,
}

/// One event.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct StreamedEvent {
    pub(crate) name: String,
    /// Empty where it has none.
    pub(crate) id: String,
    pub(crate) data: Value,
}

impl EventStream {
    /// The next event; `None` at the end. Cancel-safe.
    pub(crate) async fn next(&mut self) -> Option<StreamedEvent> {
        loop {
            while let Some((block, rest)) = self.text.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.text = rest;
                match read(&block) {
                    Some(event) => return Some(event),
                    None => self.heartbeats += 1,
                }
            }
            let bytes = self.body.next().await?.expect("a stream does not fail");
            self.text.push_str(std::str::from_utf8(&bytes).expect("UTF-8"));
        }
    }

    /// The next event of this name.
    pub(crate) async fn next_of(&mut self, name: &str) -> Value {
        loop {
            let event = self.next().await.expect("an event");
            if event.name == name {
                return event.data;
            }
        }
    }

    /// Everything to the end.
    pub(crate) async fn rest(mut self) -> Vec<StreamedEvent> {
        let mut events = Vec::new();
        while let Some(event) = self.next().await {
            events.push(event);
        }
        events
    }

    /// How many comments came.
    pub(crate) fn heartbeats(&self) -> usize {
        self.heartbeats
    }
}

fn read(block: &str) -> Option<StreamedEvent> {
    let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let data = field("data")?;
    Some(StreamedEvent {
        name: field("event").unwrap_or("message").trim().to_owned(),
        id: field("id").unwrap_or_default().trim().to_owned(),
        data: serde_json::from_str(data).expect("JSON"),
    })
}
