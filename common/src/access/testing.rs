//! For tests of services: an issuer within the process, and tokens of every kind, good and bad.

use std::sync::{Arc, OnceLock};

use aws_lc_rs::{
    encoding::{AsDer as _, PublicKeyX509Der},
    rand::SystemRandom,
    rsa::{KeyPair, KeySize},
    signature::{KeyPair as _, RSA_PKCS1_SHA256},
};
use axum::http::HeaderValue;
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value, json};

use super::{
    Claims, Jwk, Permission, PermissionPattern, PermissionSet, Principal, Subject, Verifier, VerifyingKey,
};
use crate::{
    clock,
    ids::{CustomerId, UserId, new_uuid},
};

/// The issuer's name.
pub const ISSUER: &str = "https://auth.test";
/// What every token is for, unless told otherwise: all services of the platform.
pub const AUDIENCE: [&str; 3] = ["event-service", "livekit-service", "live-service"];

/// A signing key of 2048 bits.
pub struct TestKey {
    pair: KeyPair,
    /// Its name.
    pub kid: String,
}

impl TestKey {
    /// A key of its own. Takes some 100 ms: most tests want [`TestKey::shared`].
    pub fn generate(kid: &str) -> Self {
        Self { pair: KeyPair::generate(KeySize::Rsa2048).expect("a key"), kid: kid.to_owned() }
    }

    /// The one key of this process.
    pub fn shared() -> Arc<Self> {
        static KEY: OnceLock<Arc<TestKey>> = OnceLock::new();
        Arc::clone(KEY.get_or_init(|| Arc::new(Self::generate("test-1"))))
    }

    /// As it is published.
    pub fn to_jwk(&self) -> Jwk {
        let public = self.pair.public_key();
        let (modulus, exponent) = (public.modulus(), public.exponent());
        Jwk::rsa(
            &self.kid,
            modulus.big_endian_without_leading_zero(),
            exponent.big_endian_without_leading_zero(),
        )
    }

    /// The public half, as DER (`SubjectPublicKeyInfo`).
    pub fn public_der(&self) -> Vec<u8> {
        let der: PublicKeyX509Der<'_> = self.pair.public_key().as_der().expect("a public key");
        der.as_ref().to_owned()
    }

    /// The same, as PEM.
    pub fn public_pem(&self) -> String {
        let text = STANDARD.encode(self.public_der());
        let lines: Vec<_> =
            text.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line).into_owned()).collect();
        format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n"))
    }

    /// To verify with.
    pub fn verifying(&self) -> VerifyingKey {
        self.to_jwk().try_into().expect("a key for RS256")
    }

    /// The RS256 signature of `message`.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.sign_by(&RSA_PKCS1_SHA256, message)
    }

    /// A signature by another scheme.
    pub fn sign_by(&self, scheme: &'static dyn aws_lc_rs::signature::RsaEncoding, message: &[u8]) -> Vec<u8> {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair.sign(scheme, &SystemRandom::new(), message, &mut signature).expect("a signature");
        signature
    }
}

/// Makes tokens, and verifiers that accept them.
#[derive(Clone)]
pub struct TestIssuer {
    key: Arc<TestKey>,
}

impl Default for TestIssuer {
    fn default() -> Self {
        Self::new()
    }
}

impl TestIssuer {
    /// Signs with the one key of this process.
    pub fn new() -> Self {
        Self::with_key(TestKey::shared())
    }

    /// Signs with `key`.
    pub fn with_key(key: Arc<TestKey>) -> Self {
        Self { key }
    }

    /// Accepts this issuer's tokens, for `audience`.
    pub fn verifier(&self, audience: Option<&str>) -> Verifier {
        Verifier::new(Arc::new(vec![self.key.verifying()]), ISSUER, audience)
    }

    /// A token for a new user without rights, good for an hour.
    pub fn user(&self) -> TestToken {
        self.token(Subject::User(UserId::generate()))
    }

    /// A token for the client `client_id` with `permissions`, for every customer, good for an hour.
    pub fn service(&self, client_id: &str, permissions: &[Permission]) -> TestToken {
        self.token(Subject::Service(client_id.to_owned())).permissions(permissions.iter().copied())
    }

