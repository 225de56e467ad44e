//! Who the client is: by Basic, or in the body (RFC 6749, section 2.3.1), not both.

use axum::http::{HeaderMap, header};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use common::config::Secret;
use url::form_urlencoded;

use super::{error::TokenError, form::TokenForm};

/// What a client says of itself.
#[derive(Debug)]
pub(super) struct ClientCredentials {
    pub(super) client_id: String,
    pub(super) secret: Secret,
}

impl ClientCredentials {
    /// Finds them.
    pub(super) fn find(headers: &HeaderMap, form: &mut TokenForm) -> Result<Self, TokenError> {
        let mut values = headers.get_all(header::AUTHORIZATION).iter();
        let Some(value) = values.next() else { return Self::of_body(form) };
        if values.next().is_some() || form.client_secret.is_some() {
            return Err(TokenError::InvalidRequest("the client must identify itself in one way"));
        }
        let basic = Self::of_basic(value.to_str().unwrap_or_default())
            .ok_or(TokenError::InvalidClient("the header Authorization is not of the scheme Basic"))?;
        if form.client_id.as_ref().is_some_and(|client_id| *client_id != basic.client_id) {
            return Err(TokenError::InvalidRequest("client_id is another than in the header Authorization"));
        }
        Ok(basic)
    }

    fn of_body(form: &mut TokenForm) -> Result<Self, TokenError> {
        match (form.client_id.take(), form.client_secret.take()) {
            (Some(client_id), Some(secret)) => Ok(Self { client_id, secret }),
            _ => Err(TokenError::InvalidClient("the client must identify itself, by Basic or in the body")),
        }
    }

    fn of_basic(header: &str) -> Option<Self> {
        let (scheme, encoded) = header.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("basic") {
            return None;
        }
        let text = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
        let (client_id, secret) = text.split_once(':')?;
        Some(Self { client_id: form_decoded(client_id), secret: Secret::new(form_decoded(secret)) })
    }
}

/// Both parts of Basic are form-encoded first. A lone `%` stays what it is: many clients leave the encoding out.
fn form_decoded(text: &str) -> String {
    // `=` and `&` stand for themselves here.
    let text = text.replace('=', "%3D").replace('&', "%26");
    form_urlencoded::parse(text.as_bytes()).map(|(name, _)| name.into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn find(authorization: Option<&str>, mut form: TokenForm) -> Result<ClientCredentials, TokenError> {
        let mut headers = HeaderMap::new();
        if let Some(text) = authorization {
            headers.insert(header::AUTHORIZATION, HeaderValue::from_str(text).expect("a header"));
        }
        ClientCredentials::find(&headers, &mut form)
    }

    fn basic(text: &str) -> String {
        format!("Basic {}", STANDARD.encode(text))
    }

    #[test]
    fn basic_is_form_encoded() {
        let found = find(Some(&basic("a%3Ab+c:s%2Fe%25c=r&t")), TokenForm::default()).expect("credentials");
        assert_eq!((found.client_id.as_str(), found.secret.expose()), ("a:b c", "s/e%c=r&t"));
        let found = find(Some(&basic("live-service:100%")), TokenForm::default()).expect("credentials");
        assert_eq!(found.secret.expose(), "100%");
    }

    #[test]
    fn a_client_identifies_itself_once() {
        let secret = || Some(Secret::new("s"));
        let form = || TokenForm { client_id: Some("a".into()), ..TokenForm::default() };
        let both = TokenForm { client_secret: secret(), ..form() };
        assert!(matches!(find(Some(&basic("a:s")), both), Err(TokenError::InvalidRequest(_))));
        assert!(matches!(find(Some(&basic("b:s")), form()), Err(TokenError::InvalidRequest(_))));
        assert!(find(Some(&basic("a:s")), form()).is_ok());
        assert!(matches!(find(None, form()), Err(TokenError::InvalidClient(_))));
        assert!(matches!(find(Some("Bearer x"), form()), Err(TokenError::InvalidClient(_))));
        assert!(matches!(find(Some("Basic !"), form()), Err(TokenError::InvalidClient(_))));
        assert!(find(None, TokenForm { client_secret: secret(), ..form() }).is_ok());
    }
}
