//! Subtitles in the `SubRip` format.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    io,
    path::{Path, PathBuf},
};

use common::{Segment, SegmentId, SegmentState};

/// The final captions of one language, by time of speech. Later revisions take the place of earlier ones.
#[derive(Debug, Default)]
pub(crate) struct Srt {
    cues: BTreeMap<SegmentId, Segment>,
}

impl Srt {
    /// Takes a segment in; whether that changed anything. Interim and older ones do not.
    pub(crate) fn apply(&mut self, segment: &Segment) -> bool {
        if !segment.state.is_settled() {
            return false;
        }
        match self.cues.get(&segment.id) {
            Some(known) if known.revision > segment.revision || known == segment => false,
            _ => self.cues.insert(segment.id.clone(), segment.clone()) != Some(segment.clone()),
        }
    }

    /// The file's text.
    pub(crate) fn render(&self) -> String {
        let mut cues: Vec<_> =
            self.cues.values().filter(|cue| cue.state != SegmentState::Withdrawn).collect();
        cues.sort_by_key(|cue| (cue.start_ms, cue.end_ms, &cue.id));
        let mut text = String::new();
        let mut number = 0;
        for cue in cues {
            let words = words(&cue.text);
            if words.is_empty() {
                continue;
            }
            number += 1;
            let (start, end) = (timestamp(cue.start_ms), timestamp(cue.end_ms.max(cue.start_ms + 1)));
            // Writing to a string cannot fail.
            let _ = write!(text, "{number}\n{start} --> {end}\n{words}\n\n");
        }
        text
    }
}

/// One line that cannot be taken for a part of the file's own structure.
fn words(text: &str) -> String {
    text.trim().replace("\r\n", " ").replace(['\r', '\n'], " ").replace("-->", "→")
}

/// `01:02:03,004`.
fn timestamp(ms: u64) -> String {
    let (seconds, ms) = (ms / 1000, ms % 1000);
    format!("{:02}:{:02}:{:02},{ms:03}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// Subtitles in a file that is whole at every moment.
#[derive(Debug)]
pub(crate) struct SrtFile {
    path: PathBuf,
    srt: Srt,
}

impl SrtFile {
    /// Makes an empty file, or empties the one that is there.
    pub(crate) fn create(path: &Path) -> io::Result<Self> {
        std::fs::write(path, "")?;
        Ok(Self { path: path.to_owned(), srt: Srt::default() })
    }

    /// Takes a segment in and writes the file anew when that changed anything.
    pub(crate) fn apply(&mut self, segment: &Segment) -> io::Result<()> {
        if !self.srt.apply(segment) {
            return Ok(());
        }
        let mut part = self.path.clone().into_os_string();
        part.push(".part");
        std::fs::write(&part, self.srt.render())?;
        std::fs::rename(&part, &self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(id: &str, start_ms: u64, text: &str) -> Segment {
        Segment {
            id: id.parse().expect("an id"),
            speaker: "speaker-1".into(),
            language: "es-ES".parse().expect("a tag"),
            source_language: "en-US".parse().expect("a tag"),
            text: text.into(),
            start_ms,
            end_ms: start_ms + 1_500,
            revision: 1,
            state: SegmentState::Final,
        }
    }

    #[test]
    fn cues_are_in_order_of_speech_and_numbered() {
        let mut srt = Srt::default();
        assert!(srt.apply(&segment("b", 3_661_004, "segundo")));
        assert!(srt.apply(&segment("a", 1_000, "primero")));
        assert_eq!(
            srt.render(),
            "1\n00:00:01,000 --> 00:00:02,500\nprimero\n\n2\n01:01:01,004 --> 01:01:02,504\nsegundo\n\n"
        );
    }

    #[test]
    fn a_segment_is_one_cue_in_its_latest_revision() {
        let mut srt = Srt::default();
        let first = segment("a", 0, "hola");
        let corrected =
            Segment { revision: 2, state: SegmentState::Corrected, text: "¡hola!".into(), ..first.clone() };
        assert!(srt.apply(&first) && !srt.apply(&first), "a repeat changes nothing");
        assert!(srt.apply(&corrected) && !srt.apply(&first), "an older one neither");
        assert!(srt.render().contains("¡hola!") && srt.render().matches("-->").count() == 1);
        srt.apply(&Segment { revision: 3, state: SegmentState::Withdrawn, text: String::new(), ..first });
        assert_eq!(srt.render(), "");
    }

    #[test]
    fn interim_captions_and_the_format_s_own_marks_stay_out() {
        let mut srt = Srt::default();
        assert!(!srt.apply(&Segment { state: SegmentState::Interim, ..segment("a", 0, "ho") }));
        srt.apply(&segment("b", 0, "1\n\n00:00 --> 00:01\nx"));
        assert!(srt.render().ends_with("\n1  00:00 → 00:01 x\n\n"), "{}", srt.render());
    }

    #[test]
    fn the_file_is_whole_after_every_caption() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("out.srt");
        let mut file = SrtFile::create(&path).expect("created");
        file.apply(&segment("a", 0, "uno")).expect("written");
        assert!(std::fs::read_to_string(&path).expect("read").contains("uno"));
        assert_eq!(std::fs::read_dir(directory.path()).expect("listed").count(), 1);
    }
}
