//! Whatever was said, by whomever, whenever.

use proptest::{collection::vec, prelude::*, sample::select};

use super::*;

/// Words that are short, long, of scripts without spaces, and such as files could take for something else.
fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => "[a-zà-ü]{1,12}[.,!?]?",
        1 => "[a-z]{30,100}",
        2 => "[一-十。，「」ァ-ヴ]{1,60}",
        1 => "[ก-ฮะ-ู]{1,60}",
        2 => select(vec!["-->", "--->", "<b>", "</v>", "<", ">", "&amp;", "&", "{\\an8}", "12", "WEBVTT", "NOTE", "00:00:01.000"])
            .prop_map(str::to_owned),
        1 => "\\PC{1,20}",
        1 => any::<String>(),
    ]
}

fn said() -> impl Strategy<Value = String> {
    vec((word(), select(vec![" ", "\n", "\n\n", "\r\n", "\t", "\u{a0}", "\u{2028}"])), 0..40)
        .prop_map(|words| words.into_iter().map(|(word, space)| word + space).collect())
}

fn segments() -> impl Strategy<Value = Vec<Segment>> {
    let one = (select(vec!["ann", "bob", "none", "guest"]), 0..60_000_u64, 0..40_000_u64, said());
    vec(one, 0..12).prop_map(|said| {
        let segments = said.into_iter().enumerate();
        segments
            .map(|(n, (speaker, start, length, said))| {
                segment(&format!("s{n}"), speaker, start, start + length, &said)
            })
            .collect()
    })
}

/// What can be seen of a text.
fn visible(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace() && clean::is_shown(*c)).collect()
}

fn within_limits(cues: &[Read]) {
    for cue in cues {
        assert!(cue.start_ms < cue.end_ms && cue.end_ms - cue.start_ms <= MAX_CUE_MS, "{cue:?}");
        assert!((1..=MAX_LINES).contains(&cue.lines.len()), "{cue:?}");
        for line in &cue.lines {
            assert!((1..=MAX_LINE_CHARS).contains(&line.chars().count()), "{cue:?}");
            assert_eq!(line.trim(), line);
        }
    }
    assert!(cues.is_sorted_by(|a, b| a.end_ms <= b.start_ms), "{cues:?}");
}

fn all_lines(cues: &[Read]) -> String {
    cues.iter().flat_map(|cue| &cue.lines).map(String::as_str).collect()
}

proptest! {
    #[test]
    fn every_cue_is_within_the_limits(segments in segments()) {
        within_limits(&read_srt(&srt(&segments, &speakers())));
        within_limits(&read_srt(&srt(&segments, &nobody())));
        within_limits(&read_vtt(&vtt(&segments, &speakers())));
    }

    #[test]
    fn every_character_is_there_in_order(text in said(), start_ms in 0..1000_u64, length in 0..60_000_u64) {
        let said = [segment("a", "guest", start_ms, start_ms + length, &text)];
        prop_assert_eq!(visible(&all_lines(&read_srt(&srt(&said, &nobody())))), visible(&text));
        let cues = read_vtt(&vtt(&said, &nobody()));
        prop_assert_eq!(visible(&all_lines(&cues)), visible(&text));
        if let (Some(first), Some(last)) = (cues.first(), cues.last()) {
            prop_assert_eq!(first.start_ms, start_ms);
            prop_assert!(last.end_ms <= start_ms + length.max(cues.len() as u64));
        }
        prop_assert_eq!(visible(&super::super::text(&said, &nobody())), visible(&text));
    }

    #[test]
    fn words_that_fit_a_line_are_never_broken(words in vec("[a-zà-ü]{1,42}", 1..40), length in 0..60_000_u64) {
        let said = [segment("a", "ann", 0, length, &words.join(" "))];
        for cues in [read_srt(&srt(&said, &nobody())), read_vtt(&vtt(&said, &speakers()))] {
            let lines = cues.iter().flat_map(|cue| &cue.lines);
            let read: Vec<_> = lines.flat_map(|line| line.split(' ')).collect();
            prop_assert_eq!(&read, &words);
        }
    }

    #[test]
    fn one_voice_keeps_its_times(lengths in vec((1..5000_u64, 0..3000_u64), 1..20)) {
        let (mut at, mut segments) = (0, Vec::new());
        for (n, (length, pause)) in lengths.into_iter().enumerate() {
            segments.push(segment(&format!("s{n:02}"), "ann", at, at + length, "a few words"));
            at += length + pause;
        }
        let cues = read_srt(&srt(&segments, &nobody()));
        let times: Vec<_> = cues.iter().map(|cue| (cue.start_ms, cue.end_ms)).collect();
        let said: Vec<_> = segments.iter().map(|segment| (segment.start_ms, segment.end_ms)).collect();
        prop_assert_eq!(times, said);
    }

    #[test]
    fn the_order_of_segments_does_not_matter(segments in segments()) {
        let reversed: Vec<_> = segments.iter().rev().cloned().collect();
        for format in Format::ALL {
            prop_assert_eq!(format.write(&segments, &speakers()), format.write(&reversed, &speakers()));
        }
    }

    #[test]
    fn subtitles_of_both_formats_have_the_same_times(words in vec("[a-z]{1,12}", 0..60), length in 0..60_000_u64) {
        let said = [
            segment("a", "ann", 0, length, &words.join(" ")),
            segment("b", "none", length / 2, length, &words.join(" ")),
        ];
        let times = |cues: Vec<Read>| -> Vec<_> { cues.iter().map(|cue| (cue.start_ms, cue.end_ms)).collect() };
        let [srt, vtt] = [read_srt(&srt(&said, &speakers())), read_vtt(&vtt(&said, &speakers()))].map(times);
        prop_assert_eq!(srt, vtt);
    }

    #[test]
    fn json_reads_back(segments in segments()) {
        #[derive(serde::Deserialize)]
        struct File { segments: Vec<Segment> }
        let file: File = serde_json::from_str(&json(&segments, &speakers())).expect("JSON");
        prop_assert_eq!(file.segments, shown(&segments).into_iter().cloned().collect::<Vec<_>>());
    }
}
