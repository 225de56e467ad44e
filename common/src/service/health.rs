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
use tokio::{sync::Mutex, time::Instant};

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

/// The one dependency without which most requests cannot be answered, looked at while they wait.
#[derive(Clone, Default)]
pub(super) struct Vital {
    check: Option<Check>,
    /// When it was asked last, and what came of it: many wait for one question.
    last: Arc<Mutex<Option<(Instant, bool)>>>,
}

/// The name under which services have their database in [`Readiness`].
const DATABASE: &str = "database";
/// For so long an answer holds.
const RECENT: Duration = Duration::from_millis(500);

impl Vital {
    /// The database among what is needed, if there is one.
    pub(super) fn of(readiness: &Readiness) -> Self {
        Self { check: readiness.checks.get(DATABASE).cloned(), last: Arc::default() }
    }

    /// Whether it answers; also when there is nothing to ask. Cancel-safe.
    pub(super) async fn is_there(&self) -> bool {
        let Some(check) = &self.check else { return true };
        let mut last = self.last.lock().await;
        if let Some((asked, there)) = *last
            && asked.elapsed() < RECENT
        {
            return there;
        }
        let there = tokio::time::timeout(CHECK_WITHIN, check()).await.unwrap_or(false);
        *last = Some((Instant::now(), there));
        there
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
