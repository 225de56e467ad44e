//! Plain text ↔ Apertium's stream format: what the programs `apertium-destxt` and `apertium-retxt` do.
//!
//! Source: `apertium/txt-format.xml` and `deformat.xsl` of Apertium 3.8.

/// Characters with a meaning in the stream format.
const SPECIAL: [char; 12] = ['[', ']', '\\', '/', '@', '<', '>', '^', '$', '{', '}', '\0'];

/// Text → stream. A line's end is appended, as in `echo text | apertium`, and the stream's end is taken for a
/// sentence's.
pub(super) fn escape(text: &str) -> String {
    let mut stream = String::with_capacity(text.len() + 16);
    let mut blank = String::new();
    let mut sentence_ends = false;
    let with_newline = format!("{text}\n");
    let mut rest = with_newline.as_str();
    while let Some(symbol) = rest.chars().next() {
        if let Some(paragraph) = ["\n\n", "\r\n\r\n"].into_iter().find(|end| rest.starts_with(end)) {
            blank.push_str(paragraph);
            sentence_ends = true;
            rest = &rest[paragraph.len()..];
            continue;
        }
        rest = &rest[symbol.len_utf8()..];
        match symbol {
            ' ' | '\n' | '\t' | '\r' | '~' => blank.push(symbol),
            // The programs end a message at this.
            '\0' => {}
            _ => {
                flush(&mut stream, &mut blank, &mut sentence_ends);
                if SPECIAL.contains(&symbol) {
                    stream.push('\\');
                }
                stream.push(symbol);
            }
        }
    }
    sentence_ends = true;
    flush(&mut stream, &mut blank, &mut sentence_ends);
    stream
}

/// Writes the white space since the last word: a single space as it is, everything else in brackets.
fn flush(stream: &mut String, blank: &mut String, sentence_ends: &mut bool) {
    if std::mem::take(sentence_ends) {
        stream.push_str(".[]");
    }
    match blank.as_str() {
        "" => {}
        " " => stream.push(' '),
        _ => {
            stream.push('[');
            stream.push_str(blank);
            stream.push(']');
        }
    }
    blank.clear();
}

/// Stream → text, without the line's end that [`escape`] appended.
pub(super) fn unescape(stream: &str) -> String {
    let mut text = String::with_capacity(stream.len());
    let mut rest = stream;
    while let Some(symbol) = rest.chars().next() {
        if let Some(after) = rest.strip_prefix(".[]") {
            rest = after;
            continue;
        }
        rest = &rest[symbol.len_utf8()..];
        match symbol {
            '\\' => {
                if let Some(escaped) = rest.chars().next() {
                    text.push(escaped);
                    rest = &rest[escaped.len_utf8()..];
                }
            }
            '[' | ']' | '\0' => {}
            _ => text.push(symbol),
        }
    }
    if text.ends_with('\n') {
        text.pop();
    }
    text
}

#[cfg(test)]
mod tests {
    use std::{
        io::Write as _,
        process::{Command, Stdio},
    };

    use super::*;
    use proptest::prelude::*;

    fn run(program: &str, input: &str) -> String {
        let mut child = Command::new(program)
            .env("LC_ALL", "C.UTF-8")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Debian package apertium");
        child.stdin.take().expect("piped").write_all(input.as_bytes()).expect("written");
        String::from_utf8(child.wait_with_output().expect("output").stdout).expect("utf-8")
    }

    #[test]
    fn streams_are_those_of_apertiums_own_programs() {
        for text in [
            "Hello world.",
            "a/b [x] {y} <z> ^w$ \\ @ ~ * # & %",
            "two  spaces\tand\ttabs ",
            " leading",
            "line\nline\n\nparagraph\n\n\nthree\r\n\r\nend\n",
            "[][[.[]",
            "~~ wave ~",
            "ñ ç l·l € 😀 “quoted” it's",
            "",
        ] {
            let stream = escape(text);
            assert_eq!(stream, run("apertium-destxt", &format!("{text}\n")), "{text:?}");
            assert_eq!(format!("{}\n", unescape(&stream)), run("apertium-retxt", &stream), "{text:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn any_stream_is_that_of_apertiums_own_program(text in "[a-z.\\[\\]\\\\@<>^${}/~ \n\t\r]{0,60}") {
            prop_assert_eq!(escape(&text), run("apertium-destxt", &format!("{text}\n")));
        }
    }

    proptest! {
        #[test]
        fn any_text_comes_back(text in "[^\0]*") {
            prop_assert_eq!(unescape(&escape(&text)), text);
        }
    }
}
