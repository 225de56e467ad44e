//! What auth-service is told when it starts.

use std::time::Duration;

/// The settings that handlers need.
#[derive(Clone, Debug)]
pub struct Config {
    /// How long an access token lives.
    pub access_ttl: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self { access_ttl: Duration::from_secs(3600) }
    }
}
