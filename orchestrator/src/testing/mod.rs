//! What tests of the operations share: the whole service in this process, and people of every kind who ask it.
#![allow(dead_code, reason = "operations that need the rest of it are on their way")]

mod calls;
mod events;
mod log;
mod provider;

use std::sync::Arc;

use axum::Router;
use common::{
    access::{
        Permission,
        testing::{TestIssuer, TestToken},
    },
    config::Variables,
    event::{ChannelConfig, EventConfig, EventState, ListenAccess, SpeakerConfig},
    ids::{ChannelId, CustomerId, EventId, UserId},
    live_state::{InProcess, LiveState},
    service::{Metrics, Readiness, Service, ServiceConfig},
};
use tokio_util::sync::CancellationToken;

pub(crate) use self::{calls::Call, events::FakeEvents, log::FakeLog, provider::FakeProvider};
use crate::{
    ABOUT, AUDIENCE, AppState, LiveNotices,
    persistence::{Sessions, in_memory::InMemory},
    router,
};

/// The number of the event that is there from the start.
pub(crate) const EVENT: i64 = 123_457;

/// The service, and one customer of it.
#[derive(Clone)]
pub(crate) struct TestService {
    router: Router,
    issuer: TestIssuer,
    /// What its handlers share.
    pub(crate) state: AppState,
    /// Where sessions are kept.
    pub(crate) sessions: Arc<dyn Sessions>,
    /// What it hears of events. From the start there is [`EVENT`], `ready`, with channels 1 and 2 (en-US → es-ES, ca-ES).
    pub(crate) events: Arc<FakeEvents>,
    /// What it hears of rooms.
    pub(crate) provider: Arc<FakeProvider>,
    /// Where its notices go.
    pub(crate) live_state: Arc<dyn LiveState>,
    /// The customer whose people ask.
    pub(crate) customer: CustomerId,
}

impl TestService {
    /// In memory.
    pub(crate) fn new() -> Self {
        let issuer = TestIssuer::new();
        let customer = CustomerId::generate();
        let sessions: Arc<dyn Sessions> = Arc::new(InMemory::default());
        let live_state: Arc<dyn LiveState> = Arc::new(InProcess::new());
        let events = Arc::new(FakeEvents::default());
        events.set(event(customer));
        let provider = Arc::new(FakeProvider::default());
        let state = AppState {
            sessions: Arc::clone(&sessions),
            log: Arc::new(FakeLog::default()),
            live_state: Arc::clone(&live_state),
            notices: LiveNotices::new(Arc::clone(&live_state)),
            events: Arc::clone(&events) as _,
            verifier: Arc::new(issuer.verifier(Some(AUDIENCE))),
            shutdown: CancellationToken::new(),
        };
        let operations = router().with_state(state.clone());
        let service = Service::new(ABOUT, operations, Readiness::default(), Metrics::new(ABOUT.name));
        let config = ServiceConfig::from_variables(&Variables::from([]), "PORT", 8092, "USE_LIVE_MOCK");
        let router = service.router(&config);
        Self { router, issuer, state, sessions, events, provider, live_state, customer }
    }

    /// Somebody of the customer with these permissions.
    pub(crate) fn user(&self, patterns: &[&str]) -> TestToken {
        patterns
            .iter()
            .fold(self.issuer.user().customer(self.customer), |token, pattern| token.pattern(pattern))
    }

    /// A manager of the customer.
    pub(crate) fn manager(&self) -> TestToken {
        self.user(&[
            "events:create",
            "events:read",
            "events:update",
            "events:assign",
            "sessions:start",
            "sessions:stop",
            "sessions:read",
            "transcripts:read",
            "rooms:listen",
        ])
        .roles(["manager"])
    }

    /// A manager of another customer.
    pub(crate) fn stranger(&self) -> TestToken {
        self.manager().customer(CustomerId::generate())
    }

    /// The customer's speaker `user`.
    pub(crate) fn speaker(&self, user: UserId) -> TestToken {
        self.user(&[
            "events:read",
            "rooms:speak",
            "rooms:listen",
            "sessions:start",
            "sessions:read",
            "transcripts:read",
        ])
        .roles(["speaker"])
        .id(user)
    }

    /// The customer's listener `user`.
    pub(crate) fn listener(&self, user: UserId) -> TestToken {
        self.user(&["events:read", "rooms:listen", "transcripts:read"]).roles(["listener"]).id(user)
    }

    /// A service with these scopes.
    pub(crate) fn service(&self, client_id: &str, scopes: &[Permission]) -> TestToken {
        self.issuer.service(client_id, scopes)
    }

    /// A request: `GET /sessions`.
    pub(crate) fn call(&self, line: &str) -> Call {
        Call::new(self.router.clone(), line)
    }

    /// Changes [`EVENT`].
    pub(crate) fn change_event(&self, change: impl FnOnce(&mut EventConfig)) {
        let mut event = self.events.get(event_id()).expect("the event");
        change(&mut event);
        self.events.set(event);
    }

    /// Has `user` speak on a channel of [`EVENT`].
    pub(crate) fn assign_speaker(&self, user_id: UserId, channel: i64) {
        self.change_event(|event| {
            event.speakers.push(SpeakerConfig { user_id, channel_id: channel_id(channel) });
        });
    }
}

/// That of [`EVENT`].
pub(crate) fn event_id() -> EventId {
    EventId::new(EVENT).expect("an event id")
}

/// A channel's.
pub(crate) fn channel_id(number: i64) -> ChannelId {
    ChannelId::new(number).expect("a channel id")
}

/// [`EVENT`] as it is at the start.
pub(crate) fn event(customer_id: CustomerId) -> EventConfig {
    let channel = |number| ChannelConfig {
        channel_id: channel_id(number),
        name: format!("Channel {number}"),
        source_language: "en-US".parse().expect("a language"),
        target_languages: ["es-ES", "ca-ES"].map(|tag| tag.parse().expect("a language")).to_vec(),
        record: false,
        speech: false,
        glossary: std::collections::BTreeMap::new(),
    };
    EventConfig {
        event_id: event_id(),
        customer_id,
        title: "The spring assembly".to_owned(),
        state: EventState::Ready,
        listen_access: ListenAccess::Assigned,
        channels: vec![channel(1), channel(2)],
        speakers: Vec::new(),
        listeners: Vec::new(),
    }
}
