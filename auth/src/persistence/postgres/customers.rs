use async_trait::async_trait;
use chrono::{DateTime, Utc};
use common::{
    access::Tenants,
    ids::{CustomerId, UserId},
};

use super::{
    Postgres,
    audit::write,
    lock_platform_admins,
    rows::{CustomerRow, read},
    stop::{Stop, expect_version, on_delete, outcome},
};
use crate::{
    domain::{AuditEntry, Customer},
    persistence::{Affected, Customers, Outcome, PersistenceError, Refusal, Slice},
};

impl Postgres {
    async fn try_add_customer(&self, customer: &Customer, audit: &AuditEntry) -> Result<(), Stop> {
        let mut transaction = self.pool.begin().await?;
        sqlx::query!(
            "INSERT INTO customers (customer_id, name, name_key, disabled, created_at, updated_at, version)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            customer.customer_id.0,
            customer.name.as_str(),
            customer.name.key(),
            customer.disabled,
            customer.created_at,
            customer.updated_at,
            customer.version,
        )
        .execute(&mut *transaction)
        .await?;
        write(&mut transaction, audit).await?;
        Ok(transaction.commit().await?)
    }

    async fn try_update_customer(
        &self,
        customer: &Customer,
        not_before: DateTime<Utc>,
        audit: &AuditEntry,
    ) -> Result<Affected, Stop> {
        let id = customer.customer_id.0;
        let mut transaction = self.pool.begin().await?;
        if customer.disabled {
            lock_platform_admins(&mut transaction).await?;
        }
        let stored =
            sqlx::query!("SELECT version, disabled FROM customers WHERE customer_id = $1 FOR UPDATE", id)
                .fetch_optional(&mut *transaction)
                .await?;
        expect_version(stored.as_ref().map(|row| row.version), customer.version)?;
        let locked_out = customer.disabled && stored.is_some_and(|row| !row.disabled);
        sqlx::query!(
            "UPDATE customers SET name = $2, name_key = $3, disabled = $4, updated_at = $5, version = version + 1
             WHERE customer_id = $1",
            id,
            customer.name.as_str(),
            customer.name.key(),
            customer.disabled,
            customer.updated_at,
        )
        .execute(&mut *transaction)
        .await?;
        let mut affected = Affected::default();
        if locked_out {
            let left = sqlx::query!(
                r#"SELECT bool_or(u.customer_id = $1) AS "here!", bool_or(u.customer_id <> $1 AND NOT c.disabled) AS "elsewhere!"
                   FROM user_roles r JOIN users u USING (user_id) JOIN customers c ON c.customer_id = u.customer_id
                   WHERE r.role = 'platform_admin' AND NOT u.disabled
                   HAVING count(*) > 0"#,
                id,
            )
            .fetch_optional(&mut *transaction)
            .await?;
            if left.is_some_and(|left| left.here && !left.elsewhere) {
                return Err(Refusal::LastPlatformAdmin.into());
            }
            let users = sqlx::query_scalar!(
                "UPDATE users SET not_before = greatest(not_before, $2), sessions_not_before = greatest(sessions_not_before, $2)
                 WHERE customer_id = $1 RETURNING user_id",
                id,
                not_before,
            )
            .fetch_all(&mut *transaction)
            .await?;
            affected.users = users.into_iter().map(UserId).collect();
            let clients = sqlx::query_scalar!(
                "UPDATE clients SET not_before = greatest(not_before, $2) WHERE customer_id = $1 RETURNING client_id",
                id,
                not_before,
            )
            .fetch_all(&mut *transaction)
            .await?;
            affected.clients = clients.iter().map(|id| read(id)).collect::<Result<_, _>>()?;
        }
        write(&mut transaction, audit).await?;
        transaction.commit().await?;
        Ok(affected)
    }

    async fn try_delete_customer(
        &self,
        customer_id: CustomerId,
        version: i64,
        audit: &AuditEntry,
    ) -> Result<(), Stop> {
        let mut transaction = self.pool.begin().await?;
        let stored = sqlx::query_scalar!(
            "SELECT version FROM customers WHERE customer_id = $1 FOR UPDATE",
            customer_id.0
        )
        .fetch_optional(&mut *transaction)
        .await?;
        expect_version(stored, version)?;
        sqlx::query!("DELETE FROM customers WHERE customer_id = $1", customer_id.0)
            .execute(&mut *transaction)
            .await
            .map_err(on_delete)?;
        write(&mut transaction, audit).await?;
        Ok(transaction.commit().await?)
    }
}

#[async_trait]
impl Customers for Postgres {
    async fn add_customer(&self, customer: &Customer, audit: &AuditEntry) -> Outcome<()> {
        outcome(self.try_add_customer(customer, audit).await)
    }

    async fn customer(
        &self,
        customer_id: CustomerId,
        tenants: Tenants,
    ) -> Result<Option<Customer>, PersistenceError> {
        let row = sqlx::query_as!(
            CustomerRow,
            "SELECT customer_id, name, disabled, created_at, updated_at, version FROM customers
             WHERE customer_id = $1 AND ($2::uuid IS NULL OR customer_id = $2)",
            customer_id.0,
            tenants.as_filter(),
        )
        .fetch_optional(&self.pool)
        .await?;
        row.map(TryInto::try_into).transpose()
    }

    async fn customers(
        &self,
        tenants: Tenants,
        slice: Slice<CustomerId>,
    ) -> Result<Vec<Customer>, PersistenceError> {
        let rows = sqlx::query_as!(
            CustomerRow,
            "SELECT customer_id, name, disabled, created_at, updated_at, version FROM customers
             WHERE ($1::uuid IS NULL OR customer_id = $1) AND ($2::uuid IS NULL OR customer_id > $2)
             ORDER BY customer_id
             LIMIT $3",
            tenants.as_filter(),
            slice.after.map(|after| after.0),
            i64::from(slice.limit),
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(TryInto::try_into).collect()
    }

    async fn update_customer(
        &self,
        customer: &Customer,
        not_before: DateTime<Utc>,
        audit: &AuditEntry,
    ) -> Outcome<Affected> {
        outcome(self.try_update_customer(customer, not_before, audit).await)
    }

    async fn delete_customer(
        &self,
        customer_id: CustomerId,
        version: i64,
        audit: &AuditEntry,
    ) -> Outcome<()> {
        outcome(self.try_delete_customer(customer_id, version, audit).await)
    }
}
