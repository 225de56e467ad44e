use std::f64::consts::TAU;

use media::resample::{MonoResampler, ResampleError, Resampler, resample_mono};
use proptest::prelude::*;

fn tone(hz: f64, rate_hz: u32, samples: usize) -> Vec<i16> {
    (0..samples)
        .map(|n| (12_000.0 * (TAU * hz * n as f64 / f64::from(rate_hz)).sin()).round() as i16)
        .collect()
}

/// Signal to error ratio in dB, the first and last 20 ms left out.
fn snr_db(actual: &[i16], wanted: &[i16], rate_hz: u32) -> f64 {
    let edge = rate_hz as usize / 50;
    let inner = edge..actual.len().min(wanted.len()) - edge;
    let power = |samples: &mut dyn Iterator<Item = f64>| samples.map(|x| x * x).sum::<f64>();
    let signal = power(&mut wanted[inner.clone()].iter().map(|&x| f64::from(x)));
    let error = power(&mut inner.map(|n| f64::from(actual[n]) - f64::from(wanted[n])));
    10.0 * (signal / error.max(1e-9)).log10()
}

#[test]
fn output_sample_n_is_input_time_n_at_every_usual_rate() {
    for input_hz in [8_000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000] {
        for output_hz in [16_000, 48_000] {
            for hz in [120.0, 1_000.0, 3_100.0] {
                let output =
                    resample_mono(&tone(hz, input_hz, input_hz as usize / 2), input_hz, 1, output_hz)
                        .unwrap();
                let snr = snr_db(&output, &tone(hz, output_hz, output.len()), output_hz);
                assert!(snr > 75.0, "{hz} Hz, {input_hz} → {output_hz} Hz: {snr:.1} dB");
            }
        }
    }
}

#[test]
fn what_the_output_rate_cannot_carry_does_not_fold_back() {
    for hz in [9_500.0, 12_000.0, 15_000.0, 21_000.0] {
        let output = resample_mono(&tone(hz, 48_000, 24_000), 48_000, 1, 16_000).unwrap();
        let inner = &output[320..output.len() - 320];
        assert!(
            media::loudness::rms_dbfs(inner) < -85.0,
            "{hz} Hz leaks at {} dBFS",
            media::loudness::rms_dbfs(inner)
        );
    }
}

#[test]
fn equal_rates_pass_through_at_once() {
    let mut resampler = Resampler::new(16_000, 16_000).unwrap();
    resampler.push(&[1, 2, 3]);
    assert_eq!(resampler.poll(), Some(vec![1, 2, 3]));
    assert_eq!(resampler.poll(), None);
}

#[test]
fn output_follows_input_within_15_ms() {
    let mut resampler = Resampler::new(48_000, 16_000).unwrap();
    let (mut pushed, mut got) = (0, 0);
    for _ in 0..100 {
        resampler.push(&[100; 480]);
        pushed += 160;
        got += resampler.poll().map_or(0, |samples| samples.len());
        assert!(pushed - got <= 240, "{got} of {pushed}");
    }
}

#[test]
fn channels_are_averaged_also_when_a_push_cuts_an_instant_in_two() {
    let mut resampler = MonoResampler::new(16_000, 3, 16_000).unwrap();
    for part in [&[30_i16, 60][..], &[90, 3], &[3, 3, 1], &[1, 1]] {
        resampler.push(part);
    }
    assert_eq!(std::iter::from_fn(|| resampler.poll()).flatten().collect::<Vec<_>>(), [60, 3, 1]);
}

#[test]
fn rates_and_channels_out_of_range_are_refused() {
    assert!(Resampler::new(3_999, 16_000).is_err());
    assert!(Resampler::new(16_000, 400_000).is_err());
    let error = MonoResampler::new(48_000, 0, 16_000).err();
    assert_eq!(error, Some(ResampleError::Unsupported { input_hz: 48_000, output_hz: 16_000, channels: 0 }));
}

#[test]
fn a_stream_after_flush_owes_nothing_to_the_one_before() {
    let input = tone(700.0, 44_100, 5_000);
    let mut resampler = Resampler::new(44_100, 16_000).unwrap();
    let mut run = || {
        resampler.push(&input);
        resampler.flush();
        std::iter::from_fn(|| resampler.poll()).flatten().collect::<Vec<_>>()
    };
    assert_eq!(run(), run());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn however_the_input_is_cut_the_output_is_the_same(
        input in prop::collection::vec(any::<i16>(), 0..6_000),
        cuts in prop::collection::vec(0..6_000_usize, 0..12),
        rate_hz in prop::sample::select(vec![8_000_u32, 16_000, 44_100, 48_000]),
        channels in 1..=3_u16,
    ) {
        let whole = resample_mono(&input, rate_hz, channels, 16_000).unwrap();
        let instants = (input.len() / usize::from(channels)) as u64;
        prop_assert_eq!(whole.len() as u64, (instants * 16_000).div_ceil(u64::from(rate_hz)));

        let mut resampler = MonoResampler::new(rate_hz, channels, 16_000).unwrap();
        let mut parts = Vec::new();
        let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.min(input.len())).chain([0, input.len()]).collect();
        cuts.sort_unstable();
        for pair in cuts.windows(2) {
            resampler.push(&input[pair[0]..pair[1]]);
            parts.extend(std::iter::from_fn(|| resampler.poll()).flatten());
        }
        resampler.flush();
        parts.extend(std::iter::from_fn(|| resampler.poll()).flatten());
        prop_assert_eq!(parts, whole);
    }
}
