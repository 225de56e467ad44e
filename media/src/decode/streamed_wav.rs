//! WAV files that were written before their length was known.

/// Speech services stream WAV with a data length of 0 or of all ones: declares what is really there.
pub(super) fn declare_data_length(bytes: &mut [u8]) {
    if !(bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WAVE")) {
        return;
    }
    let mut at = 12;
    while let Some(&[a, b, c, d, l0, l1, l2, l3]) = bytes.get(at..at + 8) {
        let length = u32::from_le_bytes([l0, l1, l2, l3]);
        let body = at + 8;
        if [a, b, c, d] == *b"data" {
            if length == 0 || length == u32::MAX {
                let actual = u32::try_from(bytes.len() - body).unwrap_or(u32::MAX - 1);
                bytes[at + 4..body].copy_from_slice(&actual.to_le_bytes());
            }
            return;
        }
        // Chunks are padded to an even length.
        at = body.saturating_add(length as usize).saturating_add(length as usize & 1);
        if at > bytes.len() {
            return;
        }
    }
}
