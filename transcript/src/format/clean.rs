//! Text of anywhere becomes words that can stand in a file of lines.

/// The words of `text`: no white space, no control characters, no byte-order mark. None is empty.
pub(super) fn words(text: &str) -> impl Iterator<Item = String> {
    text.split_whitespace()
        .map(|word| word.chars().filter(|c| is_shown(*c)).collect::<String>())
        .filter(|word| !word.is_empty())
}

/// The words of `text` with one space between them.
pub(super) fn line(text: &str) -> String {
    words(text).collect::<Vec<_>>().join(" ")
}

/// Whether a character stays: no control character and no byte-order mark.
pub(super) fn is_shown(c: char) -> bool {
    !c.is_control() && c != '\u{feff}'
}
