//! How loud a block of samples is.

/// Root mean square in dB below full scale; a full-scale square wave is 0, silence is −120.
pub fn rms_dbfs(samples: &[i16]) -> f32 {
    unimplemented!()
}

/// Largest magnitude, 0..=32 768.
pub fn peak(samples: &[i16]) -> u16 {
    unimplemented!()
}
