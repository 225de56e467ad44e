use async_trait::async_trait;
use chrono::{DateTime, Utc};
use common::{access::Subject, ids::UserId};

use super::{Postgres, audit};
use crate::{
    domain::{AuditEntry, Email},
    persistence::{Credentials, PersistenceError, Rehashed, Sessions},
    sessions::{NewRefreshToken, Presented, RefreshTokenHash, Refreshed, SessionId},
};

#[async_trait]
impl Sessions for Postgres {
    async fn tokens_good_from(&self, subject: &Subject) -> Result<Option<DateTime<Utc>>, PersistenceError> {
        let found = match subject {
            Subject::User(user_id) => {
                sqlx::query_scalar!("SELECT not_before FROM users WHERE user_id = $1", user_id.0)
                    .fetch_optional(&self.pool)
                    .await?
            }
            Subject::Service(client_id) => {
                sqlx::query_scalar!("SELECT not_before FROM clients WHERE client_id = $1", client_id)
                    .fetch_optional(&self.pool)
                    .await?
            }
        };
        Ok(found.unwrap_or(Some(DateTime::<Utc>::MAX_UTC)))
    }

    async fn credentials(&self, email: &Email) -> Result<Option<Credentials>, PersistenceError> {
        let row = sqlx::query!(
            r#"SELECT users.user_id, passwords.hash AS "hash?", users.disabled OR customers.disabled AS "disabled!"
               FROM users JOIN customers USING (customer_id) LEFT JOIN passwords USING (user_id)
               WHERE users.email = $1"#,
            email.as_str(),
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(|row| Credentials {
            user_id: UserId(row.user_id),
            password_hash: row.hash,
            enabled: !row.disabled,
        }))
    }

    async fn password_hash(&self, user_id: UserId) -> Result<Option<String>, PersistenceError> {
        let hash = sqlx::query_scalar!("SELECT hash FROM passwords WHERE user_id = $1", user_id.0);
        Ok(hash.fetch_optional(&self.pool).await?)
    }

    async fn start_session(
        &self,
        user_id: UserId,
        session_id: SessionId,
        token: &NewRefreshToken,
        rehashed: Option<&Rehashed>,
    ) -> Result<bool, PersistenceError> {
        let mut transaction = self.pool.begin().await?;
        let signed_in = sqlx::query!(
            "UPDATE users SET last_login_at = $2
             FROM customers
             WHERE users.user_id = $1 AND customers.customer_id = users.customer_id
               AND NOT users.disabled AND NOT customers.disabled",
            user_id.0,
            token.issued_at,
        )
        .execute(&mut *transaction)
        .await?;
        if signed_in.rows_affected() == 0 {
            return Ok(false);
        }
        if let Some(Rehashed { old_hash, new_hash }) = rehashed {
            sqlx::query!(
                "UPDATE passwords SET hash = $3 WHERE user_id = $1 AND hash = $2",
                user_id.0,
                old_hash,
                new_hash,
            )
            .execute(&mut *transaction)
            .await?;
        }
        sqlx::query!(
            "INSERT INTO sessions (session_id, user_id, started_at) VALUES ($1, $2, $3)",
            session_id.0,
            user_id.0,
            token.issued_at,
        )
        .execute(&mut *transaction)
        .await?;
        add_token(&mut transaction, session_id, token).await?;
        transaction.commit().await?;
        Ok(true)
    }

    async fn session_user(&self, token: &RefreshTokenHash) -> Result<Option<UserId>, PersistenceError> {
        let user = sqlx::query_scalar!(
            "SELECT user_id FROM sessions JOIN refresh_tokens USING (session_id) WHERE hash = $1",
            &token.0,
        );
        Ok(user.fetch_optional(&self.pool).await?.map(UserId))
    }

    async fn refresh(
        &self,
        old: &RefreshTokenHash,
        new: &NewRefreshToken,
    ) -> Result<Refreshed, PersistenceError> {
        let mut transaction = self.pool.begin().await?;
        // Both rows are locked, the session first, as where it is deleted: what was read stays true until the end.
        let row = sqlx::query!(
            "SELECT session_id, sessions.user_id, issued_at, expires_at, replaced_at, sessions_not_before
             FROM sessions JOIN refresh_tokens USING (session_id) JOIN users ON users.user_id = sessions.user_id
             WHERE hash = $1
             FOR UPDATE OF sessions, refresh_tokens",
            &old.0,
        )
        .fetch_optional(&mut *transaction)
        .await?;
        let Some(row) = row else { return Ok(Refreshed::Unknown) };
        let session_id = SessionId(row.session_id);
        let presented = Presented {
            session_id,
            user_id: UserId(row.user_id),
            issued_at: row.issued_at,
            expires_at: row.expires_at,
            replaced_at: row.replaced_at,
            sessions_not_before: row.sessions_not_before,
        };
        let decision = presented.decide(new.issued_at);
        match decision {
            Refreshed::Unknown | Refreshed::JustReplaced => return Ok(decision),
            Refreshed::Reused { .. } => {
                sqlx::query!("DELETE FROM sessions WHERE session_id = $1", session_id.0)
                    .execute(&mut *transaction)
                    .await?;
            }
            Refreshed::Replaced => {
                sqlx::query!(
                    "UPDATE refresh_tokens SET replaced_at = $2 WHERE hash = $1",
                    &old.0,
                    new.issued_at
                )
                .execute(&mut *transaction)
                .await?;
                add_token(&mut transaction, session_id, new).await?;
            }
        }
        transaction.commit().await?;
        Ok(decision)
    }

