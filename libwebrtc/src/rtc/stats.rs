//! From str0m's counters to W3C reports.

use str0m::stats::{MediaEgressStats, MediaIngressStats, PeerStats};

/// The last statistics events of one m-line.
#[derive(Debug, Clone, Default)]
pub(crate) struct MediaStats {
    pub(crate) egress: Option<MediaEgressStats>,
    pub(crate) ingress: Option<MediaIngressStats>,
}

/// The last statistics event of the connection.
#[derive(Debug, Clone, Default)]
pub(crate) struct ConnectionStats {
    pub(crate) peer: Option<PeerStats>,
}
