//! Templates in memory.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use common::{access::Tenants, ids::CustomerId};

use super::{InMemory, State};
use crate::{
    domain::{Template, TemplateId, TemplatePatch},
    persistence::{Expected, PersistenceError, TemplateRefusal, Templates},
};

impl State {
    fn find_template(
        &self,
        id: TemplateId,
        scope: Tenants,
        expected: &Expected,
    ) -> Result<&Template, TemplateRefusal> {
        let template = self.templates.get(&id).filter(|template| scope.include(template.customer_id));
        let template = template.ok_or(TemplateRefusal::NoTemplate)?;
        if expected.allows(template.version) { Ok(template) } else { Err(TemplateRefusal::Stale) }
    }
}

#[async_trait]
impl Templates for InMemory {
    async fn create_template(&self, template: &Template) -> Result<(), PersistenceError> {
        self.state.lock().templates.insert(template.template_id, template.clone());
        Ok(())
    }

    async fn template(&self, id: TemplateId, scope: Tenants) -> Result<Option<Template>, PersistenceError> {
        Ok(self.state.lock().find_template(id, scope, &Expected::ANY).ok().cloned())
    }

    async fn templates(
        &self,
        scope: Tenants,
        customer: Option<CustomerId>,
        after: Option<TemplateId>,
        rows: usize,
    ) -> Result<Vec<Template>, PersistenceError> {
        let state = self.state.lock();
        let wanted = state.templates.values().filter(|template| {
            scope.include(template.customer_id)
                && customer.is_none_or(|customer| template.customer_id == customer)
                && after.is_none_or(|after| template.template_id > after)
        });
        Ok(wanted.take(rows).cloned().collect())
    }

    async fn change_template(
        &self,
        id: TemplateId,
        scope: Tenants,
        expected: &Expected,
        patch: &TemplatePatch,
        now: DateTime<Utc>,
    ) -> Result<Result<Template, TemplateRefusal>, PersistenceError> {
        let mut state = self.state.lock();
        Ok(state.find_template(id, scope, expected).cloned().and_then(|mut template| {
            template.apply(patch, now).map_err(TemplateRefusal::Refused)?;
            state.templates.insert(id, template.clone());
            Ok(template)
        }))
    }

    async fn delete_template(
        &self,
        id: TemplateId,
        scope: Tenants,
        expected: &Expected,
    ) -> Result<Result<(), TemplateRefusal>, PersistenceError> {
        let mut state = self.state.lock();
        let found = state.find_template(id, scope, expected).map(|_| ());
        if found.is_ok() {
            state.templates.remove(&id);
        }
        Ok(found)
    }
}
