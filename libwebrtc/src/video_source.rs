//! Video sources: accepted in the interface, their frames are dropped.

use crate::enum_dispatch;

/// Size of a picture in pixels.
#[derive(Debug, Clone)]
pub struct VideoResolution {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
}

impl Default for VideoResolution {
    /// 1280 by 720.
    fn default() -> Self {
        Self { width: 1280, height: 720 }
    }
}

/// The rate a source of encoded frames should aim at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EncodedRateControl {
    /// Bits per second.
    pub target_bitrate_bps: u64,
    /// Frames per second.
    pub framerate_fps: f64,
}

/// A source of video.
#[non_exhaustive]
#[derive(Debug, Clone)]
pub enum RtcVideoSource {
    /// Frames pushed by the program.
    Native(native::NativeVideoSource),
}

impl RtcVideoSource {
    enum_dispatch!(
        [Native];
        pub fn video_resolution(self: &Self) -> VideoResolution;
    );
}

/// Sources whose frames are pushed by the program.
pub mod native {
    use super::{EncodedRateControl, VideoResolution};
    use crate::{
        native::packet_trailer::PacketTrailerHandler,
        video_frame::{EncodedVideoFrame, VideoBuffer, VideoFrame},
    };

    /// A video source. Frames given to it are refused, as video is not coded here.
    #[derive(Debug, Clone, Default)]
    pub struct NativeVideoSource {
        resolution: VideoResolution,
    }

    impl NativeVideoSource {
        /// A source for raw frames.
        pub fn new(resolution: VideoResolution, is_screencast: bool) -> Self {
            let _ = is_screencast;
            Self { resolution }
        }

        /// A source for encoded frames.
        pub fn new_encoded(resolution: VideoResolution) -> Self {
            Self { resolution }
        }

        /// Drops the frame and returns `false`.
        pub fn capture_frame<T: AsRef<dyn VideoBuffer>>(&self, frame: &VideoFrame<T>) -> bool {
            log::debug!("video frame of {} us dropped: video is not supported", frame.timestamp_us);
            false
        }

        /// Drops the frame and returns `false`.
        pub fn capture_encoded_frame(&self, frame: &EncodedVideoFrame<'_>) -> bool {
            log::debug!("encoded video frame of {} us dropped: video is not supported", frame.timestamp_us);
            false
        }

        /// Always `false`: nobody decodes.
        pub fn take_keyframe_request(&self) -> bool {
            false
        }

        /// Always `None`: nothing is sent.
        pub fn take_rate_control_request(&self) -> Option<EncodedRateControl> {
            None
        }

        /// Accepted without effect.
        pub fn set_packet_trailer_handler(&self, handler: PacketTrailerHandler) {
            let _ = handler;
        }

        /// The resolution the source was made with.
        pub fn video_resolution(&self) -> VideoResolution {
            self.resolution.clone()
        }
    }
}
