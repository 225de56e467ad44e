//! Video streams: they end at once, as video is not decoded here.

/// Streams of decoded frames.
pub mod native {
    use std::{
        pin::Pin,
        task::{Context, Poll},
    };

    use tokio_stream::Stream;

    use crate::{
        native::packet_trailer::PacketTrailerHandler, video_frame::BoxVideoFrame, video_track::RtcVideoTrack,
    };

    /// Options of a video stream.
    #[derive(Clone, Debug, Default)]
    pub struct NativeVideoStreamOptions {
        /// Bound of the frame queue; without effect here.
        pub queue_size_frames: Option<usize>,
    }

    /// A stream of decoded video frames, which is always at its end.
    #[derive(Debug)]
    pub struct NativeVideoStream {
        track: RtcVideoTrack,
    }

    impl NativeVideoStream {
        /// A stream on a track; yields nothing.
        pub fn new(video_track: RtcVideoTrack) -> Self {
            log::warn!("video stream on track {} stays empty: video is not supported", video_track.id());
            Self { track: video_track }
        }

        /// As [`NativeVideoStream::new`]; the options have no effect.
        pub fn with_options(video_track: RtcVideoTrack, options: NativeVideoStreamOptions) -> Self {
            let _ = options;
            Self::new(video_track)
        }

        /// Accepted without effect.
        pub fn set_packet_trailer_handler(&self, handler: PacketTrailerHandler) {
            let _ = handler;
        }

        /// The track the stream was made for.
        pub fn track(&self) -> RtcVideoTrack {
            self.track.clone()
        }

        /// Nothing to close.
        pub fn close(&mut self) {}
    }

    impl Stream for NativeVideoStream {
        type Item = BoxVideoFrame;

        fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
            Poll::Ready(None)
        }
    }
}
