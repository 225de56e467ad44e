//! Captions as lines of text.

use common::{Segment, SegmentState};

use crate::terminal::{self, LiveLine};

/// Prints the captions of one language as they come.
#[derive(Debug)]
pub(crate) struct CaptionPrinter {
    live: LiveLine,
    interim: bool,
}

impl CaptionPrinter {
    /// Prints settled captions; with `interim` also those that may change, in place where that is possible.
    pub(crate) fn new(interim: bool) -> Self {
        Self { live: LiveLine::new(interim && terminal::is_interactive()), interim }
    }

    /// Shows one caption. `speaker` is the name to show.
    pub(crate) fn show(&mut self, segment: &Segment, speaker: &str) {
        let line = line(segment, speaker);
        match segment.state {
            SegmentState::Interim if !self.interim => {}
            SegmentState::Interim if terminal::is_interactive() => self.live.show(&line),
            SegmentState::Interim => terminal::line(line),
            _ => self.live.settle(&line),
        }
    }

    /// Takes a line that was still changing away.
    pub(crate) fn clear(&mut self) {
        self.live.clear();
    }
}

/// `00:01:23  Ana: words`
fn line(segment: &Segment, speaker: &str) -> String {
    let seconds = segment.start_ms / 1000;
    let time = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    let (speaker, text) = (terminal::printable(speaker), terminal::printable(&segment.text));
    match segment.state {
        SegmentState::Interim => format!("{time}  {speaker}: {text} …"),
        SegmentState::Final => format!("{time}  {speaker}: {text}"),
        SegmentState::Corrected => format!("{time}  {speaker}: {text} (corrected)"),
        SegmentState::Withdrawn => format!("{time}  {speaker}: (withdrawn)"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_time_speaker_and_text() {
        let mut segment = Segment {
            id: "a".parse().expect("an id"),
            speaker: "speaker-1".into(),
            language: "es-ES".parse().expect("a tag"),
            source_language: "en-US".parse().expect("a tag"),
            text: "Buenos\u{1b}días".into(),
            start_ms: 83_900,
            end_ms: 85_000,
            revision: 0,
            state: SegmentState::Final,
        };
        assert_eq!(line(&segment, "Ana"), "00:01:23  Ana: Buenos días");
        segment.state = SegmentState::Interim;
        assert_eq!(line(&segment, "Ana"), "00:01:23  Ana: Buenos días …");
    }
}
