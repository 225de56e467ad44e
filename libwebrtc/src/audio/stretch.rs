//! Making voiced audio shorter or longer by whole pitch periods, which keeps its pitch (WSOLA).

/// Length of the cross-fade at the cut.
const FADE_MS: usize = 3;
/// The window whose likeness decides where to cut.
const MATCH_MS: usize = 5;
/// The shortest and longest period that is cut out or repeated: 400 Hz and 80 Hz, or multiples of higher pitches.
const MIN_LAG_US: usize = 2_500;
const MAX_LAG_US: usize = 12_500;
/// The search runs on every n-th sample so that about this many per second are left.
const SEARCH_HZ: usize = 8_000;
/// Mean square under which audio is background noise and may be cut anywhere: -50 dBFS.
const QUIET: f32 = 100.0 * 100.0;

/// A place to cut: `lag` samples per channel apart, the audio looks alike to the degree `likeness` (at most 1).
struct Cut {
    lag: usize,
    likeness: f32,
}

/// Takes one period out of interleaved `pcm`, so that at least `keep` samples per channel remain.
///
/// Begins as `pcm` does. Returns how many samples per channel went; 0 when there is too little audio, or none alike
/// to the degree `likeness`.
pub(crate) fn shorten(
    pcm: &mut Vec<i16>,
    channels: usize,
    sample_rate: u32,
    keep: usize,
    likeness: f32,
) -> usize {
    let frames = pcm.len() / channels;
    let fade = FADE_MS * sample_rate as usize / 1_000;
    let Some(room) = frames.checked_sub(keep.max(fade)) else { return 0 };
    let Some(cut) = best_cut(pcm, channels, sample_rate, room, likeness) else { return 0 };
    cross_fade(pcm, channels, 0, cut.lag, fade);
    pcm.drain(fade * channels..(fade + cut.lag) * channels);
    cut.lag
}

/// Repeats one period of interleaved `pcm`.
///
/// Begins and ends as `pcm` does. Returns how many samples per channel came; 0 as for [`shorten`].
pub(crate) fn lengthen(pcm: &mut Vec<i16>, channels: usize, sample_rate: u32, likeness: f32) -> usize {
    let frames = pcm.len() / channels;
    let fade = FADE_MS * sample_rate as usize / 1_000;
    let Some(room) = frames.checked_sub(fade) else { return 0 };
    let Some(cut) = best_cut(pcm, channels, sample_rate, room, likeness) else { return 0 };
    // Play up to the lag, then once more from the beginning: x[lag..] fades into x[0..].
    let mut longer = pcm[..cut.lag * channels].to_vec();
    let mut again = pcm.clone();
    for index in 0..fade * channels {
        let (from, to) = (pcm[cut.lag * channels + index], pcm[index]);
        again[index] = mix(from, to, index / channels, fade);
    }
    longer.append(&mut again);
    *pcm = longer;
    cut.lag
}

/// Replaces `fade` samples at `from` by a fade over to those at `to`.
fn cross_fade(pcm: &mut [i16], channels: usize, from: usize, to: usize, fade: usize) {
    for index in 0..fade * channels {
        let (old, new) = (pcm[from * channels + index], pcm[to * channels + index]);
        pcm[from * channels + index] = mix(old, new, index / channels, fade);
    }
}

fn mix(old: i16, new: i16, at: usize, of: usize) -> i16 {
    let share = at as f32 / of as f32;
    (f32::from(old) * (1.0 - share) + f32::from(new) * share).round() as i16
}

