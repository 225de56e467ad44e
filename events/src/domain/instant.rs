//! Points in time as clients write them.

use std::str::FromStr;

use chrono::{DateTime, Datelike as _, Utc};
use serde::{Deserialize, Serialize};
use utoipa::openapi::{
    KnownFormat, RefOr, Schema, SchemaFormat,
    schema::{Object, Type},
};

/// A point in time, written in RFC 3339 with its zone, kept in UTC to the microsecond.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "DateTime<Utc>")]
pub struct Instant(DateTime<Utc>);

impl Instant {
    /// `time`, without what a database does not keep.
    pub fn truncate(time: DateTime<Utc>) -> DateTime<Utc> {
        // Microseconds that came from a time make a time again.
        DateTime::from_timestamp_micros(time.timestamp_micros()).unwrap_or(time)
    }

    /// A time that was read as one of these before it was stored.
    pub(crate) fn stored(time: DateTime<Utc>) -> Self {
        Self(Self::truncate(time))
    }

    /// The time.
    pub fn utc(self) -> DateTime<Utc> {
        self.0
    }
}

impl From<DateTime<Utc>> for Instant {
    fn from(time: DateTime<Utc>) -> Self {
        Self(Self::truncate(time))
    }
}

/// The text is no such time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidInstant {
    /// Not RFC 3339, or without a zone.
    #[error("not a time with its zone such as 2026-05-01T18:00:00+02:00")]
    Unreadable,
    /// Long ago or far away.
    #[error("the year must be from 1970 to 2199")]
    Year,
}

impl FromStr for Instant {
    type Err = InvalidInstant;

    fn from_str(text: &str) -> Result<Self, InvalidInstant> {
        let time = DateTime::parse_from_rfc3339(text).map_err(|_| InvalidInstant::Unreadable)?;
        let time = Self::truncate(time.to_utc());
        if (1970..=2199).contains(&time.year()) { Ok(Self(time)) } else { Err(InvalidInstant::Year) }
    }
}

impl TryFrom<String> for Instant {
    type Error = InvalidInstant;

    fn try_from(text: String) -> Result<Self, InvalidInstant> {
        text.parse()
    }
}

impl From<Instant> for DateTime<Utc> {
    fn from(instant: Instant) -> Self {
        instant.0
    }
}

impl utoipa::PartialSchema for Instant {
    fn schema() -> RefOr<Schema> {
        let object = Object::builder()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)));
        object
            .description(Some("RFC 3339 with zone, year 1970 to 2199"))
            .examples(["2026-05-01T18:00:00+02:00"])
            .into()
    }
}

impl utoipa::ToSchema for Instant {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_needs_its_zone_and_a_sane_year() {
        let time: Instant = "2026-05-01T18:00:00.1234567+02:00".parse().expect("a time");
        assert_eq!(time.utc().to_rfc3339(), "2026-05-01T16:00:00.123456+00:00");
        assert!("2016-12-31T23:59:60Z".parse::<Instant>().is_ok(), "a leap second");
        for text in ["2026-05-01T18:00:00", "2026-05-01", "tomorrow", "", "1777651200"] {
            assert_eq!(text.parse::<Instant>(), Err(InvalidInstant::Unreadable), "{text:?}");
        }
        for text in ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "1970-01-01T00:00:00+01:00"] {
            assert_eq!(text.parse::<Instant>(), Err(InvalidInstant::Year), "{text:?}");
        }
    }
}
