use async_trait::async_trait;
use chrono::{DateTime, Utc};
use common::{
    access::{Permission, Tenants},
    ids::UserId,
};
use sqlx::{Postgres as Db, Transaction};

use super::{
    Postgres,
    audit::write,
    lock_platform_admins,
    rows::{AccountRow, UserRow},
    stop::{Stop, expect_version, outcome},
};
use crate::{
    domain::{Account, AuditEntry, BuiltinRole, Email, Grant, Reason, RoleName, User},
    persistence::{Outcome, PersistenceError, Refusal, Slice, UserFilter, Users},
};

async fn write_roles(transaction: &mut Transaction<'_, Db>, user: &User) -> Result<(), sqlx::Error> {
    let roles: Vec<_> = user.roles.iter().map(|role| role.as_str().to_owned()).collect();
    sqlx::query!("DELETE FROM user_roles WHERE user_id = $1 AND role <> ALL ($2)", user.user_id.0, &roles)
        .execute(&mut **transaction)
        .await?;
    sqlx::query!(
        "INSERT INTO user_roles (customer_id, user_id, role)
         SELECT u.customer_id, u.user_id, role FROM users u, unnest($2::text[]) AS role WHERE u.user_id = $1
         ON CONFLICT DO NOTHING",
        user.user_id.0,
        &roles,
    )
    .execute(&mut **transaction)
    .await
    .map(drop)
}

async fn write_password(
    transaction: &mut Transaction<'_, Db>,
    user_id: UserId,
    hash: Option<&str>,
) -> Result<(), sqlx::Error> {
    let Some(hash) = hash else { return Ok(()) };
    sqlx::query!(
        "INSERT INTO passwords (user_id, hash) VALUES ($1, $2) ON CONFLICT (user_id) DO UPDATE SET hash = $2",
        user_id.0,
        hash,
    )
    .execute(&mut **transaction)
    .await
    .map(drop)
}

/// Locks the user of this version. When it is a platform administrator that may be one no more, nobody else decides
/// about those meanwhile.
async fn lock_user(
    transaction: &mut Transaction<'_, Db>,
    user_id: UserId,
    version: i64,
    may_lose_platform: bool,
) -> Result<bool, Stop> {
    let runs_platform = may_lose_platform
        && sqlx::query_scalar!(
            r#"SELECT EXISTS (SELECT FROM user_roles WHERE user_id = $1 AND role = 'platform_admin') AS "it!""#,
            user_id.0,
        )
        .fetch_one(&mut **transaction)
        .await?;
    if runs_platform {
        lock_platform_admins(transaction).await?;
    }
    let stored = sqlx::query_scalar!("SELECT version FROM users WHERE user_id = $1 FOR UPDATE", user_id.0)
        .fetch_optional(&mut **transaction)
        .await?;
    // Whoever became a platform administrator since has another version now.
    expect_version(stored, version)?;
    Ok(runs_platform)
}

/// Refuses if the user is the last who can sign in and run the platform.
async fn keep_platform_admin(transaction: &mut Transaction<'_, Db>, user_id: UserId) -> Result<(), Stop> {
    let left = sqlx::query!(
        r#"SELECT bool_or(u.user_id = $1) AS "here!", bool_or(u.user_id <> $1) AS "elsewhere!"
           FROM user_roles r JOIN users u USING (user_id) JOIN customers c ON c.customer_id = u.customer_id
           WHERE r.role = 'platform_admin' AND NOT u.disabled AND NOT c.disabled
           HAVING count(*) > 0"#,
        user_id.0,
    )
    .fetch_optional(&mut **transaction)
    .await?;
    if left.is_some_and(|left| left.here && !left.elsewhere) {
        return Err(Refusal::LastPlatformAdmin.into());
    }
    Ok(())
}

/// Counts a change of the user's grants.
async fn touch(
    transaction: &mut Transaction<'_, Db>,
    user_id: UserId,
    at: DateTime<Utc>,
    not_before: Option<DateTime<Utc>>,
) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        "UPDATE users SET updated_at = $2, not_before = greatest(not_before, $3), version = version + 1
         WHERE user_id = $1 RETURNING version",
        user_id.0,
        at,
        not_before,
    )
    .fetch_one(&mut **transaction)
    .await
}

