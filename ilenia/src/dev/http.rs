//! The HTTP side of `ilenia dev`: one address with the public routes that a proxy gives in production.

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc, time::Duration};

use agents::CancellationToken;
use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{any_service, get},
};
use common::problem::Problem;
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

/// How long requests in hand may take once it is told to end.
const DRAIN: Duration = Duration::from_secs(5);

/// The services, each at its public route.
#[derive(Default)]
pub(crate) struct PublicRoutes(Router);

impl PublicRoutes {
    /// `service` answers what begins with `prefix` (`/api/auth`), which it does not see.
    #[must_use]
    pub(crate) fn at(self, prefix: &str, service: Router) -> Self {
        Self(self.0.nest_service(prefix, service))
    }

    /// `service` answers the site's `/.well-known/…`.
    #[must_use]
    pub(crate) fn well_known(self, service: Router) -> Self {
        Self(self.0.route("/.well-known/{*name}", any_service(service)))
    }
}

/// Serves until `shutdown`.
pub(crate) async fn serve(
    listener: TcpListener,
    dependencies: Dependencies,
    routes: PublicRoutes,
    shutdown: CancellationToken,
) {
    common::service::serve(listener, router(dependencies, routes), shutdown, DRAIN).await;
}

fn router(dependencies: Dependencies, routes: PublicRoutes) -> Router {
    Router::new()
        .route("/health", get(health))
        .route("/ready", get(ready))
        .with_state(Arc::new(dependencies))
        .merge(routes.0)
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
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

async fn not_found() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "not_found", "there is nothing at this address")
}

async fn method_not_allowed() -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        "this address does not take that method",
    )
}

#[cfg(test)]
mod tests {
    use axum::{body::Body, extract::Request, http::Uri};
    use tower::ServiceExt as _;

    use super::*;

    async fn start(dependencies: Dependencies) -> (SocketAddr, CancellationToken) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let shutdown = CancellationToken::new();
        tokio::spawn(serve(listener, dependencies, PublicRoutes::default(), shutdown.clone()));
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
    async fn public_routes_reach_their_services() {
        let service = Router::new().fallback(|uri: Uri| async move { uri.to_string() });
        let routes = PublicRoutes::default().at("/api/x", service.clone()).well_known(service);
        let router = router(Dependencies::new(), routes);
        for (asked, seen) in
            [("/api/x", "/"), ("/api/x/7?a=b", "/7?a=b"), ("/.well-known/keys", "/.well-known/keys")]
        {
            let request = Request::get(asked).body(Body::empty()).expect("a request");
            let answer = router.clone().oneshot(request).await.expect("an answer");
            let body = axum::body::to_bytes(answer.into_body(), 1000).await.expect("a body");
            assert_eq!(body, seen, "{asked}");
        }
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
