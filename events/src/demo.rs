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
