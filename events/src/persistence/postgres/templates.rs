//! Templates in PostgreSQL.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use common::{access::Tenants, ids::CustomerId};
use sqlx::types::Json;
use uuid::Uuid;

use super::Postgres;
use crate::{
    domain::{Channel, Description, Template, TemplateId, TemplatePatch},
    persistence::{Expected, PersistenceError, TemplateRefusal, Templates},
};

struct Row {
    template_id: Uuid,
    customer_id: Uuid,
    name: String,
    description: Option<String>,
    title: String,
    timezone: String,
    listen_access: String,
    duration_minutes: i32,
    channels: Json<Vec<Channel>>,
    created_by: String,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    version: i64,
}

impl TryFrom<Row> for Template {
    type Error = PersistenceError;

    fn try_from(row: Row) -> Result<Self, PersistenceError> {
        let description = row.description.map(|text| text.parse()).transpose();
        Ok(Self {
            template_id: TemplateId(row.template_id),
            customer_id: CustomerId(row.customer_id),
            name: row.name.parse().map_err(PersistenceError::corrupt)?,
            description: description.map_err(PersistenceError::corrupt)?,
            title: row.title.parse().map_err(PersistenceError::corrupt)?,
            timezone: row.timezone.parse().map_err(PersistenceError::corrupt)?,
            listen_access: row.listen_access.parse().map_err(PersistenceError::corrupt)?,
            duration_minutes: u32::try_from(row.duration_minutes).map_err(PersistenceError::corrupt)?,
            channels: row.channels.0,
            created_by: row.created_by,
            created_at: row.created_at,
            updated_at: row.updated_at,
            version: row.version,
        })
    }
}

/// Minutes are few enough.
fn minutes(template: &Template) -> i32 {
    i32::try_from(template.duration_minutes).unwrap_or(i32::MAX)
}

#[async_trait]
impl Templates for Postgres {
    async fn create_template(&self, template: &Template) -> Result<(), PersistenceError> {
        sqlx::query!(
            "INSERT INTO templates (template_id, customer_id, name, description, title, timezone, listen_access,
                duration_minutes, channels, created_by, created_at, updated_at, version)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
            template.template_id.0,
            template.customer_id.0,
            template.name.as_str(),
            template.description.as_ref().map(Description::as_str),
            template.title.as_str(),
            template.timezone.name(),
            template.listen_access.as_str(),
            minutes(template),
            Json(&template.channels) as _,
            template.created_by,
            template.created_at,
            template.updated_at,
            template.version,
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    async fn template(&self, id: TemplateId, scope: Tenants) -> Result<Option<Template>, PersistenceError> {
        let row = sqlx::query_as!(
            Row,
            r#"SELECT template_id, customer_id, name, description, title, timezone, listen_access, duration_minutes,
                channels AS "channels: Json<Vec<Channel>>", created_by, created_at, updated_at, version
             FROM templates WHERE template_id = $1 AND ($2::uuid IS NULL OR customer_id = $2)"#,
            id.0,
            scope.as_filter(),
        )
        .fetch_optional(&self.pool)
        .await?;
        row.map(Template::try_from).transpose()
    }

    async fn templates(
        &self,
        scope: Tenants,
        customer: Option<CustomerId>,
        after: Option<TemplateId>,
        rows: usize,
    ) -> Result<Vec<Template>, PersistenceError> {
        let rows = sqlx::query_as!(
            Row,
            r#"SELECT template_id, customer_id, name, description, title, timezone, listen_access, duration_minutes,
                channels AS "channels: Json<Vec<Channel>>", created_by, created_at, updated_at, version
             FROM templates
             WHERE ($1::uuid IS NULL OR customer_id = $1) AND ($2::uuid IS NULL OR customer_id = $2)
                AND ($3::uuid IS NULL OR template_id > $3)
             ORDER BY template_id LIMIT $4"#,
            scope.as_filter(),
            customer.map(|customer| customer.0),
            after.map(|after| after.0),
            i64::try_from(rows).unwrap_or(i64::MAX),
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(Template::try_from).collect()
    }

    async fn change_template(
        &self,
        id: TemplateId,
        scope: Tenants,
        expected: &Expected,
        patch: &TemplatePatch,
        now: DateTime<Utc>,
    ) -> Result<Result<Template, TemplateRefusal>, PersistenceError> {
        let mut transaction = self.pool.begin().await?;
        let row = sqlx::query_as!(
            Row,
            r#"SELECT template_id, customer_id, name, description, title, timezone, listen_access, duration_minutes,
                channels AS "channels: Json<Vec<Channel>>", created_by, created_at, updated_at, version
             FROM templates WHERE template_id = $1 AND ($2::uuid IS NULL OR customer_id = $2) FOR UPDATE"#,
            id.0,
            scope.as_filter(),
        )
        .fetch_optional(&mut *transaction)
        .await?;
        let Some(row) = row else { return Ok(Err(TemplateRefusal::NoTemplate)) };
        let mut template = Template::try_from(row)?;
        if !expected.allows(template.version) {
            return Ok(Err(TemplateRefusal::Stale));
        }
        match template.apply(patch, now) {
            Ok(true) => {}
            Ok(false) => return Ok(Ok(template)),
            Err(refusal) => return Ok(Err(TemplateRefusal::Refused(refusal))),
        }
        let done = sqlx::query!(
            "UPDATE templates SET name = $2, description = $3, title = $4, timezone = $5, listen_access = $6,
                duration_minutes = $7, channels = $8, updated_at = $9, version = $10
             WHERE template_id = $1",
            id.0,
            template.name.as_str(),
            template.description.as_ref().map(Description::as_str),
            template.title.as_str(),
            template.timezone.name(),
            template.listen_access.as_str(),
            minutes(&template),
            Json(&template.channels) as _,
            template.updated_at,
            template.version,
        )
        .execute(&mut *transaction)
        .await?;
        if done.rows_affected() != 1 {
            return Err(PersistenceError::corrupt(format_args!("template {id} vanished under its lock")));
        }
        transaction.commit().await?;
        Ok(Ok(template))
    }

    async fn delete_template(
        &self,
        id: TemplateId,
        scope: Tenants,
        expected: &Expected,
    ) -> Result<Result<(), TemplateRefusal>, PersistenceError> {
        let mut transaction = self.pool.begin().await?;
        let version = sqlx::query_scalar!(
            "SELECT version FROM templates WHERE template_id = $1 AND ($2::uuid IS NULL OR customer_id = $2) FOR UPDATE",
            id.0,
            scope.as_filter(),
        )
        .fetch_optional(&mut *transaction)
        .await?;
        match version {
            None => return Ok(Err(TemplateRefusal::NoTemplate)),
            Some(version) if !expected.allows(version) => return Ok(Err(TemplateRefusal::Stale)),
            Some(_) => {}
        }
        sqlx::query!("DELETE FROM templates WHERE template_id = $1", id.0).execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(Ok(()))
    }
}
