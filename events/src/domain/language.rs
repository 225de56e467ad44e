//! Languages of channels: BCP-47 tags of language, script, region and variant.

use std::{fmt, str::FromStr};

use common::LanguageTag;
use serde::{Deserialize, Serialize};
use utoipa::openapi::{
    RefOr, Schema,
    schema::{Object, Type},
};

/// `ca`, `ca-ES`, `ca-ES-valencia`, `zh-Hant-TW`, `es-419`.
const PATTERN: &str =
    r"^[A-Za-z]{2,3}(-[A-Za-z]{4})?(-([A-Za-z]{2}|[0-9]{3}))?(-([0-9][A-Za-z0-9]{3}|[A-Za-z0-9]{5,8}))?$";

/// A language that people speak, as a BCP-47 tag in its normal case: no extensions, nothing private, which no engine
/// could make anything of.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Language(LanguageTag);

impl Language {
    /// The tag.
    pub fn tag(&self) -> &LanguageTag {
        &self.0
    }

    /// The tag as text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The text names no language.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a language tag such as ca-ES, zh-Hant-TW or es-419")]
pub struct InvalidLanguage(String);

impl FromStr for Language {
    type Err = InvalidLanguage;

    fn from_str(text: &str) -> Result<Self, InvalidLanguage> {
        let tag = text.parse::<LanguageTag>().ok().filter(is_spoken);
        tag.map(Self).ok_or_else(|| InvalidLanguage(text.chars().take(40).collect()))
    }
}

impl TryFrom<String> for Language {
    type Error = InvalidLanguage;

    fn try_from(text: String) -> Result<Self, InvalidLanguage> {
        text.parse()
    }
}

impl From<Language> for String {
    fn from(language: Language) -> Self {
        language.0.into()
    }
}

/// As [`PATTERN`] says; that it is a tag at all is known.
fn is_spoken(tag: &LanguageTag) -> bool {
    let mut parts = tag.as_str().split('-').peekable();
    let letters = |part: &&str, lengths: [usize; 2]| {
        lengths.contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphabetic())
    };
    let language = parts.next_if(|part| letters(part, [2, 3]));
    parts.next_if(|part| letters(part, [4, 4]));
    parts.next_if(|part| {
        letters(part, [2, 2]) || (part.len() == 3 && part.bytes().all(|byte| byte.is_ascii_digit()))
    });
    parts.next_if(|part| part.len() >= 5 || (part.len() == 4 && part.as_bytes()[0].is_ascii_digit()));
    language.is_some() && parts.next().is_none()
}

impl utoipa::PartialSchema for Language {
    fn schema() -> RefOr<Schema> {
        let object = Object::builder().schema_type(Type::String).pattern(Some(PATTERN));
        object.description(Some("a BCP-47 language tag; its case is normalised")).examples(["ca-ES"]).into()
    }
}

impl utoipa::ToSchema for Language {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_of_spoken_languages_pass_in_their_normal_case() {
        for (text, normal) in [
            ("ca", "ca"),
            ("CA-es", "ca-ES"),
            ("ca-es-VALENCIA", "ca-ES-valencia"),
            ("ZH-hant-tw", "zh-Hant-TW"),
            ("es-419", "es-419"),
            ("de-1996", "de-1996"),
        ] {
            assert_eq!(text.parse::<Language>().map(String::from), Ok(normal.to_owned()));
        }
    }

    #[test]
    fn what_nobody_speaks_is_refused() {
        for text in [
            "",
            "es_ES",
            "english please",
            "x-private",
            "en-US-x-twain",
            "en-u-ca-gregory",
            "i-klingon",
            "en\0",
        ] {
            assert!(text.parse::<Language>().is_err(), "{text}");
        }
    }
}
