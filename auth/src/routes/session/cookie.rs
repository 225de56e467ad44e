//! The cookie `ilenia_refresh` (RFC 6265): the refresh token, out of reach of scripts and of other sites.

use std::{convert::Infallible, time::Duration};

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderValue, header, request::Parts},
};

use crate::{config::CookieConfig, sessions::RefreshToken};

const NAME: &str = "ilenia_refresh";
/// Longer values are none of ours.
const MAX_LENGTH: usize = 200;

/// The refresh token that came along, if one did.
#[derive(Clone, Debug)]
pub(super) struct RefreshCookie(pub(super) Option<RefreshToken>);

impl<S: Send + Sync> FromRequestParts<S> for RefreshCookie {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(read(&parts.headers).map(RefreshToken::received)))
    }
}

/// Browsers send the cookie with the longest path first: that one counts.
fn read(headers: &HeaderMap) -> Option<&str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let value = pairs.filter(|(name, _)| *name == NAME).map(|(_, value)| value).next()?;
    (1..=MAX_LENGTH).contains(&value.len()).then_some(value)
}

impl CookieConfig {
    /// `Set-Cookie` with this token.
    pub(super) fn set(&self, token: &RefreshToken, ttl: Duration) -> HeaderValue {
        self.header(token.expose(), ttl.as_secs())
    }

    /// `Set-Cookie` that takes the cookie away.
    pub(super) fn clear(&self) -> HeaderValue {
        self.header("", 0)
    }

    fn header(&self, value: &str, max_age: u64) -> HeaderValue {
        let secure = if self.secure { "; Secure" } else { "" };
        let path = &self.path;
        let text =
            format!("{NAME}={value}; Path={path}; Max-Age={max_age}; HttpOnly; SameSite=Strict{secure}");
        // The token is base64url, the path was checked when it was read.
        let mut header = HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""));
        header.set_sensitive(true);
        header
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_is_found_among_others() {
        let mut headers = HeaderMap::new();
        assert_eq!(read(&headers), None);
        headers.append(
            header::COOKIE,
            HeaderValue::from_static("a=b; xilenia_refresh=no;ilenia_refresh=yes; c=d"),
        );
        headers.append(header::COOKIE, HeaderValue::from_static("ilenia_refresh=later"));
        assert_eq!(read(&headers), Some("yes"));
        headers.insert(header::COOKIE, HeaderValue::from_static("ilenia_refresh="));
        assert_eq!(read(&headers), None);
    }

    #[test]
    fn the_cookie_is_for_this_site_and_no_script() {
        let config = CookieConfig { path: "/api/auth".to_owned(), secure: true };
        let header = config.set(&RefreshToken::received("t"), Duration::from_secs(60));
        assert_eq!(
            header.to_str().expect("text"),
            "ilenia_refresh=t; Path=/api/auth; Max-Age=60; HttpOnly; SameSite=Strict; Secure"
        );
        let config = CookieConfig { secure: false, ..config };
        assert_eq!(
            config.clear().to_str().expect("text"),
            "ilenia_refresh=; Path=/api/auth; Max-Age=0; HttpOnly; SameSite=Strict"
        );
    }
}