    /// A token for a user of `customer` with the built-in role `platform_admin` and every permission.
    pub fn platform_admin(&self, customer: CustomerId) -> TestToken {
        self.user().customer(customer).roles([super::PLATFORM_ADMIN]).pattern("*")
    }

    fn token(&self, subject: Subject) -> TestToken {
        let issued_at = clock::now();
        TestToken {
            key: Arc::clone(&self.key),
            principal: Principal {
                subject,
                customer: None,
                roles: Vec::new(),
                permissions: PermissionSet::default(),
                token_id: new_uuid().to_string(),
                expires_at: issued_at + TimeDelta::hours(1),
            },
            issued_at,
            header: Map::new(),
            claims: Map::new(),
        }
    }
}

/// A token to be: say what differs, then [`TestToken::sign`].
#[derive(Clone)]
#[must_use]
pub struct TestToken {
    key: Arc<TestKey>,
    /// Who it says its bearer is.
    pub principal: Principal,
    issued_at: DateTime<Utc>,
    header: Map<String, Value>,
    claims: Map<String, Value>,
}

impl TestToken {
    /// For the user `id`.
    pub fn id(mut self, id: UserId) -> Self {
        self.principal.subject = Subject::User(id);
        self
    }

    /// For somebody of `customer`.
    pub fn customer(mut self, customer: CustomerId) -> Self {
        self.principal.customer = Some(customer);
        self
    }

    /// With these roles (and no permissions by them).
    pub fn roles<'a>(mut self, roles: impl IntoIterator<Item = &'a str>) -> Self {
        self.principal.roles = roles.into_iter().map(str::to_owned).collect();
        self
    }

    /// With these permissions besides.
    pub fn permissions(mut self, permissions: impl IntoIterator<Item = Permission>) -> Self {
        permissions.into_iter().for_each(|permission| self.principal.permissions.add(permission.into()));
        self
    }

    /// With what `pattern` (`events:*`, `*`) stands for besides.
    pub fn pattern(mut self, pattern: &str) -> Self {
        self.principal.permissions.add(pattern.parse::<PermissionPattern>().expect("a pattern"));
        self
    }

    /// Made at `moment`, good for an hour from then.
    pub fn issued_at(mut self, moment: DateTime<Utc>) -> Self {
        self.issued_at = moment;
        self.principal.expires_at = moment + TimeDelta::hours(1);
        self
    }

    /// Expired long ago.
    pub fn expired(self) -> Self {
        self.issued_at(clock::now() - TimeDelta::hours(2))
    }

    /// With the claim `name` set to `value`; `null` leaves it out.
    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims.insert(name.to_owned(), value.into());
        self
    }

    /// With the header member `name` set to `value`; `null` leaves it out.
    pub fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.header.insert(name.to_owned(), value.into());
        self
    }

    /// Header and payload, encoded, with a point between.
    pub fn message(&self) -> String {
        let audience = AUDIENCE.map(str::to_owned);
        let claims = Claims::new(&self.principal, ISSUER, &audience, self.issued_at);
        let header = merged(json!({"alg": "RS256", "typ": "JWT", "kid": self.key.kid}), &self.header);
        let claims = merged(serde_json::to_value(claims).expect("claims are JSON"), &self.claims);
        let [header, claims] = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
        format!("{header}.{claims}")
    }

    /// The token.
    pub fn sign(&self) -> String {
        let message = self.message();
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(self.key.sign(message.as_bytes())))
    }

    /// The value of the header `Authorization`.
    pub fn bearer(&self) -> HeaderValue {
        HeaderValue::from_str(&format!("Bearer {}", self.sign())).expect("base64url and points")
    }
}

fn merged(mut whole: Value, changes: &Map<String, Value>) -> Value {
    let object = whole.as_object_mut().expect("an object");
    for (name, value) in changes {
        if value.is_null() {
            object.remove(name);
        } else {
            object.insert(name.clone(), value.clone());
        }
    }
    whole
}
