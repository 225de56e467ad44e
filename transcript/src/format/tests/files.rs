//! Whole files, as they are.

use super::*;

#[test]
fn nothing_said_is_a_file_without_cues() {
    assert_eq!(srt(&[], &nobody()), "");
    assert_eq!(vtt(&[], &nobody()), "WEBVTT\n\n");
    assert_eq!(text(&[], &nobody()), "");
    assert_eq!(json(&[], &nobody()), r#"{"segments":[]}"#);
    let blank = [segment("a", "ann", 0, 1000, " \n\t\u{1b}\u{feff} ")];
    assert_eq!(srt(&blank, &speakers()), "");
    assert_eq!(text(&blank, &speakers()), "");
}

#[test]
fn segments_are_written_with_names_and_times() {
    let segments = [
        segment("c", "bob", 3_723_004, 3_725_000, "Good morning, & welcome."),
        segment("a", "ann", 1_200, 3_400, "Hello\n\n everybody."),
        segment("b", "ann", 3_400, 5_000, "Can you hear me?"),
        segment("d", "guest", 3_800_000, 3_801_000, "Yes."),
        segment("e", "none", 3_802_000, 3_803_000, "So can I."),
    ];
    assert_eq!(
        srt(&segments, &speakers()),
        "1\n00:00:01,200 --> 00:00:03,400\nAnn Smith: Hello everybody.\n\n\
         2\n00:00:03,400 --> 00:00:05,000\nCan you hear me?\n\n\
         3\n01:02:03,004 --> 01:02:05,000\nBob < b> & Co: Good morning, & welcome.\n\n\
         4\n01:03:20,000 --> 01:03:21,000\nYes.\n\n\
         5\n01:03:22,000 --> 01:03:23,000\nSo can I.\n\n"
    );
    assert_eq!(
        vtt(&segments, &speakers()),
        "WEBVTT\n\n\
         1\n00:00:01.200 --> 00:00:03.400\n<v Ann Smith>Hello everybody.\n\n\
         2\n00:00:03.400 --> 00:00:05.000\n<v Ann Smith>Can you hear me?\n\n\
         3\n01:02:03.004 --> 01:02:05.000\n<v Bob &lt;b&gt; &amp; Co>Good morning, &amp; welcome.\n\n\
         4\n01:03:20.000 --> 01:03:21.000\nYes.\n\n\
         5\n01:03:22.000 --> 01:03:23.000\nSo can I.\n\n"
    );
    assert_eq!(
        text(&segments, &speakers()),
        "Ann Smith: Hello everybody.\nCan you hear me?\nBob <b> & Co: Good morning, & welcome.\nYes.\nSo can I.\n"
    );
}

#[test]
fn what_was_withdrawn_is_in_no_file() {
    let gone = Segment { state: SegmentState::Withdrawn, ..segment("a", "ann", 0, 1000, "gone") };
    for format in Format::ALL {
        assert!(!format.write(std::slice::from_ref(&gone), &speakers()).contains("gone"));
    }
}

#[test]
fn json_has_all_that_is_known() {
    let corrected = Segment {
        revision: 3,
        state: SegmentState::Corrected,
        language: "ca-ES".parse().expect("a language"),
        ..segment("a", "ann", 5, 9, "Això és \"tot\".")
    };
    let file: serde_json::Value = serde_json::from_str(&json(&[corrected], &speakers())).expect("JSON");
    assert_eq!(
        file,
        serde_json::json!({"segments": [{
            "id": "a", "speaker": "ann", "speaker_name": "Ann Smith", "language": "ca-ES", "source_language": "en-US",
            "text": "Això és \"tot\".", "start_ms": 5, "end_ms": 9, "revision": 3, "state": "corrected",
        }]})
    );
    assert!(!json(&[segment("a", "guest", 0, 1, "x")], &speakers()).contains("speaker_name"));
}

#[test]
fn arrows_and_tags_are_text() {
    let odd = [segment("a", "ann", 0, 5000, r"x --> y ---> z a<b <i>not</i> 1 < 2 {\an8}up --\x00>")];
    let shown = r"x -- > y --- > z a< b < i>not< /i>1 < 2 { \an8}up --\x00>";
    let file = srt(&odd, &nobody());
    let cue = &read_srt(&file)[0];
    assert_eq!(cue.lines.join(" ").replace(' ', ""), shown.replace(' ', ""));
    for (tag, drawn_apart) in [("<i>", "< i>"), ("</i>", "< /i>"), (r"{\an8}", r"{ \an8}"), ("a<b", "a< b")] {
        assert!(!file.contains(tag) && file.replace('\n', " ").contains(drawn_apart), "{file}");
    }
    let hidden = [segment("a", "ann", 0, 5000, "a --\u{feff}> b --\u{1}> c")];
    assert_eq!(read_srt(&srt(&hidden, &nobody()))[0].lines, ["a -- > b -- > c"]);
    let file = vtt(&odd, &nobody());
    assert!(file.contains("x --&gt; y ---&gt; z a&lt;b"), "{file}");
    let entity = [segment("a", "ann", 0, 5000, "&amp; is an ampersand")];
    assert!(vtt(&entity, &nobody()).contains("&amp;amp; is an ampersand"));
    assert!(srt(&entity, &nobody()).contains("&amp; is an ampersand"));
}

#[test]
fn a_long_segment_is_cut_into_cues_of_two_balanced_lines() {
    let long = "The committee decided that the proposal would be put to the vote on Thursday morning, and that \
                every delegation may speak for three minutes before it.";
    let cues = read_srt(&srt(&[segment("a", "ann", 10_000, 20_000, long)], &nobody()));
    assert_eq!(cues.len(), 2);
    assert_eq!((cues[0].start_ms, cues[1].end_ms), (10_000, 20_000));
    assert_eq!(cues[0].end_ms, cues[1].start_ms);
    assert!(cues[0].end_ms.abs_diff(15_000) < 700, "{cues:?}");
    for cue in &cues {
        assert_eq!(cue.lines.len(), 2, "{cues:?}");
        let [first, second] = [0, 1].map(|line| cue.lines[line].chars().count());
        assert!(first <= 42 && second <= 42 && first.abs_diff(second) < 12, "{cues:?}");
    }
    let words: Vec<_> = cues.iter().flat_map(|cue| &cue.lines).flat_map(|line| line.split(' ')).collect();
    assert_eq!(words.join(" "), long);
}

#[test]
fn what_is_said_slowly_is_cut_by_time() {
    let cues = read_vtt(&vtt(&[segment("a", "ann", 0, 20_000, "one two three four five six")], &nobody()));
    assert!((3..=4).contains(&cues.len()), "{cues:?}");
    assert!(cues.iter().all(|cue| cue.end_ms - cue.start_ms <= MAX_CUE_MS), "{cues:?}");
    assert_eq!(cues.last().map(|cue| cue.end_ms), Some(20_000));
    // A single word for a minute is shown for seven seconds.
    let cues = read_vtt(&vtt(&[segment("a", "ann", 0, 60_000, "Silence")], &nobody()));
    assert_eq!((cues.len(), cues[0].start_ms, cues[0].end_ms), (1, 0, MAX_CUE_MS));
}

#[test]
fn a_word_is_broken_only_where_it_is_longer_than_a_line() {
    let url = format!("https://example.org/{}", "x".repeat(60));
    let cues = read_srt(&srt(&[segment("a", "ann", 0, 3000, &format!("see {url} now"))], &nobody()));
    let lines: Vec<_> = cues.iter().flat_map(|cue| cue.lines.clone()).collect();
    assert_eq!(lines.concat().replace(' ', ""), format!("see{url}now"));
    assert!(lines.iter().all(|line| line.chars().count() <= MAX_LINE_CHARS), "{lines:?}");
    let word = "Donaudampfschifffahrtsgesellschaftskapitän";
    assert_eq!(word.chars().count(), 42);
    let cues = read_srt(&srt(&[segment("a", "ann", 0, 3000, &format!("Der {word} kam"))], &nobody()));
    assert!(cues.iter().any(|cue| cue.lines.iter().any(|line| line == word)), "{cues:?}");
}

#[test]
fn languages_without_spaces_are_cut_between_characters() {
    let chinese = "委员会决定，提案将于星期四上午付诸表决，每个代表团在表决前可以发言三分钟。".repeat(3);
    let cues = read_srt(&srt(&[segment("a", "ann", 0, 12_000, &chinese)], &nobody()));
    let lines: Vec<_> = cues.iter().flat_map(|cue| cue.lines.clone()).collect();
    assert_eq!(lines.concat(), chinese);
    assert!(lines.iter().all(|line| line.chars().count() <= MAX_LINE_CHARS), "{lines:?}");
    assert!(lines.iter().all(|line| !line.starts_with(['，', '。'])), "{lines:?}");
    // Words of other scripts within stay whole.
    let mixed = "我们在".repeat(10) + "PostgreSQL" + &"里保存".repeat(10);
    let cues = read_srt(&srt(&[segment("a", "ann", 0, 5000, &mixed)], &nobody()));
    assert!(cues.iter().any(|cue| cue.lines.iter().any(|line| line.contains("PostgreSQL"))), "{cues:?}");
    // A letter and its accent stay together.
    let accents = "e\u{301}".repeat(50);
    let cues = read_srt(&srt(&[segment("a", "ann", 0, 5000, &accents)], &nobody()));
    assert!(cues.iter().all(|cue| cue.lines.iter().all(|line| line.starts_with('e'))), "{cues:?}");
}

#[test]
fn of_two_who_speak_at_once_both_are_read() {
    let segments = [
        segment("a", "ann", 0, 6000, "I would like to say something about this."),
        segment("b", "bob", 300, 2000, "No."),
        segment("c", "ann", 9000, 12_000, "Thank you."),
        segment("d", "bob", 11_000, 13_000, "Please."),
    ];
    let cues = read_vtt(&vtt(&segments, &speakers()));
    let times: Vec<_> = cues.iter().map(|cue| (cue.start_ms, cue.end_ms)).collect();
    assert_eq!(times, [(0, 1000), (1000, 2000), (9000, 11_000), (11_000, 13_000)]);
}

#[test]
fn a_speaker_is_named_again_after_another() {
    let long =
        "We have to talk about the budget of the coming year, which is what everybody came here for today.";
    let segments = [segment("a", "ann", 0, 12_000, long), segment("b", "bob", 7500, 8500, "Hear, hear!")];
    let file = srt(&segments, &speakers());
    let named: Vec<_> = read_srt(&file).into_iter().map(|cue| cue.lines[0].contains("Ann Smith:")).collect();
    assert_eq!(named.first(), Some(&true));
    assert!(file.matches("Ann Smith:").count() <= file.matches("Bob < b> & Co:").count() + 1, "{file}");
}

#[test]
fn a_long_name_leaves_room_for_what_is_said() {
    let names = Speakers::from([("ann".to_owned(), "Ann ".repeat(40))]);
    let cues = read_srt(&srt(&[segment("a", "ann", 0, 3000, &"word ".repeat(40))], &names));
    assert!(cues.iter().all(|cue| cue.lines.len() <= MAX_LINES), "{cues:?}");
    assert!(cues[0].lines[0].contains("…:"), "{cues:?}");
}

#[test]
fn times_that_make_no_sense_become_some_that_do() {
    let segments = [
        segment("a", "ann", 1000, 500, "an end before the start"),
        segment(
            "b",
            "ann",
            1000,
            1000,
            "no time at all, but so many words that one cue cannot hold all of them at once",
        ),
        segment("c", "ann", u64::MAX, u64::MAX, "the end of time"),
        segment("d", "ann", 0, u64::MAX, "for ever"),
    ];
    for cues in [read_srt(&srt(&segments, &speakers())), read_vtt(&vtt(&segments, &speakers()))] {
        assert!(cues.iter().all(|cue| cue.start_ms < cue.end_ms), "{cues:?}");
        assert!(cues.is_sorted_by(|a, b| a.end_ms <= b.start_ms), "{cues:?}");
    }
}

#[test]
fn formats_are_known_by_their_word() {
    for format in Format::ALL {
        assert_eq!(format.as_str().parse(), Ok(format));
        assert_eq!(serde_json::to_value(format).expect("JSON"), format.as_str());
        assert!(format.content_type().contains('/'));
    }
    assert!("SRT".parse::<Format>().is_err());
    assert!("docx".parse::<Format>().expect_err("none").to_string().contains("docx"));
}