impl Postgres {
    async fn try_add_user(
        &self,
        user: &User,
        password_hash: Option<&str>,
        audit: &AuditEntry,
    ) -> Result<(), Stop> {
        let mut transaction = self.pool.begin().await?;
        sqlx::query!(
            "INSERT INTO users (user_id, customer_id, email, display_name, disabled, created_at, updated_at,
                 last_login_at, not_before, sessions_not_before, version)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            user.user_id.0,
            user.customer_id.0,
            user.email.as_str(),
            user.display_name.as_str(),
            user.disabled,
            user.created_at,
            user.updated_at,
            user.last_login_at,
            user.not_before,
            user.sessions_not_before,
            user.version,
        )
        .execute(&mut *transaction)
        .await?;
        write_roles(&mut transaction, user).await?;
        write_password(&mut transaction, user.user_id, password_hash).await?;
        write(&mut transaction, audit).await?;
        Ok(transaction.commit().await?)
    }

    async fn try_update_user(
        &self,
        user: &User,
        password_hash: Option<&str>,
        audit: &AuditEntry,
    ) -> Result<i64, Stop> {
        let mut transaction = self.pool.begin().await?;
        let stays = !user.disabled && user.roles.contains(&BuiltinRole::PlatformAdmin.into());
        if lock_user(&mut transaction, user.user_id, user.version, !stays).await? {
            keep_platform_admin(&mut transaction, user.user_id).await?;
        }
        let version = sqlx::query_scalar!(
            "UPDATE users SET email = $2, display_name = $3, disabled = $4, updated_at = $5,
                 not_before = greatest(not_before, $6), sessions_not_before = greatest(sessions_not_before, $7),
                 version = version + 1
             WHERE user_id = $1 RETURNING version",
            user.user_id.0,
            user.email.as_str(),
            user.display_name.as_str(),
            user.disabled,
            user.updated_at,
            user.not_before,
            user.sessions_not_before,
        )
        .fetch_one(&mut *transaction)
        .await?;
        write_roles(&mut transaction, user).await?;
        write_password(&mut transaction, user.user_id, password_hash).await?;
        write(&mut transaction, audit).await?;
        transaction.commit().await?;
        Ok(version)
    }

    async fn try_delete_user(&self, user_id: UserId, version: i64, audit: &AuditEntry) -> Result<(), Stop> {
        let mut transaction = self.pool.begin().await?;
        if lock_user(&mut transaction, user_id, version, true).await? {
            keep_platform_admin(&mut transaction, user_id).await?;
        }
        sqlx::query!("DELETE FROM users WHERE user_id = $1", user_id.0).execute(&mut *transaction).await?;
        write(&mut transaction, audit).await?;
        Ok(transaction.commit().await?)
    }

    async fn try_put_grant(
        &self,
        user_id: UserId,
        version: i64,
        grant: &Grant,
        not_before: Option<DateTime<Utc>>,
        audit: &AuditEntry,
    ) -> Result<i64, Stop> {
        let mut transaction = self.pool.begin().await?;
        lock_user(&mut transaction, user_id, version, false).await?;
        sqlx::query!(
            "INSERT INTO grants (user_id, permission, effect, granted_by, granted_at, reason)
             VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (user_id, permission) DO UPDATE SET effect = $3, granted_by = $4, granted_at = $5, reason = $6",
            user_id.0,
            grant.permission.as_str(),
            grant.effect.as_str(),
            grant.granted_by.to_string(),
            grant.granted_at,
            grant.reason.as_ref().map(Reason::as_str),
        )
        .execute(&mut *transaction)
        .await?;
        let version = touch(&mut transaction, user_id, audit.at, not_before).await?;
        write(&mut transaction, audit).await?;
        transaction.commit().await?;
        Ok(version)
    }

    async fn try_delete_grant(
        &self,
        user_id: UserId,
        version: i64,
        permission: Permission,
        not_before: Option<DateTime<Utc>>,
        audit: &AuditEntry,
    ) -> Result<i64, Stop> {
        let mut transaction = self.pool.begin().await?;
        lock_user(&mut transaction, user_id, version, false).await?;
        let deleted = sqlx::query!(
            "DELETE FROM grants WHERE user_id = $1 AND permission = $2",
            user_id.0,
            permission.as_str(),
        )
        .execute(&mut *transaction)
        .await?;
        if deleted.rows_affected() == 0 {
            return Err(Refusal::NotFound.into());
        }
        let version = touch(&mut transaction, user_id, audit.at, not_before).await?;
        write(&mut transaction, audit).await?;
        transaction.commit().await?;
        Ok(version)
    }

    /// By id within reach, or by address. One statement: one moment.
    async fn find_account(
        &self,
        user_id: Option<UserId>,
        email: Option<&Email>,
        tenants: Tenants,
    ) -> Result<Option<Account>, PersistenceError> {
        let row = sqlx::query_as!(
            AccountRow,
            r#"SELECT u.user_id, u.customer_id, u.email, u.display_name, u.disabled, u.created_at, u.updated_at,
                 u.last_login_at, u.not_before, u.sessions_not_before, u.version,
                 c.name AS customer_name, c.disabled AS customer_disabled, c.created_at AS customer_created_at,
                 c.updated_at AS customer_updated_at, c.version AS customer_version,
                 ARRAY(SELECT r.role FROM user_roles r WHERE r.user_id = u.user_id) AS "roles!",
                 (SELECT coalesce(jsonb_agg(o), '[]') FROM user_roles r
                    JOIN roles o ON o.customer_id = r.role_customer_id AND o.name = r.role
                    WHERE r.user_id = u.user_id) AS "custom_roles!: _",
                 (SELECT coalesce(jsonb_agg(g), '[]') FROM grants g WHERE g.user_id = u.user_id) AS "grants!: _"
               FROM users u JOIN customers c ON c.customer_id = u.customer_id
               WHERE (u.user_id = $1 OR u.email = $2) AND ($3::uuid IS NULL OR u.customer_id = $3)"#,
            user_id.map(|user| user.0),
            email.map(Email::as_str),
            tenants.as_filter(),
        )
        .fetch_optional(&self.pool)
        .await?;
        row.map(TryInto::try_into).transpose()
    }
}

