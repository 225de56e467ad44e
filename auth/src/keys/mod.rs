//! The keys that sign access tokens.
//!
//! Keys are only ever added: each has a number one above the last and a moment from which it signs. A new key is
//! published for a while before it signs (verifiers keep the key set for [`KEY_SET_MAX_AGE`]), the one before it stays
//! published until the last token that it signed has expired. Several instances agree because the number is unique:
//! of those who add the same one at once, one succeeds and the others read it.

mod pair;
mod seal;
#[cfg(test)]
mod tests;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use common::{
    access::{Claims, JwkSet, KeySource, KeysUnavailable, VerifyingKey},
    clock,
};
use parking_lot::RwLock;
use tokio::sync::Mutex;

pub use pair::SigningKey;

use crate::{
    config::KeyConfig,
    domain::{Action, Actor, AuditEntry, Target, client::new_secret, stored},
    persistence::{PersistenceError, SigningKeys, StoredKey},
};
use seal::Sealer;

/// How long others may keep the published keys: `Cache-Control` of the key set.
pub const KEY_SET_MAX_AGE: Duration = Duration::from_secs(300);
/// How often an instance reads the stored keys again.
pub const READ_INTERVAL: Duration = Duration::from_secs(30);
/// An unknown `kid` makes an instance read the stored keys again, but not more often than this.
const READ_ON_DEMAND: TimeDelta = TimeDelta::seconds(2);
/// Clocks of instances may differ by so much: an old key stays published for that much longer.
const CLOCK_DIFFERENCE: TimeDelta = TimeDelta::seconds(60);

/// The keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The stored keys were encrypted under another secret. Asking again does not help.
    #[error("AUTH_KEY_SECRET is not the secret under which the stored signing keys were encrypted")]
    WrongSecret,
    /// There is no key that signs now: nobody has made the first one yet.
    #[error("there is no signing key")]
    NoKey,
    /// The stored keys cannot be read or written.
    #[error(transparent)]
    Persistence(#[from] PersistenceError),
    /// Cryptography refused. Asking again does not help.
    #[error("{0}")]
    Failed(&'static str),
}

/// How keys change hands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rotation {
    /// The new key is published now and signs when every verifier can have it.
    #[default]
    Ahead,
    /// The new key signs at once: verifiers that do not look up unknown keys refuse its tokens for up to 5 minutes.
    AtOnce,
    /// The new key signs at once and the others are forgotten: every token out there is worthless.
    Compromised,
}

/// A key and its time.
#[derive(Clone, Debug)]
struct Entry {
    generation: i64,
    key: SigningKey,
    signs_from: DateTime<Utc>,
}

/// What is published and what signs, as of the last reading. The newest last.
#[derive(Clone, Debug, Default)]
struct Ring {
    entries: Vec<Entry>,
    read_at: DateTime<Utc>,
}

/// The keys of this instance. Clones share them.
#[derive(Clone)]
pub struct Keys {
    inner: Arc<Inner>,
}

struct Inner {
    persistence: Arc<dyn SigningKeys>,
    sealer: Sealer,
    publish_ahead: TimeDelta,
    overlap: TimeDelta,
    rotate_after: Option<TimeDelta>,
    ring: RwLock<Arc<Ring>>,
    /// One reading or rotation at a time.
    reading: Mutex<()>,
}

