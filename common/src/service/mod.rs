//! What every HTTP service of Ilenia is wrapped in.
//!
//! A service brings its operations as an [`OpenApiRouter`]; [`Service::router`] adds what all have in common:
//! `/health`, `/ready`, `/metrics`, `/openapi.json`, version prefixes, request ids, logs, metrics, limits, CORS,
//! and that every error is a problem. [`serve`] runs it until it is told to end.

mod client_address;
mod config;
mod cors;
mod edge;
pub mod etag;
mod health;
mod metrics;
pub mod mock;
pub mod openapi;
pub mod page;
mod paths;
mod refine;
mod request_id;
mod server;
mod start;

use std::sync::Arc;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::StatusCode,
    middleware::{from_fn, from_fn_with_state},
    routing::get,
};
use tokio_util::task::TaskTracker;
use utoipa_axum::router::OpenApiRouter;

pub use client_address::ClientAddress;
pub use config::ServiceConfig;
pub use health::{Check, Readiness};
pub use metrics::Metrics;
pub use openapi::{About, Document};
pub use request_id::RequestId;
pub use server::serve;
pub use start::StartError;

use crate::problem::Problem;

/// One service, ready to be served.
pub struct Service {
    about: About,
    operations: Router,
    document: Document,
    readiness: Readiness,
    metrics: Metrics,
    tasks: TaskTracker,
}

impl Service {
    /// A service of these operations.
    ///
    /// `operations` has one path per operation, without a version; their state is already in them.
    pub fn new(about: About, operations: OpenApiRouter, readiness: Readiness, metrics: Metrics) -> Self {
        let (operations, openapi) = operations.split_for_parts();
        let document = Document::new(&openapi, about);
        Self { about, operations, document, readiness, metrics, tasks: TaskTracker::new() }
    }

    /// What goes on besides requests, and may take a while to end in good order once the service is told to.
    #[must_use]
    pub fn with_tasks(mut self, tasks: TaskTracker) -> Self {
        self.tasks = tasks;
        self
    }

    /// Whoever serves it closes these and waits for them, after the last request.
    pub fn tasks(&self) -> TaskTracker {
        self.tasks.clone()
    }

    /// Everything, in its layers.
    pub fn router(self, config: &ServiceConfig) -> Router {
        let operations = if config.mock { mock::router(&self.document) } else { self.operations };
        let document = Arc::new(self.document);
        let bounds =
            edge::Bounds { limit: config.request_timeout, vital: health::Vital::of(&self.readiness) };
        let common = Router::new()
            .route("/health", get(health::health))
            .route("/ready", get(health::ready).with_state(Arc::new(self.readiness)))
            .route("/metrics", get(metrics::show).with_state(self.metrics.clone()))
            .route("/openapi.json", get(openapi::show).with_state(document));
        // From the inside: a request passes these from the last to the first.
        let routes = operations
            .merge(common)
            .fallback(no_such_path)
            .method_not_allowed_fallback(no_such_method)
            // The route's time limit, and a panic becomes a 500 while the process lives.
            .layer(from_fn_with_state(bounds, edge::contain))
            .layer(DefaultBodyLimit::max(config.body_limit_bytes))
            // Log line and figures know the matched route, so they are within the router.
            .layer(from_fn_with_state(self.metrics, edge::observe))
            .layer(axum::Extension(config.trusted_proxies.clone()));
        // Before a route is looked for: version prefixes are taken off.
        let prefixes = paths::Prefixes::new(self.about.version, self.about.collection);
        let rewritten = tower::ServiceExt::map_request(routes, move |request| prefixes.strip(request));
        Router::new()
            .fallback_service(rewritten)
            .layer(cors::layer(&config.frontend_origins))
            // Every answer has its request id, and every error is a whole problem.
            .layer(from_fn(edge::complete))
    }
}

async fn no_such_path() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "not_found", "there is nothing at this address")
}

async fn no_such_method() -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        "this address does not take that method",
    )
}

#[cfg(test)]
mod tests;
