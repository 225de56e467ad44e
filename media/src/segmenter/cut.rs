//! Where to cut speech that does not pause.

use std::ops::Range;

use crate::loudness::power;

/// The frame boundary within `window` (frame numbers in `audio`) with the least power in the 50 ms around it; of
/// equal ones the last. Never the very start or end of the window.
pub(super) fn quietest_cut(audio: &[i16], frame_samples: usize, window: Range<usize>) -> usize {
    let reach = 400_usize.div_ceil(frame_samples);
    let around = |boundary: usize| {
        let from = boundary.saturating_sub(reach) * frame_samples;
        let to = ((boundary + reach) * frame_samples).min(audio.len());
        power(&audio[from..to])
    };
    (window.start + 1..window.end)
        .map(|boundary| (boundary, around(boundary)))
        .min_by(|(a, p), (b, q)| p.total_cmp(q).then(b.cmp(a)))
        .map_or(window.end, |(boundary, _)| boundary)
}
