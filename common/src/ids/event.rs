//! Events and their channels.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// The text or number is no such id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidNumber(&'static str);

macro_rules! number_newtype {
    ($(#[$doc:meta])* $name:ident($inner:ty) in $range:expr, $expected:literal, $example:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "i64", into = "i64")]
        pub struct $name($inner);

        impl $name {
            /// The smallest.
            pub const MIN: $inner = *$range.start();
            /// The largest.
            pub const MAX: $inner = *$range.end();

            /// The id with this number, if it is one.
            pub fn new(number: i64) -> Result<Self, InvalidNumber> {
                <$inner>::try_from(number)
                    .ok()
                    .filter(|number| $range.contains(number))
                    .map(Self)
                    .ok_or(InvalidNumber($expected))
            }

            /// Its number.
            pub fn get(self) -> $inner {
                self.0
            }
        }

        #[cfg(feature = "service")]
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                use utoipa::openapi::schema::{Object, Type};
                let object = Object::builder().schema_type(Type::Integer).description(Some($expected));
                object.minimum(Some(Self::MIN)).maximum(Some(Self::MAX)).examples([$example]).into()
            }
        }

        #[cfg(feature = "service")]
        impl utoipa::ToSchema for $name {}

        impl TryFrom<i64> for $name {
            type Error = InvalidNumber;

            fn try_from(number: i64) -> Result<Self, Self::Error> {
                Self::new(number)
            }
        }

        impl From<$name> for i64 {
            fn from(id: $name) -> Self {
                id.0.into()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidNumber;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                // Not "+5", not " 5": one text form per id.
                if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) || text.starts_with('0') {
                    return Err(InvalidNumber($expected));
                }
                Self::new(text.parse().map_err(|_| InvalidNumber($expected))?)
            }
        }
    };
}

number_newtype! {
    /// Names an event: 6 to 9 digits, so that people can read it out and type it.
    EventId(i32) in (100_000..=999_999_999), "an event id is a number of 6 to 9 digits", 123_457
}
number_newtype! {
    /// Names a channel within its event: 1, 2, …
    ChannelId(i32) in (1..=999), "a channel id is a number from 1 to 999", 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_one_text_form() {
        assert_eq!("123457".parse::<EventId>().map(EventId::get), Ok(123_457));
        for text in [
            "",
            "12345",
            "1234567890",
            "0123457",
            "+123457",
            "-123457",
            "12345x",
            " 123457",
            "99999999999999999999",
        ] {
            assert!(text.parse::<EventId>().is_err(), "{text:?}");
        }
        assert!(serde_json::from_str::<EventId>("123457").is_ok());
        assert!(serde_json::from_str::<EventId>("7").is_err());
        assert!("0".parse::<ChannelId>().is_err());
    }
}
