//! The outermost layers: request ids, whole problems, logs, figures, time limits, panics.

use std::{panic::AssertUnwindSafe, time::Duration};

use axum::{
    extract::{MatchedPath, Request, State},
    http::{StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures_util::FutureExt as _;
use tokio::time::Instant;
use tracing::Instrument as _;

use super::{
    health::Vital,
    metrics::Metrics,
    request_id::{HEADER, RequestId},
};
use crate::problem::{MEDIA_TYPE, Problem};

/// Gives the request its id, and makes of every error a whole problem that tells it.
pub(super) async fn complete(mut request: Request, next: Next) -> Response {
    let id = RequestId::of(request.headers());
    let path = request.uri().path().to_owned();
    request.extensions_mut().insert(id.clone());
    let span = tracing::info_span!("request", request.id = id.as_str(), method = %request.method());
    let mut response = next.run(request).instrument(span).await;
    if response.extensions().get::<Problem>().is_none() && is_bare_error(&response) {
        response = Problem::new(response.status(), "http_error", "the request was refused").into_response();
    }
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        // Layers in between may have added headers (`Allow`, CORS): they stay.
        response.headers_mut().remove(header::CONTENT_LENGTH);
        *response.body_mut() = problem.completed(path, id.as_str().to_owned()).body().into();
    }
    response.headers_mut().insert(HEADER, id.header());
    response
}

/// An error that something else than our handlers made: it is plain text, or nothing.
fn is_bare_error(response: &Response) -> bool {
    let status = response.status();
    let media_type = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    (status.is_client_error() || status.is_server_error())
        && media_type.is_none_or(|media_type| media_type.starts_with("text/plain"))
        && media_type != Some(MEDIA_TYPE)
}

/// One log line and the figures of each request.
pub(super) async fn observe(State(metrics): State<Metrics>, request: Request, next: Next) -> Response {
    // The path's pattern, never the path: ids and what people type stay out of logs and labels.
    let matched = request.extensions().get::<MatchedPath>();
    let route = matched.map_or("none", MatchedPath::as_str).to_owned();
    let method = request.method().clone();
    let started = Instant::now();
    let response = next.run(request).await;
    let took = started.elapsed();
    let status = response.status().as_u16();
    metrics.observe(&method, &route, status, took);
    let took_ms = took.as_secs_f64() * 1000.0;
    if matches!(route.as_str(), "/health" | "/ready" | "/metrics") {
        tracing::debug!(route, status, took_ms, "answered");
    } else {
        tracing::info!(route, status, took_ms, "answered");
    }
    response
}

/// After so long in a handler it is asked whether the database is still there.
const PATIENCE: Duration = Duration::from_secs(1);

/// What a request may take.
#[derive(Clone)]
pub(super) struct Bounds {
    /// At most.
    pub(super) limit: Duration,
    /// What slow requests probably wait for.
    pub(super) vital: Vital,
}

/// Holds the request to its time, and the process up when a handler panics.
///
/// A statement that was sent to a database which then fell silent is never answered, and nobody tells: no driver of
/// ours limits the time of single statements. So a slow request is given up early when the database does not answer.
pub(super) async fn contain(State(bounds): State<Bounds>, request: Request, next: Next) -> Response {
    let work = AssertUnwindSafe(next.run(request)).catch_unwind();
    let gone = async {
        loop {
            tokio::time::sleep(PATIENCE).await;
            if !bounds.vital.is_there().await {
                break;
            }
        }
    };
    let given_up = |code, detail| {
        let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, code, detail);
        problem.retry_after(Duration::from_secs(1)).into_response()
    };
    tokio::select! {
        biased;
        result = work => match result {
            Ok(response) => response,
            Err(panic) => {
                let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
                let text = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
                Problem::internal(&format!("a handler panicked: {text}")).into_response()
            }
        },
        () = gone => given_up("database_unavailable", "the database is not available at the moment"),
        () = tokio::time::sleep(bounds.limit) => given_up("timed_out", "this took too long and was given up"),
    }
}
