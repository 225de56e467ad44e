//! Is this a translation? A chat model is told to translate, and sometimes answers, refuses or chatters instead.
//!
//! The guard sees text alone, so it judges by signs, and each sign counts only where the source does not have it
//! itself: who says "I'm sorry, I can't hear you" is translated by an apology.

mod words;

#[cfg(test)]
mod tests;

use common::LanguageTag;

/// What was to be translated.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source<'a> {
    /// The caption, trimmed, not empty.
    pub(crate) text: &'a str,
    /// Its language.
    pub(crate) language: &'a LanguageTag,
    /// The language of the translation.
    pub(crate) target: &'a LanguageTag,
}

/// Why an answer is no translation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// There is no word in it.
    Empty,
    /// The model says that it cannot or will not.
    Refusal,
    /// The model talks about the translation, or adds to it.
    Chatter,
    /// A question was answered.
    Answered,
    /// Much longer or shorter than a translation would be.
    WrongLength,
    /// The source came back, or text in its language.
    NotTranslated,
}

/// The translation within `answer`, without thoughts, code fences and quotation marks that the source has not.
pub(crate) fn check(source: &Source<'_>, answer: &str) -> Result<String, Flaw> {
    let text = without_thoughts(answer, source.text);
    let text = without_fence(text, source.text);
    let text = without_quotes(text.trim(), source.text);
    let (said, asked) = (fold(text), fold(source.text));
    if !text.chars().any(char::is_alphanumeric) && source.text.chars().any(char::is_alphanumeric) {
        return Err(Flaw::Empty);
    }
    if is_refusal(&said, &asked) {
        return Err(Flaw::Refusal);
    }
    if is_chatter(text, &said, source.text, &asked) {
        return Err(Flaw::Chatter);
    }
    if ends_as_question(source.text) && !text.contains(QUESTION_MARKS) {
        return Err(Flaw::Answered);
    }
    if has_wrong_length(text, source.text) {
        return Err(Flaw::WrongLength);
    }
    if is_untranslated(source, &said, &asked) {
        return Err(Flaw::NotTranslated);
    }
    Ok(text.to_owned())
}

/// Lower case, with plain apostrophes.
fn fold(text: &str) -> String {
    text.to_lowercase().replace(['’', '‘', 'ʼ'], "'")
}

/// What comes after the model's `<think>…</think>`; its opening tag may be missing, for some templates swallow it.
/// Thoughts that do not end leave nothing.
fn without_thoughts<'a>(answer: &'a str, source: &str) -> &'a str {
    let mut text = answer;
    for name in ["think", "thinking", "thought", "reasoning"] {
        let (open, close) = (format!("<{name}>"), format!("</{name}>"));
        if source.contains(&open) || source.contains(&close) {
            continue;
        }
        if let Some(end) = find_ignoring_case(text, &close, true) {
            text = &text[end + close.len()..];
        }
        if let Some(start) = find_ignoring_case(text, &open, false) {
            text = &text[..start];
        }
    }
    text
}

/// The first or last place of an ASCII `needle`.
fn find_ignoring_case(text: &str, needle: &str, last: bool) -> Option<usize> {
    let mut places = text
        .as_bytes()
        .windows(needle.len())
        .enumerate()
        .filter(|(_, window)| window.eq_ignore_ascii_case(needle.as_bytes()));
    let place = if last { places.next_back() } else { places.next() };
    place.map(|(at, _)| at)
}

/// The inside of a Markdown code block around everything.
fn without_fence<'a>(text: &'a str, source: &str) -> &'a str {
    let inside = text.trim().strip_prefix("```").and_then(|text| text.strip_suffix("```"));
    match inside {
        // The first line names a language, if anything.
        Some(inside) if !source.contains("```") => inside.split_once('\n').map_or(inside, |(_, text)| text),
        _ => text,
    }
}

const QUOTES: [(char, char); 10] = [
    ('"', '"'),
    ('\'', '\''),
    ('“', '”'),
    ('„', '“'),
    ('”', '”'),
    ('«', '»'),
    ('‘', '’'),
    ('「', '」'),
    ('`', '`'),
    ('*', '*'),
];

/// Without quotation marks around everything, unless the source begins or ends with one.
fn without_quotes<'a>(text: &'a str, source: &str) -> &'a str {
    let is_quote = |c: char| QUOTES.iter().any(|(open, close)| c == *open || c == *close);
    if source.starts_with(is_quote) || source.trim_end_matches(['.', ',', '!', '?']).ends_with(is_quote) {
        return text;
    }
    let mut text = text;
    // Twice, for Markdown's `**` and for quotes within emphasis.
    for _ in 0..3 {
        let inside = QUOTES.iter().find_map(|(open, close)| {
            let inside = text.strip_prefix(*open)?.strip_suffix(*close)?;
            let nested = open == close && inside.trim_matches(*open).contains(*open);
            (!nested && !inside.is_empty()).then_some(inside)
        });
        match inside {
            Some(inside) => text = inside.trim(),
            None => break,
        }
    }
    text
}

