//! How loud a block of samples is.

/// What [`rms_dbfs`] says of digital silence.
pub const SILENCE_DBFS: f32 = -120.0;

/// Mean of the squared samples; 0 for none.
pub fn power(samples: &[i16]) -> f64 {
    if samples.is_empty() {
        return 0.0;
    }
    let sum: i64 = samples.iter().map(|&sample| i64::from(sample) * i64::from(sample)).sum();
    sum as f64 / samples.len() as f64
}

/// Root mean square in dB relative to full scale: a full-scale square wave is 0, silence [`SILENCE_DBFS`].
pub fn rms_dbfs(samples: &[i16]) -> f32 {
    let full_scale = 32_768.0_f64 * 32_768.0;
    let db = 10.0 * (power(samples) / full_scale).log10();
    (db as f32).max(SILENCE_DBFS)
}

/// Largest magnitude, 0..=32 768.
pub fn peak(samples: &[i16]) -> u16 {
    samples.iter().map(|sample| sample.unsigned_abs()).max().unwrap_or(0)
}

/// Scales by `gain_db`, clipping at full scale.
pub fn apply_gain_db(samples: &mut [i16], gain_db: f32) {
    let gain = 10_f32.powf(gain_db / 20.0);
    for sample in samples {
        *sample = to_i16(f32::from(*sample) * gain);
    }
}

/// Rounds to the nearest sample value, clipping at full scale.
pub(crate) fn to_i16(value: f32) -> i16 {
    value.round().clamp(f32::from(i16::MIN), f32::from(i16::MAX)) as i16
}