impl Keys {
    /// The stored keys; the first one is made if there is none.
    ///
    /// Errors: [`KeyError::WrongSecret`] when the stored keys do not open, [`KeyError::Persistence`].
    pub async fn open(
        persistence: Arc<dyn SigningKeys>,
        config: &KeyConfig,
        now: DateTime<Utc>,
    ) -> Result<Self, KeyError> {
        // Without a configured one the keys are kept in memory only, and so is this.
        let secret = config.secret.clone().unwrap_or_else(|| new_secret(&mut rand::rng()));
        let delta = |duration| TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX);
        let keys = Self {
            inner: Arc::new(Inner {
                persistence,
                sealer: Sealer::new(&secret)?,
                publish_ahead: delta(config.publish_ahead),
                overlap: delta(config.overlap),
                rotate_after: Some(delta(config.rotate_after)).filter(|age| !age.is_zero()),
                ring: RwLock::default(),
                reading: Mutex::new(()),
            }),
        };
        keys.read(now).await?;
        if keys.ring().entries.is_empty() {
            keys.add(None, Rotation::AtOnce, &Actor::System, now).await?;
        }
        Ok(keys)
    }

    /// The token that says `claims`, signed by the key whose turn it is.
    pub fn sign(&self, claims: &Claims, now: DateTime<Utc>) -> Result<String, KeyError> {
        self.ring().signing(now).ok_or(KeyError::NoKey)?.key.sign(claims)
    }

    /// What `/.well-known/jwks.json` says.
    pub fn published(&self, now: DateTime<Utc>) -> JwkSet {
        let ring = self.ring();
        JwkSet {
            keys: ring
                .published(now, self.inner.overlap)
                .map(|entry| entry.key.verifying().to_jwk())
                .collect(),
        }
    }

    /// Reads the stored keys again, and makes a new one when the newest is old enough. Safe on several instances at once.
    pub async fn maintain(&self, now: DateTime<Utc>) -> Result<(), KeyError> {
        self.read(now).await?;
        let newest = self.ring().entries.last().cloned();
        let due = newest.as_ref().is_none_or(|newest| {
            // It signs from when it is as old as it may get.
            let age = now - newest.signs_from;
            self.inner.rotate_after.is_some_and(|limit| age + self.inner.publish_ahead >= limit)
        });
        if due {
            self.add(newest.as_ref(), Rotation::Ahead, &Actor::System, now).await?;
        }
        let forgotten = self.ring().first_published(now, self.inner.overlap);
        if let Some(generation) = forgotten {
            self.inner.persistence.forget_signing_keys(generation).await?;
        }
        Ok(())
    }

    /// Makes a new key, by command. One that is published already and does not sign yet counts as the new one.
    ///
    /// Returns its name and when it begins to sign.
    pub async fn rotate(
        &self,
        rotation: Rotation,
        actor: &Actor,
        now: DateTime<Utc>,
    ) -> Result<(String, DateTime<Utc>), KeyError> {
        self.read(now).await?;
        let newest = self.ring().entries.last().cloned();
        match newest {
            Some(pending) if rotation == Rotation::Ahead && pending.signs_from > now => {
                Ok((pending.key.kid().to_owned(), pending.signs_from))
            }
            newest => self.add(newest.as_ref(), rotation, actor, now).await,
        }
    }

    async fn add(
        &self,
        newest: Option<&Entry>,
        rotation: Rotation,
        actor: &Actor,
        now: DateTime<Utc>,
    ) -> Result<(String, DateTime<Utc>), KeyError> {
        let key = tokio::task::spawn_blocking(SigningKey::generate)
            .await
            .map_err(|_| KeyError::Failed("making a key was cut short"))??;
        let signs_from = match (newest, rotation) {
            (Some(_), Rotation::Ahead) => stored(now + self.inner.publish_ahead),
            // Nobody has the keys yet; or it is urgent. A pending one never comes to sign then.
            _ => stored(now),
        };
        let new = StoredKey {
            generation: newest.map_or(1, |newest| newest.generation + 1),
            kid: key.kid().to_owned(),
            sealed: self.inner.sealer.seal(key.kid(), &key.to_pkcs8()?)?,
            created_at: stored(now),
            signs_from,
        };
        let details = serde_json::json!({"signs_from": new.signs_from, "generation": new.generation});
        let mut audit =
            AuditEntry::by_system(Action::KeyRotated, None, Target::new("key", &new.kid), details, now);
        audit.actor = actor.clone();
        let alone = rotation == Rotation::Compromised;
        let added = self.inner.persistence.add_signing_key(&new, alone, &audit).await?;
        self.read(now).await?;
        if added {
            tracing::info!(key.id = new.kid, key.generation = new.generation, %signs_from, "a new signing key");
            return Ok((new.kid, signs_from));
        }
        // Another instance was faster: its key is as good.
        let newest = self.ring().entries.last().cloned().ok_or(KeyError::NoKey)?;
        Ok((newest.key.kid().to_owned(), newest.signs_from))
    }

    async fn read(&self, now: DateTime<Utc>) -> Result<(), KeyError> {
        let _one_at_a_time = self.inner.reading.lock().await;
        self.read_locked(now).await
    }

    async fn read_locked(&self, now: DateTime<Utc>) -> Result<(), KeyError> {
        let rows = self.inner.persistence.signing_keys().await?;
        let known = self.ring();
        let mut entries = Vec::with_capacity(rows.len());
        for row in rows {
            let same = known.entries.iter().find(|entry| entry.key.kid() == row.kid);
            let key = match same {
                Some(entry) => entry.key.clone(),
                None => SigningKey::from_pkcs8(&self.inner.sealer.open(&row.kid, &row.sealed)?)?,
            };
            entries.push(Entry { generation: row.generation, key, signs_from: row.signs_from });
        }
        *self.inner.ring.write() = Arc::new(Ring { entries, read_at: now });
        Ok(())
    }

    fn ring(&self) -> Arc<Ring> {
        Arc::clone(&self.inner.ring.read())
    }

    /// The published key called `kid`.
    async fn find(&self, kid: &str, now: DateTime<Utc>) -> Result<Option<VerifyingKey>, KeyError> {
        if let Some(key) = self.ring().find(kid, now, self.inner.overlap) {
            return Ok(Some(key));
        }
        // Another instance may have made it since.
        let _one_at_a_time = self.inner.reading.lock().await;
        if now - self.ring().read_at >= READ_ON_DEMAND {
            self.read_locked(now).await?;
        }
        Ok(self.ring().find(kid, now, self.inner.overlap))
    }
}

