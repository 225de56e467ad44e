//! The receiving half of a transceiver.

use std::{fmt, sync::Arc};

use crate::{
    RtcError, media_stream::MediaStream, media_stream_track::MediaStreamTrack, rtc::transceiver::Transceiver,
    rtp_parameters::RtpParameters, stats::RtcStats,
};

/// The receiving half of a transceiver.
#[derive(Clone)]
pub struct RtpReceiver {
    pub(crate) inner: Arc<Transceiver>,
}

impl RtpReceiver {
    /// The remote track; the same one for the life of the transceiver.
    pub fn track(&self) -> Option<MediaStreamTrack> {
        Some(self.inner.receive_track())
    }

    /// Ids of the streams that the peer says the track belongs to.
    pub fn stream_ids(&self) -> Vec<String> {
        self.inner.remote_stream_ids()
    }

    /// The streams that the peer says the track belongs to; empty while the peer does not send.
    pub fn streams(&self) -> Vec<MediaStream> {
        let track = self.inner.receive_track();
        self.stream_ids().into_iter().map(|id| MediaStream::new(id, vec![track.clone()])).collect()
    }

    /// Statistics of what is received; empty before media flows and after close.
    pub async fn get_stats(&self) -> Result<Vec<RtcStats>, RtcError> {
        Ok(self.inner.receiver_stats())
    }

    /// The negotiated parameters.
    pub fn parameters(&self) -> RtpParameters {
        self.inner.receive_parameters()
    }
}

impl fmt::Debug for RtpReceiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RtpReceiver")
            .field("track", &self.track())
            .field("stream_ids", &self.stream_ids())
            .finish()
    }
}
