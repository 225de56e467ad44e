//! The event that `ilenia dev` knows from the start.

use chrono::{DateTime, TimeDelta, Utc};
use common::{
    demo,
    ids::{ChannelId, EventId},
};

use crate::{
    domain::{
        Channel, Event, EventState, Glossary, Instant, Language, ListenAccess, Listener, Name, Speaker,
        Timezone, Title,
    },
    persistence::{Persistence, PersistenceError},
};

/// Makes the demonstration event, unless it is there.
pub async fn seed(persistence: &dyn Persistence, now: DateTime<Utc>) -> Result<(), PersistenceError> {
    persistence.create_event(&event(now)).await.map(|_| ())
}

/// Event 123457: one channel from English into Spanish and Catalan, ready, with the demonstration's speaker and listener.
fn event(now: DateTime<Utc>) -> Event {
    let now = Instant::truncate(now);
    let language = |tag: &str| -> Language { tag.parse().expect("a constant that is a language") };
    let name: Name = "Main stage".parse().expect("a constant that is a name");
    let channel_id = ChannelId::new(1).expect("a constant that is a channel's number");
    let title: Title = "Demonstration".parse().expect("a constant that is a title");
    Event {
        event_id: EventId::new(demo::EVENT_ID.into()).expect("a constant that is an event's number"),
        customer_id: demo::CUSTOMER,
        title,
        description: None,
        starts_at: now,
        ends_at: now + TimeDelta::days(1),
        timezone: Timezone::UTC,
        state: EventState::Ready,
        listen_access: ListenAccess::Assigned,
        channels: vec![Channel {
            channel_id,
            name,
            source_language: language("en-US"),
            target_languages: vec![language("es-ES"), language("ca-ES")],
            record: false,
            speech: true,
            glossary: Glossary::default(),
        }],
        last_channel_id: channel_id.get(),
        speakers: vec![Speaker { channel_id, user_id: demo::SPEAKER }],
        listeners: vec![Listener { user_id: demo::LISTENER }],
        created_at: now,
        updated_at: now,
        version: 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::Viewer,
        persistence::{Events as _, in_memory::InMemory},
    };

    #[tokio::test]
    async fn the_demonstration_is_made_once_and_its_people_find_it() {
        let persistence = InMemory::default();
        let now = common::clock::now();
        seed(&persistence, now).await.expect("a store");
        seed(&persistence, now + TimeDelta::hours(1)).await.expect("a store");
        let id = EventId::new(123_457).expect("an id");
        for user in [demo::SPEAKER, demo::LISTENER] {
            let viewer = Viewer { user: Some(user), signed_in: true, ..Viewer::GUEST };
            let event = persistence.event(id, viewer).await.expect("a store").expect("they see it");
            assert_eq!((event.version, event.state), (1, EventState::Ready));
            assert_eq!(event.starts_at, Instant::truncate(now), "the second time changes nothing");
        }
        assert_eq!(persistence.event(id, Viewer::GUEST).await.expect("a store"), None);
    }
}
