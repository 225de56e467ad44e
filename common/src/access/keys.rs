//! Public keys that sign access tokens, and where they come from.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

/// Where verifiers get keys from: the auth-service's JWKS by URL, or the auth-service's own key ring.
#[async_trait]
pub trait KeySource: Send + Sync {
    /// The key called `kid`, if tokens signed by it are good now.
    ///
    /// Called for every request: answer from memory. A key that is withdrawn is `None` from then on.
    async fn key(&self, kid: &str) -> Result<Option<VerifyingKey>, KeysUnavailable>;

    /// Whether there are keys to verify with, reading them if need be: for `/ready`.
    async fn check(&self) -> Result<(), KeysUnavailable> {
        Ok(())
    }
}

/// Nobody can tell which keys are good. Asking again helps.
#[derive(Debug, thiserror::Error)]
#[error("the keys of access tokens cannot be read: {cause}")]
pub struct KeysUnavailable {
    /// Why.
    #[source]
    pub cause: Box<dyn std::error::Error + Send + Sync>,
    /// When asking again may help.
    pub retry_after: Duration,
}

/// A fixed set of keys.
#[async_trait]
impl KeySource for Vec<VerifyingKey> {
    async fn key(&self, kid: &str) -> Result<Option<VerifyingKey>, KeysUnavailable> {
        Ok(self.iter().find(|key| key.id() == kid).cloned())
    }
}

/// A public RSA key for RS256, at least 2048 bits. Clones share it.
#[derive(Clone)]
pub struct VerifyingKey(Arc<Inner>);

struct Inner {
    public: Jwk,
    components: RsaPublicKeyComponents<Vec<u8>>,
}

impl VerifyingKey {
    /// Its name, `kid`.
    pub fn id(&self) -> &str {
        &self.0.public.kid
    }

    /// As it is published.
    pub fn to_jwk(&self) -> Jwk {
        self.0.public.clone()
    }

    /// Whether `signature` (base64url) is this key's for `message`.
    pub(super) fn verifies(&self, message: &str, signature: &str) -> bool {
        // Not by a JWT library that has one provider of algorithms for the whole process: another part of the program
        // may have chosen one without RSA.
        let Ok(signature) = URL_SAFE_NO_PAD.decode(signature) else { return false };
        self.0.components.verify(&RSA_PKCS1_2048_8192_SHA256, message.as_bytes(), &signature).is_ok()
    }
}

impl PartialEq for VerifyingKey {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0.public == other.0.public
    }
}

impl std::fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("VerifyingKey").field(&self.id()).finish()
    }
}

/// A JWK (RFC 7517) of the one kind used here: RSA, for signatures, RS256.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(example = json!({
    "kty": "RSA", "use": "sig", "alg": "RS256", "kid": "2026-01-07-5d1c", "e": "AQAB",
    "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
}))]
pub struct Jwk {
    /// `RSA`.
    pub kty: String,
    /// `sig`.
    #[serde(rename = "use", default = "signatures")]
    #[schema(required = true)]
    pub usage: String,
    /// `RS256`.
    #[serde(default = "rs256")]
    #[schema(required = true)]
    pub alg: String,
    /// The key's name, in the header of the tokens that it signs.
    #[schema(min_length = 1)]
    pub kid: String,
    /// The modulus, base64url.
    #[schema(pattern = "^[A-Za-z0-9_-]+$")]
    pub n: String,
    /// The exponent, base64url.
    #[schema(pattern = "^[A-Za-z0-9_-]+$")]
    pub e: String,
}

fn signatures() -> String {
    "sig".to_owned()
}

fn rs256() -> String {
    "RS256".to_owned()
}

/// Public keys, as published at `/.well-known/jwks.json`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(example = json!({ "keys": [{
    "kty": "RSA", "use": "sig", "alg": "RS256", "kid": "b3f1c9d27a6e4f58", "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
    "e": "AQAB"
}] }))]
pub struct JwkSet {
    /// Those that sign now, and those whose tokens still live.
    pub keys: Vec<Jwk>,
}

/// The key cannot be used for access tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an RSA signing key for RS256 of 2048 to 8192 bits with a name")]
pub struct UnusableKey;

impl Jwk {
    /// From modulus and exponent, big-endian.
    pub fn rsa(kid: impl Into<String>, modulus: &[u8], exponent: &[u8]) -> Self {
        Self {
            kty: "RSA".to_owned(),
            usage: signatures(),
            alg: rs256(),
            kid: kid.into(),
            n: URL_SAFE_NO_PAD.encode(without_zeroes(modulus)),
            e: URL_SAFE_NO_PAD.encode(without_zeroes(exponent)),
        }
    }
}

impl TryFrom<Jwk> for VerifyingKey {
    type Error = UnusableKey;

    fn try_from(public: Jwk) -> Result<Self, UnusableKey> {
        let named = !public.kid.is_empty() && public.kid.len() <= MAX_KID_BYTES;
        if public.kty != "RSA" || public.usage != "sig" || public.alg != "RS256" || !named {
            return Err(UnusableKey);
        }
        let modulus = URL_SAFE_NO_PAD.decode(&public.n).map_err(|_| UnusableKey)?;
        let exponent = URL_SAFE_NO_PAD.decode(&public.e).map_err(|_| UnusableKey)?;
        let (modulus, exponent) = (without_zeroes(&modulus), without_zeroes(&exponent));
        let bits = modulus.first().map_or(0, |first| modulus.len() * 8 - first.leading_zeros() as usize);
        // An exponent of 1 would make every text its own signature.
        let odd = exponent.last().is_some_and(|last| last % 2 == 1);
        if !(2048..=8192).contains(&bits) || !odd || exponent == [1] || exponent.len() > 5 {
            return Err(UnusableKey);
        }
        let components = RsaPublicKeyComponents { n: modulus.to_vec(), e: exponent.to_vec() };
        Ok(Self(Arc::new(Inner { public, components })))
    }
}

/// The longest `kid` that is looked up.
pub(super) const MAX_KID_BYTES: usize = 200;

fn without_zeroes(number: &[u8]) -> &[u8] {
    let start = number.iter().position(|byte| *byte != 0).unwrap_or(number.len());
    &number[start..]
}
