//! The engine behind the public types: one [`connection::Connection`] per peer connection, driven by one task.
//!
//! Locks are taken in the order connection, transceiver or channel, callback slot; callbacks run with none of them held.

pub(crate) mod callbacks;
pub(crate) mod capabilities;
pub(crate) mod channel;
pub(crate) mod connection;
pub(crate) mod receive;
pub(crate) mod send;
pub(crate) mod stats;
pub(crate) mod transceiver;

use uuid::Uuid;

/// A random version 4 UUID in lower-case text.
#[allow(clippy::disallowed_methods, reason = "track ids are the interface's own, made in this one place")]
pub(crate) fn random_uuid() -> String {
    Uuid::new_v4().to_string()
}
