//! The outside of a token: three parts, and a header that asks for nothing unusual (RFC 7515, RFC 8725).

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use super::{
    Refusal,
    claims::{Grant, Object},
    keys::{MAX_KID_BYTES, VerifyingKey},
};

/// Longer tokens are refused unread, and not even hashed.
pub(super) const MAX_TOKEN_BYTES: usize = 8 << 10;

/// Header members by which a token would choose its own key or its own rules.
const REFUSED: [&str; 8] = ["crit", "jku", "jwk", "x5u", "x5c", "b64", "enc", "zip"];

/// A token whose header is acceptable and whose signature nobody has looked at yet.
#[derive(Debug)]
pub(super) struct Unverified<'a> {
    /// The name of the key that should have signed it.
    pub(super) kid: String,
    /// Header and payload, as they were signed.
    message: &'a str,
    payload: &'a str,
    signature: &'a str,
}

impl<'a> Unverified<'a> {
    /// Takes `token` apart.
    pub(super) fn read(token: &'a str) -> Result<Self, Refusal> {
        let (message, signature) = token.rsplit_once('.').ok_or(Refusal::Malformed)?;
        let (header, payload) = message.split_once('.').ok_or(Refusal::Malformed)?;
        if payload.contains('.') {
            return Err(Refusal::Malformed);
        }
        let header = Object::read(&decode(header)?)?;
        if header.text("alg").ok().flatten() != Some("RS256") {
            return Err(Refusal::Unacceptable);
        }
        if REFUSED.iter().any(|name| header.has(name)) {
            return Err(Refusal::Unacceptable);
        }
        let kind =
            header.text("typ").map_err(|_| Refusal::Unacceptable)?.unwrap_or("JWT").to_ascii_lowercase();
        if !matches!(kind.as_str(), "jwt" | "at+jwt" | "application/at+jwt") {
            return Err(Refusal::NotAccess);
        }
        let kid = header.text("kid").ok().flatten().unwrap_or_default();
        if kid.is_empty() || kid.len() > MAX_KID_BYTES {
            return Err(Refusal::UnknownKey);
        }
        Ok(Self { kid: kid.to_owned(), message, payload, signature })
    }

    /// Checks the signature, then reads the claims.
    pub(super) fn verify(self, key: &VerifyingKey) -> Result<Grant, Refusal> {
        if !key.verifies(self.message, self.signature) {
            return Err(Refusal::Signature);
        }
        Grant::read(&decode(self.payload)?)
    }
}

fn decode(part: &str) -> Result<Vec<u8>, Refusal> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| Refusal::Malformed)
}
