//! Templates of events.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use common::{access::Tenants, ids::CustomerId};

use super::{Expected, PersistenceError};
use crate::domain::{Refusal, Template, TemplateId, TemplatePatch};

/// Why a template was not changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TemplateRefusal {
    /// There is no such template within reach.
    NoTemplate,
    /// It was changed meanwhile: `If-Match` does not hold.
    Stale,
    /// It would not make sense.
    Refused(Refusal),
}

/// Keeps templates.
#[async_trait]
pub trait Templates: Send + Sync {
    /// Keeps a new template.
    async fn create_template(&self, template: &Template) -> Result<(), PersistenceError>;

    /// The template, if it is within reach.
    async fn template(&self, id: TemplateId, scope: Tenants) -> Result<Option<Template>, PersistenceError>;

    /// The first `rows` templates within reach after `after`, in the order in which they were made; of `customer` only,
    /// if it is given.
    async fn templates(
        &self,
        scope: Tenants,
        customer: Option<CustomerId>,
        after: Option<TemplateId>,
        rows: usize,
    ) -> Result<Vec<Template>, PersistenceError>;

    /// Changes the template: [`Template::apply`] under a lock.
    async fn change_template(
        &self,
        id: TemplateId,
        scope: Tenants,
        expected: &Expected,
        patch: &TemplatePatch,
        now: DateTime<Utc>,
    ) -> Result<Result<Template, TemplateRefusal>, PersistenceError>;

    /// Deletes the template. Events that were made from it stay as they are.
    async fn delete_template(
        &self,
        id: TemplateId,
        scope: Tenants,
        expected: &Expected,
    ) -> Result<Result<(), TemplateRefusal>, PersistenceError>;
}
