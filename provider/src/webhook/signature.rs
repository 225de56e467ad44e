//! Whether it is LiveKit that tells.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use common::problem::Problem;
use livekit_api::{
    access_token::TokenVerifier,
    webhooks::{WebhookError, WebhookReceiver},
};

use crate::config::LiveKitConfig;

/// Knows the signatures of the server whose key we have.
#[derive(Debug)]
pub(crate) struct Signatures {
    tokens: TokenVerifier,
    receiver: WebhookReceiver,
}

/// A token that the server has signed, of a body that was not read yet.
pub(crate) struct Signature<'a> {
    token: String,
    receiver: &'a WebhookReceiver,
}

impl Signatures {
    pub(crate) fn new(config: &LiveKitConfig) -> Self {
        let tokens = TokenVerifier::with_api_key(&config.api_key, config.api_secret.expose());
        Self { receiver: WebhookReceiver::new(tokens.clone()), tokens }
    }

    /// The signature among these headers: `Authorization`, with or without `Bearer`.
    pub(crate) fn of(&self, headers: &HeaderMap) -> Result<Signature<'_>, Problem> {
        let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let value = value.ok_or_else(|| refused("no signature"))?;
        let token = value.strip_prefix("Bearer ").unwrap_or(value).trim();
        self.tokens.verify(token).map_err(refused)?;
        Ok(Signature { token: token.to_owned(), receiver: &self.receiver })
    }
}

impl Signature<'_> {
    /// `body` as text, if that is what was signed.
    pub(crate) fn check<'b>(&self, body: &'b [u8]) -> Result<&'b str, Problem> {
        let text = std::str::from_utf8(body).map_err(refused)?;
        match self.receiver.receive(text, &self.token) {
            // It reads the body after the signature has proved good, and knows the events of its own version alone.
            Ok(_) | Err(WebhookError::InvalidData(_)) => Ok(text),
            Err(
                error @ (WebhookError::InvalidSignature
                | WebhookError::InvalidBase64(_)
                | WebhookError::InvalidAuth(_)),
            ) => Err(refused(error)),
        }
    }
}

fn refused(why: impl std::fmt::Display) -> Problem {
    tracing::debug!(%why, "a webhook was refused");
    let detail = "the header Authorization has to be the LiveKit server's signature of the body";
    Problem::new(StatusCode::UNAUTHORIZED, "invalid_signature", detail)
        .header(header::WWW_AUTHENTICATE, HeaderValue::from_static(r#"Bearer realm="livekit""#))
}
