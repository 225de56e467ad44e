use media::decode::{DecodeLimits, decode};
use media::loudness::{SILENCE_DBFS, peak, rms_dbfs};
use media::{AudioFrame, ms_to_samples, samples_to_ms, wav};

#[test]
fn a_wav_file_decodes_to_the_samples_it_was_made_of() {
    let samples: Vec<i16> = (0..4_410).map(|n| (n * 31 % 65_536 - 32_768) as i16).collect();
    let bytes = wav::encode(&samples, 22_050, 2);
    let decoded = decode(bytes, DecodeLimits::default()).unwrap();
    assert_eq!(decoded, AudioFrame { samples, sample_rate_hz: 22_050, channels: 2 });
}

#[test]
fn a_header_declares_at_most_what_the_format_can_count() {
    let header = wav::header(u64::from(u32::MAX) + 10, 16_000, 1);
    assert_eq!(header[40..44], [0xff; 4]);
    assert_eq!(header[4..8], [0xff; 4]);
}

#[test]
fn levels_are_relative_to_full_scale() {
    assert!((rms_dbfs(&[i16::MIN; 100]) - 0.0).abs() < 1e-4);
    assert!((rms_dbfs(&[3_277, -3_277]) + 20.0).abs() < 0.01);
    assert!((rms_dbfs(&[0; 10]) - SILENCE_DBFS).abs() < f32::EPSILON);
    assert!((rms_dbfs(&[]) - SILENCE_DBFS).abs() < f32::EPSILON);
    assert_eq!(peak(&[3, -7, i16::MIN]), 32_768);
    assert_eq!(peak(&[]), 0);
}

#[test]
fn milliseconds_and_samples_round_down_and_do_not_overflow() {
    assert_eq!(samples_to_ms(16_015, 16_000), 1_000);
    assert_eq!(samples_to_ms(1, 0), 0);
    assert_eq!(ms_to_samples(11, 44_100), 485);
    assert_eq!(samples_to_ms(u64::MAX, 1_000), u64::MAX);
}
