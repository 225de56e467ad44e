//! What `/metrics` says of sessions.

use std::sync::atomic::AtomicI64;

use common::service::Metrics;
use prometheus_client::metrics::{counter::Counter, gauge::Gauge};

/// The service's own figures. Clones are the same ones.
#[derive(Clone, Debug, Default)]
pub(crate) struct Figures {
    sessions: Gauge<i64, AtomicI64>,
    agents: Gauge<i64, AtomicI64>,
    restarts: Counter,
}

/// Something that is counted until it is dropped.
#[must_use]
pub(crate) struct Counted(Gauge<i64, AtomicI64>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Figures {
    /// Has them shown.
    pub(crate) fn register(&self, metrics: &Metrics) {
        metrics.register("ilenia_running_sessions", "Sessions that this process runs", self.sessions.clone());
        metrics.register(
            "ilenia_running_agents",
            "Agents that this process keeps at work",
            self.agents.clone(),
        );
        metrics.register("ilenia_agent_restarts", "Agents started again", self.restarts.clone());
    }

    /// A session runs, until this is dropped.
    pub(crate) fn session_runs(&self) -> Counted {
        self.sessions.inc();
        Counted(self.sessions.clone())
    }

    /// An agent is kept at work, until this is dropped.
    pub(crate) fn agent_runs(&self) -> Counted {
        self.agents.inc();
        Counted(self.agents.clone())
    }

    /// An agent was started again.
    pub(crate) fn agent_restarted(&self) {
        self.restarts.inc();
    }
}
