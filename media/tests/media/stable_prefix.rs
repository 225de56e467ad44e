use media::stable_prefix::{Stable, StablePrefix};
use proptest::prelude::*;

fn stable(committed: &str, tentative: &str) -> Stable {
    Stable { committed: committed.to_owned(), tentative: tentative.to_owned() }
}

#[test]
fn words_that_two_transcripts_share_are_committed() {
    let mut prefix = StablePrefix::default();
    assert_eq!(prefix.push("good mourning"), stable("", "good mourning"));
    assert_eq!(prefix.push("Good morning and"), stable("Good", "morning and"));
    assert_eq!(prefix.push("good morning and welcome"), stable("Good morning and", "welcome"));
    assert_eq!(prefix.finish("Good morning, and welcome."), stable("Good morning and welcome.", ""));
}

#[test]
fn the_utterance_after_finish_starts_from_nothing() {
    let mut prefix = StablePrefix::default();
    prefix.push("one two");
    prefix.push("one two");
    prefix.finish("one two");
    assert_eq!(prefix.push("three"), stable("", "three"));
}

#[test]
fn three_transcripts_must_agree_when_agreement_is_three() {
    let mut prefix = StablePrefix::new(3);
    prefix.push("a b");
    assert_eq!(prefix.push("a b"), stable("", "a b"));
    assert_eq!(prefix.push("a c"), stable("a", "c"));
}

#[test]
fn agreement_of_one_commits_at_once() {
    assert_eq!(StablePrefix::new(0).push("a b"), stable("a b", ""));
}

#[test]
fn a_word_that_vanishes_from_the_front_does_not_double_what_follows() {
    let mut prefix = StablePrefix::default();
    prefix.push("well the city has changed");
    prefix.push("well the city has changed a");
    assert_eq!(prefix.push("the city has changed a lot"), stable("well the city has changed a", "lot"));
}

#[test]
fn an_empty_transcript_takes_nothing_back() {
    let mut prefix = StablePrefix::default();
    prefix.push("the city");
    prefix.push("the city");
    assert_eq!(prefix.push(""), stable("the city", ""));
    assert_eq!(prefix.finish(""), stable("the city", ""));
}

#[test]
fn text_joins_both_parts_with_one_space() {
    assert_eq!(stable("a", "b").text(), "a b");
    assert_eq!(stable("", "b").text(), "b");
    assert_eq!(stable("a", "").text(), "a");
}

proptest! {
    #[test]
    fn committed_words_are_never_retracted(
        transcripts in prop::collection::vec("([a-d][a-c,.]? ?){0,8}", 1..12),
        agreement in 1..4_usize,
    ) {
        let mut prefix = StablePrefix::new(agreement);
        let mut before = String::new();
        let starts = |now: &str, before: &str| {
            let now: Vec<_> = now.split_whitespace().collect();
            let before: Vec<_> = before.split_whitespace().collect();
            now.starts_with(&before)
        };
        for transcript in &transcripts {
            let now = prefix.push(transcript);
            prop_assert!(starts(&now.committed, &before), "{before:?} became {:?}", now.committed);
            before = now.committed;
        }
        let last = prefix.finish(&transcripts[0]);
        prop_assert!(starts(&last.committed, &before) && last.tentative.is_empty());
    }
}
