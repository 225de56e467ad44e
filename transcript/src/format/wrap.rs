//! Units become lines.

use super::units::Unit;

/// As many characters stand in a line at most.
pub const MAX_LINE_CHARS: usize = 42;

/// Lines that are as full as can be: no other way needs fewer.
pub(super) fn lines<'a>(units: impl IntoIterator<Item = &'a Unit>) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut room = 0;
    for unit in units {
        let space = usize::from(unit.spaced);
        match lines.last_mut() {
            Some(line) if unit.chars + space <= room => {
                if unit.spaced {
                    line.push(' ');
                }
                line.push_str(&unit.text);
                room -= unit.chars + space;
            }
            _ => {
                lines.push(unit.text.clone());
                room = MAX_LINE_CHARS.saturating_sub(unit.chars);
            }
        }
    }
    lines
}

/// The same, but where it takes two lines, these are about as long as each other.
pub(super) fn balanced(units: &[Unit]) -> Vec<String> {
    let full = lines(units);
    if full.len() != 2 {
        return full;
    }
    let cuts = (1..units.len()).map(|cut| {
        let (first, second) = units.split_at(cut);
        (joined(first), joined(second))
    });
    let longest = |(first, second): &(String, String)| first.chars().count().max(second.chars().count());
    cuts.min_by_key(longest).map_or(full, |(first, second)| vec![first, second])
}

/// All in one line, however long.
pub(super) fn joined(units: &[Unit]) -> String {
    let mut line = String::new();
    for unit in units {
        if unit.spaced && !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&unit.text);
    }
    line
}

/// Characters of all of them in one line.
pub(super) fn length(units: &[Unit]) -> usize {
    units.iter().map(|unit| unit.chars + usize::from(unit.spaced)).sum()
}
