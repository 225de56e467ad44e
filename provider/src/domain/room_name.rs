//! The names of rooms.

use std::{fmt, str::FromStr};

use common::ids::{ChannelId, EventId};

/// `event-{event_id}-channel-{channel_id}`: each channel has one room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RoomName {
    /// Of which event.
    pub event_id: EventId,
    /// Of which of its channels.
    pub channel_id: ChannelId,
}

impl fmt::Display for RoomName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "event-{}-channel-{}", self.event_id, self.channel_id)
    }
}

/// The room is none of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not the name of an event's room")]
pub struct NotOurRoom;

impl FromStr for RoomName {
    type Err = NotOurRoom;

    fn from_str(text: &str) -> Result<Self, NotOurRoom> {
        let parts = text.strip_prefix("event-").and_then(|rest| rest.split_once("-channel-"));
        let (event_id, channel_id) = parts.ok_or(NotOurRoom)?;
        Ok(Self {
            event_id: event_id.parse().map_err(|_| NotOurRoom)?,
            channel_id: channel_id.parse().map_err(|_| NotOurRoom)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_name_reads_back(event in 100_000..=999_999_999_i64, channel in 1..=999_i64) {
            let room = RoomName {
                event_id: EventId::new(event).expect("an id"),
                channel_id: ChannelId::new(channel).expect("an id"),
            };
            prop_assert_eq!(room.to_string().parse(), Ok(room));
        }

        #[test]
        fn other_rooms_are_not_ours(name in "(event-)?[0-9]{0,10}(-channel-)?[0-9a-z]{0,4}") {
            if let Ok(room) = name.parse::<RoomName>() {
                prop_assert_eq!(room.to_string(), name);
            }
        }
    }

    #[test]
    fn a_room_has_one_name() {
        for name in
            ["demo", "event-123457", "event-123457-channel-0", "event-123457-channel-01", "event-1-channel-1"]
        {
            assert_eq!(name.parse::<RoomName>(), Err(NotOurRoom), "{name}");
        }
    }
}
