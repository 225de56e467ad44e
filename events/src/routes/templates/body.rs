//! Templates as they travel.

use chrono::{DateTime, Utc};
use common::ids::CustomerId;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::{Channel, Description, ListenAccess, Name, Template, TemplateId, Timezone, Title};

/// A template.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Template, example = json!({
    "template_id": "0192f0c1-2a6b-7c3d-8e4f-5a6b7c8d9e10",
    "customer_id": "0192f0c1-2a6b-7c3d-8e4f-5a6b7c8d9e0f",
    "name": "Weekly briefing",
    "description": "Figures of the week, questions from the floor.",
    "title": "Briefing of {date}",
    "timezone": "Europe/Madrid",
    "listen_access": "authenticated",
    "duration_minutes": 45,
    "channels": [{
        "channel_id": 1, "name": "Main stage", "source_language": "en-US", "target_languages": ["es-ES", "ca-ES"],
        "record": true, "speech": true, "glossary": { "ca-ES": { "assembly": "assemblea" } }
    }],
    "created_by": "0192f0c1-2a6b-7c3d-8e4f-5a6b7c8d9e1a",
    "created_at": "2026-04-01T08:30:00Z",
    "updated_at": "2026-04-02T10:00:00Z",
    "version": 2
}))]
pub(crate) struct TemplateBody {
    /// Names it.
    template_id: TemplateId,
    /// Whose it is.
    customer_id: CustomerId,
    /// What it is called.
    name: Name,
    /// What its events are about.
    #[schema(required = true)]
    description: Option<Description>,
    /// What its events are called: `{date}` and `{time}` stand for their start.
    title: Title,
    /// In which time zone people think of its events.
    timezone: Timezone,
    /// Who may listen to its events.
    listen_access: ListenAccess,
    /// How long its events last.
    #[schema(minimum = 1, maximum = 44_640)]
    duration_minutes: u32,
    /// Its events' channels, by number.
    channels: Vec<Channel>,
    /// Who made it: a user's id or a service's `client_id`.
    created_by: String,
    /// When it was made.
    created_at: DateTime<Utc>,
    /// When it changed last.
    updated_at: DateTime<Utc>,
    /// Counts its changes, from 1; its `ETag`.
    #[schema(minimum = 1)]
    version: i64,
}

impl From<Template> for TemplateBody {
    fn from(template: Template) -> Self {
        Self {
            template_id: template.template_id,
            customer_id: template.customer_id,
            name: template.name,
            description: template.description,
            title: template.title,
            timezone: template.timezone,
            listen_access: template.listen_access,
            duration_minutes: template.duration_minutes,
            channels: template.channels,
            created_by: template.created_by,
            created_at: template.created_at,
            updated_at: template.updated_at,
            version: template.version,
        }
    }
}
