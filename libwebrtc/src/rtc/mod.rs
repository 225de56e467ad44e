//! The engine behind the public types: one [`connection::Connection`] per peer connection, driven by one task.
//!
//! Locks are taken in the order connection, transceiver or channel, callback slot; callbacks run with none of them held.

pub(crate) mod callbacks;
pub(crate) mod capabilities;
pub(crate) mod channel;
mod channels;
pub(crate) mod connection;
mod delayed;
mod driver;
mod events;
mod ice;
mod negotiation;
pub(crate) mod receive;
mod sdp;
mod send;
mod stats;
pub(crate) mod transceiver;

use std::time::Instant;

use uuid::Uuid;

#[cfg(test)]
mod tests;

/// A random version 4 UUID in lower-case text.
#[allow(clippy::disallowed_methods, reason = "track ids are the interface's own, made in this one place")]
pub(crate) fn random_uuid() -> String {
    Uuid::new_v4().to_string()
}

/// Random bits, for what must be unpredictable but is no secret.
#[allow(clippy::disallowed_methods, reason = "the one place for randomness outside str0m")]
fn random_u64() -> u64 {
    Uuid::new_v4().as_u64_pair().1
}

/// The current time of the runtime's clock.
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}
