//! Language tags.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A BCP-47 language tag in its normal case (`en-US`, `ca-ES`, `zh-Hant-TW`).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LanguageTag(oxilangtag::LanguageTag<String>);

impl LanguageTag {
    /// The whole tag.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The primary language subtag alone: `en` of `en-US`.
    pub fn primary(&self) -> &str {
        self.0.primary_language()
    }

    /// Whether both name the same language, whatever the region or script.
    pub fn same_language(&self, other: &Self) -> bool {
        self.primary() == other.primary()
    }
}

impl fmt::Display for LanguageTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Well-formed tags (RFC 5646, section 2.1) but grandfathered ones.
#[cfg(feature = "service")]
const PATTERN: &str = concat!(
    r"^(([A-Za-z]{2,3}(-[A-Za-z]{3}){0,3}|[A-Za-z]{4,8})(-[A-Za-z]{4})?(-([A-Za-z]{2}|[0-9]{3}))?",
    r"(-([0-9][A-Za-z0-9]{3}|[A-Za-z0-9]{5,8}))*(-[0-9A-WYZa-wyz](-[A-Za-z0-9]{2,8})+)*(-[Xx](-[A-Za-z0-9]{1,8})+)?",
    r"|[Xx](-[A-Za-z0-9]{1,8})+)$"
);

#[cfg(feature = "service")]
impl utoipa::PartialSchema for LanguageTag {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        use utoipa::openapi::schema::{Object, Type};
        let object = Object::builder().schema_type(Type::String).max_length(Some(64)).pattern(Some(PATTERN));
        object.description(Some("a BCP-47 language tag")).examples(["es-ES"]).into()
    }
}

#[cfg(feature = "service")]
impl utoipa::ToSchema for LanguageTag {}

/// The text is not a BCP-47 language tag.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a language tag such as en-US: {cause}")]
pub struct InvalidLanguageTag {
    text: String,
    cause: String,
}

impl FromStr for LanguageTag {
    type Err = InvalidLanguageTag;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parsed = if text.len() <= 64 { Some(text) } else { text.get(..0) };
        oxilangtag::LanguageTag::parse_and_normalize(parsed.unwrap_or_default()).map(Self).map_err(|cause| {
            InvalidLanguageTag { text: text.chars().take(40).collect(), cause: cause.to_string() }
        })
    }
}

impl TryFrom<String> for LanguageTag {
    type Error = InvalidLanguageTag;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<LanguageTag> for String {
    fn from(tag: LanguageTag) -> Self {
        tag.0.into_inner()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_normalised_and_compared_by_language() {
        let tag: LanguageTag = "CA-es".parse().expect("a tag");
        assert_eq!(tag.as_str(), "ca-ES");
        assert_eq!(tag.primary(), "ca");
        assert!(tag.same_language(&"ca".parse().expect("a tag")));
        assert_eq!(serde_json::to_string(&tag).expect("json"), "\"ca-ES\"");
    }

    #[test]
    fn what_is_no_tag_is_refused_with_its_text() {
        for text in ["", "english please", "e", "es_ES", &"a-".repeat(100)] {
            assert!(text.parse::<LanguageTag>().is_err(), "{text:?}");
        }
        let error = "es_ES".parse::<LanguageTag>().expect_err("no tag").to_string();
        assert!(error.contains("es_ES"), "{error}");
    }
}
