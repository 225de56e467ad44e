//! Texts that people give: checked once, where they come in.

/// The text is not acceptable; says why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidText(pub(crate) String);

impl InvalidText {
    pub(crate) fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }
}

/// One line that shows something: no control characters, not only white space; trimmed.
pub(crate) fn line(text: &str, max_chars: usize) -> Result<String, InvalidText> {
    if text.chars().count() > max_chars {
        return Err(InvalidText(format!("takes at most {max_chars} characters")));
    }
    if text.chars().any(char::is_control) {
        return Err(InvalidText::new("may not contain line breaks or other control characters"));
    }
    match text.trim() {
        "" => Err(InvalidText::new("may not be empty")),
        shown => Ok(shown.to_owned()),
    }
}

/// A newtype of a checked text, with the same truth in its schema.
macro_rules! text_newtype {
    ($(#[$doc:meta])* $name:ident, $check:expr, length: $min:literal..=$max:literal, pattern: $pattern:expr, example: $example:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::domain::text::InvalidText;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let check: fn(&str) -> Result<String, Self::Err> = $check;
                check(text).map(Self)
            }
        }

        impl TryFrom<String> for $name {
            type Error = $crate::domain::text::InvalidText;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> Self {
                text.0
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                use utoipa::openapi::schema::{Object, Type};
                let object = Object::builder().schema_type(Type::String);
                let object = object.min_length(Some($min)).max_length(Some($max)).pattern(Some($pattern));
                object.examples([$example]).into()
            }
        }

        impl utoipa::ToSchema for $name {}
    };
}
pub(crate) use text_newtype;

/// The pattern of [`line`].
pub(crate) const LINE: &str = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$";
