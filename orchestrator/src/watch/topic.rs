//! Where the segments of a session are told.

use transcript::Topic;

use crate::domain::Session;

impl Session {
    /// Where its segments are told.
    pub(crate) fn topic(&self) -> Topic {
        Topic { event_id: self.event_id, channel_id: self.channel_id, session_id: self.session_id }
    }
}
