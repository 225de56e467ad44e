//! WAV, FLAC, MP3, Ogg Vorbis and Ogg Opus bytes → PCM.
//!
//! `symphonia` reads the containers and decodes all but Opus, which `opus` decodes (RFC 6716) with the pre-skip and
//! gain of its Ogg header (RFC 7845). The bytes are somebody else's: sizes and lengths are bounded, packets that do
//! not decode are skipped, and a panic inside a parser ends the file and not the process.

mod opus_stream;
mod streamed_wav;

use std::io::{Cursor, ErrorKind};
use std::panic::{AssertUnwindSafe, catch_unwind};

use symphonia::core::audio::GenericAudioBufferRef;
use symphonia::core::codecs::audio::well_known::CODEC_ID_OPUS;
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder, AudioDecoderOptions};
use symphonia::core::errors::Error as SymphoniaError;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, FormatReader, TrackType};
use symphonia::core::io::{MediaSourceStream, MediaSourceStreamOptions};
use symphonia::core::meta::MetadataOptions;
use symphonia::core::packet::Packet;

use self::opus_stream::OpusStream;
use self::streamed_wav::declare_data_length;
use crate::frame::{AudioFrame, ms_to_samples};
use crate::resample::{MonoResampler, ResampleError};

/// Channels that are accepted at most.
const MAX_CHANNELS: usize = 32;
/// Packets without one sample after which a file is given up.
const MAX_BARREN_PACKETS: u32 = 10_000;

/// Why there is no audio. None of these goes away by a retry with the same bytes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Not a format we know, or damaged beyond reading.
    #[error("unreadable audio: {0}")]
    Unreadable(String),
    /// A container without an audio track.
    #[error("no audio track")]
    NoAudioTrack,
    /// Audio in a codec, or a form of it, that is not decoded here.
    #[error("unsupported codec: {0}")]
    UnsupportedCodec(String),
    /// No bytes, or a track without one sample.
    #[error("empty audio")]
    Empty,
    /// More bytes or more time than the limits allow.
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
    /// 256 MiB, four hours.
    fn default() -> Self {
        Self { max_bytes: 256 << 20, max_ms: 4 * 3_600_000 }
    }
}

/// Decodes piece by piece: an iterator over blocks of interleaved PCM, all of one rate and channel count.
///
/// A file that breaks off gives what there is. After an error, or the end, it yields `None` only.
pub struct Decoder {
    format: Box<dyn FormatReader>,
    track_id: u32,
    codec: Codec,
    limits: DecodeLimits,
    sample_rate_hz: u32,
    channels: u16,
    decoded_samples: u64,
    first_fault: Option<String>,
    finished: bool,
}

enum Codec {
    Symphonia(Box<dyn AudioDecoder>),
    Opus(OpusStream),
}

impl Decoder {
    /// Looks at the container and finds the audio track.
    pub fn new(mut bytes: Vec<u8>, limits: DecodeLimits) -> Result<Self, DecodeError> {
        if bytes.is_empty() {
            return Err(DecodeError::Empty);
        }
        if bytes.len() as u64 > limits.max_bytes {
            return Err(DecodeError::TooLong(format!("{} bytes", limits.max_bytes)));
        }
        declare_data_length(&mut bytes);
        guarded(|| Self::open(bytes, limits))?
    }

    fn open(bytes: Vec<u8>, limits: DecodeLimits) -> Result<Self, DecodeError> {
        let stream =
            MediaSourceStream::new(Box::new(Cursor::new(bytes)), MediaSourceStreamOptions::default());
        let format = symphonia::default::get_probe()
            .probe(&Hint::new(), stream, FormatOptions::default(), MetadataOptions::default())
            .map_err(unreadable)?;
        let track = format.default_track(TrackType::Audio).ok_or(DecodeError::NoAudioTrack)?;
        let parameters =
            track.codec_params.as_ref().and_then(|codec| codec.audio()).ok_or(DecodeError::NoAudioTrack)?;
        let codec = Codec::new(parameters)?;
        let track_id = track.id;
        Ok(Self {
            format,
            track_id,
            codec,
            limits,
            sample_rate_hz: 0,
            channels: 0,
            decoded_samples: 0,
            first_fault: None,
            finished: false,
        })
    }

    /// The next block with at least one sample, `None` at the end.
    fn decode_next(&mut self) -> Result<Option<AudioFrame>, DecodeError> {
        for _ in 0..MAX_BARREN_PACKETS {
            let packet = match self.format.next_packet() {
                Ok(Some(packet)) => packet,
                // A new logical stream: what was one file is over.
                Ok(None) | Err(SymphoniaError::ResetRequired) => return self.end(),
                Err(error) if is_eof(&error) => return self.end(),
                Err(error) => {
                    self.first_fault.get_or_insert_with(|| error.to_string());
                    return self.end();
                }
            };
            if packet.track_id != self.track_id {
                continue;
            }
            match self.codec.decode(&packet) {
                Ok(frame) if frame.samples.is_empty() => {}
                Ok(frame) => return self.accept(frame).map(Some),
                Err(fault) => {
                    self.first_fault.get_or_insert(fault);
                }
            }
        }
        self.end()
    }