    async fn end_session(
        &self,
        token: &RefreshTokenHash,
        everywhere: Option<DateTime<Utc>>,
    ) -> Result<Option<UserId>, PersistenceError> {
        let mut transaction = self.pool.begin().await?;
        let row = sqlx::query!(
            "SELECT session_id, user_id FROM sessions JOIN refresh_tokens USING (session_id)
             WHERE hash = $1 FOR UPDATE OF sessions",
            &token.0,
        )
        .fetch_optional(&mut *transaction)
        .await?;
        let Some(row) = row else { return Ok(None) };
        match everywhere {
            None => {
                sqlx::query!("DELETE FROM sessions WHERE session_id = $1", row.session_id)
                    .execute(&mut *transaction)
                    .await?;
            }
            Some(not_before) => {
                sqlx::query!("DELETE FROM sessions WHERE user_id = $1", row.user_id)
                    .execute(&mut *transaction)
                    .await?;
                refuse_older_tokens(&mut transaction, UserId(row.user_id), not_before).await?;
            }
        }
        transaction.commit().await?;
        Ok(Some(UserId(row.user_id)))
    }

    async fn change_password(
        &self,
        user_id: UserId,
        change: &Rehashed,
        keep: Option<&RefreshTokenHash>,
        not_before: DateTime<Utc>,
        audit: &AuditEntry,
    ) -> Result<bool, PersistenceError> {
        let mut transaction = self.pool.begin().await?;
        let changed = sqlx::query!(
            "UPDATE passwords SET hash = $3 WHERE user_id = $1 AND hash = $2",
            user_id.0,
            change.old_hash,
            change.new_hash,
        )
        .execute(&mut *transaction)
        .await?;
        if changed.rows_affected() == 0 {
            return Ok(false);
        }
        sqlx::query!(
            "DELETE FROM sessions WHERE user_id = $1 AND session_id IS DISTINCT FROM
                 (SELECT session_id FROM refresh_tokens WHERE hash = $2 AND replaced_at IS NULL)",
            user_id.0,
            keep.map(|hash| hash.0.to_vec()),
        )
        .execute(&mut *transaction)
        .await?;
        refuse_older_tokens(&mut transaction, user_id, not_before).await?;
        audit::write(&mut transaction, audit).await?;
        transaction.commit().await?;
        Ok(true)
    }

    async fn sweep_sessions(&self, now: DateTime<Utc>) -> Result<u64, PersistenceError> {
        let mut transaction = self.pool.begin().await?;
        // A session without a token that may still be used has ended: its expired token was the last of its line.
        sqlx::query!(
            "DELETE FROM sessions USING refresh_tokens
             WHERE sessions.session_id = refresh_tokens.session_id AND replaced_at IS NULL AND expires_at <= $1",
            now,
        )
        .execute(&mut *transaction)
        .await?;
        let swept = sqlx::query!("DELETE FROM refresh_tokens WHERE expires_at <= $1", now)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(swept.rows_affected())
    }
}

async fn add_token(
    connection: &mut sqlx::PgConnection,
    session_id: SessionId,
    token: &NewRefreshToken,
) -> Result<(), PersistenceError> {
    sqlx::query!(
        "INSERT INTO refresh_tokens (hash, session_id, issued_at, expires_at) VALUES ($1, $2, $3, $4)",
        &token.hash.0,
        session_id.0,
        token.issued_at,
        token.expires_at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

async fn refuse_older_tokens(
    connection: &mut sqlx::PgConnection,
    user_id: UserId,
    not_before: DateTime<Utc>,
) -> Result<(), PersistenceError> {
    // GREATEST passes over what is null.
    sqlx::query!(
        "UPDATE users SET not_before = GREATEST(not_before, $2) WHERE user_id = $1",
        user_id.0,
        not_before,
    )
    .execute(connection)
    .await?;
    Ok(())
}
