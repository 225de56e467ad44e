//! The Opus packets of an Ogg stream → PCM (RFC 7845).

use opus::Channels;

use super::DecodeError;
use crate::frame::AudioFrame;

/// Opus always decodes to this rate here.
const OPUS_HZ: u32 = 48_000;
/// 120 ms, the longest packet.
const MAX_PACKET_SAMPLES: usize = 5_760;

/// One stream's decoder, with what is left to skip.
pub(super) struct OpusStream {
    decoder: opus::Decoder,
    channels: u16,
    pre_skip: usize,
}

impl OpusStream {
    /// `header` is the identification header, `OpusHead` (RFC 7845, section 5.1).
    pub(super) fn new(header: &[u8]) -> Result<Self, DecodeError> {
        let &[
            b'O',
            b'p',
            b'u',
            b's',
            b'H',
            b'e',
            b'a',
            b'd',
            _,
            channels,
            skip0,
            skip1,
            _,
            _,
            _,
            _,
            gain0,
            gain1,
            family,
            ..,
        ] = header
        else {
            return Err(DecodeError::Unreadable("damaged Opus header".to_owned()));
        };
        let layout = match (family, channels) {
            (0, 1) => Channels::Mono,
            (0, 2) => Channels::Stereo,
            _ => return Err(DecodeError::UnsupportedCodec(format!("Opus with {channels} channels"))),
        };
        let fault = |error: opus::Error| DecodeError::Unreadable(error.to_string());
        let mut decoder = opus::Decoder::new(OPUS_HZ, layout).map_err(fault)?;
        decoder.set_gain(i32::from(i16::from_le_bytes([gain0, gain1]))).map_err(fault)?;
        Ok(Self {
            decoder,
            channels: u16::from(channels),
            pre_skip: usize::from(u16::from_le_bytes([skip0, skip1])),
        })
    }

    /// Decodes a packet, less the pre-skip at the start of the stream and `trim_end` samples per channel at its end.
    pub(super) fn decode(&mut self, packet: &[u8], trim_end: u64) -> Result<AudioFrame, String> {
        let channels = usize::from(self.channels);
        let mut samples = vec![0; MAX_PACKET_SAMPLES * channels];
        let decoded = self.decoder.decode(packet, &mut samples, false).map_err(|error| error.to_string())?;
        let keep = decoded.saturating_sub(usize::try_from(trim_end).unwrap_or(usize::MAX));
        let skip = self.pre_skip.min(decoded);
        self.pre_skip -= skip;
        samples.truncate(keep * channels);
        samples.drain(..skip.min(keep) * channels);
        Ok(AudioFrame { samples, sample_rate_hz: OPUS_HZ, channels: self.channels })
    }
}
