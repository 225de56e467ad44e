//! Who reads what was said in a session: those who see its event.

use common::{access::Permission, ids::SessionId, peer::PeerError, problem::Problem};

use super::reader::Reader;
use crate::{AppState, domain::Session};

impl Reader {
    /// The session, if they see its event, likewise. Where the event was deleted it is left to those who ran it.
    pub(super) async fn session(
        &self,
        state: &AppState,
        session_id: SessionId,
        any_of: &[Permission],
    ) -> Result<Session, Problem> {
        let session = state.sessions.session(session_id).await?;
        let session = session.ok_or_else(|| self.sees_none("session", any_of))?;
        if self.sees_session(state, &session, any_of).await? {
            Ok(session)
        } else {
            Err(self.sees_none("session", any_of))
        }
    }

    async fn sees_session(
        &self,
        state: &AppState,
        session: &Session,
        any_of: &[Permission],
    ) -> Result<bool, PeerError> {
        let event = state.events.event(session.event_id).await?;
        Ok(event.map_or_else(|| self.ran(session, any_of), |event| self.sees(&event, any_of)))
    }

    fn ran(&self, session: &Session, any_of: &[Permission]) -> bool {
        self.entitled(any_of).is_some_and(|principal| {
            let staff = principal.user().is_none() || principal.may(Permission::EventsUpdate);
            staff && principal.tenants().include(session.customer_id)
        })
    }
}
