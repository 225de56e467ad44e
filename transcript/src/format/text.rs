//! Text to read.

use common::Segment;

use super::{Speakers, clean, cue::clean_names, shown};

/// A line for each segment, with the speaker's name before it where another speaks.
pub fn text(segments: &[Segment], speakers: &Speakers) -> String {
    let names = clean_names(speakers);
    let mut file = String::new();
    let mut last = None;
    for segment in shown(segments) {
        let line = clean::line(&segment.text);
        if line.is_empty() {
            continue;
        }
        if last != Some(&segment.speaker) {
            last = Some(&segment.speaker);
            if let Some(name) = names.get(&segment.speaker) {
                file.push_str(name);
                file.push_str(": ");
            }
        }
        file.push_str(&line);
        file.push('\n');
    }
    file
}
