//! Wall-clock time: the one place that asks the operating system for it.
//!
//! Durations and deadlines use [`tokio::time::Instant`](https://docs.rs/tokio/latest/tokio/time/struct.Instant.html),
//! which tests can pause; only what is shown, stored or compared between machines needs the wall clock.

use chrono::{DateTime, Utc};

/// The present moment, UTC.
#[expect(clippy::disallowed_methods, reason = "this is the place made for it")]
pub fn now() -> DateTime<Utc> {
    Utc::now()
}

/// Milliseconds since the Unix epoch.
pub fn unix_ms() -> i64 {
    now().timestamp_millis()
}
