//! The HTTP side of `ilenia dev`: one address with the public routes that a proxy gives in production.

use std::{collections::BTreeMap, net::SocketAddr, time::Duration};

use agents::CancellationToken;
use axum::{Router, routing::any_service};
use common::service::{About, Metrics, Readiness, Service, ServiceConfig};
use tokio::net::TcpListener;
use utoipa_axum::router::OpenApiRouter;

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

/// How long requests in hand may take once it is told to end.
const DRAIN: Duration = Duration::from_secs(5);

/// What answers where no service does.
const ABOUT: About = About {
    name: "ilenia-dev",
    description: "The site of one machine: all services at their public routes.",
    version: "v1",
    collection: None,
};

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
    config: ServiceConfig,
    shutdown: CancellationToken,
) {
    common::service::serve(listener, router(dependencies, routes, &config), shutdown, DRAIN).await;
}

/// The services have shells of their own: that of the site is behind them, for what is none of theirs.
fn router(dependencies: Dependencies, routes: PublicRoutes, config: &ServiceConfig) -> Router {
    let mut readiness = Readiness::default();
    for (name, dependency) in dependencies {
        readiness = readiness.needs(name, move || {
            let dependency = dependency.clone();
            async move { dependency.is_ready().await }
        });
    }
    let site = Service::new(ABOUT, OpenApiRouter::default(), readiness, Metrics::new(ABOUT.name));
    routes.0.fallback_service(site.router(config))
}

#[cfg(test)]
mod tests {
    use axum::{
        body::Body,
        extract::Request,
        http::{StatusCode, Uri},
    };
    use common::config::Variables;
    use tower::ServiceExt as _;

    use super::*;

    fn config() -> ServiceConfig {
        ServiceConfig::from_variables(&Variables::from([]), "SITE_PORT", 0, "USE_SITE_MOCK")
    }

    async fn ask(router: Router, path: &str) -> (StatusCode, String) {
        let request = Request::get(path).body(Body::empty()).expect("a request");
        let answer = router.oneshot(request).await.expect("an answer");
        let status = answer.status();
        let body = axum::body::to_bytes(answer.into_body(), 10_000).await.expect("a body");
        (status, String::from_utf8(body.to_vec()).expect("text"))
    }

    async fn start(dependencies: Dependencies) -> (SocketAddr, CancellationToken) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let shutdown = CancellationToken::new();
        tokio::spawn(serve(listener, dependencies, PublicRoutes::default(), config(), shutdown.clone()));
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
        let router = router(Dependencies::new(), routes, &config());
        for (asked, seen) in
            [("/api/x", "/"), ("/api/x/7?a=b", "/7?a=b"), ("/.well-known/keys", "/.well-known/keys")]
        {
            assert_eq!(ask(router.clone(), asked).await, (StatusCode::OK, seen.to_owned()), "{asked}");
        }
        let (status, problem) = ask(router, "/api").await;
        assert!(status == StatusCode::NOT_FOUND && problem.contains("\"code\":\"not_found\""), "{problem}");
    }

    #[tokio::test]
    async fn readiness_names_what_is_missing() {
        let gone = Dependency::Local { address: ([127, 0, 0, 1], 1).into(), path: "/" };
        let dependencies = Dependencies::from([("livekit", gone)]);
        let (status, body) = ask(router(dependencies, PublicRoutes::default(), &config()), "/ready").await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        let body: serde_json::Value = serde_json::from_str(&body).expect("JSON");
        assert_eq!(body["dependencies"]["livekit"], "not ready");
    }
}
