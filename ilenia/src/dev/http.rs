//! The HTTP side of `ilenia dev`: liveness and readiness today; the services' public routes and the web app join here.

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc};

use agents::CancellationToken;
use axum::{
    Json, Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use serde::Serialize;
use tokio::net::TcpListener;

use crate::{dev::probe, joining, settings::LiveKitSettings};

/// What has to be there for `/ready`.
#[derive(Clone, Debug)]
pub(crate) enum Dependency {
    /// An HTTP server on this machine.
    Local {
        /// Where it listens.
        address: SocketAddr,
        /// What it answers with 200 when it is well.
        path: &'static str,
    },
    /// A LiveKit server that somebody else runs.
    LiveKit(LiveKitSettings),
}

impl Dependency {
    /// Whether it can be used now.
    pub(crate) async fn is_ready(&self) -> bool {
        match self {
            Self::Local { address, path } => probe::is_ok(*address, path).await,
            // Whether the room exists does not matter, only that the server answers us.
            Self::LiveKit(livekit) => joining::room_exists(livekit, "ready").await.is_ok(),
        }
    }
}

/// The dependencies by name.
pub(crate) type Dependencies = BTreeMap<&'static str, Dependency>;

/// `/ready`'s answer.
#[derive(Debug, Serialize)]
struct Readiness {
    status: &'static str,
    dependencies: BTreeMap<&'static str, &'static str>,
}

/// Serves until `shutdown`.
pub(crate) async fn serve(
    listener: TcpListener,
    dependencies: Dependencies,
    shutdown: CancellationToken,
) -> std::io::Result<()> {
    let router = router(dependencies);
    axum::serve(listener, router).with_graceful_shutdown(shutdown.cancelled_owned()).await
}

fn router(dependencies: Dependencies) -> Router {
    // Services and web app: nest or merge them before the fallback.
    Router::new()
        .route("/health", get(health))
        .route("/ready", get(ready))
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .with_state(Arc::new(dependencies))
}

async fn health() -> Json<serde_json::Value> {
    Json(serde_json::json!({ "status": "ok" }))
}

async fn ready(State(dependencies): State<Arc<Dependencies>>) -> Response {
    let states = futures_util::future::join_all(
        dependencies.iter().map(|(name, dependency)| async { (*name, dependency.is_ready().await) }),
    )
    .await;
    let all = states.iter().all(|(_, ready)| *ready);
    let word = |ready| if ready { "ready" } else { "not ready" };
    let readiness = Readiness {
        status: word(all),
        dependencies: states.into_iter().map(|(name, ready)| (name, word(ready))).collect(),
    };
    let status = if all { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(readiness)).into_response()
}

async fn not_found() -> Response {
    problem(StatusCode::NOT_FOUND, "not_found", "there is nothing at this address")
}

async fn method_not_allowed() -> Response {
    problem(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "this address does not take that method")
}

/// RFC 9457.
fn problem(status: StatusCode, code: &str, detail: &str) -> Response {
    let body = serde_json::json!({
        "type": "about:blank",
        "title": status.canonical_reason(),
        "status": status.as_u16(),
        "detail": detail,
        "code": code,
    });
    (status, [(header::CONTENT_TYPE, "application/problem+json")], body.to_string()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn start(dependencies: Dependencies) -> (SocketAddr, CancellationToken) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let shutdown = CancellationToken::new();
        tokio::spawn(serve(listener, dependencies, shutdown.clone()));
        (address, shutdown)
    }

    #[tokio::test]
    async fn it_is_ready_when_every_dependency_is() {
        let (engines, engines_shutdown) = start(Dependencies::new()).await;
        let dependency = Dependency::Local { address: engines, path: "/health" };
        let (address, shutdown) = start(Dependencies::from([("engines", dependency)])).await;
        assert!(probe::is_ok(address, "/ready").await);
        engines_shutdown.cancel();
        tokio::time::timeout(std::time::Duration::from_secs(5), async {
            while probe::is_ok(address, "/ready").await {
                tokio::task::yield_now().await;
            }
        })
        .await
        .expect("notices that the engines are gone");
        assert!(probe::is_ok(address, "/health").await, "but lives");
        shutdown.cancel();
    }

    #[tokio::test]
    async fn readiness_names_what_is_missing() {
        let gone = Dependency::Local { address: ([127, 0, 0, 1], 1).into(), path: "/" };
        let answer = ready(State(Arc::new(Dependencies::from([("livekit", gone)])))).await;
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
        let body = axum::body::to_bytes(answer.into_body(), 10_000).await.expect("a body");
        let body: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
        assert_eq!(body["dependencies"]["livekit"], "not ready");
    }
}
