//! `/sessions`: channels of events, from start to stop.

mod body;
pub(super) mod list;
pub(super) mod read;
pub(super) mod start;
#[cfg(test)]
mod start_tests;
pub(super) mod stop;
#[cfg(test)]
mod stop_tests;
#[cfg(test)]
mod tests;

use common::{access::Principal, ids::SessionId, problem::Problem};

use crate::{AppState, domain::Session};

impl AppState {
    /// The session, if `principal` may see it: staff those of their customer, speakers those of their channels. For
    /// everybody else there is none.
    pub(crate) async fn seen_session(
        &self,
        session_id: SessionId,
        principal: &Principal,
    ) -> Result<Session, Problem> {
        let session = self.sessions.session(session_id).await?;
        let session = session.ok_or_else(|| Problem::not_found("session"))?;
        let event = self.events.event(session.event_id).await?;
        let seen = event.is_some_and(|event| {
            event.is_run_by(principal)
                || principal.user().is_some_and(|user| event.has_speaker(user, session.channel_id))
        });
        // Of an event that is gone its own people still see the sessions.
        if seen || Self::runs_sessions_of(principal, &session) {
            Ok(session)
        } else {
            Err(Problem::not_found("session"))
        }
    }

    /// Whether `principal` is staff of the session's customer, or a service.
    fn runs_sessions_of(principal: &Principal, session: &Session) -> bool {
        list::is_staff(principal) && principal.tenants().include(session.customer_id)
    }
}
