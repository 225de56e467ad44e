use async_trait::async_trait;
use chrono::{DateTime, Utc};
use common::{access::Tenants, ids::CustomerId};

use super::{
    Postgres,
    audit::write,
    rows::ClientRow,
    stop::{Stop, expect_version, outcome},
};
use crate::{
    domain::{AuditEntry, ClientId, ClientRecord, OAuthClient, SecretHash},
    persistence::{Clients, Outcome, PersistenceError, Slice},
};

fn scopes(client: &OAuthClient) -> Vec<String> {
    client.scopes.iter().map(|scope| scope.as_str().to_owned()).collect()
}

impl Postgres {
    async fn try_add_client(
        &self,
        client: &OAuthClient,
        secret: &SecretHash,
        audit: &AuditEntry,
    ) -> Result<(), Stop> {
        let mut transaction = self.pool.begin().await?;
        sqlx::query!(
            "INSERT INTO clients (client_id, name, customer_id, scopes, disabled, created_at, updated_at, not_before, version)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            client.client_id.as_str(),
            client.name.as_str(),
            client.customer_id.map(|customer| customer.0),
            &scopes(client),
            client.disabled,
            client.created_at,
            client.updated_at,
            client.not_before,
            client.version,
        )
        .execute(&mut *transaction)
        .await?;
        sqlx::query!(
            "INSERT INTO client_secrets (client_id, hash) VALUES ($1, $2)",
            client.client_id.as_str(),
            &secret.0[..],
        )
        .execute(&mut *transaction)
        .await?;
        write(&mut transaction, audit).await?;
        Ok(transaction.commit().await?)
    }

    async fn try_update_client(&self, client: &OAuthClient, audit: &AuditEntry) -> Result<i64, Stop> {
        let mut transaction = self.pool.begin().await?;
        let stored = sqlx::query_scalar!(
            "SELECT version FROM clients WHERE client_id = $1 FOR NO KEY UPDATE",
            client.client_id.as_str(),
        )
        .fetch_optional(&mut *transaction)
        .await?;
        expect_version(stored, client.version)?;
        let version = sqlx::query_scalar!(
            "UPDATE clients SET name = $2, scopes = $3, disabled = $4, updated_at = $5,
                 not_before = greatest(not_before, $6), version = version + 1
             WHERE client_id = $1 RETURNING version",
            client.client_id.as_str(),
            client.name.as_str(),
            &scopes(client),
            client.disabled,
            client.updated_at,
            client.not_before,
        )
        .fetch_one(&mut *transaction)
        .await?;
        write(&mut transaction, audit).await?;
        transaction.commit().await?;
        Ok(version)
    }

    async fn try_rotate(
        &self,
        client_id: &ClientId,
        version: i64,
        secret: &SecretHash,
        old_until: DateTime<Utc>,
        not_before: Option<DateTime<Utc>>,
        audit: &AuditEntry,
    ) -> Result<i64, Stop> {
        let mut transaction = self.pool.begin().await?;
        let stored = sqlx::query_scalar!(
            "SELECT version FROM clients WHERE client_id = $1 FOR NO KEY UPDATE",
            client_id.as_str(),
        )
        .fetch_optional(&mut *transaction)
        .await?;
        expect_version(stored, version)?;
        let version = sqlx::query_scalar!(
            "UPDATE clients SET updated_at = $2, not_before = greatest(not_before, $3), version = version + 1
             WHERE client_id = $1 RETURNING version",
            client_id.as_str(),
            audit.at,
            not_before,
        )
        .fetch_one(&mut *transaction)
        .await?;
        sqlx::query!(
            "UPDATE client_secrets SET valid_until = least(valid_until, $2) WHERE client_id = $1",
            client_id.as_str(),
            old_until,
        )
        .execute(&mut *transaction)
        .await?;
        sqlx::query!(
            "DELETE FROM client_secrets WHERE client_id = $1 AND valid_until <= $2",
            client_id.as_str(),
            audit.at,
        )
        .execute(&mut *transaction)
        .await?;
        sqlx::query!(
            "INSERT INTO client_secrets (client_id, hash) VALUES ($1, $2)
             ON CONFLICT (client_id, hash) DO UPDATE SET valid_until = NULL",
            client_id.as_str(),
            &secret.0[..],
        )
        .execute(&mut *transaction)
        .await?;
        write(&mut transaction, audit).await?;
        transaction.commit().await?;
        Ok(version)
    }