impl Ring {
    /// The one with the latest turn that has come.
    fn signing(&self, now: DateTime<Utc>) -> Option<&Entry> {
        self.entries.iter().rev().find(|entry| entry.signs_from <= now).or(self.entries.first())
    }

    /// Whether the tokens of the key at `index` may still live.
    fn is_published(&self, index: usize, now: DateTime<Utc>, overlap: TimeDelta) -> bool {
        let successor = self.entries.get(index + 1);
        successor.is_none_or(|successor| now < successor.signs_from + overlap + CLOCK_DIFFERENCE)
    }

    fn published(&self, now: DateTime<Utc>, overlap: TimeDelta) -> impl Iterator<Item = &Entry> {
        let entries = self.entries.iter().enumerate();
        entries.filter(move |(index, _)| self.is_published(*index, now, overlap)).map(|(_, entry)| entry)
    }

    fn find(&self, kid: &str, now: DateTime<Utc>, overlap: TimeDelta) -> Option<VerifyingKey> {
        self.published(now, overlap)
            .find(|entry| entry.key.kid() == kid)
            .map(|entry| entry.key.verifying().clone())
    }

    /// The number of the oldest key that is still published, if there are older ones.
    fn first_published(&self, now: DateTime<Utc>, overlap: TimeDelta) -> Option<i64> {
        let first = self.published(now, overlap).next()?;
        (self.entries.first()?.generation < first.generation).then_some(first.generation)
    }
}

#[async_trait]
impl KeySource for Keys {
    async fn key(&self, kid: &str) -> Result<Option<VerifyingKey>, KeysUnavailable> {
        self.find(kid, clock::now())
            .await
            .map_err(|error| KeysUnavailable { cause: Box::new(error), retry_after: Duration::from_secs(2) })
    }
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.ring().entries.iter().map(|entry| entry.key.kid().to_owned())).finish()
    }
}
