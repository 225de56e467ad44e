//! Private keys at rest: AES-256-GCM under a key derived from `AUTH_KEY_SECRET` by HKDF-SHA256 (RFC 5869), with the
//! key's name as associated data, so that no stored key can be passed off as another.

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey},
    hkdf::{self, HKDF_SHA256, KeyType},
};
use common::config::Secret;
use zeroize::Zeroizing;

use super::KeyError;

const SALT: &[u8] = b"ilenia auth-service";
const PURPOSE: &[u8] = b"signing keys at rest, AES-256-GCM, version 1";

/// Closes and opens what is stored.
pub(super) struct Sealer(RandomizedNonceKey);

struct KeyLength;

impl KeyType for KeyLength {
    fn len(&self) -> usize {
        AES_256_GCM.key_len()
    }
}

impl Sealer {
    pub(super) fn new(secret: &Secret) -> Result<Self, KeyError> {
        let failed = |_| KeyError::Failed("no key could be derived from AUTH_KEY_SECRET");
        let mut key = Zeroizing::new([0_u8; 32]);
        let master = hkdf::Salt::new(HKDF_SHA256, SALT).extract(secret.expose().as_bytes());
        master.expand(&[PURPOSE], KeyLength).map_err(failed)?.fill(key.as_mut()).map_err(failed)?;
        RandomizedNonceKey::new(&AES_256_GCM, key.as_ref()).map(Self).map_err(failed)
    }

    /// The nonce, then `plain` encrypted.
    pub(super) fn seal(&self, kid: &str, plain: &[u8]) -> Result<Vec<u8>, KeyError> {
        let mut text = plain.to_vec();
        let nonce = self
            .0
            .seal_in_place_append_tag(Aad::from(kid.as_bytes()), &mut text)
            .map_err(|_| KeyError::Failed("a key could not be encrypted"))?;
        let mut sealed = nonce.as_ref().to_vec();
        sealed.append(&mut text);
        Ok(sealed)
    }

    /// What was sealed for `kid`.
    pub(super) fn open(&self, kid: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let (nonce, text) = sealed.split_at_checked(NONCE_LEN).ok_or(KeyError::WrongSecret)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| KeyError::WrongSecret)?;
        let mut text = Zeroizing::new(text.to_vec());
        let length = self
            .0
            .open_in_place(nonce, Aad::from(kid.as_bytes()), &mut text)
            .map_err(|_| KeyError::WrongSecret)?
            .len();
        text.truncate(length);
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_secret_and_the_name_it_was_sealed_with_open_it() {
        let sealer = Sealer::new(&Secret::new("a".repeat(32))).expect("a sealer");
        let sealed = sealer.seal("kid-1", b"private").expect("sealed");
        assert!(!sealed.windows(7).any(|window| window == b"private"));
        assert_eq!(sealer.open("kid-1", &sealed).expect("opened").as_slice(), b"private");
        assert_ne!(sealed, sealer.seal("kid-1", b"private").expect("sealed"), "a nonce is used once");

        assert!(matches!(sealer.open("kid-2", &sealed), Err(KeyError::WrongSecret)));
        let other = Sealer::new(&Secret::new("b".repeat(32))).expect("a sealer");
        assert!(matches!(other.open("kid-1", &sealed), Err(KeyError::WrongSecret)));
        for cut in 0..sealed.len() {
            assert!(sealer.open("kid-1", &sealed[..cut]).is_err(), "{cut}");
        }
    }
}