/// The lag of at most `max_lag` at which `pcm` resembles its own beginning most; `None` when not enough to cut.
fn best_cut(pcm: &[i16], channels: usize, sample_rate: u32, max_lag: usize, likeness: f32) -> Option<Cut> {
    let rate = sample_rate as usize;
    let frames = pcm.len() / channels;
    let min_lag = MIN_LAG_US * rate / 1_000_000;
    let max_lag = max_lag.min(MAX_LAG_US * rate / 1_000_000);
    let window = (MATCH_MS * rate / 1_000).min(frames.saturating_sub(max_lag));
    if max_lag < min_lag || window < min_lag {
        return None;
    }
    let mono: Vec<f32> = pcm
        .chunks_exact(channels)
        .map(|frame| frame.iter().map(|&sample| f32::from(sample)).sum::<f32>() / channels as f32)
        .collect();
    let energy = mono[..window].iter().map(|sample| sample * sample).sum::<f32>() / window as f32;
    if energy < QUIET {
        return Some(Cut { lag: max_lag, likeness: 1.0 });
    }
    let step = (rate / SEARCH_HZ).max(1);
    let best = |lags: &mut dyn Iterator<Item = usize>, step: usize| {
        lags.map(|lag| Cut { lag, likeness: correlation(&mono, lag, window, step) })
            .max_by(|a, b| a.likeness.total_cmp(&b.likeness))
    };
    let coarse = best(&mut (min_lag..=max_lag).step_by(step), step)?;
    let near = coarse.lag.saturating_sub(step).max(min_lag)..=(coarse.lag + step).min(max_lag);
    best(&mut near.into_iter(), 1).filter(|cut| cut.likeness >= likeness)
}

/// Normalised correlation of every `step`-th sample of the first `window` with those `lag` later.
fn correlation(mono: &[f32], lag: usize, window: usize, step: usize) -> f32 {
    let (mut product, mut left, mut right) = (0.0, 1.0, 1.0);
    for (a, b) in mono[..window].iter().step_by(step).zip(mono[lag..].iter().step_by(step)) {
        product += a * b;
        left += a * a;
        right += b * b;
    }
    product / f32::sqrt(left * right)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sine(frames: usize, hz: f64, rate: u32, channels: usize) -> Vec<i16> {
        (0..frames * channels)
            .map(|index| {
                let time = (index / channels) as f64 / f64::from(rate);
                ((std::f64::consts::TAU * hz * time).sin() * 10_000.0) as i16
            })
            .collect()
    }

    fn largest_step(pcm: &[i16], channels: usize) -> i32 {
        let steps = pcm.iter().zip(&pcm[channels..]);
        steps.map(|(&a, &b)| (i32::from(a) - i32::from(b)).abs()).max().unwrap_or(0)
    }

    #[test]
    fn a_tone_is_shortened_and_lengthened_without_a_click() {
        for (rate, channels) in [(8_000, 1), (16_000, 2), (48_000, 1), (48_000, 2)] {
            for hz in [150.0, 440.0, 1_000.0] {
                let clean = sine(rate as usize * 30 / 1_000, hz, rate, channels);
                let bound = largest_step(&clean, channels) * 12 / 10 + 200;

                let mut shorter = clean.clone();
                let gone = shorten(&mut shorter, channels, rate, rate as usize / 100, 0.8);
                assert!(gone >= rate as usize / 400, "{rate} Hz, tone {hz}: {gone}");
                assert_eq!(shorter.len(), clean.len() - gone * channels);
                assert_eq!(shorter[..channels], clean[..channels]);
                assert!(largest_step(&shorter, channels) <= bound);

                let mut longer = clean.clone();
                let come = lengthen(&mut longer, channels, rate, 0.8);
                assert!(come >= rate as usize / 400, "{rate} Hz, tone {hz}: {come}");
                assert_eq!(longer.len(), clean.len() + come * channels);
                assert_eq!(longer[..channels], clean[..channels]);
                assert_eq!(longer[longer.len() - channels..], clean[clean.len() - channels..]);
                assert!(largest_step(&longer, channels) <= bound);
            }
        }
    }

    #[test]
    fn silence_is_cut_by_as_much_as_possible() {
        let mut pcm = vec![3_i16; 48 * 30];
        assert_eq!(shorten(&mut pcm, 1, 48_000, 480, 0.8), 600);
    }

    #[test]
    fn too_little_audio_stays_as_it_is() {
        let mut pcm = sine(100, 440.0, 48_000, 1);
        assert_eq!(shorten(&mut pcm, 1, 48_000, 480, 0.8), 0);
        assert_eq!(lengthen(&mut pcm, 1, 48_000, 0.8), 0);
        assert_eq!(pcm.len(), 100);
    }
}