#[async_trait]
impl Users for Postgres {
    async fn add_user(&self, user: &User, password_hash: Option<&str>, audit: &AuditEntry) -> Outcome<()> {
        outcome(self.try_add_user(user, password_hash, audit).await)
    }

    async fn account(&self, user_id: UserId, tenants: Tenants) -> Result<Option<Account>, PersistenceError> {
        self.find_account(Some(user_id), None, tenants).await
    }

    async fn account_by_email(&self, email: &Email) -> Result<Option<Account>, PersistenceError> {
        self.find_account(None, Some(email), Tenants::All).await
    }

    async fn users(
        &self,
        tenants: Tenants,
        filter: &UserFilter,
        slice: Slice<UserId>,
    ) -> Result<Vec<User>, PersistenceError> {
        let rows = sqlx::query_as!(
            UserRow,
            r#"SELECT u.user_id, u.customer_id, u.email, u.display_name, u.disabled, u.created_at, u.updated_at,
                 u.last_login_at, u.not_before, u.sessions_not_before, u.version,
                 ARRAY(SELECT r.role FROM user_roles r WHERE r.user_id = u.user_id) AS "roles!"
               FROM users u
               WHERE ($1::uuid IS NULL OR u.customer_id = $1)
                 AND ($2::uuid IS NULL OR u.user_id > $2)
                 AND ($3::text IS NULL OR strpos(u.email, $3) > 0)
                 AND ($4::text IS NULL OR EXISTS (SELECT FROM user_roles r WHERE r.user_id = u.user_id AND r.role = $4))
                 AND ($5::boolean IS NULL OR u.disabled = $5)
               ORDER BY u.user_id
               LIMIT $6"#,
            tenants.as_filter(),
            slice.after.map(|after| after.0),
            filter.email_contains.as_ref().map(|part| part.to_lowercase()),
            filter.role.as_ref().map(RoleName::as_str),
            filter.disabled,
            i64::from(slice.limit),
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(TryInto::try_into).collect()
    }

    async fn update_user(
        &self,
        user: &User,
        password_hash: Option<&str>,
        audit: &AuditEntry,
    ) -> Outcome<i64> {
        outcome(self.try_update_user(user, password_hash, audit).await)
    }

    async fn delete_user(&self, user_id: UserId, version: i64, audit: &AuditEntry) -> Outcome<()> {
        outcome(self.try_delete_user(user_id, version, audit).await)
    }

    async fn put_grant(
        &self,
        user_id: UserId,
        version: i64,
        grant: &Grant,
        not_before: Option<DateTime<Utc>>,
        audit: &AuditEntry,
    ) -> Outcome<i64> {
        outcome(self.try_put_grant(user_id, version, grant, not_before, audit).await)
    }

    async fn delete_grant(
        &self,
        user_id: UserId,
        version: i64,
        permission: Permission,
        not_before: Option<DateTime<Utc>>,
        audit: &AuditEntry,
    ) -> Outcome<i64> {
        outcome(self.try_delete_grant(user_id, version, permission, not_before, audit).await)
    }
}
