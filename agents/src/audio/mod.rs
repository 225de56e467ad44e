//! The sound of a room: tracks of others, tracks of our own.

mod incoming;
mod outgoing;

pub(crate) use self::incoming::Incoming;
pub use self::{
    incoming::{AudioFrames, SpeakerTrack, Speakers},
    outgoing::AudioTrackWriter,
};
