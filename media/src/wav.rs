//! `audio/wav`: 16-bit PCM with a RIFF header.

/// A WAV file of interleaved 16-bit samples.
pub fn encode(samples: &[i16], sample_rate_hz: u32, channels: u16) -> Vec<u8> {
    unimplemented!()
}

/// A mono WAV file.
pub fn encode_mono(samples: &[i16], sample_rate_hz: u32) -> Vec<u8> {
    encode(samples, sample_rate_hz, 1)
}
