//! Output for people: the one place that writes to standard output and standard error.
//!
//! A reader that went away (`ilenia listen … | head`) is no reason to panic, so errors of writing are let go.

use std::io::{self, IsTerminal as _, Write as _};

/// One line of results on standard output.
pub(crate) fn line(text: impl AsRef<str>) {
    let mut out = io::stdout().lock();
    let _reader_gone = writeln!(out, "{}", text.as_ref()).and_then(|()| out.flush());
}

/// One line about what is going on, on standard error.
pub(crate) fn note(text: impl AsRef<str>) {
    let _reader_gone = writeln!(io::stderr().lock(), "{}", text.as_ref());
}

/// Whether standard output is a terminal, where a line can be written over.
pub(crate) fn is_interactive() -> bool {
    io::stdout().is_terminal()
}

/// Lines on standard output, the last of which may still change.
#[derive(Debug)]
pub(crate) struct LiveLine {
    in_place: bool,
    pending: bool,
}

impl LiveLine {
    /// As many characters of a changing line are shown: a line that wraps cannot be written over.
    const WIDTH: usize = 78;

    /// Changing lines are shown only where they can be written over.
    pub(crate) fn new(in_place: bool) -> Self {
        Self { in_place, pending: false }
    }

    /// Shows a line that may still change.
    pub(crate) fn show(&mut self, text: &str) {
        if self.in_place {
            let mut out = io::stdout().lock();
            let _reader_gone = write!(out, "\r\x1b[2K{}", tail(text, Self::WIDTH)).and_then(|()| out.flush());
            self.pending = true;
        }
    }

    /// Shows a settled line, in place of the changing one.
    pub(crate) fn settle(&mut self, text: &str) {
        self.clear();
        line(text);
    }

    /// Takes the changing line away.
    pub(crate) fn clear(&mut self) {
        if std::mem::take(&mut self.pending) {
            let mut out = io::stdout().lock();
            let _reader_gone = write!(out, "\r\x1b[2K").and_then(|()| out.flush());
        }
    }
}

/// The last `width` characters: of a growing caption the end is what is new.
fn tail(text: &str, width: usize) -> String {
    let count = text.chars().count();
    if count <= width {
        return text.to_owned();
    }
    std::iter::once('…').chain(text.chars().skip(count - width + 1)).collect()
}

/// Text from elsewhere without what would move the cursor or change colours.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_long_line_the_end_is_shown() {
        assert_eq!(tail("short", 10), "short");
        assert_eq!(tail("àbcdef", 4), "…def");
    }

    #[test]
    fn text_of_others_cannot_steer_the_terminal() {
        assert_eq!(printable("a\x1b[2Jb\nc"), "a [2Jb c");
    }
}
