//! A service with protected routes, and an auth-service that publishes keys and counts how often it is asked.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::{
    Json, Router,
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderValue, Request, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use common::access::{JwkSet, JwksUrl, May, Principal, Verifier, may, testing};
use parking_lot::Mutex;
use serde_json::Value;
use tower::ServiceExt as _;
use url::Url;

/// The audience of the service under test.
pub(crate) const AUDIENCE: &str = "event-service";

/// Routes for anybody with a token, with one permission, and for everybody.
pub(crate) fn service(verifier: Verifier) -> Router {
    let name = |who: Principal| who.subject.to_string();
    Router::new()
        .route("/me", get(move |who: Principal| async move { name(who) }))
        .route("/events", get(move |who: May<may::EventsRead>| async move { name(who.principal) }))
        .route(
            "/public",
            get(move |who: Option<Principal>| async move { who.map_or_else(|| "nobody".to_owned(), name) }),
        )
        .with_state(Arc::new(verifier))
}

/// An answer, read whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: header::HeaderName) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn problem(&self) -> Value {
        assert_eq!(self.header(header::CONTENT_TYPE), "application/problem+json", "{self:?}");
        serde_json::from_str(&self.body).unwrap()
    }
}

/// Asks `service` with these values of `Authorization`.
pub(crate) async fn ask(service: &Router, path: &str, authorization: &[HeaderValue]) -> Answer {
    let mut request = Request::get(path).body(Body::empty()).unwrap();
    for value in authorization {
        request.headers_mut().append(header::AUTHORIZATION, value.clone());
    }
    let response = service.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    Answer { status: parts.status, headers: parts.headers, body: String::from_utf8(body.into()).unwrap() }
}

/// What the auth-service answers.
#[derive(Clone)]
pub(crate) enum Mode {
    Keys(JwkSet),
    Body(String),
    Status(StatusCode),
    Redirect(String),
}

/// An auth-service on a free loopback port, which ends with this value.
pub(crate) struct AuthService {
    pub(crate) jwks_url: Url,
    shared: Arc<Shared>,
    task: tokio::task::JoinHandle<()>,
}

struct Shared {
    mode: Mutex<Mode>,
    asked: AtomicUsize,
}

impl AuthService {
    pub(crate) async fn start(mode: Mode) -> Self {
        let shared = Arc::new(Shared { mode: Mutex::new(mode), asked: AtomicUsize::new(0) });
        let router = Router::new().fallback(answer).with_state(Arc::clone(&shared));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let jwks_url = format!("http://{address}/v2/.well-known/jwks.json").parse().unwrap();
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { jwks_url, shared, task }
    }

    /// One that publishes these keys.
    pub(crate) async fn with_keys(keys: &[&testing::TestKey]) -> Self {
        Self::start(published(keys)).await
    }

    pub(crate) fn set(&self, mode: Mode) {
        *self.shared.mode.lock() = mode;
    }

    /// How often it was asked.
    pub(crate) fn asked(&self) -> usize {
        self.shared.asked.load(Ordering::SeqCst)
    }

    pub(crate) fn verifier(&self) -> Verifier {
        let keys = JwksUrl::new(self.jwks_url.clone()).unwrap();
        Verifier::new(Arc::new(keys), testing::ISSUER, Some(AUDIENCE))
    }
}

impl Drop for AuthService {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub(crate) fn published(keys: &[&testing::TestKey]) -> Mode {
    Mode::Keys(JwkSet { keys: keys.iter().map(|key| key.to_jwk()).collect() })
}

async fn answer(State(shared): State<Arc<Shared>>) -> Response {
    shared.asked.fetch_add(1, Ordering::SeqCst);
    let mode = shared.mode.lock().clone();
    match mode {
        Mode::Keys(keys) => Json(keys).into_response(),
        Mode::Body(body) => body.into_response(),
        Mode::Status(status) => status.into_response(),
        Mode::Redirect(to) => (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, to)]).into_response(),
    }
}
