//! The sending half of a transceiver.

use std::{fmt, sync::Arc};

use crate::{
    RtcError, media_stream_track::MediaStreamTrack, rtc::transceiver::Transceiver,
    rtp_parameters::RtpParameters, stats::RtcStats,
};

/// A way to encode video. There is none here; the type is part of the interface.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum VideoEncoderBackend {
    /// Whatever is available.
    #[default]
    Auto,
    /// On the CPU.
    Software,
    /// Any hardware encoder.
    Hardware,
    /// NVIDIA.
    Nvenc,
    /// VA-API.
    Vaapi,
    /// Apple.
    VideoToolbox,
    /// The source delivers encoded frames.
    PreEncoded,
}

impl VideoEncoderBackend {
    /// The encoders of this build: none, as video is not coded here.
    pub fn list_available() -> impl IntoIterator<Item = VideoEncoderBackend> {
        std::iter::empty()
    }
}

/// The sending half of a transceiver.
#[derive(Clone)]
pub struct RtpSender {
    pub(crate) inner: Arc<Transceiver>,
}

impl RtpSender {
    /// The track that is sent, if any.
    pub fn track(&self) -> Option<MediaStreamTrack> {
        self.inner.send_track()
    }

    /// Statistics of what is sent; empty before media flows and after close.
    pub async fn get_stats(&self) -> Result<Vec<RtcStats>, RtcError> {
        Ok(self.inner.sender_stats())
    }

    /// Replaces the track without a negotiation.
    ///
    /// # Errors
    /// When the kind of the track is not that of the transceiver.
    pub fn set_track(&self, track: Option<MediaStreamTrack>) -> Result<(), RtcError> {
        self.inner.set_send_track(track)
    }

    /// The parameters last set, with the negotiated codec.
    pub fn parameters(&self) -> RtpParameters {
        self.inner.parameters()
    }

    /// Sets bitrate bound and activity of the encoding.
    pub fn set_parameters(&self, parameters: RtpParameters) -> Result<(), RtcError> {
        self.inner.set_parameters(parameters);
        Ok(())
    }

    /// Accepted without effect: video is not coded here.
    pub fn set_video_encoder_backend(&self, backend: VideoEncoderBackend) {
        log::debug!("video encoder backend {backend:?} ignored: video is not supported");
    }
}

impl fmt::Debug for RtpSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RtpSender").field("track", &self.track()).finish()
    }
}
