//! What all operations that change an event have in common.

use common::{access::Principal, clock, ids::EventId, problem::Problem, service::etag::IfMatch};

use crate::{
    AppState,
    domain::{Change, Changed},
    notices::Happened,
    persistence::Expected,
};

impl AppState {
    /// Makes a change within reach of `principal` and tells the others.
    pub(super) async fn change(
        &self,
        principal: &Principal,
        event_id: EventId,
        if_match: &IfMatch,
        change: &Change,
    ) -> Result<Changed, Problem> {
        let expected = Expected(if_match.versions());
        let changed = self
            .persistence
            .change_event(event_id, principal.tenants(), &expected, change, clock::now())
            .await??;
        if changed.changed {
            self.notices.tell(event_id, Happened::Updated).await;
        }
        Ok(changed)
    }
}
