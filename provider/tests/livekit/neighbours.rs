//! The services around: auth-service, events-service and live-service, as far as they are asked.

use std::{sync::Arc, time::Duration};

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    routing::{get, post},
};
use common::{
    access::{JwkSet, testing::TestKey},
    ids::{CustomerId, UserId},
};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use super::PATIENCE;

/// Three services on one port, with one public event and its speaker.
pub(super) struct Neighbours {
    url: String,
    shared: Arc<Shared>,
    pub(super) customer: CustomerId,
    pub(super) speaker: UserId,
}

struct Shared {
    event: Mutex<Value>,
    told: Mutex<Vec<Value>>,
}

impl Neighbours {
    pub(super) async fn start() -> Self {
        let (customer, speaker) = (CustomerId::generate(), UserId::generate());
        let event = json!({
            "event_id": 123_457, "customer_id": customer, "title": "Assembly", "state": "live",
            "listen_access": "public",
            "channels": [{
                "channel_id": 1, "name": "Main", "source_language": "en-US", "target_languages": ["es-ES"]
            }],
            "speakers": [{ "user_id": speaker, "channel_id": 1 }], "listeners": [],
        });
        let shared = Arc::new(Shared { event: Mutex::new(event), told: Mutex::default() });
        let keys = JwkSet { keys: vec![TestKey::shared().to_jwk()] };
        let router = Router::new()
            .route("/v2/.well-known/jwks.json", get(move || std::future::ready(Json(keys.clone()))))
            .route("/v2/oauth/token", post(token))
            .route("/health", get(|| async { Json(json!({ "status": "ok" })) }))
            .route("/events/123457", get(event_now))
            .route("/webhooks/livekit", post(hear))
            .with_state(Arc::clone(&shared));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, shared, customer, speaker }
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// The speaker is not one any more.
    pub(super) fn unassign(&self) {
        self.shared.event.lock()["speakers"] = json!([]);
    }

    /// What the live-service was told.
    pub(super) fn told(&self) -> Vec<Value> {
        self.shared.told.lock().clone()
    }

    /// The first that is as wanted.
    pub(super) async fn until_told(&self, wanted: impl Fn(&Value) -> bool) -> Value {
        let told = async {
            loop {
                if let Some(event) = self.told().into_iter().find(&wanted) {
                    return event;
                }
                sleep(Duration::from_millis(50)).await;
            }
        };
        timeout(PATIENCE, told).await.unwrap_or_else(|_| panic!("told no more than {:?}", self.told()))
    }
}

async fn token() -> Json<Value> {
    Json(json!({ "access_token": "of-a-service", "token_type": "Bearer", "expires_in": 3600 }))
}

async fn event_now(State(shared): State<Arc<Shared>>) -> Json<Value> {
    Json(shared.event.lock().clone())
}

async fn hear(State(shared): State<Arc<Shared>>, Json(event): Json<Value>) -> StatusCode {
    shared.told.lock().push(event);
    StatusCode::NO_CONTENT
}
