//! The error and media kinds shared by every module.

use std::fmt::Display;

use thiserror::Error;

/// What an m-line or a transceiver carries.
#[derive(Debug, Copy, Clone, PartialEq, Eq)]
pub enum MediaType {
    /// Audio (Opus).
    Audio,
    /// Video: negotiated so that the server's sections fit, never encoded or decoded.
    Video,
    /// A data-channel section.
    Data,
    /// Anything else.
    Unsupported,
}

/// The class of an [`RtcError`].
#[derive(Debug, Copy, Clone, PartialEq, Eq)]
pub enum RtcErrorType {
    /// The operation failed for a reason outside the caller's control, or is not supported here.
    Internal,
    /// A session description or a candidate could not be understood.
    InvalidSdp,
    /// The object is in a state that does not allow the operation, such as closed.
    InvalidState,
}

/// The error of every fallible operation on peer connections and media.
#[derive(Error, Debug)]
#[error("WebRTC error ({error_type:?}): {message}")]
pub struct RtcError {
    /// The class of the error, for callers that branch on it.
    pub error_type: RtcErrorType,
    /// What went wrong, for people.
    pub message: String,
}

impl RtcError {
    pub(crate) fn internal(message: impl Display) -> Self {
        Self { error_type: RtcErrorType::Internal, message: message.to_string() }
    }

    pub(crate) fn invalid_state(message: impl Display) -> Self {
        Self { error_type: RtcErrorType::InvalidState, message: message.to_string() }
    }

    pub(crate) fn invalid_sdp(message: impl Display) -> Self {
        Self { error_type: RtcErrorType::InvalidSdp, message: message.to_string() }
    }

    pub(crate) fn unsupported(what: impl Display) -> Self {
        Self::internal(format_args!("{what} is not supported by this audio-and-data libwebrtc"))
    }
}
