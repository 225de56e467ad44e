//! Transceivers: one m-line, a sender and a receiver.

use std::{fmt, sync::Arc};

use crate::{
    RtcError,
    rtc::transceiver::Transceiver,
    rtp_parameters::{RtpCodecCapability, RtpEncodingParameters},
    rtp_receiver::RtpReceiver,
    rtp_sender::RtpSender,
};

/// How a new transceiver starts.
#[derive(Debug, Clone)]
pub struct RtpTransceiverInit {
    /// The direction to offer.
    pub direction: RtpTransceiverDirection,
    /// Stream ids for the `msid` attribute; the first one is used.
    pub stream_ids: Vec<String>,
    /// Parameters per encoding.
    pub send_encodings: Vec<RtpEncodingParameters>,
}

/// Direction of the media on an m-line (RFC 8866, section 6.7).
#[derive(Debug, Copy, Clone, PartialEq, Eq)]
pub enum RtpTransceiverDirection {
    /// Both ways.
    SendRecv,
    /// From here to the peer.
    SendOnly,
    /// From the peer to here.
    RecvOnly,
    /// Neither way.
    Inactive,
    /// Ended for good.
    Stopped,
}

/// One m-line of a peer connection.
#[derive(Clone)]
pub struct RtpTransceiver {
    pub(crate) inner: Arc<Transceiver>,
}

impl RtpTransceiver {
    /// The `mid` of the m-line; `None` until an offer contains it.
    pub fn mid(&self) -> Option<String> {
        self.inner.mid().map(|mid| mid.to_string())
    }

    /// The negotiated direction; `None` until a negotiation has finished.
    pub fn current_direction(&self) -> Option<RtpTransceiverDirection> {
        self.inner.current_direction()
    }

    /// The direction wanted on this side.
    pub fn direction(&self) -> RtpTransceiverDirection {
        self.inner.direction()
    }

    /// The sending half.
    pub fn sender(&self) -> RtpSender {
        RtpSender { inner: Arc::clone(&self.inner) }
    }

    /// The receiving half.
    pub fn receiver(&self) -> RtpReceiver {
        RtpReceiver { inner: Arc::clone(&self.inner) }
    }

    /// Accepted without effect: audio is always Opus, and video is negotiated but not coded here.
    pub fn set_codec_preferences(&self, codecs: Vec<RtpCodecCapability>) -> Result<(), RtcError> {
        let _ = codecs;
        Ok(())
    }

    /// Ends the m-line with the next negotiation.
    ///
    /// # Errors
    /// When the peer connection is closed.
    pub fn stop(&self) -> Result<(), RtcError> {
        self.inner.stop()
    }
}

impl fmt::Debug for RtpTransceiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RtpTransceiver")
            .field("mid", &self.mid())
            .field("direction", &self.direction())
            .field("current_direction", &self.current_direction())
            .finish_non_exhaustive()
    }
}
