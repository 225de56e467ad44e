use common::SegmentId;

use super::*;

mod files;
mod properties;

fn segment(id: &str, speaker: &str, start_ms: u64, end_ms: u64, text: &str) -> Segment {
    Segment {
        id: id.parse::<SegmentId>().expect("an id"),
        speaker: speaker.to_owned(),
        language: "en-US".parse().expect("a language"),
        source_language: "en-US".parse().expect("a language"),
        text: text.to_owned(),
        start_ms,
        end_ms,
        revision: 0,
        state: SegmentState::Final,
    }
}

fn speakers() -> Speakers {
    [("ann", "Ann Smith"), ("bob", "Bob <b> & Co"), ("none", " \n ")]
        .map(|(speaker, name)| (speaker.to_owned(), name.to_owned()))
        .into()
}

fn nobody() -> Speakers {
    Speakers::new()
}

/// A cue as a reader of the file finds it.
#[derive(Debug, PartialEq, Eq)]
struct Read {
    start_ms: u64,
    end_ms: u64,
    lines: Vec<String>,
}

fn ms(time: &str, separator: char) -> u64 {
    let (clock, ms) = time.split_once(separator).expect("milliseconds");
    assert_eq!(ms.len(), 3);
    let clock: Vec<u64> = clock.split(':').map(|part| part.parse().expect("a number")).collect();
    let [hours, minutes, seconds] = clock.try_into().expect("three numbers");
    ((hours * 60 + minutes) * 60 + seconds) * 1000 + ms.parse::<u64>().expect("a number")
}

/// Reads blocks of number, times and lines.
fn read(body: &str, separator: char) -> Vec<Read> {
    assert!(body.is_empty() || body.ends_with("\n\n"), "{body:?}");
    let blocks = body.split("\n\n").filter(|block| !block.is_empty());
    let cue = |(n, block): (usize, &str)| {
        let mut lines = block.lines();
        assert_eq!(lines.next(), Some((n + 1).to_string().as_str()), "{body}");
        let times = lines.next().expect("times");
        let (start, end) = times.split_once(" --> ").expect("two times");
        let lines: Vec<_> = lines.map(str::to_owned).collect();
        assert!(lines.iter().all(|line| !line.contains("-->")), "{body}");
        Read { start_ms: ms(start, separator), end_ms: ms(end, separator), lines }
    };
    blocks.enumerate().map(cue).collect()
}

fn read_srt(file: &str) -> Vec<Read> {
    read(file, ',')
}

/// Without voices, and as it is shown.
fn read_vtt(file: &str) -> Vec<Read> {
    let mut cues = read(file.strip_prefix("WEBVTT\n\n").expect("the first line"), '.');
    for line in cues.iter_mut().flat_map(|cue| &mut cue.lines) {
        if line.starts_with("<v ") {
            *line = line.split_once('>').expect("an end of the tag").1.to_owned();
        }
        assert!(!line.contains(['<', '>']), "{line}");
        *line = line.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    }
    cues
}
