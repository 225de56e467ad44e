//! WAV, FLAC, MP3, Ogg Vorbis and Ogg Opus bytes → PCM.

use crate::frame::AudioFrame;

/// Why there is no audio. None of these goes away by a retry with the same bytes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Not a format we know, or damaged beyond reading.
    #[error("unreadable audio: {0}")]
    Unreadable(String),
    /// A container without an audio track.
    #[error("no audio track")]
    NoAudioTrack,
    /// Audio in a codec we do not decode.
    #[error("unsupported codec: {0}")]
    UnsupportedCodec(String),
    /// A track without samples.
    #[error("empty audio")]
    Empty,
    /// Longer or larger than the limit.
    #[error("audio too long: more than {0}")]
    TooLong(String),
}

/// How much is decoded at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecodeLimits {
    /// Largest file.
    pub max_bytes: u64,
    /// Longest audio.
    pub max_ms: u64,
}

impl Default for DecodeLimits {
    fn default() -> Self {
        Self { max_bytes: 256 << 20, max_ms: 4 * 3_600_000 }
    }
}

/// Decodes piece by piece: an iterator over blocks of interleaved PCM, all of one rate and channel count.
/// After an error, or the end, it yields `None` only.
pub struct Decoder {}

impl Decoder {
    /// Looks at the container and finds the audio track.
    pub fn new(bytes: Vec<u8>, limits: DecodeLimits) -> Result<Self, DecodeError> {
        unimplemented!()
    }
}

impl Iterator for Decoder {
    type Item = Result<AudioFrame, DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        unimplemented!()
    }
}

/// The whole of a file as one block.
pub fn decode(bytes: Vec<u8>, limits: DecodeLimits) -> Result<AudioFrame, DecodeError> {
    unimplemented!()
}

/// The whole of a file, mono at `output_hz`.
pub fn decode_mono(bytes: Vec<u8>, output_hz: u32, limits: DecodeLimits) -> Result<Vec<i16>, DecodeError> {
    unimplemented!()
}
