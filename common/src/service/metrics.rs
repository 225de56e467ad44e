//! Figures for Prometheus, one registry a service.

use std::{
    fmt,
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};

use axum::{
    extract::State,
    http::{Method, header},
    response::{IntoResponse, Response},
};
use parking_lot::RwLock;
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Metric, Registry},
};

use crate::problem::Problem;

/// The figures of one service. Cheap to clone.
#[derive(Clone)]
pub struct Metrics {
    registry: Arc<RwLock<Registry>>,
    requests: Family<Request, Counter>,
    durations: Family<Route, Histogram>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    method: String,
    route: String,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    method: String,
    route: String,
}

impl Metrics {
    /// Those of the service `name`: requests by route, their durations, memory.
    pub fn new(name: &'static str) -> Self {
        let labels = [("service".into(), name.into())];
        let mut registry = Registry::with_labels(labels.into_iter());
        let requests = Family::<Request, Counter>::default();
        registry.register("ilenia_http_requests", "Requests answered", requests.clone());
        let durations = Family::<Route, Histogram>::new_with_constructor(|| {
            Histogram::new([0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0])
        });
        registry.register(
            "ilenia_http_request_duration_seconds",
            "From request to answer",
            durations.clone(),
        );
        Self { registry: Arc::new(RwLock::new(registry)), requests, durations }
    }

    /// Adds a metric of the service's own: `ilenia_<thing>_<unit>`, without ids of users or rooms in its labels.
    pub fn register(&self, name: &str, help: &str, metric: impl Metric) {
        self.registry.write().register(name, help, metric);
    }

    pub(super) fn observe(&self, method: &Method, route: &str, status: u16, took: Duration) {
        let method = known(method).to_owned();
        let route = route.to_owned();
        let request = Request { method: method.clone(), route: route.clone(), status };
        self.requests.get_or_create(&request).inc();
        self.durations.get_or_create(&Route { method, route }).observe(took.as_secs_f64());
    }
}

/// Whoever invents methods makes no new label of each.
fn known(method: &Method) -> &str {
    match *method {
        Method::GET
        | Method::POST
        | Method::PUT
        | Method::PATCH
        | Method::DELETE
        | Method::HEAD
        | Method::OPTIONS => method.as_str(),
        _ => "other",
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

pub(super) async fn show(State(metrics): State<Metrics>) -> Response {
    let mut text = String::new();
    let resident = Gauge::<f64, AtomicU64>::default();
    if let Some(bytes) = resident_memory_bytes() {
        resident.set(bytes);
    }
    let mut process = Registry::default();
    process.register("process_resident_memory_bytes", "Resident memory", resident);
    let encoded = encode(&mut text, &metrics.registry.read()).and_then(|()| {
        // Each document ends with its own end mark; one is enough.
        let end = text.trim_end().strip_suffix("# EOF").map_or(text.len(), str::len);
        text.truncate(end);
        encode(&mut text, &process)
    });
    match encoded {
        Ok(()) => {
            ([(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], text)
                .into_response()
        }
        Err(error) => Problem::internal(&error).into_response(),
    }
}

/// What the kernel says of this process (Linux; elsewhere nothing).
fn resident_memory_bytes() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024.0)
}
