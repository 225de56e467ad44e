//! One signing key: an RSA key of 2048 bits for RS256.

use std::sync::Arc;

use aws_lc_rs::{
    digest,
    encoding::AsDer as _,
    rand::SystemRandom,
    rsa::{KeyPair, KeySize},
    signature::{KeyPair as _, RSA_PKCS1_SHA256},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use common::access::{Claims, Jwk, VerifyingKey};
use zeroize::Zeroizing;

use super::KeyError;

/// A private key and its public half. Clones share it.
#[derive(Clone)]
pub struct SigningKey(Arc<Inner>);

struct Inner {
    pair: KeyPair,
    /// The encoded header of every token it signs.
    header: String,
    verifying: VerifyingKey,
}

impl SigningKey {
    /// A new one. Takes some 100 ms of a core: not for async threads.
    pub fn generate() -> Result<Self, KeyError> {
        Self::new(KeyPair::generate(KeySize::Rsa2048).map_err(|_| KeyError::Failed("no key could be made"))?)
    }

    /// Out of its PKCS#8 form.
    pub(super) fn from_pkcs8(der: &[u8]) -> Result<Self, KeyError> {
        Self::new(KeyPair::from_pkcs8(der).map_err(|_| KeyError::Failed("a stored key is no RSA key"))?)
    }

    /// PKCS#8.
    pub(super) fn to_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let der = self.0.pair.as_der().map_err(|_| KeyError::Failed("a key could not be written"))?;
        Ok(Zeroizing::new(der.as_ref().to_vec()))
    }

    fn new(pair: KeyPair) -> Result<Self, KeyError> {
        let public = pair.public_key();
        let (modulus, exponent) = (public.modulus(), public.exponent());
        let (n, e) = (modulus.big_endian_without_leading_zero(), exponent.big_endian_without_leading_zero());
        let jwk = Jwk::rsa(thumbprint(n, e), n, e);
        let header = serde_json::json!({"alg": "RS256", "typ": "at+jwt", "kid": jwk.kid});
        let header = URL_SAFE_NO_PAD.encode(header.to_string());
        let verifying =
            VerifyingKey::try_from(jwk).map_err(|_| KeyError::Failed("a key is not for RS256"))?;
        Ok(Self(Arc::new(Inner { pair, header, verifying })))
    }

    /// Its name.
    pub fn kid(&self) -> &str {
        self.0.verifying.id()
    }

    /// Its public half.
    pub fn verifying(&self) -> &VerifyingKey {
        &self.0.verifying
    }

    /// The token that says `claims`, about 1 ms of a core.
    pub fn sign(&self, claims: &Claims) -> Result<String, KeyError> {
        let claims =
            serde_json::to_vec(claims).map_err(|_| KeyError::Failed("claims could not be written"))?;
        let mut token = format!("{}.{}", self.0.header, URL_SAFE_NO_PAD.encode(claims));
        let mut signature = vec![0; self.0.pair.public_modulus_len()];
        self.0
            .pair
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), token.as_bytes(), &mut signature)
            .map_err(|_| KeyError::Failed("a token could not be signed"))?;
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        Ok(token)
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("SigningKey").field(&self.kid()).finish()
    }
}

/// RFC 7638: the name of a key that everybody who has it comes to.
fn thumbprint(n: &[u8], e: &[u8]) -> String {
    let (n, e) = (URL_SAFE_NO_PAD.encode(n), URL_SAFE_NO_PAD.encode(e));
    let members = format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#);
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, members.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_named_by_its_thumbprint() {
        // The example of RFC 7638, section 3.1.
        let n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
        let n = URL_SAFE_NO_PAD.decode(n).expect("base64url");
        assert_eq!(thumbprint(&n, &[1, 0, 1]), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    }
}
