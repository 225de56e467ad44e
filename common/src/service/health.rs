//! `/health` and `/ready`.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use futures_util::future::{BoxFuture, FutureExt as _, join_all};
use serde::Serialize;

/// How long a dependency has for its answer.
const CHECK_WITHIN: Duration = Duration::from_secs(2);

/// Asks whether one dependency can be used now.
pub type Check = Arc<dyn Fn() -> BoxFuture<'static, bool> + Send + Sync>;

/// What has to be there for a service to work, by name.
#[derive(Clone, Default)]
pub struct Readiness {
    checks: BTreeMap<&'static str, Check>,
}

impl Readiness {
    /// Also needs `name`, which `check` looks at.
    #[must_use]
    pub fn needs<F>(mut self, name: &'static str, check: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = bool> + Send + 'static,
    {
        self.checks.insert(name, Arc::new(move || check().boxed()));
        self
    }
}

#[derive(Serialize)]
struct Report {
    status: &'static str,
    dependencies: BTreeMap<&'static str, &'static str>,
}

/// Alive: nothing but this process is asked.
pub(super) async fn health() -> Json<serde_json::Value> {
    Json(serde_json::json!({ "status": "ok" }))
}

/// 200 when every dependency answers, else 503; each by name.
pub(super) async fn ready(State(readiness): State<Arc<Readiness>>) -> Response {
    let word = |ready| if ready { "ready" } else { "not ready" };
    let asked = readiness.checks.iter().map(|(name, check)| async {
        (*name, tokio::time::timeout(CHECK_WITHIN, check()).await.unwrap_or(false))
    });
    let states = join_all(asked).await;
    let all = states.iter().all(|(_, ready)| *ready);
    let report = Report {
        status: word(all),
        dependencies: states.into_iter().map(|(name, ready)| (name, word(ready))).collect(),
    };
    let status = if all { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, [(header::CACHE_CONTROL, "no-store")], Json(report)).into_response()
}
