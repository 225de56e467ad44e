//! Who looks at events, and what of them they see. Persistence puts this into its queries.

use common::{
    access::{Permission, Principal, Subject, Tenants},
    ids::UserId,
};

use super::{Event, EventState, ListenAccess, Listener};

/// Who looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Viewer {
    /// Whose events are seen whole, drafts and people included: staff's own customer's; all for services.
    pub staff_of: Tenants,
    /// The person, for assignments.
    pub user: Option<UserId>,
    /// Whether events for everybody with an account are seen.
    pub signed_in: bool,
}

impl Viewer {
    /// Somebody without an account: sees public events.
    pub const GUEST: Self = Self { staff_of: Tenants::None, user: None, signed_in: false };

    /// What `principal` sees.
    pub fn of(principal: &Principal) -> Self {
        let staff = match principal.subject {
            Subject::Service(_) => true,
            Subject::User(_) => {
                principal.may(Permission::EventsUpdate) || principal.may(Permission::EventsAssign)
            }
        };
        Self {
            staff_of: if staff { principal.tenants() } else { Tenants::None },
            user: principal.user(),
            signed_in: true,
        }
    }

    /// Whether they see it whole, with its people, also as a draft.
    pub fn is_staff_of(&self, event: &Event) -> bool {
        self.staff_of.include(event.customer_id)
    }

    /// Whether they are assigned to it.
    pub fn is_assigned_to(&self, event: &Event) -> bool {
        self.user.is_some_and(|user| {
            event.speakers.iter().any(|speaker| speaker.user_id == user)
                || event.listeners.binary_search(&Listener { user_id: user }).is_ok()
        })
    }

    /// Whether they see it at all.
    pub fn sees(&self, event: &Event) -> bool {
        let open = match event.listen_access {
            ListenAccess::Public => true,
            ListenAccess::Authenticated => self.signed_in,
            ListenAccess::Assigned => false,
        };
        self.is_staff_of(event) || (event.state != EventState::Draft && (open || self.is_assigned_to(event)))
    }

    /// Whether it is in their list: for staff, their own events and those they are assigned to, not what others offer.
    pub fn lists(&self, event: &Event) -> bool {
        self.sees(event)
            && (self.staff_of == Tenants::None || self.is_staff_of(event) || self.is_assigned_to(event))
    }

    /// Takes away the people they do not see: of events that are not theirs, all but themselves.
    pub fn reduce(&self, event: &mut Event) {
        if !self.is_staff_of(event) {
            event.speakers.retain(|speaker| Some(speaker.user_id) == self.user);
            event.listeners.retain(|listener| Some(listener.user_id) == self.user);
        }
    }
}