    fn accept(&mut self, frame: AudioFrame) -> Result<AudioFrame, DecodeError> {
        if self.channels == 0 {
            if frame.sample_rate_hz == 0 || usize::from(frame.channels) > MAX_CHANNELS || frame.channels == 0
            {
                let (hz, channels) = (frame.sample_rate_hz, frame.channels);
                return Err(DecodeError::Unreadable(format!("{channels} channels at {hz} Hz")));
            }
            (self.sample_rate_hz, self.channels) = (frame.sample_rate_hz, frame.channels);
        }
        if (self.sample_rate_hz, self.channels) != (frame.sample_rate_hz, frame.channels) {
            return Err(DecodeError::Unreadable("rate or channels change midway".to_owned()));
        }
        self.decoded_samples += frame.samples_per_channel() as u64;
        if self.decoded_samples > ms_to_samples(self.limits.max_ms, self.sample_rate_hz) {
            return Err(DecodeError::TooLong(format!("{} ms", self.limits.max_ms)));
        }
        Ok(frame)
    }

    fn end(&mut self) -> Result<Option<AudioFrame>, DecodeError> {
        match self.first_fault.take() {
            _ if self.decoded_samples > 0 => Ok(None),
            Some(fault) => Err(DecodeError::Unreadable(fault)),
            None => Err(DecodeError::Empty),
        }
    }
}

impl Iterator for Decoder {
    type Item = Result<AudioFrame, DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.finished {
            return None;
        }
        let result = guarded(|| self.decode_next()).flatten();
        self.finished = !matches!(result, Ok(Some(_)));
        result.transpose()
    }
}

impl Codec {
    fn new(parameters: &AudioCodecParameters) -> Result<Self, DecodeError> {
        if parameters.codec == CODEC_ID_OPUS {
            let header = parameters.extra_data.as_deref().unwrap_or_default();
            return OpusStream::new(header).map(Self::Opus);
        }
        let registry = symphonia::default::get_codecs();
        match registry.make_audio_decoder(parameters, &AudioDecoderOptions::default()) {
            Ok(decoder) => Ok(Self::Symphonia(decoder)),
            Err(SymphoniaError::Unsupported(feature)) => {
                Err(DecodeError::UnsupportedCodec(format!("{}: {feature}", parameters.codec)))
            }
            Err(error) => Err(unreadable(error)),
        }
    }

    /// One packet; an error says what is wrong with it, and the next one may decode.
    fn decode(&mut self, packet: &Packet) -> Result<AudioFrame, String> {
        match self {
            Self::Symphonia(decoder) => {
                decoder.decode(packet).map(|buffer| interleaved(&buffer)).map_err(|error| error.to_string())
            }
            Self::Opus(stream) => stream.decode(&packet.data, packet.trim_end.get()),
        }
    }
}

fn interleaved(buffer: &GenericAudioBufferRef<'_>) -> AudioFrame {
    let spec = buffer.spec();
    let mut samples = Vec::new();
    buffer.copy_to_vec_interleaved::<i16>(&mut samples);
    let channels = u16::try_from(spec.channels().count()).unwrap_or(u16::MAX);
    AudioFrame { samples, sample_rate_hz: spec.rate(), channels }
}

fn is_eof(error: &SymphoniaError) -> bool {
    matches!(error, SymphoniaError::IoError(error) if error.kind() == ErrorKind::UnexpectedEof)
}

#[allow(clippy::needless_pass_by_value)] // for `map_err`
fn unreadable(error: SymphoniaError) -> DecodeError {
    if is_eof(&error) {
        return DecodeError::Unreadable("breaks off in its header".to_owned());
    }
    DecodeError::Unreadable(error.to_string())
}

/// Runs a third-party parser so that its panic, should it have one, is an error of this file alone.
fn guarded<T>(parse: impl FnOnce() -> T) -> Result<T, DecodeError> {
    catch_unwind(AssertUnwindSafe(parse))
        .map_err(|_| DecodeError::Unreadable("the decoder panicked".to_owned()))
}

/// The whole of a file as one block.
pub fn decode(bytes: Vec<u8>, limits: DecodeLimits) -> Result<AudioFrame, DecodeError> {
    let mut whole = AudioFrame::default();
    for block in Decoder::new(bytes, limits)? {
        let block = block?;
        (whole.sample_rate_hz, whole.channels) = (block.sample_rate_hz, block.channels);
        whole.samples.extend_from_slice(&block.samples);
    }
    Ok(whole)
}

/// The whole of a file, mono (the mean of its channels), at `output_hz`.
///
/// A rate that cannot be resampled is [`DecodeError::UnsupportedCodec`].
pub fn decode_mono(bytes: Vec<u8>, output_hz: u32, limits: DecodeLimits) -> Result<Vec<i16>, DecodeError> {
    let unsupported = |error: ResampleError| DecodeError::UnsupportedCodec(error.to_string());
    let mut resampler = None;
    let mut samples = Vec::new();
    for block in Decoder::new(bytes, limits)? {
        let block = block?;
        let resampler = match &mut resampler {
            Some(resampler) => resampler,
            empty => empty.insert(
                MonoResampler::new(block.sample_rate_hz, block.channels, output_hz).map_err(unsupported)?,
            ),
        };
        resampler.push(&block.samples);
        samples.extend(std::iter::from_fn(|| resampler.poll()).flatten());
    }
    if let Some(mut resampler) = resampler {
        resampler.flush();
        samples.extend(std::iter::from_fn(|| resampler.poll()).flatten());
    }
    Ok(samples)
}
