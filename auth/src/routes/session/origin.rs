//! Whose pages may use the refresh cookie: our own, and those of `FRONTEND_URL`.

use axum::{
    extract::{FromRef, FromRequestParts},
    http::{HeaderMap, header, request::Parts},
};
use common::problem::Problem;

use crate::AppState;

/// The request comes from a page of ours, or from no page at all. 403 otherwise.
#[derive(Clone, Copy, Debug)]
pub(super) struct OwnOrigin;

impl<S: Send + Sync> FromRequestParts<S> for OwnOrigin
where
    AppState: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let state = AppState::from_ref(state);
        let host = parts.uri.authority().map(axum::http::uri::Authority::as_str);
        if is_own(&parts.headers, host, &state.config.origins) {
            Ok(Self)
        } else {
            Err(Problem::forbidden("pages of this origin may not use the session"))
        }
    }
}

fn is_own(headers: &HeaderMap, authority: Option<&str>, origins: &[String]) -> bool {
    let mut given = headers.get_all(header::ORIGIN).iter();
    let Some(origin) = given.next() else { return true };
    let (Ok(origin), None) = (origin.to_str(), given.next()) else { return false };
    let origin = origin.to_ascii_lowercase();
    if origins.contains(&origin) {
        return true;
    }
    // The scheme is the proxy's: only the host can be compared.
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).or(authority);
    let page = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
    page.zip(host).is_some_and(|(page, host)| page == host.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn a_foreign_origin_is_refused_and_a_missing_one_accepted() {
        let own = |origins: &[&'static str]| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, HeaderValue::from_static("Auth.example.org:8081"));
            for origin in origins {
                headers.append(header::ORIGIN, HeaderValue::from_static(origin));
            }
            is_own(&headers, None, &["https://app.example.org".to_owned()])
        };
        assert!(own(&[]));
        assert!(own(&["https://app.example.org"]));
        assert!(own(&["https://auth.example.org:8081"]));
        for foreign in [
            "null",
            "",
            "https://app.example.org.evil.test",
            "https://evil.test",
            "http://app.example.org",
            "https://auth.example.org",
            "https://app.example.org, https://evil.test",
        ] {
            assert!(!own(&[foreign]), "{foreign:?}");
        }
        assert!(!own(&["https://app.example.org", "https://evil.test"]));
    }
}
