//! Moments on the media clock, as subtitles write them.

/// `01:02:03` and the milliseconds after `separator`; more digits of hours where it takes them.
pub(super) fn timestamp(ms: u64, separator: char) -> String {
    let (seconds, ms) = (ms / 1000, ms % 1000);
    let (minutes, seconds) = (seconds / 60, seconds % 60);
    let (hours, minutes) = (minutes / 60, minutes % 60);
    format!("{hours:02}:{minutes:02}:{seconds:02}{separator}{ms:03}")
}
