//! Time zones by their IANA names.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::openapi::{
    RefOr, Schema,
    schema::{Object, Type},
};

/// An IANA time zone (`Europe/Madrid`): how an event's times are shown. They are stored in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Timezone(chrono_tz::Tz);

impl Timezone {
    /// For events that name none.
    pub const UTC: Self = Self(chrono_tz::UTC);

    /// The zone's rules.
    pub fn tz(self) -> chrono_tz::Tz {
        self.0
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        self.0.name()
    }
}

impl Default for Timezone {
    fn default() -> Self {
        Self::UTC
    }
}

impl From<chrono_tz::Tz> for Timezone {
    fn from(zone: chrono_tz::Tz) -> Self {
        Self(zone)
    }
}

/// The text names no time zone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an IANA time zone such as Europe/Madrid")]
pub struct UnknownTimezone(String);

impl FromStr for Timezone {
    type Err = UnknownTimezone;

    fn from_str(text: &str) -> Result<Self, UnknownTimezone> {
        text.parse().map(Self).map_err(|_| UnknownTimezone(text.chars().take(40).collect()))
    }
}

impl TryFrom<String> for Timezone {
    type Error = UnknownTimezone;

    fn try_from(text: String) -> Result<Self, UnknownTimezone> {
        text.parse()
    }
}

impl From<Timezone> for String {
    fn from(zone: Timezone) -> Self {
        zone.name().to_owned()
    }
}

impl utoipa::PartialSchema for Timezone {
    fn schema() -> RefOr<Schema> {
        let names = chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name());
        let object = Object::builder().schema_type(Type::String).enum_values(Some(names));
        object.description(Some("an IANA time zone")).examples(["Europe/Madrid"]).into()
    }
}

impl utoipa::ToSchema for Timezone {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_iana_names_are_time_zones() {
        assert_eq!("Europe/Madrid".parse::<Timezone>().map(Timezone::name), Ok("Europe/Madrid"));
        for text in ["", "Madrid", "CEST+1", "+02:00", "Europe/Madrid\0"] {
            assert!(text.parse::<Timezone>().is_err(), "{text:?}");
        }
    }
}
