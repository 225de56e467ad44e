//! `SubRip`: the subtitles that every player reads.

use std::fmt::Write as _;

use common::Segment;

use super::{
    Speakers, clean,
    cue::{Names, clean_names, cues},
    time::timestamp,
};

/// As `SubRip`. Where another speaks, the name stands before what is said. The format has no escapes: what players take
/// for times or tags (`-->`, `<b>`, `{\an8}`) is drawn apart by a space.
pub fn srt(segments: &[Segment], speakers: &Speakers) -> String {
    let names = clean_names(speakers);
    let mut file = String::new();
    for (number, cue) in cues(segments, &names, Names::InLines, apart).iter().enumerate() {
        let (start, end) = (timestamp(cue.start_ms, ','), timestamp(cue.end_ms, ','));
        let lines = cue.lines.join("\n");
        write!(file, "{}\n{start} --> {end}\n{lines}\n\n", number + 1).expect("a String takes everything");
    }
    file
}

/// `text`, in which nothing is a tag or an arrow.
fn apart(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().filter(|c| clean::is_shown(*c) || c.is_whitespace()).peekable();
    while let Some(c) = chars.next() {
        if c == '>' && out.ends_with("--") {
            out.push(' ');
        }
        out.push(c);
        let next = chars.peek().copied();
        let begins_tag = match c {
            '<' => next.is_some_and(|next| next.is_alphabetic() || next == '/'),
            '{' => next == Some('\\'),
            _ => false,
        };
        if begins_tag {
            out.push(' ');
        }
    }
    out
}
