//! Dates and times in the forms that old files have.

use chrono::{
    DateTime, Days, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone as _, Utc,
};
use chrono_tz::Tz;
use serde_json::Value;

use super::field::{Refusal, printable};

/// Larger numbers are milliseconds: as seconds this would be the year 5138.
const SECONDS_UNTIL: f64 = 1e11;

/// A moment: RFC 3339, a date and time of `zone`, a date alone (its midnight), or Unix time in seconds or milliseconds.
///
/// `zone` is `None` where the file names none: then it is taken as UTC, with a note.
pub(super) fn moment(
    what: &str,
    value: &Value,
    zone: Option<Tz>,
    notes: &mut Vec<String>,
) -> Result<DateTime<Utc>, Refusal> {
    let understood = match value {
        Value::Number(number) => number.as_f64().and_then(unix),
        Value::String(text) => written(what, text.trim(), zone, notes),
        _ => None,
    };
    understood.filter(|moment| (1970..=2199).contains(&chrono::Datelike::year(moment))).ok_or_else(|| {
        let shown = printable(value.as_str().unwrap_or(&value.to_string()), 40);
        Refusal(format!("{what} {shown:?} is no date and time that we understand"))
    })
}

fn unix(number: f64) -> Option<DateTime<Utc>> {
    let seconds = if number.abs() < SECONDS_UNTIL { number } else { number / 1e3 };
    (seconds.abs() < SECONDS_UNTIL)
        .then(|| DateTime::from_timestamp_millis((seconds * 1e3).round() as i64))?
}

fn written(what: &str, text: &str, zone: Option<Tz>, notes: &mut Vec<String>) -> Option<DateTime<Utc>> {
    if let Ok(exact) = DateTime::parse_from_rfc3339(text) {
        return Some(exact.to_utc());
    }
    for format in
        ["%Y-%m-%dT%H:%M:%S%.f%#z", "%Y-%m-%d %H:%M:%S%.f%#z", "%Y-%m-%dT%H:%M%#z", "%Y-%m-%d %H:%M%#z"]
    {
        if let Ok(exact) = DateTime::parse_from_str(text, format) {
            return Some(exact.to_utc());
        }
    }
    if text.len() > 4 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return text.parse().ok().and_then(unix);
    }
    let zoneless = text.strip_suffix(" UTC").or_else(|| text.strip_suffix(" Z"));
    if let Some(naive) = zoneless.and_then(naive) {
        return Some(naive.and_utc());
    }
    let naive = naive(text).or_else(|| {
        let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
        notes.push(format!("{what} has no time: taken as midnight"));
        Some(date.and_time(NaiveTime::MIN))
    })?;
    if zone.is_none() {
        notes.push(format!("{what} has no time zone: taken as UTC"));
    }
    of_zone(what, naive, zone.unwrap_or(Tz::UTC), notes)
}

fn naive(text: &str) -> Option<NaiveDateTime> {
    let formats = ["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f"];
    formats.iter().find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
}

/// The moment of a clock on the wall, also in the two hours a year in which that is not clear.
fn of_zone(what: &str, wall: NaiveDateTime, zone: Tz, notes: &mut Vec<String>) -> Option<DateTime<Utc>> {
    match zone.from_local_datetime(&wall) {
        LocalResult::Single(moment) => Some(moment.to_utc()),
        LocalResult::Ambiguous(first, _) => {
            notes.push(format!("{what}: {wall} is twice in {zone}: the first is taken"));
            Some(first.to_utc())
        }
        LocalResult::None => {
            notes.push(format!("{what}: {wall} is not in {zone}, clocks are put forward over it"));
            // As the day before had it: what the clock would show had it not been put forward.
            let day_before = zone.from_local_datetime(&wall.checked_sub_days(Days::new(1))?).earliest()?;
            Some((day_before + TimeDelta::days(1)).to_utc())
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(value: impl Into<Value>, zone: Option<Tz>) -> (Result<String, Refusal>, Vec<String>) {
        let mut notes = Vec::new();
        let moment = moment("starts_at", &value.into(), zone, &mut notes);
        (moment.map(|moment| moment.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)), notes)
    }

    #[test]
    fn every_form_gives_the_same_moment() {
        let madrid = Some(Tz::Europe__Madrid);
        for value in [
            json!("2026-05-04T09:30:00Z"),
            json!("2026-05-04T11:30:00+02:00"),
            json!("2026-05-04 11:30:00+02:00"),
            json!("2026-05-04T11:30+0200"),
            json!("2026-05-04T09:30:00.000000Z"),
            json!("2026-05-04 09:30:00 UTC"),
            json!("2026-05-04 11:30"),
            json!("2026-05-04T11:30:00"),
            json!(1_777_887_000),
            json!(1_777_887_000_000_i64),
            json!("1777887000"),
        ] {
            let (moment, notes) = read(value.clone(), madrid);
            assert_eq!(moment.as_deref(), Ok("2026-05-04T09:30:00Z"), "{value}");
            assert!(notes.is_empty(), "{value}: {notes:?}");
        }
    }

    #[test]
    fn what_is_assumed_is_said() {
        let (moment, notes) = read("2026-05-04", None);
        assert_eq!(moment.as_deref(), Ok("2026-05-04T00:00:00Z"));
        assert_eq!(notes.len(), 2, "{notes:?}");
    }

    #[test]
    fn the_hours_of_clock_changes_are_moments_too() {
        let madrid = Some(Tz::Europe__Madrid);
        let (twice, notes) = read("2026-10-25 02:30", madrid);
        assert_eq!((twice.as_deref(), notes.len()), (Ok("2026-10-25T00:30:00Z"), 1));
        let (never, notes) = read("2026-03-29 02:30", madrid);
        assert_eq!((never.as_deref(), notes.len()), (Ok("2026-03-29T01:30:00Z"), 1));
    }

    #[test]
    fn what_is_no_moment_is_refused() {
        for value in [
            json!("tomorrow"),
            json!("2026-13-01 10:00"),
            json!("04/05/2026 10:00"),
            json!(true),
            json!([]),
            json!(1e300),
            json!(-1),
            json!("999999999999999999999999"),
        ] {
            assert!(read(value.clone(), None).0.is_err(), "{value}");
        }
    }
}