fn contains_any(text: &str, needles: &[&str]) -> bool {
    needles.iter().any(|needle| text.contains(needle))
}

fn is_refusal(said: &str, asked: &str) -> bool {
    let speaks_as_machine = contains_any(said, words::MACHINE) && !contains_any(asked, words::MACHINE_TOPICS);
    let begins = |beginnings: &[&str]| beginnings.iter().any(|beginning| said.starts_with(beginning));
    let is_sorry = begins(words::APOLOGIES);
    // People too are sorry, and unable: a refusal is about a task of the model's, or is both.
    let is_about_its_task = (is_sorry || begins(words::INABILITIES)) && contains_any(said, words::TASKS);
    let is_both = is_sorry && contains_any(said, words::INABILITIES);
    let so_does_the_source = contains_any(asked, words::APOLOGETIC) || contains_any(asked, words::TASKS);
    speaks_as_machine || ((is_about_its_task || is_both) && !so_does_the_source)
}

fn is_chatter(text: &str, said: &str, source: &str, asked: &str) -> bool {
    let talks_of_translation =
        contains_any(said, words::TRANSLATION) && !contains_any(asked, words::TRANSLATION_TOPICS);
    let offers_help = contains_any(said, words::OFFERS) && !contains_any(asked, words::OFFER_TOPICS);
    let notes = |line: &str| {
        let line = line.trim_start_matches(['(', '[', '*', '_', ' ']);
        words::NOTES
            .iter()
            .any(|note| line.strip_prefix(note).is_some_and(|rest| rest.starts_with([':', '*', ' '])))
    };
    let added_note = !contains_any(asked, words::NOTE_TOPICS)
        && (said.lines().any(notes) || said.split(['(', '[']).skip(1).any(notes));
    let labelled = |text: &str| {
        let label = text.split_once(':').map(|(label, _)| label.trim_matches(['*', ' ', '_']));
        label.is_some_and(|label| words::LABELS.contains(&label.split(" (").next().unwrap_or(label)))
    };
    let added_label = labelled(said) && !labelled(asked);
    let lines = |text: &str| text.lines().filter(|line| !line.trim().is_empty()).count();
    let first_line = text.lines().next().unwrap_or_default().trim_end();
    let announces = lines(text) > lines(source) && first_line.ends_with(':') && !source.contains(':');
    let many_lines = lines(text) > lines(source) + 2;
    let words = source.split_whitespace().count();
    let quotes_source = words >= 4 && said.len() > asked.len() + asked.len() / 3 && said.contains(asked);
    talks_of_translation
        || offers_help
        || added_note
        || added_label
        || announces
        || many_lines
        || quotes_source
}

const QUESTION_MARKS: [char; 7] = ['?', '¿', '？', '؟', ';', '؛', '՞'];

fn ends_as_question(source: &str) -> bool {
    source.trim_end_matches(['"', '\'', '”', '»', '’', ' ', ')']).ends_with(['?', '？', '؟'])
}

/// Languages without spaces write more in a character.
fn weight(text: &str) -> usize {
    let is_dense =
        |c: char| matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}');
    text.chars().map(|c| if is_dense(c) { 3 } else { 1 }).sum()
}

fn has_wrong_length(text: &str, source: &str) -> bool {
    let (said, asked) = (weight(text), weight(source));
    said > asked * 5 / 2 + 40 || said * 5 + 40 < asked
}

/// The source again, or other text in its language. Needs words that only the source's language has: names, numbers
/// and what both languages share are the same in both.
fn is_untranslated(source: &Source<'_>, said: &str, asked: &str) -> bool {
    let of = |language: &LanguageTag| words::common(language.primary());
    let (Some(theirs), Some(ours)) = (of(source.language), of(source.target)) else {
        let lower =
            source.text.split_whitespace().filter(|word| word.starts_with(char::is_lowercase)).count();
        return letters(said) == letters(asked) && lower >= 3;
    };
    let count = |of: &[&str], not: &[&str]| {
        split(said).filter(|word| of.contains(word) && !not.contains(word)).count()
    };
    let (foreign, native) = (count(theirs, ours), count(ours, theirs));
    if letters(said) == letters(asked) {
        let is_name = source.text.split_whitespace().all(|word| !word.starts_with(char::is_lowercase));
        return foreign > 0 && native == 0 && !is_name;
    }
    foreign >= 3 && native == 0
}

fn split(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '\'').filter(|word| !word.is_empty())
}

fn letters(text: &str) -> String {
    split(text).collect::<Vec<_>>().join(" ")
}
