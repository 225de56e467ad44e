//! Texts that people write: bounded, without control characters, so that no store chokes on them.

use serde::{Deserialize, Serialize};
use utoipa::openapi::{
    RefOr, Schema,
    schema::{Object, Type},
};

/// The text cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidText {
    /// Nothing but white space.
    #[error("must not be empty")]
    Empty,
    /// Too many characters.
    #[error("must have at most {0} characters")]
    TooLong(usize),
    /// NUL, escape and the like.
    #[error("must not have control characters")]
    Control,
}

/// No control characters, and something besides white space.
const ONE_LINE: &str = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$";
/// No control characters; may be empty.
const PERHAPS_ONE_LINE: &str = r"^[^\x00-\x1f\x7f-\x9f]*$";
/// As [`PERHAPS_ONE_LINE`], with tabs and line ends.
const MANY_LINES: &str = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*$";

fn one_line(text: &str, max: usize) -> Result<String, InvalidText> {
    check_length(text, max)?;
    if text.chars().any(char::is_control) {
        return Err(InvalidText::Control);
    }
    let trimmed = text.trim();
    if trimmed.is_empty() { Err(InvalidText::Empty) } else { Ok(trimmed.to_owned()) }
}

fn perhaps_one_line(text: &str, max: usize) -> Result<String, InvalidText> {
    check_length(text, max)?;
    if text.chars().any(char::is_control) { Err(InvalidText::Control) } else { Ok(text.trim().to_owned()) }
}

fn many_lines(text: &str, max: usize) -> Result<String, InvalidText> {
    check_length(text, max)?;
    let is_odd = |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r');
    if text.chars().any(is_odd) { Err(InvalidText::Control) } else { Ok(text.to_owned()) }
}

fn check_length(text: &str, max: usize) -> Result<(), InvalidText> {
    // A character has at least one byte: most texts are not counted.
    if text.len() > max && text.chars().count() > max { Err(InvalidText::TooLong(max)) } else { Ok(()) }
}

macro_rules! text_newtype {
    ($(#[$doc:meta])* $name:ident, $check:ident, $min:literal..=$max:literal, $pattern:ident, $example:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// As many characters at most.
            pub const MAX: usize = $max;

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = InvalidText;

            fn from_str(text: &str) -> Result<Self, InvalidText> {
                $check(text, Self::MAX).map(Self)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidText;

            fn try_from(text: String) -> Result<Self, InvalidText> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> Self {
                text.0
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let object = Object::builder().schema_type(Type::String).pattern(Some($pattern));
                object.min_length(Some($min)).max_length(Some($max)).examples([$example]).into()
            }
        }

        impl utoipa::ToSchema for $name {}
    };
}

text_newtype! {
    /// What an event is called.
    Title, one_line, 1..=200, ONE_LINE, "The spring assembly"
}
text_newtype! {
    /// What a channel or a template is called.
    Name, one_line, 1..=100, ONE_LINE, "Main stage"
}
text_newtype! {
    /// What an event is about; may have several lines.
    Description, many_lines, 0..=10_000, MANY_LINES, "Budget, elections, open questions."
}
text_newtype! {
    /// A term of a glossary, or its translation.
    Term, one_line, 1..=200, ONE_LINE, "assembly"
}
text_newtype! {
    /// What is looked for in titles; empty: anything.
    Search, perhaps_one_line, 0..=200, PERHAPS_ONE_LINE, "assembly"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_one_trimmed_line_of_bounded_length() {
        assert_eq!("  Été ☀ ".parse::<Title>().map(String::from), Ok("Été ☀".to_owned()));
        assert_eq!("\u{2003} ".parse::<Title>(), Err(InvalidText::Empty));
        assert_eq!("é".repeat(201).parse::<Title>(), Err(InvalidText::TooLong(200)));
        assert!("é".repeat(200).parse::<Title>().is_ok());
        for odd in ["a\0b", "a\nb", "\u{1b}[2J", "\u{85}"] {
            assert_eq!(odd.parse::<Title>(), Err(InvalidText::Control), "{odd:?}");
        }
    }

    #[test]
    fn a_description_may_have_lines_but_no_nul() {
        assert!("one\n\ttwo\r\n".parse::<Description>().is_ok());
        assert!("".parse::<Description>().is_ok());
        assert_eq!("a\0".parse::<Description>(), Err(InvalidText::Control));
    }
}
