//! Who may stay in a room.

use chrono::TimeDelta;
use common::{
    event::{EventConfig, EventState, ListenAccess},
    ids::ChannelId,
};

use crate::domain::{IssuedToken, Standing};

/// For so long after an account was withdrawn its older access tokens may still have been taken: verifiers remember what
/// they know for 5 s. Who comes in by a new one within that time is put out once, and comes in again.
pub(super) const UNNOTICED: TimeDelta = TimeDelta::seconds(6);

/// Whether they may stay in the room of this channel; `event` is `None` when it is gone, `token` is the newest that
/// they were given for the room.
pub(super) fn may_stay(
    standing: Standing,
    channel_id: ChannelId,
    event: Option<&EventConfig>,
    token: Option<&IssuedToken>,
) -> bool {
    // Agents are the live-service's: it ends them with their session.
    if standing == Standing::Agent {
        return true;
    }
    let Some(event) = event.filter(|event| event.state != EventState::Cancelled) else { return false };
    match standing {
        // Whoever has the server's own key is no matter of ours.
        Standing::Agent | Standing::Unknown => true,
        Standing::Speaker(user) => event.has_speaker(user, channel_id),
        Standing::Guest => event.listen_access == ListenAccess::Public,
        Standing::Listener(user) => {
            // Those who run the event were let in without being assigned.
            token.is_some_and(|token| token.as_staff)
                || match event.listen_access {
                    ListenAccess::Public | ListenAccess::Authenticated => true,
                    ListenAccess::Assigned => event.has(user),
                }
        }
    }
}
