//! What tests of the operations share: the whole service in this process, and people of every kind who ask it.

mod calls;
mod events;
mod live;
mod provider;
mod spawner;

use std::{sync::Arc, time::Duration};

use axum::Router;
use common::{
    access::{
        Permission,
        testing::{TestIssuer, TestToken},
    },
    config::Variables,
    event::{ChannelConfig, EventConfig, EventState, ListenAccess, SpeakerConfig},
    ids::{ChannelId, CustomerId, EventId, SessionId, UserId},
    live_state::{InProcess, LiveState},
    service::{Metrics, Readiness, Service, ServiceConfig},
};
use serde_json::json;
use tokio::time::sleep;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use transcript::{Live, SegmentLog};

pub(crate) use self::{
    calls::{Answer, Call},
    events::FakeEvents,
    live::{EventStream, language, session},
    provider::FakeProvider,
    spawner::{FakeListeners, FakeSpawner, Fate},
};
use crate::{
    ABOUT, AUDIENCE, AppState, Lifecycle, LiveNotices,
    domain::Session,
    figures::Figures,
    lifecycle::Parts,
    persistence::{Sessions, in_memory::InMemory},
    presence::Presence,
    router,
    watch::Watch,
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
    /// Who runs its agents.
    pub(crate) spawner: Arc<FakeSpawner>,
    /// Who is told what happens in rooms.
    pub(crate) listeners: Arc<FakeListeners>,
    /// What goes on beside requests.
    pub(crate) tasks: TaskTracker,
    /// Where its notices go.
    pub(crate) live_state: Arc<dyn LiveState>,
    /// The customer whose people ask.
    pub(crate) customer: CustomerId,
}

impl TestService {
    /// In memory.
    pub(crate) fn new() -> Self {
        let customer = CustomerId::generate();
        let events = Arc::new(FakeEvents::default());
        events.set(event(customer));
        let log = Arc::new(transcript::InMemory::new());
        Self::over(customer, Arc::new(InMemory::default()), events, log, Arc::new(InProcess::new()))
    }

    /// The same service in another process.
    pub(crate) fn restarted(&self) -> Self {
        let (sessions, events) = (Arc::clone(&self.sessions), Arc::clone(&self.events));
        let log = Arc::clone(self.state.live.log());
        Self::over(self.customer, sessions, events, log, Arc::clone(&self.live_state))
    }

    fn over(
        customer: CustomerId,
        sessions: Arc<dyn Sessions>,
        events: Arc<FakeEvents>,
        log: Arc<dyn SegmentLog>,
        live_state: Arc<dyn LiveState>,
    ) -> Self {
        let issuer = TestIssuer::new();
        let (provider, spawner, listeners): (Arc<FakeProvider>, Arc<FakeSpawner>, Arc<FakeListeners>) =
            Default::default();
        let (tasks, shutdown) = (TaskTracker::new(), CancellationToken::new());
        let live = Live::new(log, Arc::clone(&live_state));
        let lifecycle = Lifecycle::new(Parts {
            sessions: Arc::clone(&sessions),
            live: live.clone(),
            live_state: Arc::clone(&live_state),
            events: Arc::clone(&events) as _,
            records: Arc::clone(&events) as _,
            provider: Arc::clone(&provider) as _,
            spawner: Arc::clone(&spawner) as _,
            figures: Figures::default(),
            tasks: tasks.clone(),
            shutdown: shutdown.clone(),
        });
        lifecycle.resume();
        let presence = Presence::start(
            Arc::clone(&sessions),
            Arc::clone(&events) as _,
            Arc::clone(&provider) as _,
            Arc::clone(&live_state),
            shutdown.clone(),
        );
        let watch = Watch::new(
            Arc::clone(&sessions),
            Arc::clone(&events) as _,
            Arc::clone(&live_state),
            live.clone(),
        );
        let state = AppState {
            sessions: Arc::clone(&sessions),
            live,
            live_state: Arc::clone(&live_state),
            notices: LiveNotices::new(Arc::clone(&live_state)),
            events: Arc::clone(&events) as _,
            lifecycle,
            listeners: Arc::clone(&listeners) as _,
            verifier: Arc::new(issuer.verifier(Some(AUDIENCE))),
            presence,
            watch,
            shutdown,
        };
        let operations = router().with_state(state.clone());
        let service = Service::new(ABOUT, operations, Readiness::default(), Metrics::new(ABOUT.name));
        let config = ServiceConfig::from_variables(&Variables::from([]), "PORT", 8092, "USE_LIVE_MOCK");
        let router = service.router(&config);
        Self {
            router,
            issuer,
            state,
            sessions,
            events,
            provider,
            spawner,
            listeners,
            tasks,
            live_state,
            customer,
        }
    }

    /// Ends the process in good order.
    pub(crate) async fn shut_down(&self) {
        self.state.shutdown.cancel();
        self.tasks.close();
        self.tasks.wait().await;
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

    /// Has a manager start a channel of [`EVENT`].
    pub(crate) async fn start(&self, channel: i64) -> Answer {
        let body = json!({ "event_id": EVENT, "channel_id": channel });
        self.call("POST /sessions/start").by(&self.manager()).json(&body).await
    }

    /// The same, and it works.
    pub(crate) async fn started(&self, channel: i64) -> SessionId {
        let started = self.start(channel).await.expect(200);
        started.body["session_id"].as_str().and_then(|id| id.parse().ok()).expect("an id")
    }

    /// Has a manager stop a session of [`EVENT`].
    pub(crate) async fn stop(&self, session_id: SessionId) -> Answer {
        let body = json!({ "event_id": EVENT, "session_id": session_id });
        self.call("POST /sessions/stop").by(&self.manager()).json(&body).await
    }

    /// The session as it is kept now.
    pub(crate) async fn session(&self, session_id: SessionId) -> Session {
        self.sessions.session(session_id).await.expect("a store").expect("a session")
    }

    /// Waits, in paused time, until what is kept of the session is as it should be.
    pub(crate) async fn until(&self, session_id: SessionId, is: impl Fn(&Session) -> bool) -> Session {
        for _ in 0..1_200 {
            let session = self.session(session_id).await;
            if is(&session) {
                return session;
            }
            sleep(Duration::from_millis(50)).await;
        }
        panic!("it never came: {:?}", self.session(session_id).await);
    }

    /// Waits, in paused time, until exactly these agents are at work.
    pub(crate) async fn until_present(&self, agents: &[&str]) {
        for _ in 0..1_200 {
            if self.spawner.present() == agents {
                return;
            }
            sleep(Duration::from_millis(50)).await;
        }
        panic!("there are {:?}", self.spawner.present());
    }

    /// Tells that [`EVENT`] changed.
    pub(crate) async fn notice(&self, happened: &str) {
        let text = format!("event:{EVENT}:{happened}");
        self.live_state.publish("events", &text).await.expect("a live state");
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
