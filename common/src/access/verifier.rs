//! Verification of access tokens.

use std::{sync::Arc, time::Duration};

use aws_lc_rs::digest::{SHA256, digest};
use chrono::{DateTime, TimeDelta, Utc};
use parking_lot::Mutex;

use super::{
    AccessConfig, AccessError, JwksUrl, KeySource, KeysUnavailable, NotBefore, Principal, Refusal,
    VerifyingKey,
    claims::Grant,
    recent::Recent,
    token::{MAX_TOKEN_BYTES, Unverified},
};
use crate::{clock, http::ClientError};

/// By how much the clocks of issuer and verifier may differ: `exp` is stretched by it, `nbf` and `iat` may be that far ahead.
pub const LEEWAY: Duration = Duration::from_secs(30);

/// Tells whose an access token is: RS256 by a known key, from our issuer, for our audience, within its time, not withdrawn.
pub struct Verifier {
    keys: Arc<dyn KeySource>,
    not_before: Option<Arc<dyn NotBefore>>,
    issuer: String,
    audience: Option<String>,
    leeway: TimeDelta,
    /// By SHA-256 of the token, so that no token is kept.
    verified: Mutex<Recent<[u8; 32], Arc<Verified>>>,
}

/// A token of ours for us, whose signature is right: what remains is to compare with the present.
struct Verified {
    grant: Grant,
    key: VerifyingKey,
}

/// So many verified tokens are remembered at least, twice as many at most; each takes about 1 kB.
const VERIFIED_TOKENS: usize = 1024;

impl Verifier {
    /// Accepts tokens of `issuer` signed by one of `keys`; `audience` has to be among the token's, `None`: any will do.
    pub fn new(keys: Arc<dyn KeySource>, issuer: impl Into<String>, audience: Option<&str>) -> Self {
        Self {
            keys,
            not_before: None,
            issuer: issuer.into(),
            audience: audience.map(str::to_owned),
            leeway: TimeDelta::from_std(LEEWAY).expect("30 s is a time delta"),
            verified: Mutex::new(Recent::new(VERIFIED_TOKENS)),
        }
    }

    /// As configured, with the keys that the auth-service publishes.
    pub fn from_config(config: &AccessConfig) -> Result<Self, ClientError> {
        let keys = JwksUrl::new(config.jwks_url.clone())?;
        let mut verifier = Self::new(Arc::new(keys), &config.issuer, config.audience.as_deref());
        verifier.leeway = TimeDelta::from_std(config.leeway).unwrap_or(TimeDelta::MAX);
        Ok(verifier)
    }

    /// The same, looking also whether tokens were withdrawn.
    #[must_use]
    pub fn with_not_before(mut self, not_before: Arc<dyn NotBefore>) -> Self {
        self.not_before = Some(not_before);
        self
    }

    /// Whether there are keys to verify with: for `/ready`.
    pub async fn check(&self) -> Result<(), KeysUnavailable> {
        self.keys.check().await
    }

    /// Whose `token` is. Cancel-safe.
    pub async fn verify(&self, token: &str) -> Result<Principal, AccessError> {
        self.verify_at(token, clock::now()).await
    }

    /// As [`Self::verify`], at another moment than now.
    pub async fn verify_at(&self, token: &str, now: DateTime<Utc>) -> Result<Principal, AccessError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(Refusal::TooLong.into());
        }
        let verified = self.verified(token).await?;
        self.check_time(&verified.grant, now)?;
        self.check_withdrawn(&verified.grant).await?;
        Ok(verified.grant.principal.clone())
    }

    /// Checks what does not change with time, once per token for as long as its key is good.
    async fn verified(&self, token: &str) -> Result<Arc<Verified>, AccessError> {
        let digest = sha256(token);
        let remembered = self.verified.lock().get(&digest).cloned();
        if let Some(verified) = remembered {
            if self.key(verified.key.id()).await?.as_ref() == Some(&verified.key) {
                return Ok(verified);
            }
            self.verified.lock().remove(&digest);
        }
        let unverified = Unverified::read(token)?;
        let key = self.key(&unverified.kid).await?.ok_or(Refusal::UnknownKey)?;
        let grant = unverified.verify(&key)?;
        if grant.issuer != self.issuer {
            return Err(Refusal::Issuer.into());
        }
        if self.audience.as_ref().is_some_and(|ours| !grant.audience.contains(ours)) {
            return Err(Refusal::Audience.into());
        }
        let verified = Arc::new(Verified { grant, key });
        self.verified.lock().insert(digest, Arc::clone(&verified));
        Ok(verified)
    }

    async fn key(&self, kid: &str) -> Result<Option<VerifyingKey>, AccessError> {
        self.keys.key(kid).await.map_err(|error| AccessError::Unavailable {
            retry_after: error.retry_after,
            cause: Box::new(error),
        })
    }

    fn check_time(&self, grant: &Grant, now: DateTime<Utc>) -> Result<(), Refusal> {
        if now - grant.principal.expires_at >= self.leeway {
            return Err(Refusal::Expired);
        }
        let begins = grant.valid_from.map_or(grant.issued_at, |from| from.max(grant.issued_at));
        if begins - now > self.leeway {
            return Err(Refusal::NotYetValid);
        }
        Ok(())
    }

    async fn check_withdrawn(&self, grant: &Grant) -> Result<(), AccessError> {
        let Some(source) = &self.not_before else { return Ok(()) };
        let not_before = source.not_before(&grant.principal.subject).await.map_err(|error| {
            AccessError::Unavailable { cause: Box::new(error), retry_after: Duration::from_secs(2) }
        })?;
        // Tokens know milliseconds; what was stored may know more.
        let withdrawn =
            not_before.is_some_and(|moment| grant.issued_at.timestamp_millis() < moment.timestamp_millis());
        if withdrawn { Err(Refusal::Withdrawn.into()) } else { Ok(()) }
    }
}

fn sha256(text: &str) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest(&SHA256, text.as_bytes()).as_ref());
    bytes
}

impl std::fmt::Debug for Verifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Verifier")
            .field("issuer", &self.issuer)
            .field("audience", &self.audience)
            .finish_non_exhaustive()
    }
}
