//! OAuth2 clients: programs that sign in with a secret.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use common::{access::PermissionSet, config::Secret, ids::CustomerId};

use super::{
    audit::Actor,
    text::{InvalidText, LINE, line, text_newtype},
};

text_newtype! {
    /// The id of an OAuth2 client. Neither `system` nor like a UUID.
    ClientId, client_id, length: 3..=64, pattern: PATTERN, example: "caption-archive"
}

text_newtype! {
    /// What a client is called.
    ClientName, |text| line(text, 100), length: 1..=100, pattern: LINE, example: "Caption archive"
}

/// Besides, none is `system` or looks like a user's id: `sub` of a token and `actor` of the audit log can be either.
const PATTERN: &str = "^[a-z0-9][a-z0-9._-]{2,63}$";

fn client_id(text: &str) -> Result<String, InvalidText> {
    let plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-');
    let first = |character: char| character.is_ascii_lowercase() || character.is_ascii_digit();
    if !(3..=64).contains(&text.len()) || !text.starts_with(first) || !text.bytes().all(plain) {
        return Err(InvalidText::new(
            "is a lower-case letter or digit, then 2 to 63 lower-case letters, digits, `.`, `_` or `-`",
        ));
    }
    if text == Actor::SYSTEM || text.parse::<uuid::Uuid>().is_ok() {
        return Err(InvalidText::new("may not be `system` and may not look like a user's id"));
    }
    Ok(text.to_owned())
}

impl ClientId {
    /// A new one that nobody can guess: `client-` and 16 hexadecimal digits.
    pub fn generate(random: &mut impl rand::RngCore) -> Self {
        Self(format!("client-{:016x}", random.next_u64()))
    }
}

/// A registered program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OAuthClient {
    /// Its id; `sub` and `client_id` of its tokens.
    pub client_id: ClientId,
    /// What it is called.
    pub name: ClientName,
    /// Whose data it works on; `None`: a service of the platform, for every customer.
    pub customer_id: Option<CustomerId>,
    /// What it may ask for.
    pub scopes: PermissionSet,
    /// Whether it is locked out.
    pub disabled: bool,
    /// When it was registered.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
    /// Access tokens issued earlier are refused, as [`super::User::not_before`].
    pub not_before: Option<DateTime<Utc>>,
    /// Counts the changes, from 1.
    pub version: i64,
}

impl OAuthClient {
    /// `iat` of an access token made `now`.
    pub fn issued_at(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        self.not_before.map_or(now, |not_before| now.max(not_before))
    }
}

/// A client with what is needed to let it in.
#[derive(Clone, Debug)]
pub struct ClientRecord {
    /// The client.
    pub client: OAuthClient,
    /// Whether its customer is locked out.
    pub customer_disabled: bool,
    /// Its secrets that are valid now: one, or two while it changes from one to the other.
    pub secrets: Vec<SecretHash>,
}

impl ClientRecord {
    /// Whether the client may sign in with `secret`.
    pub fn accepts(&self, secret: &Secret) -> bool {
        // All are compared, whatever the result of the first.
        let known = self.secrets.iter().fold(false, |known, hash| hash.matches(secret) | known);
        known && !self.client.disabled && !self.customer_disabled
    }
}

/// SHA-256 of a client's secret. Enough for secrets that we make (256 random bits): there is nothing to guess.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretHash(pub [u8; 32]);

impl SecretHash {
    /// The hash of `secret`.
    pub fn of(secret: &Secret) -> Self {
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, secret.expose().as_bytes());
        let mut hash = [0; 32];
        hash.copy_from_slice(digest.as_ref());
        Self(hash)
    }

    /// Whether it is the hash of `secret`, in constant time.
    pub fn matches(&self, secret: &Secret) -> bool {
        aws_lc_rs::constant_time::verify_slices_are_equal(&self.0, &Self::of(secret).0).is_ok()
    }
}

impl fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretHash(…)")
    }
}

/// The shortest secret that a configuration may give a client.
pub const MIN_SECRET_BYTES: usize = 16;

/// A secret that somebody else made, if it is long enough.
pub fn configured_secret(secret: &Secret) -> Result<SecretHash, InvalidText> {
    if secret.expose().len() < MIN_SECRET_BYTES {
        return Err(InvalidText(format!("a client's secret has at least {MIN_SECRET_BYTES} characters")));
    }
    Ok(SecretHash::of(secret))
}

/// A new secret: 256 random bits, base64url.
pub fn new_secret(random: &mut impl rand::CryptoRng) -> Secret {
    let mut bytes = zeroize::Zeroizing::new([0_u8; 32]);
    random.fill_bytes(bytes.as_mut());
    Secret::new(URL_SAFE_NO_PAD.encode(bytes.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_client_id_can_be_taken_for_a_user_or_for_the_system() {
        let user = common::ids::UserId::generate().to_string();
        for bad in
            ["system", user.as_str(), &user.replace('-', ""), "ab", "-abc", "Abc", "a b c", &"a".repeat(65)]
        {
            assert!(bad.parse::<ClientId>().is_err(), "{bad}");
        }
        for good in ["live-service", "0ab", "a.b_c-d", &"a".repeat(64)] {
            assert!(good.parse::<ClientId>().is_ok(), "{good}");
        }
        assert!(ClientId::generate(&mut rand::rng()).as_str().parse::<ClientId>().is_ok());
    }

    #[test]
    fn a_secret_has_256_bits_and_only_it_matches_its_hash() {
        let secret = new_secret(&mut rand::rng());
        assert_eq!(URL_SAFE_NO_PAD.decode(secret.expose()).map(|bytes| bytes.len()), Ok(32));
        assert!(SecretHash::of(&secret).matches(&secret));
        assert!(!SecretHash::of(&secret).matches(&new_secret(&mut rand::rng())));
        assert!(configured_secret(&Secret::new("short")).is_err());
    }
}
