//! What an unsuccessful answer means: whether a retry helps, how long to wait, and what it said.

use std::time::{Duration, SystemTime};

use common::config::Secret;
use reqwest::{
    StatusCode,
    header::{HeaderMap, RETRY_AFTER},
};
use serde_json::Value;

use crate::InferenceError;

/// As much of what an endpoint said goes into an error.
const MAX_DETAIL_CHARS: usize = 240;
/// An `estimated_time` is an estimate, not a request: the endpoint is asked again after this long at the latest.
const LONGEST_ESTIMATE: Duration = Duration::from_secs(10);

/// The error that a status other than success stands for.
///
/// 429 and 5xx may be retried, but for 501: what an endpoint has not got, it will not get.
pub(crate) fn from_response(
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
    token: Option<&Secret>,
    now: SystemTime,
) -> InferenceError {
    let json: Option<Value> = serde_json::from_slice(body).ok();
    let detail = detail(status, json.as_ref(), body, token);
    let status_code = status.as_u16();
    let retryable = status == StatusCode::TOO_MANY_REQUESTS
        || (status.is_server_error() && status != StatusCode::NOT_IMPLEMENTED);
    if !retryable {
        return InferenceError::Refused { status: status_code, detail };
    }
    let retry_after = retry_after(headers, now).or_else(|| json.as_ref().and_then(estimated_time));
    InferenceError::Unavailable { status: status_code, retry_after, detail }
}

/// `Retry-After` (RFC 9110, section 10.2.3): seconds, or a date, which counts from `now`.
fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let date = httpdate::parse_http_date(text).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

/// The seconds until a cold Hugging Face model is loaded.
fn estimated_time(json: &Value) -> Option<Duration> {
    let seconds = json.get("estimated_time")?.as_f64()?;
    Some(Duration::try_from_secs_f64(seconds).ok()?.min(LONGEST_ESTIMATE))
}

/// What the body says, on one line, shortened, without the token.
fn detail(status: StatusCode, json: Option<&Value>, body: &[u8], token: Option<&Secret>) -> String {
    let said = match json {
        Some(json) => message(json).unwrap_or_default(),
        // A proxy's page says less than the status.
        None if body.trim_ascii_start().starts_with(b"<") => String::new(),
        None => String::from_utf8_lossy(body).into_owned(),
    };
    let said = match token.map(Secret::expose).filter(|token| !token.is_empty()) {
        Some(token) => said.replace(token, "…"),
        None => said,
    };
    let said = one_line(&said, MAX_DETAIL_CHARS);
    if said.is_empty() { status.canonical_reason().unwrap_or("no reason given").to_owned() } else { said }
}

/// `{"error": "…"}`, `{"error": {"message": "…"}}`, `{"message": …}`, and problem+json's `{"detail": …}`.
pub(crate) fn message(json: &Value) -> Option<String> {
    match json {
        Value::String(text) => Some(text.clone()),
        Value::Array(items) => items.iter().find_map(message),
        Value::Object(fields) => ["error", "message", "detail", "title", "msg"]
            .iter()
            .find_map(|name| fields.get(*name).and_then(message)),
        _ => None,
    }
}

/// `text` with its white space and control characters made single spaces, at most `max_chars` long.
pub(crate) fn one_line(text: &str, max_chars: usize) -> String {
    let mut line = String::new();
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()) {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    match line.char_indices().nth(max_chars) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(status: u16, headers: &[(&'static str, &str)], body: &str) -> InferenceError {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.parse().expect("a name"), value.parse().expect("a value")))
            .collect();
        let status = StatusCode::from_u16(status).expect("a status");
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        from_response(status, &headers, body.as_bytes(), Some(&Secret::new("hf_hush")), now)
    }

    fn wait(error: &InferenceError) -> Option<Duration> {
        match error {
            InferenceError::Unavailable { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    #[test]
    fn waits_are_read_from_header_date_and_body() {
        let seconds = |n| Some(Duration::from_secs(n));
        assert_eq!(wait(&error(429, &[("retry-after", "3")], "")), seconds(3));
        // 1 000 000 000 s after the epoch is Sun, 09 Sep 2001 01:46:40 GMT.
        assert_eq!(wait(&error(503, &[("retry-after", "Sun, 09 Sep 2001 01:46:50 GMT")], "")), seconds(10));
        assert_eq!(wait(&error(503, &[("retry-after", "Sun, 09 Sep 2001 01:00:00 GMT")], "")), seconds(0));
        assert_eq!(wait(&error(503, &[], r#"{"error":"loading","estimated_time":4.0}"#)), seconds(4));
        assert_eq!(wait(&error(503, &[], r#"{"error":"loading","estimated_time":9000}"#)), seconds(10));
        for odd in
            [r#"{"estimated_time":-1}"#, r#"{"estimated_time":1e300}"#, r#"{"estimated_time":"soon"}"#, "{"]
        {
            assert_eq!(wait(&error(503, &[], odd)), None, "{odd}");
        }
        for odd in ["-5", "soon", "inf", "NaN"] {
            assert_eq!(wait(&error(429, &[("retry-after", odd)], "")), None, "{odd}");
        }
    }

    #[test]
    fn only_429_and_5xx_may_be_retried() {
        for status in [429, 500, 502, 503, 504, 520] {
            assert!(error(status, &[], "").is_retryable(), "{status}");
        }
        for status in [302, 400, 401, 403, 404, 408, 413, 422, 501] {
            assert!(!error(status, &[], "").is_retryable(), "{status}");
        }
    }

    #[test]
    fn what_was_said_is_shown_on_one_line_shortened_and_without_the_token() {
        let text = |body: &str| error(400, &[], body).to_string();
        assert!(text(r#"{"error":"bad\naudio"}"#).ends_with(": bad audio"));
        assert!(text(r#"{"error":{"message":"no such model","type":"x"}}"#).ends_with(": no such model"));
        assert!(text(r#"{"detail":[{"msg":"field required"}]}"#).ends_with(": field required"));
        assert!(text("<html><body>oops").ends_with(": Bad Request"));
        assert!(text("").ends_with(": Bad Request"));
        assert!(!text("Bearer hf_hush is not valid").contains("hush"));
        assert!(text(&"x".repeat(100_000)).chars().count() < 300);
    }

    proptest::proptest! {
        #[test]
        fn any_body_gives_a_short_line(body: Vec<u8>) {
            let error = from_response(StatusCode::BAD_GATEWAY, &HeaderMap::new(), &body, None, SystemTime::UNIX_EPOCH);
            let text = error.to_string();
            proptest::prop_assert!(text.chars().count() < 300 && !text.contains('\n'));
        }
    }
}