    async fn try_delete_client(
        &self,
        client_id: &ClientId,
        version: i64,
        audit: &AuditEntry,
    ) -> Result<(), Stop> {
        let mut transaction = self.pool.begin().await?;
        let stored = sqlx::query_scalar!(
            "SELECT version FROM clients WHERE client_id = $1 FOR UPDATE",
            client_id.as_str()
        )
        .fetch_optional(&mut *transaction)
        .await?;
        expect_version(stored, version)?;
        sqlx::query!("DELETE FROM clients WHERE client_id = $1", client_id.as_str())
            .execute(&mut *transaction)
            .await?;
        write(&mut transaction, audit).await?;
        Ok(transaction.commit().await?)
    }
}

#[async_trait]
impl Clients for Postgres {
    async fn add_client(&self, client: &OAuthClient, secret: &SecretHash, audit: &AuditEntry) -> Outcome<()> {
        outcome(self.try_add_client(client, secret, audit).await)
    }

    async fn client(
        &self,
        client_id: &ClientId,
        tenants: Tenants,
    ) -> Result<Option<OAuthClient>, PersistenceError> {
        let row = sqlx::query_as!(
            ClientRow,
            "SELECT client_id, name, customer_id, scopes, disabled, created_at, updated_at, not_before, version
             FROM clients WHERE client_id = $1 AND ($2::uuid IS NULL OR customer_id = $2)",
            client_id.as_str(),
            tenants.as_filter(),
        )
        .fetch_optional(&self.pool)
        .await?;
        row.map(TryInto::try_into).transpose()
    }

    async fn client_record(
        &self,
        client_id: &ClientId,
        now: DateTime<Utc>,
    ) -> Result<Option<ClientRecord>, PersistenceError> {
        let row = sqlx::query!(
            r#"SELECT c.client_id, c.name, c.customer_id, c.scopes, c.disabled, c.created_at, c.updated_at, c.not_before, c.version,
                 EXISTS (SELECT FROM customers u WHERE u.customer_id = c.customer_id AND u.disabled) AS "customer_disabled!",
                 ARRAY(SELECT s.hash FROM client_secrets s
                       WHERE s.client_id = c.client_id AND (s.valid_until IS NULL OR s.valid_until > $2)) AS "secrets!"
               FROM clients c WHERE c.client_id = $1"#,
            client_id.as_str(),
            now,
        )
        .fetch_optional(&self.pool)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let client = ClientRow {
            client_id: row.client_id,
            name: row.name,
            customer_id: row.customer_id,
            scopes: row.scopes,
            disabled: row.disabled,
            created_at: row.created_at,
            updated_at: row.updated_at,
            not_before: row.not_before,
            version: row.version,
        };
        let secret = |hash: Vec<u8>| {
            hash.try_into()
                .map(SecretHash)
                .map_err(|_| PersistenceError::corrupt("the hash of a client's secret"))
        };
        Ok(Some(ClientRecord {
            client: client.try_into()?,
            customer_disabled: row.customer_disabled,
            secrets: row.secrets.into_iter().map(secret).collect::<Result<_, _>>()?,
        }))
    }

    async fn clients(
        &self,
        tenants: Tenants,
        customer_id: Option<CustomerId>,
        slice: Slice<ClientId>,
    ) -> Result<Vec<OAuthClient>, PersistenceError> {
        let rows = sqlx::query_as!(
            ClientRow,
            r#"SELECT client_id, name, customer_id, scopes, disabled, created_at, updated_at, not_before, version
               FROM clients
               WHERE ($1::uuid IS NULL OR customer_id = $1)
                 AND ($2::uuid IS NULL OR customer_id = $2)
                 AND ($3::text IS NULL OR client_id COLLATE "C" > $3)
               ORDER BY client_id COLLATE "C"
               LIMIT $4"#,
            tenants.as_filter(),
            customer_id.map(|customer| customer.0),
            slice.after.as_ref().map(ClientId::as_str),
            i64::from(slice.limit),
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(TryInto::try_into).collect()
    }

    async fn update_client(&self, client: &OAuthClient, audit: &AuditEntry) -> Outcome<i64> {
        outcome(self.try_update_client(client, audit).await)
    }

    async fn rotate_client_secret(
        &self,
        client_id: &ClientId,
        version: i64,
        secret: &SecretHash,
        old_until: DateTime<Utc>,
        not_before: Option<DateTime<Utc>>,
        audit: &AuditEntry,
    ) -> Outcome<i64> {
        outcome(self.try_rotate(client_id, version, secret, old_until, not_before, audit).await)
    }

    async fn delete_client(&self, client_id: &ClientId, version: i64, audit: &AuditEntry) -> Outcome<()> {
        outcome(self.try_delete_client(client_id, version, audit).await)
    }
}
