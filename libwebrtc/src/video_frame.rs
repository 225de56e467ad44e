//! Video frames: plain buffers, as part of the interface. Nothing here encodes, decodes or converts them.

use std::fmt::Debug;

use thiserror::Error;

use crate::video_source::VideoResolution;

mod planar;

pub use planar::{I010Buffer, I420ABuffer, I420Buffer, I422Buffer, I444Buffer, NV12Buffer};

/// An error of a video sink.
#[derive(Debug, Error)]
pub enum SinkError {
    /// The platform failed.
    #[error("platform error: {0}")]
    Platform(String),
}

/// Clockwise rotation to apply for display.
#[derive(Debug, Copy, Clone, PartialEq, Eq)]
pub enum VideoRotation {
    /// None.
    VideoRotation0 = 0,
    /// A quarter.
    VideoRotation90 = 90,
    /// A half.
    VideoRotation180 = 180,
    /// Three quarters.
    VideoRotation270 = 270,
}

/// Order of bytes in packed pixels.
#[derive(Debug, Copy, Clone, PartialEq, Eq)]
pub enum VideoFormatType {
    /// Alpha, red, green, blue.
    ARGB,
    /// Blue, green, red, alpha.
    BGRA,
    /// Alpha, blue, green, red.
    ABGR,
    /// Red, green, blue, alpha.
    RGBA,
}

/// Layout of a buffer.
#[derive(Debug, Copy, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum VideoBufferType {
    /// The platform's own.
    Native,
    /// 4:2:0.
    I420,
    /// 4:2:0 with alpha.
    I420A,
    /// 4:2:2.
    I422,
    /// 4:4:4.
    I444,
    /// 4:2:0 with 10 bits.
    I010,
    /// 4:2:0 with interleaved chroma.
    NV12,
}

/// What a program attaches to a frame.
#[derive(Debug, Clone)]
pub struct FrameMetadata {
    /// Timestamp of the program.
    pub user_timestamp: Option<u64>,
    /// Number of the frame.
    pub frame_id: Option<u32>,
    /// Anything else.
    pub user_data: Option<Vec<u8>>,
}

/// A video codec.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum EncodedVideoCodec {
    /// H.264.
    H264,
    /// H.265.
    H265,
    /// VP8.
    VP8,
    /// VP9.
    VP9,
    /// AV1.
    AV1,
}

/// Whether a frame can be decoded by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EncodedFrameType {
    /// It can.
    Key,
    /// It needs earlier ones.
    Delta,
}

/// An encoded frame.
#[derive(Debug, Clone)]
pub struct EncodedVideoFrame<'a> {
    /// The codec.
    pub codec: EncodedVideoCodec,
    /// One access unit.
    pub payload: &'a [u8],
    /// Time of capture in microseconds.
    pub timestamp_us: i64,
    /// Key or delta.
    pub frame_type: EncodedFrameType,
    /// Size of the picture.
    pub resolution: VideoResolution,
    /// What the program attaches.
    pub frame_metadata: Option<FrameMetadata>,
}

/// A frame of video.
#[derive(Debug)]
pub struct VideoFrame<T>
where
    T: AsRef<dyn VideoBuffer>,
{
    /// Rotation to apply for display.
    pub rotation: VideoRotation,
    /// Time of capture in microseconds.
    pub timestamp_us: i64,
    /// What the program attaches.
    pub frame_metadata: Option<FrameMetadata>,
    /// The pixels.
    pub buffer: T,
}

impl<T: AsRef<dyn VideoBuffer>> VideoFrame<T> {
    /// A frame without time and metadata.
    pub fn new(rotation: VideoRotation, buffer: T) -> Self {
        Self { rotation, timestamp_us: 0, frame_metadata: None, buffer }
    }
}

/// A buffer of any layout.
pub type BoxVideoBuffer = Box<dyn VideoBuffer>;
/// A frame with a buffer of any layout.
pub type BoxVideoFrame = VideoFrame<BoxVideoBuffer>;

/// Pixels of one frame.
pub trait VideoBuffer: planar::Sealed + Debug + Send + Sync {
    /// Width in pixels.
    fn width(&self) -> u32;
    /// Height in pixels.
    fn height(&self) -> u32;
    /// The layout.
    fn buffer_type(&self) -> VideoBufferType;
    /// The buffer as [`I420Buffer`], if it is one.
    fn as_i420(&self) -> Option<&I420Buffer> {
        None
    }
    /// The buffer as [`I420ABuffer`], if it is one.
    fn as_i420a(&self) -> Option<&I420ABuffer> {
        None
    }
    /// The buffer as [`I422Buffer`], if it is one.
    fn as_i422(&self) -> Option<&I422Buffer> {
        None
    }
    /// The buffer as [`I444Buffer`], if it is one.
    fn as_i444(&self) -> Option<&I444Buffer> {
        None
    }
    /// The buffer as [`I010Buffer`], if it is one.
    fn as_i010(&self) -> Option<&I010Buffer> {
        None
    }
    /// The buffer as [`NV12Buffer`], if it is one.
    fn as_nv12(&self) -> Option<&NV12Buffer> {
        None
    }
}
