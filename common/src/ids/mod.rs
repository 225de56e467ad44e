//! Identifiers as newtypes, so that one kind is never taken for another.

mod by_uuid;
mod event;
mod segment;

pub use by_uuid::{CustomerId, SessionId, UserId};
pub use event::{ChannelId, EventId, InvalidNumber};
pub use segment::{InvalidSegmentId, SegmentId};

/// A random UUID (version 7: sorts by time of making) for ids that have no newtype of their own here.
#[expect(clippy::disallowed_methods, reason = "this is the place made for it")]
pub fn new_uuid() -> uuid::Uuid {
    uuid::Uuid::now_v7()
}
