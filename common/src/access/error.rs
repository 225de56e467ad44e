//! Why somebody is not let in, and how HTTP says so (RFC 6750, section 3).

use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};

use super::Permission;
use crate::problem::Problem;

/// Why a request is not let in.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// No access token came along. A token helps.
    #[error("this needs an access token, in the header Authorization: Bearer …")]
    Missing,
    /// The token is not one of ours, or no longer good. Another token helps.
    #[error("{0}")]
    Invalid(#[from] Refusal),
    /// The token is good; its bearer may not do this.
    #[error("this needs the permission {0}")]
    Forbidden(Permission),
    /// Nobody can tell at the moment whether the token is good. Asking again helps.
    #[error("access tokens cannot be verified at the moment")]
    Unavailable {
        /// For the log.
        cause: Box<dyn std::error::Error + Send + Sync>,
        /// When asking again may help.
        retry_after: Duration,
    },
}

/// What is wrong with a token. The texts are fit for `error_description`: no quotes, nothing out of the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Refusal {
    /// Several headers, or one that cannot be read.
    #[error("send one header Authorization: Bearer with one token")]
    Header,
    /// Longer than any token of ours.
    #[error("the token is too long")]
    TooLong,
    /// Not three parts of base64url with JSON objects in the first two.
    #[error("this is not a token")]
    Malformed,
    /// `alg` is not RS256, or the header asks for what access tokens do not have (`crit`, `jku`, `jwk`, `x5u`, …).
    #[error("tokens of this kind are not accepted here")]
    Unacceptable,
    /// No such key, or no `kid`.
    #[error("the key of the token is not known")]
    UnknownKey,
    /// Not signed by the key that it names.
    #[error("the signature of the token is wrong")]
    Signature,
    /// `iss` is somebody else.
    #[error("the token is from another issuer")]
    Issuer,
    /// `aud` does not name us.
    #[error("the token is for another audience")]
    Audience,
    /// `exp` has passed.
    #[error("the token has expired")]
    Expired,
    /// `nbf` or `iat` is in the future.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// A refresh token, an ID token: anything but an access token.
    #[error("this is not an access token")]
    NotAccess,
    /// A claim is missing, has the wrong type or is out of range.
    #[error("the claims of the token are not acceptable")]
    Claims,
    /// Its bearer was disabled or signed out, or has other rights since.
    #[error("the token has been withdrawn")]
    Withdrawn,
}

impl From<AccessError> for Problem {
    fn from(error: AccessError) -> Self {
        match error {
            AccessError::Missing => Self::new(StatusCode::UNAUTHORIZED, "unauthorized", error.to_string())
                .header(header::WWW_AUTHENTICATE, HeaderValue::from_static(r#"Bearer realm="ilenia""#)),
            AccessError::Invalid(refusal) => {
                tracing::debug!(reason = ?refusal, "an access token was refused");
                let challenge =
                    format!(r#"Bearer realm="ilenia", error="invalid_token", error_description="{refusal}""#);
                Self::new(StatusCode::UNAUTHORIZED, "invalid_token", refusal.to_string())
                    .header(header::WWW_AUTHENTICATE, ascii(&challenge))
            }
            AccessError::Forbidden(permission) => {
                let challenge =
                    format!(r#"Bearer realm="ilenia", error="insufficient_scope", scope="{permission}""#);
                Self::forbidden(error.to_string()).header(header::WWW_AUTHENTICATE, ascii(&challenge))
            }
            AccessError::Unavailable { cause, retry_after } => Self::unavailable(
                "verification_unavailable",
                "access tokens cannot be verified at the moment",
                retry_after,
                &cause,
            ),
        }
    }
}

fn ascii(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).expect("refusals and permissions are printable ASCII")
}
