//! What tests of the operations share: the whole service in this process, and people of every kind who ask it.

use std::sync::Arc;

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Request, StatusCode, header},
};
use common::{
    access::{
        Permission,
        testing::{TestIssuer, TestToken},
    },
    config::Variables,
    ids::{CustomerId, UserId},
    live_state::{InProcess, LiveState},
    service::{Metrics, Readiness, Service, ServiceConfig},
};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::{
    ABOUT, AUDIENCE, AppState,
    persistence::{Persistence, in_memory::InMemory},
    router,
};

/// As many live events each customer may have here.
pub(crate) const MAX_LIVE_EVENTS: u32 = 3;

/// The service, and one customer of it.
#[derive(Clone)]
pub(crate) struct TestService {
    router: Router,
    issuer: TestIssuer,
    /// Where its notices go.
    pub(crate) live_state: Arc<dyn LiveState>,
    /// The customer whose people ask.
    pub(crate) customer: CustomerId,
}

impl TestService {
    /// In memory.
    pub(crate) fn new() -> Self {
        Self::with(Arc::new(InMemory::default()), Arc::new(InProcess::new()))
    }

    /// Over these.
    pub(crate) fn with(persistence: Arc<dyn Persistence>, live_state: Arc<dyn LiveState>) -> Self {
        let issuer = TestIssuer::new();
        let verifier = Arc::new(issuer.verifier(Some(AUDIENCE)));
        let state = AppState::new(persistence, verifier, Arc::clone(&live_state), MAX_LIVE_EVENTS);
        let operations = router().with_state(state);
        let service = Service::new(ABOUT, operations, Readiness::default(), Metrics::new(ABOUT.name));
        let config = ServiceConfig::from_variables(&Variables::from([]), "PORT", 8083, "USE_EVENT_MOCK");
        Self { router: service.router(&config), issuer, live_state, customer: CustomerId::generate() }
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
            "events:delete",
            "events:assign",
            "templates:*",
            "sessions:start",
            "sessions:stop",
            "sessions:read",
            "users:read",
        ])
        .roles(["manager"])
    }

    /// A manager of another customer.
    pub(crate) fn stranger(&self) -> TestToken {
        self.manager().customer(CustomerId::generate())
    }

    /// The customer's speaker `user`.
    pub(crate) fn speaker(&self, user: UserId) -> TestToken {
        self.user(&["events:read", "rooms:speak", "rooms:listen", "sessions:start", "sessions:read"])
            .roles(["speaker"])
            .id(user)
    }

    /// The customer's listener `user`.
    pub(crate) fn listener(&self, user: UserId) -> TestToken {
        self.user(&["events:read", "rooms:listen", "transcripts:read"]).roles(["listener"]).id(user)
    }

    /// Who acts in every customer; a member of the customer all the same.
    pub(crate) fn platform_admin(&self) -> TestToken {
        self.issuer.platform_admin(self.customer)
    }

    /// The live-service.
    pub(crate) fn live_service(&self) -> TestToken {
        self.issuer.service("live-service", &[Permission::EventsRead, Permission::SessionsRecord])
    }

    /// A request: `GET /events`.
    pub(crate) fn call(&self, line: &str) -> Call {
        let (method, path) = line.split_once(' ').expect("a method and a path");
        let request = Request::builder().method(method).uri(path).body(Body::empty()).expect("a request");
        Call { router: self.router.clone(), request }
    }

    /// An event of the customer with a channel, made by a manager.
    pub(crate) async fn event(&self) -> i64 {
        self.event_with(json!({})).await
    }

    /// The same, with these fields changed.
    pub(crate) async fn event_with(&self, changes: Value) -> i64 {
        let body = merged(new_event(), changes);
        let answer = self.call("POST /events").by(&self.manager()).json(&body).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
        answer.body["event_id"].as_i64().expect("an id")
    }

    /// Moves an event through these states.
    pub(crate) async fn move_through(&self, event_id: i64, states: &[&str]) {
        for state in states {
            let call = self.call(&format!("POST /events/{event_id}/state")).by(&self.manager());
            let answer = call.json(&json!({ "state": state })).await;
            assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        }
    }
}

/// The body of a new event.
pub(crate) fn new_event() -> Value {
    json!({
        "title": "The spring assembly",
        "starts_at": "2026-05-01T18:00:00+02:00",
        "ends_at": "2026-05-01T21:00:00+02:00",
        "channels": [{ "name": "Main", "source_language": "en-US", "target_languages": ["es-ES", "ca-ES"] }],
    })
}

/// `whole` with these fields instead; `null` takes one away.
pub(crate) fn merged(mut whole: Value, changes: Value) -> Value {
    let Value::Object(changes) = changes else { panic!("an object") };
    let fields = whole.as_object_mut().expect("an object");
    for (name, value) in changes {
        if value.is_null() {
            fields.remove(&name);
        } else {
            fields.insert(name, value);
        }
    }
    whole
}

/// A request that is being made; awaited, it is sent.
#[must_use]
pub(crate) struct Call {
    router: Router,
    request: Request<Body>,
}

impl Call {
    /// As the bearer of `token`.
    pub(crate) fn by(mut self, token: &TestToken) -> Self {
        self.request.headers_mut().insert(header::AUTHORIZATION, token.bearer());
        self
    }

    /// With a header.
    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.request.headers_mut().insert(name, value.parse().expect("a header"));
        self
    }

    /// With a JSON body.
    pub(crate) fn json(self, body: &Value) -> Self {
        self.text(body.to_string())
    }

    /// With this as its body, which may be no JSON.
    pub(crate) fn text(mut self, body: String) -> Self {
        *self.request.body_mut() = Body::from(body);
        self.header("content-type", "application/json")
    }
}

impl IntoFuture for Call {
    type Output = Answer;
    type IntoFuture = std::pin::Pin<Box<dyn Future<Output = Answer> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let response = self.router.oneshot(self.request).await.expect("an answer");
            let (parts, body) = response.into_parts();
            let bytes = to_bytes(body, usize::MAX).await.expect("a body");
            let body =
                if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).expect("JSON") };
            Answer { status: parts.status, headers: parts.headers, body }
        })
    }
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    /// JSON; `null` when there was none.
    pub(crate) body: Value,
}

impl Answer {
    /// Fails unless it has this status.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        self
    }

    /// Status and code of a problem.
    pub(crate) fn problem(&self) -> (u16, &str) {
        (self.status.as_u16(), self.body["code"].as_str().unwrap_or_default())
    }

    /// A header as text.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The fields that a 422 names.
    pub(crate) fn fields(&self) -> Vec<&str> {
        let errors = self.body["errors"].as_array().into_iter().flatten();
        errors.filter_map(|error| error["field"].as_str()).collect()
    }
}
