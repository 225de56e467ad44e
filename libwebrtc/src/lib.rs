//! Audio and data WebRTC in Rust, with the interface of the `libwebrtc` crate that `livekit` asks for.
//!
//! Peer connections run on [`str0m`], audio on `libopus`; there is no other native code. What an agent
//! for audio and data does not need (video codecs, platform audio devices, frame encryption) is present in
//! the types and answers with a clear error, or with a log line and a harmless value where the signature has
//! no room for an error.
//!
//! The crate is used through `[patch.crates-io]`, which only works in the top-level workspace.

#![allow(
    clippy::needless_pass_by_value,
    clippy::unused_async,
    reason = "the signatures are those of the published crate"
)]

mod enum_dispatch;
mod error;

pub mod audio_frame;
pub mod audio_source;
pub mod audio_stream;
pub mod audio_track;
pub mod data_channel;
pub mod ice_candidate;
pub mod media_stream;
pub mod media_stream_track;
pub mod native;
#[doc(hidden)]
pub mod net;
pub mod peer_connection;
pub mod peer_connection_factory;
pub mod prelude;
pub mod rtp_parameters;
pub mod rtp_receiver;
pub mod rtp_sender;
pub mod rtp_transceiver;
pub mod session_description;
pub mod stats;
pub mod video_frame;
pub mod video_source;
pub mod video_stream;
pub mod video_track;

mod audio;
mod rtc;

pub use error::{MediaType, RtcError, RtcErrorType};
