use async_trait::async_trait;

use super::{Postgres, audit};
use crate::{
    domain::AuditEntry,
    persistence::{PersistenceError, SigningKeys, StoredKey},
};

#[async_trait]
impl SigningKeys for Postgres {
    async fn signing_keys(&self) -> Result<Vec<StoredKey>, PersistenceError> {
        let keys = sqlx::query_as!(
            StoredKey,
            "SELECT generation, kid, sealed, created_at, signs_from FROM signing_keys ORDER BY generation",
        );
        Ok(keys.fetch_all(&self.pool).await?)
    }

    async fn add_signing_key(
        &self,
        key: &StoredKey,
        alone: bool,
        audit: &AuditEntry,
    ) -> Result<bool, PersistenceError> {
        let mut transaction = self.pool.begin().await?;
        let added = sqlx::query!(
            "INSERT INTO signing_keys (generation, kid, sealed, created_at, signs_from) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (generation) DO NOTHING",
            key.generation,
            key.kid,
            key.sealed,
            key.created_at,
            key.signs_from,
        )
        .execute(&mut *transaction)
        .await?;
        if added.rows_affected() == 0 {
            return Ok(false);
        }
        if alone {
            sqlx::query!("DELETE FROM signing_keys WHERE generation < $1", key.generation)
                .execute(&mut *transaction)
                .await?;
        }
        audit::write(&mut transaction, audit).await?;
        transaction.commit().await?;
        Ok(true)
    }

    async fn forget_signing_keys(&self, below_generation: i64) -> Result<(), PersistenceError> {
        sqlx::query!("DELETE FROM signing_keys WHERE generation < $1", below_generation)
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}
