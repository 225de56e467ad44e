use async_trait::async_trait;
use chrono::{DateTime, Utc};
use common::ids::{CustomerId, UserId};

use super::{
    Postgres,
    audit::write,
    rows::RoleRow,
    stop::{Stop, expect_version, on_delete, outcome},
};
use crate::{
    domain::{AuditEntry, CustomRole, RoleName, role::RoleDescription},
    persistence::{Outcome, PersistenceError, Roles},
};

fn patterns(role: &CustomRole) -> Vec<String> {
    role.permissions.iter().map(ToString::to_string).collect()
}

impl Postgres {
    async fn try_add_role(&self, role: &CustomRole, audit: &AuditEntry) -> Result<(), Stop> {
        let mut transaction = self.pool.begin().await?;
        sqlx::query!(
            "INSERT INTO roles (customer_id, name, description, permissions, created_at, updated_at, version)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            role.customer_id.0,
            role.name.as_str(),
            role.description.as_ref().map(RoleDescription::as_str),
            &patterns(role),
            role.created_at,
            role.updated_at,
            role.version,
        )
        .execute(&mut *transaction)
        .await?;
        write(&mut transaction, audit).await?;
        Ok(transaction.commit().await?)
    }

    async fn try_update_role(
        &self,
        role: &CustomRole,
        not_before: Option<DateTime<Utc>>,
        audit: &AuditEntry,
    ) -> Result<Vec<UserId>, Stop> {
        let mut transaction = self.pool.begin().await?;
        let stored = sqlx::query_scalar!(
            "SELECT version FROM roles WHERE customer_id = $1 AND name = $2 FOR NO KEY UPDATE",
            role.customer_id.0,
            role.name.as_str(),
        )
        .fetch_optional(&mut *transaction)
        .await?;
        expect_version(stored, role.version)?;
        sqlx::query!(
            "UPDATE roles SET description = $3, permissions = $4, updated_at = $5, version = version + 1
             WHERE customer_id = $1 AND name = $2",
            role.customer_id.0,
            role.name.as_str(),
            role.description.as_ref().map(RoleDescription::as_str),
            &patterns(role),
            role.updated_at,
        )
        .execute(&mut *transaction)
        .await?;
        let users = match not_before {
            None => Vec::new(),
            Some(not_before) => {
                sqlx::query_scalar!(
                    "UPDATE users u SET not_before = greatest(u.not_before, $3)
                     FROM user_roles r
                     WHERE r.user_id = u.user_id AND r.customer_id = $1 AND r.role = $2
                     RETURNING u.user_id",
                    role.customer_id.0,
                    role.name.as_str(),
                    not_before,
                )
                .fetch_all(&mut *transaction)
                .await?
            }
        };
        write(&mut transaction, audit).await?;
        transaction.commit().await?;
        Ok(users.into_iter().map(UserId).collect())
    }

    async fn try_delete_role(
        &self,
        customer_id: CustomerId,
        name: &RoleName,
        version: i64,
        audit: &AuditEntry,
    ) -> Result<(), Stop> {
        let mut transaction = self.pool.begin().await?;
        let stored = sqlx::query_scalar!(
            "SELECT version FROM roles WHERE customer_id = $1 AND name = $2 FOR UPDATE",
            customer_id.0,
            name.as_str(),
        )
        .fetch_optional(&mut *transaction)
        .await?;
        expect_version(stored, version)?;
        sqlx::query!("DELETE FROM roles WHERE customer_id = $1 AND name = $2", customer_id.0, name.as_str())
            .execute(&mut *transaction)
            .await
            .map_err(on_delete)?;
        write(&mut transaction, audit).await?;
        Ok(transaction.commit().await?)
    }
}

#[async_trait]
impl Roles for Postgres {
    async fn add_role(&self, role: &CustomRole, audit: &AuditEntry) -> Outcome<()> {
        outcome(self.try_add_role(role, audit).await)
    }

    async fn role(
        &self,
        customer_id: CustomerId,
        name: &RoleName,
    ) -> Result<Option<CustomRole>, PersistenceError> {
        let row = sqlx::query_as!(
            RoleRow,
            "SELECT customer_id, name, description, permissions, created_at, updated_at, version FROM roles
             WHERE customer_id = $1 AND name = $2",
            customer_id.0,
            name.as_str(),
        )
        .fetch_optional(&self.pool)
        .await?;
        row.map(TryInto::try_into).transpose()
    }

    async fn roles(&self, customer_id: CustomerId) -> Result<Vec<CustomRole>, PersistenceError> {
        let rows = sqlx::query_as!(
            RoleRow,
            r#"SELECT customer_id, name, description, permissions, created_at, updated_at, version FROM roles
               WHERE customer_id = $1 ORDER BY name COLLATE "C""#,
            customer_id.0,
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(TryInto::try_into).collect()
    }

    async fn update_role(
        &self,
        role: &CustomRole,
        not_before: Option<DateTime<Utc>>,
        audit: &AuditEntry,
    ) -> Outcome<Vec<UserId>> {
        outcome(self.try_update_role(role, not_before, audit).await)
    }

    async fn delete_role(
        &self,
        customer_id: CustomerId,
        name: &RoleName,
        version: i64,
        audit: &AuditEntry,
    ) -> Outcome<()> {
        outcome(self.try_delete_role(customer_id, name, version, audit).await)
    }
}
