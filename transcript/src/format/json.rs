//! All that is known.

use common::Segment;
use serde::Serialize;

use super::{Speakers, shown};

#[derive(Serialize)]
struct Transcript<'a> {
    segments: Vec<Named<'a>>,
}

#[derive(Serialize)]
struct Named<'a> {
    #[serde(flatten)]
    segment: &'a Segment,
    #[serde(skip_serializing_if = "Option::is_none")]
    speaker_name: Option<&'a str>,
}

/// `{"segments": […]}`: each segment as it is, with `speaker_name` where the speaker has one.
pub fn json(segments: &[Segment], speakers: &Speakers) -> String {
    let name = |segment: &Segment| speakers.get(&segment.speaker).map(String::as_str);
    let segments = shown(segments).into_iter();
    let segments = segments.map(|segment| Named { speaker_name: name(segment), segment }).collect();
    serde_json::to_string(&Transcript { segments }).expect("segments have nothing that JSON has not")
}
