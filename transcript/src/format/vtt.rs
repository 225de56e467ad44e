//! `WebVTT` (W3C): the subtitles of browsers.

use std::fmt::Write as _;

use common::Segment;

use super::{
    Speakers,
    cue::{Names, clean_names, cues},
    time::timestamp,
};

/// As `WebVTT`, with each speaker who has a name as the cue's voice.
pub fn vtt(segments: &[Segment], speakers: &Speakers) -> String {
    let names = clean_names(speakers);
    let mut file = "WEBVTT\n\n".to_owned();
    for (number, cue) in cues(segments, &names, Names::Apart, str::to_owned).iter().enumerate() {
        let (start, end) = (timestamp(cue.start_ms, '.'), timestamp(cue.end_ms, '.'));
        let voice = cue.name.map(|name| format!("<v {}>", escaped(name))).unwrap_or_default();
        let lines = escaped(&cue.lines.join("\n"));
        write!(file, "{}\n{start} --> {end}\n{voice}{lines}\n\n", number + 1)
            .expect("a String takes everything");
    }
    file
}

/// Section 3.3 of the specification: with these three there is neither a tag nor an arrow.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
