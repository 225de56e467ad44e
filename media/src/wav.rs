//! `audio/wav`: 16-bit PCM behind a RIFF header.
//!
//! Source: Microsoft/IBM *Multimedia Programming Interface and Data Specifications 1.0*, "Waveform Audio File Format".

/// Bytes before the first sample.
pub const HEADER_BYTES: usize = 44;

/// The 44 bytes before `data_bytes` bytes of 16-bit PCM.
///
/// For a file written as it grows: write the header with 0, append samples, write the header again at offset 0.
/// The format counts to 4 GiB − 1; what is longer is declared as that long.
pub fn header(data_bytes: u64, sample_rate_hz: u32, channels: u16) -> [u8; HEADER_BYTES] {
    const PCM: u16 = 1;
    const BITS: u16 = 16;
    let data = u32::try_from(data_bytes).unwrap_or(u32::MAX);
    let block = channels.saturating_mul(BITS / 8);
    let mut bytes = [0; HEADER_BYTES];
    bytes[0..4].copy_from_slice(b"RIFF");
    bytes[4..8].copy_from_slice(&data.saturating_add(HEADER_BYTES as u32 - 8).to_le_bytes());
    bytes[8..16].copy_from_slice(b"WAVEfmt ");
    bytes[16..20].copy_from_slice(&16_u32.to_le_bytes());
    bytes[20..22].copy_from_slice(&PCM.to_le_bytes());
    bytes[22..24].copy_from_slice(&channels.to_le_bytes());
    bytes[24..28].copy_from_slice(&sample_rate_hz.to_le_bytes());
    bytes[28..32].copy_from_slice(&sample_rate_hz.saturating_mul(u32::from(block)).to_le_bytes());
    bytes[32..34].copy_from_slice(&block.to_le_bytes());
    bytes[34..36].copy_from_slice(&BITS.to_le_bytes());
    bytes[36..40].copy_from_slice(b"data");
    bytes[40..44].copy_from_slice(&data.to_le_bytes());
    bytes
}

/// A WAV file of interleaved samples.
pub fn encode(samples: &[i16], sample_rate_hz: u32, channels: u16) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER_BYTES + samples.len() * 2);
    bytes.extend_from_slice(&header(samples.len() as u64 * 2, sample_rate_hz, channels));
    bytes.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
    bytes
}

/// A mono WAV file.
pub fn encode_mono(samples: &[i16], sample_rate_hz: u32) -> Vec<u8> {
    encode(samples, sample_rate_hz, 1)
}
