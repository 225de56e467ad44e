//! Figures of our own for Prometheus.

use common::service::Metrics;
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family},
};

use crate::domain::TokenRole;

/// What is counted. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    tokens: Family<OfRole, Counter>,
    removals: Counter,
    webhooks: Family<WithOutcome, Counter>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfRole {
    role: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct WithOutcome {
    outcome: &'static str,
}

/// What became of something that `LiveKit` told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WebhookOutcome {
    /// Not signed by the LiveKit server.
    Refused,
    /// Of a room that is none of ours.
    NotOurs,
    /// Known already.
    Repeated,
    /// New, and kept.
    Kept,
    /// Told to the live-service.
    Forwarded,
    /// The live-service did not take it.
    GivenUp,
}

impl WebhookOutcome {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::NotOurs => "not_ours",
            Self::Repeated => "repeated",
            Self::Kept => "kept",
            Self::Forwarded => "forwarded",
            Self::GivenUp => "given_up",
        }
    }
}

impl Figures {
    /// Shown among `metrics`.
    pub fn register(metrics: &Metrics) -> Self {
        let figures = Self::default();
        metrics.register("ilenia_livekit_tokens", "Tokens for rooms given out", figures.tokens.clone());
        metrics.register("ilenia_livekit_removals", "People put out of rooms", figures.removals.clone());
        metrics.register("ilenia_livekit_webhooks", "Webhooks of LiveKit", figures.webhooks.clone());
        figures
    }

    pub(crate) fn issued(&self, role: TokenRole) {
        self.tokens.get_or_create(&OfRole { role: role.as_str() }).inc();
    }

    pub(crate) fn removed(&self) {
        self.removals.inc();
    }

    pub(crate) fn webhook(&self, outcome: WebhookOutcome, number: u64) {
        self.webhooks.get_or_create(&WithOutcome { outcome: outcome.as_str() }).inc_by(number);
    }
}
