//! How long after the words a caption comes.
//!
//! We know when each sentence of the sample ended, a caption tells where it ended on the media clock, and the first caption
//! ties both together. All times are milliseconds since the demonstration began, so nothing here looks at a clock.

/// A caption's end within this distance of a sentence's end is that end.
const SAME_END_MS: i64 = 700;

/// Ends of sentences, and the media clock's place among them.
#[derive(Debug, Default)]
pub(crate) struct SpeechClock {
    sentence_ends_ms: Vec<i64>,
    media_clock_origin_ms: Option<i64>,
}

impl SpeechClock {
    /// The last sample of a sentence was played.
    pub(crate) fn sentence_ended(&mut self, at_ms: u64) {
        self.sentence_ends_ms.push(at_ms as i64);
    }

    /// When the words of a caption ended; `None` as long as no sentence has.
    ///
    /// `media_end_ms` is the caption's `end_ms`, `arrived_ms` when it came.
    pub(crate) fn end_of(&mut self, media_end_ms: u64, arrived_ms: u64) -> Option<u64> {
        let (media_end_ms, arrived_ms) = (media_end_ms as i64, arrived_ms as i64);
        let origin_ms = if let Some(origin_ms) = self.media_clock_origin_ms {
            origin_ms
        } else {
            let latest = self.sentence_ends_ms.iter().rev().find(|end| **end <= arrived_ms)?;
            *self.media_clock_origin_ms.insert(latest - media_end_ms)
        };
        let end = origin_ms + media_end_ms;
        let nearest = self.sentence_ends_ms.iter().copied().min_by_key(|sentence| (sentence - end).abs());
        let end = nearest.filter(|sentence| (sentence - end).abs() <= SAME_END_MS).unwrap_or(end);
        Some(end.clamp(0, arrived_ms) as u64)
    }

    /// Whether a caption that ends there is the last sentence's.
    pub(crate) fn is_last(&self, end_ms: u64) -> bool {
        self.sentence_ends_ms.last() == Some(&(end_ms as i64))
    }
}

/// The value in the middle; 0 of none.
pub(crate) fn median(values: &[u64]) -> u64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn captions_find_the_sentence_they_belong_to_however_late_they_come() {
        let mut clock = SpeechClock::default();
        assert_eq!(clock.end_of(7_000, 100), None);
        clock.sentence_ended(3_000);
        assert_eq!(clock.end_of(10_000, 3_600), Some(3_000));
        clock.sentence_ended(6_000);
        clock.sentence_ended(9_000);
        // Told as 200 ms too long, and after the next sentence.
        assert_eq!(clock.end_of(13_200, 11_000), Some(6_000));
        assert!(clock.is_last(9_000) && !clock.is_last(6_000));
    }

    #[test]
    fn a_caption_that_ends_within_a_sentence_is_measured_from_there() {
        let mut clock = SpeechClock::default();
        clock.sentence_ended(3_000);
        clock.end_of(3_000, 3_500);
        clock.sentence_ended(9_000);
        assert_eq!(clock.end_of(7_000, 7_900), Some(7_000));
    }

    #[test]
    fn the_median_of_nothing_is_nothing() {
        assert_eq!((median(&[]), median(&[5, 1, 9])), (0, 5));
    }
}
