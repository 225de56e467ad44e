//! `/events/{event_id}/sessions`: what is kept of an event's sessions.

mod body;
pub(super) mod list;
pub(super) mod read;
pub(super) mod record;
#[cfg(test)]
mod tests;

use body::SessionBody;
use common::{access::Principal, ids::EventId, problem::Problem};

use crate::{AppState, domain::Viewer, persistence::SessionScope};

impl AppState {
    /// Which of the event's records `principal` sees: staff all, speakers those of their channels, others none.
    async fn session_scope(&self, event_id: EventId, principal: &Principal) -> Result<SessionScope, Problem> {
        let viewer = Viewer::of(principal);
        let event = self.persistence.event(event_id, viewer).await?;
        let event = event.ok_or_else(|| Problem::not_found("event"))?;
        if viewer.is_staff_of(&event) {
            return Ok(SessionScope::All);
        }
        // Of the speakers they see but themselves.
        Ok(SessionScope::Channels(event.speakers.iter().map(|speaker| speaker.channel_id).collect()))
    }
}
