//! What LiveKit tells of rooms: is it LiveKit, what does it say, and handing it on to the live-service.

mod forward;
mod read;
mod signature;

pub(crate) use forward::Forwarder;
pub(crate) use read::{PARTICIPANT_JOINED, read};
pub(crate) use signature::Signatures;
