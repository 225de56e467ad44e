//! Where a line may end.

use super::{clean, wrap::MAX_LINE_CHARS};

/// A piece of text that stays on one line. Never longer than a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unit {
    pub(super) text: String,
    /// Characters of `text`.
    pub(super) chars: usize,
    /// Whether a space is before it, where it does not begin a line.
    pub(super) spaced: bool,
}

impl Unit {
    fn new(text: &[char], spaced: bool) -> Self {
        Self { text: text.iter().collect(), chars: text.len(), spaced }
    }
}

/// The units of `text`: its words. Where a script has no spaces between words, lines may end between any two of its
/// characters; where a word is longer than a line, where the line is full.
pub(super) fn units(text: &str) -> Vec<Unit> {
    let mut units = Vec::new();
    for word in clean::words(text) {
        let chars: Vec<char> = word.chars().collect();
        let mut start = 0;
        for end in 1..=chars.len() {
            let whole = end == chars.len() || may_end_between(chars[end - 1], chars[end]);
            if whole {
                push_piece(&mut units, &chars[start..end], start == 0);
                start = end;
            }
        }
    }
    units
}

/// Pushes a piece of a word, in parts of a line where it is longer.
fn push_piece(units: &mut Vec<Unit>, mut piece: &[char], mut spaced: bool) {
    while piece.len() > MAX_LINE_CHARS {
        let full = (1..=MAX_LINE_CHARS).rev().find(|end| !joins(piece[end - 1], piece[*end]));
        let (part, rest) = piece.split_at(full.unwrap_or(MAX_LINE_CHARS));
        units.push(Unit::new(part, spaced));
        (piece, spaced) = (rest, false);
    }
    units.push(Unit::new(piece, spaced));
}

/// Whether a line may end between two characters of one word.
fn may_end_between(before: char, after: char) -> bool {
    // Latin words and numbers within such a script stay whole; so does what trails them.
    let bound = [before, after].iter().any(char::is_ascii_punctuation);
    let any = has_no_spaces(before) || has_no_spaces(after);
    any && !(bound || joins(before, after) || closes(after) || opens(before))
}

/// Scripts that are written without spaces between words: Han, kana, and the punctuation between them.
fn has_no_spaces(c: char) -> bool {
    matches!(u32::from(c),
        0x2E80..=0x303F | 0x3040..=0x30FF | 0x31F0..=0x31FF | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xF900..=0xFAFF
        | 0xFF01..=0xFF60 | 0x20000..=0x3FFFF)
}

/// What stays with the character before it.
fn closes(c: char) -> bool {
    "、。，．：；！？）］｝」』】〉》〕〗ー・…‥ゝゞ々ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ".contains(c)
}

/// What stays with the character after it.
fn opens(c: char) -> bool {
    "（［｛「『【〈《〔〖".contains(c)
}

/// Whether both make one character to the eye: accents, vowel signs, variations, joined emoji.
fn joins(before: char, after: char) -> bool {
    const JOINER: char = '\u{200d}';
    let mark = matches!(u32::from(after),
        0x0300..=0x036F | 0x0483..=0x0489 | 0x0591..=0x05BD | 0x0610..=0x061A | 0x064B..=0x065F | 0x0900..=0x0903
        | 0x093A..=0x094F | 0x0E31 | 0x0E34..=0x0E3A | 0x0E47..=0x0E4E | 0x0EB1 | 0x0EB4..=0x0EBC | 0x0EC8..=0x0ECE
        | 0x17B4..=0x17D3 | 0x1AB0..=0x1AFF | 0x1DC0..=0x1DFF | 0x20D0..=0x20FF | 0x3099..=0x309A | 0xFE00..=0xFE0F
        | 0xFE20..=0xFE2F | 0x1F3FB..=0x1F3FF | 0xE0100..=0xE01EF);
    mark || before == JOINER || after == JOINER
}
