//! The parameters of a token request (RFC 6749, sections 3.2 and 4.4.2).

use axum::http::{HeaderMap, header};
use common::config::Secret;
use url::form_urlencoded;

use super::error::TokenError;

/// What was asked for. Unknown parameters are passed over, as the RFC demands.
#[derive(Debug, Default)]
pub(super) struct TokenForm {
    pub(super) grant_type: Option<String>,
    pub(super) scope: Option<String>,
    pub(super) client_id: Option<String>,
    pub(super) client_secret: Option<Secret>,
}

impl TokenForm {
    /// Reads a body.
    pub(super) fn read(headers: &HeaderMap, body: &[u8]) -> Result<Self, TokenError> {
        let media_type =
            headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let essence = media_type.split(';').next().unwrap_or_default().trim();
        if !essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Err(TokenError::InvalidRequest("the body must be application/x-www-form-urlencoded"));
        }
        let mut form = Self::default();
        let mut names: Vec<String> = Vec::new();
        for (name, value) in form_urlencoded::parse(body) {
            if names.iter().any(|known| *known == name) {
                return Err(TokenError::InvalidRequest("a parameter stands twice"));
            }
            if names.len() == 100 {
                return Err(TokenError::InvalidRequest("too many parameters"));
            }
            // Without a value a parameter counts as left out.
            if !value.is_empty() {
                match &*name {
                    "grant_type" => form.grant_type = Some(value.into_owned()),
                    "scope" => form.scope = Some(value.into_owned()),
                    "client_id" => form.client_id = Some(value.into_owned()),
                    "client_secret" => form.client_secret = Some(Secret::new(value)),
                    _ => {}
                }
            }
            names.push(name.into_owned());
        }
        Ok(form)
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn read(body: &str) -> Result<TokenForm, TokenError> {
        let mut headers = HeaderMap::new();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("Application/x-www-form-urlencoded; charset=utf-8"),
        );
        TokenForm::read(&headers, body.as_bytes())
    }

    #[test]
    fn parameters_are_read_once_and_unknown_ones_passed_over() {
        let form = read("grant_type=client_credentials&scope=&audience=x&client_id=a%20b").expect("a form");
        assert_eq!(form.grant_type.as_deref(), Some("client_credentials"));
        assert_eq!((form.scope, form.client_id.as_deref()), (None, Some("a b")));
        for twice in ["scope=a&scope=b", "scope=&scope=", "x=1&x=2"] {
            assert!(matches!(read(twice), Err(TokenError::InvalidRequest(_))), "{twice}");
        }
    }
}
