//! A transcript as a file: subtitles (`SubRip`, `WebVTT`), text to read, JSON.
//!
//! Subtitles are cut as guides for subtitles ask: at most [`MAX_LINE_CHARS`] characters a line, [`MAX_LINES`] lines and
//! [`MAX_CUE_MS`] a cue, one cue after the other.

mod clean;
mod cue;
mod json;
mod srt;
mod text;
mod time;
mod units;
mod vtt;
mod wrap;

use std::{collections::BTreeMap, str::FromStr};

use common::{Segment, SegmentState};
use serde::{Deserialize, Serialize};

pub use self::{
    cue::{MAX_CUE_MS, MAX_LINES},
    json::json,
    srt::srt,
    text::text,
    vtt::vtt,
    wrap::MAX_LINE_CHARS,
};

/// What the speakers are called, by [`Segment::speaker`]. Who is not in it is not named.
pub type Speakers = BTreeMap<String, String>;

/// The kinds of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Subtitles, `SubRip`.
    Srt,
    /// Subtitles, `WebVTT`.
    Vtt,
    /// Text to read.
    Txt,
    /// All that is known of each segment.
    Json,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Srt, Self::Vtt, Self::Txt, Self::Json];

    /// The word in addresses; also how such files end.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Srt => "srt",
            Self::Vtt => "vtt",
            Self::Txt => "txt",
            Self::Json => "json",
        }
    }

    /// The media type.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Srt => "application/x-subrip; charset=utf-8",
            Self::Vtt => "text/vtt; charset=utf-8",
            Self::Txt => "text/plain; charset=utf-8",
            Self::Json => "application/json",
        }
    }

    /// The file: `segments` in any order, each at one revision.
    pub fn write(self, segments: &[Segment], speakers: &Speakers) -> String {
        match self {
            Self::Srt => srt(segments, speakers),
            Self::Vtt => vtt(segments, speakers),
            Self::Txt => text(segments, speakers),
            Self::Json => json(segments, speakers),
        }
    }
}

/// The word names no format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a format of transcripts: {0:?}; there are srt, vtt, txt and json")]
pub struct InvalidFormat(String);

impl FromStr for Format {
    type Err = InvalidFormat;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|format| format.as_str() == text)
            .ok_or_else(|| InvalidFormat(text.chars().take(40).collect()))
    }
}

/// Those that are shown, by media time.
fn shown(segments: &[Segment]) -> Vec<&Segment> {
    let mut shown: Vec<_> =
        segments.iter().filter(|segment| segment.state != SegmentState::Withdrawn).collect();
    shown.sort_by(|a, b| (a.start_ms, &a.id, a.revision).cmp(&(b.start_ms, &b.id, b.revision)));
    shown
}

#[cfg(test)]
mod tests;
