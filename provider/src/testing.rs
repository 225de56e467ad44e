//! What tests of the operations share: the whole service in this process, over a LiveKit server and an events-service
//! that are not there, and people of every kind who ask it.

mod call;
mod fakes;

use std::{collections::BTreeMap, sync::Arc};

use axum::Router;
use common::{
    access::{
        Permission,
        testing::{TestIssuer, TestToken},
    },
    config::{Secret, Variables},
    event::{ChannelConfig, EventConfig, EventState, ListenAccess, ListenerConfig, SpeakerConfig},
    ids::{ChannelId, CustomerId, EventId, UserId},
    service::{Metrics, Readiness, Service, ServiceConfig},
};
use livekit_api::access_token::{Claims, TokenVerifier};
use serde_json::Value;

pub(crate) use call::{Answer, Call};
pub(crate) use fakes::{AwayStore, FakeEvents, FakeLiveKit, participant};

use crate::{
    ABOUT, AUDIENCE, AppState, Figures, LiveKitConfig,
    domain::RoomName,
    persistence::{Persistence, in_memory::InMemory},
    router,
    state::Errands,
};

/// The key of the LiveKit server.
pub(crate) const API_KEY: &str = "key";
/// Its secret.
pub(crate) const API_SECRET: &str = "a secret that is long enough for HS256";
/// The event there is.
pub(crate) const EVENT: i64 = 123_457;

pub(crate) fn event_id(number: i64) -> EventId {
    EventId::new(number).expect("an event id")
}

pub(crate) fn channel_id(number: i64) -> ChannelId {
    ChannelId::new(number).expect("a channel id")
}

/// The room of a channel of the event.
pub(crate) fn room(channel: i64) -> RoomName {
    RoomName { event_id: event_id(EVENT), channel_id: channel_id(channel) }
}

/// An event of `customer` with two channels, to which nobody is assigned.
pub(crate) fn event(customer: CustomerId) -> EventConfig {
    let channel = |number, source: &str, targets: &[&str]| ChannelConfig {
        channel_id: channel_id(number),
        name: "Main".to_owned(),
        source_language: source.parse().expect("a language"),
        target_languages: targets.iter().map(|tag| tag.parse().expect("a language")).collect(),
        record: false,
        speech: true,
        glossary: BTreeMap::new(),
    };
    EventConfig {
        event_id: event_id(EVENT),
        customer_id: customer,
        title: "Assembly".to_owned(),
        state: EventState::Ready,
        listen_access: ListenAccess::Assigned,
        channels: vec![channel(1, "en-US", &["es-ES", "ca-ES"]), channel(2, "ca-ES", &["en-US"])],
        speakers: Vec::new(),
        listeners: Vec::new(),
    }
}

/// The service, and one customer with an event.
pub(crate) struct TestService {
    router: Router,
    pub(crate) issuer: TestIssuer,
    pub(crate) customer: CustomerId,
    pub(crate) livekit: Arc<FakeLiveKit>,
    pub(crate) events: Arc<FakeEvents>,
    pub(crate) persistence: Arc<dyn Persistence>,
    pub(crate) errands: Errands,
    /// Assigned to speak on channel 1.
    pub(crate) speaker: UserId,
    /// Assigned to listen.
    pub(crate) listener: UserId,
}

impl TestService {
    /// In memory.
    pub(crate) fn new() -> Self {
        Self::with(Arc::new(InMemory::default()))
    }

    /// Over this persistence.
    pub(crate) fn with(persistence: Arc<dyn Persistence>) -> Self {
        let (issuer, customer) = (TestIssuer::new(), CustomerId::generate());
        let (livekit, events) = (Arc::new(FakeLiveKit::default()), Arc::new(FakeEvents::default()));
        let (speaker, listener) = (UserId::generate(), UserId::generate());
        let mut event = event(customer);
        event.speakers.push(SpeakerConfig { user_id: speaker, channel_id: channel_id(1) });
        event.listeners.push(ListenerConfig { user_id: listener });
        events.put(event);
        let config = LiveKitConfig {
            url: "wss://livekit.test".to_owned(),
            agent_url: "ws://10.0.0.2:7880".to_owned(),
            api_key: API_KEY.to_owned(),
            api_secret: Secret::new(API_SECRET),
        };
        let metrics = Metrics::new(ABOUT.name);
        let (state, errands) = AppState::new(
            Arc::clone(&persistence),
            Arc::new(issuer.verifier(Some(AUDIENCE))),
            events.clone(),
            livekit.clone(),
            config,
            Figures::register(&metrics),
        );
        let service = Service::new(ABOUT, router().with_state(state), Readiness::default(), metrics);
        let config = ServiceConfig::from_variables(&Variables::from([]), "PORT", 8086, "USE_LIVEKIT_MOCK");
        let router = service.router(&config);
        Self { router, issuer, customer, livekit, events, persistence, errands, speaker, listener }
    }

    /// Changes the event.
    pub(crate) fn change(&self, change: impl FnOnce(&mut EventConfig)) {
        self.events.change(event_id(EVENT), change);
    }

    /// Somebody of the customer with these permissions.
    pub(crate) fn user(&self, patterns: &[&str]) -> TestToken {
        patterns
            .iter()
            .fold(self.issuer.user().customer(self.customer), |token, pattern| token.pattern(pattern))
    }

    /// With the permissions of a speaker: nobody that is assigned to anything.
    pub(crate) fn a_speaker(&self) -> TestToken {
        self.user(&["events:read", "rooms:speak", "rooms:listen", "sessions:start", "sessions:read"])
    }

    /// With the permissions of a listener: nobody that is assigned to anything.
    pub(crate) fn a_listener(&self) -> TestToken {
        self.user(&["events:read", "rooms:listen", "transcripts:read"])
    }

    /// The speaker of channel 1.
    pub(crate) fn the_speaker(&self) -> TestToken {
        self.a_speaker().id(self.speaker)
    }

    /// The assigned listener.
    pub(crate) fn the_listener(&self) -> TestToken {
        self.a_listener().id(self.listener)
    }

    /// A manager of the customer.
    pub(crate) fn manager(&self) -> TestToken {
        self.user(&["events:update", "events:assign", "events:read", "rooms:*"]).roles(["manager"])
    }

    /// A manager of another customer.
    pub(crate) fn stranger(&self) -> TestToken {
        self.manager().customer(CustomerId::generate())
    }

    /// The live-service.
    pub(crate) fn live_service(&self) -> TestToken {
        let scopes = [Permission::EventsRead, Permission::AgentsToken, Permission::RoomsManage];
        self.issuer.service("live-service", &scopes)
    }

    /// A request: `GET /rooms`.
    pub(crate) fn call(&self, line: &str) -> Call {
        Call::new(self.router.clone(), line)
    }
}

/// What the token in an answer says, verified as the LiveKit server does.
pub(crate) fn claims(body: &Value) -> Claims {
    let token = body["livekit_token"].as_str().expect("a token");
    TokenVerifier::with_api_key(API_KEY, API_SECRET).verify(token).expect("a token for the LiveKit server")
}
