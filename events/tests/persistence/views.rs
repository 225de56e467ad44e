//! Who sees which events, in lists and one by one.

use common::{
    access::Tenants,
    ids::{ChannelId, CustomerId, UserId},
};
use events::{
    domain::{Event, EventState, ListenAccess, Listener, Speaker, Viewer},
    persistence::{EventFilter, EventKey},
};

use super::{Store, event, id, moment, on_both};

on_both!(
    both_see_exactly_what_the_domain_says,
    a_list_goes_on_where_the_page_before_ended,
    filters_narrow_a_list,
);

/// Every mixture of owner, state, access and assignment of one person.
fn every_kind(customers: [CustomerId; 2], person: UserId) -> Vec<Event> {
    let mut events = Vec::new();
    let channel_id = ChannelId::new(1).expect("a channel id");
    for customer in customers {
        for state in [EventState::Draft, EventState::Scheduled, EventState::Cancelled] {
            for listen_access in [ListenAccess::Assigned, ListenAccess::Authenticated, ListenAccess::Public] {
                for assigned in ["no", "speaker", "listener"] {
                    let number = 100_000 + events.len() as i64;
                    let mut event = Event { state, listen_access, ..event(number, customer) };
                    event.speakers.push(Speaker { channel_id, user_id: UserId::generate() });
                    event.listeners.push(Listener { user_id: UserId::generate() });
                    match assigned {
                        "speaker" => event.speakers.push(Speaker { channel_id, user_id: person }),
                        "listener" => event.listeners.push(Listener { user_id: person }),
                        _ => {}
                    }
                    event.speakers.sort();
                    event.listeners.sort();
                    events.push(event);
                }
            }
        }
    }
    events
}

async fn both_see_exactly_what_the_domain_says(store: Store) {
    let (customers, person) = ([CustomerId::generate(), CustomerId::generate()], UserId::generate());
    let events = every_kind(customers, person);
    for event in &events {
        assert!(store.create_event(event).await.expect("a store"));
    }
    let mut viewers = vec![Viewer::GUEST];
    for staff_of in [Tenants::All, Tenants::One(customers[0]), Tenants::None] {
        for user in [None, Some(person), Some(UserId::generate())] {
            viewers.push(Viewer { staff_of, user, signed_in: true });
        }
    }
    for viewer in viewers {
        for event in &events {
            let mut expected = viewer.sees(event).then(|| event.clone());
            if let Some(event) = &mut expected {
                viewer.reduce(event);
            }
            let read = store.event(event.event_id, viewer).await.expect("a store");
            assert_eq!(read, expected, "{viewer:?} {event:?}");
        }
        let person = Viewer { staff_of: Tenants::None, ..viewer };
        let expected: Vec<Event> = events
            .iter()
            .filter(|event| viewer.lists(event))
            .cloned()
            .map(|mut event| {
                person.reduce(&mut event);
                event
            })
            .collect();
        let list = store.events(viewer, &EventFilter::default(), None, 1_000).await.expect("a store");
        assert_eq!(list, expected, "{viewer:?}");
    }
}

const EVERYTHING: Viewer = Viewer { staff_of: Tenants::All, user: None, signed_in: true };

async fn ids(store: &Store, filter: &EventFilter, after: Option<EventKey>, rows: usize) -> Vec<i32> {
    let events = store.events(EVERYTHING, filter, after, rows).await.expect("a store");
    events.into_iter().map(|event| event.event_id.get()).collect()
}

async fn a_list_goes_on_where_the_page_before_ended(store: Store) {
    let customer = CustomerId::generate();
    // By start; at the same time by id, whatever the order of making.
    for (number, starts) in [(300_000, 0), (100_000, 5), (200_000, 0), (400_000, -3), (150_000, 0)] {
        let event = Event { starts_at: moment(starts), ..event(number, customer) };
        assert!(store.create_event(&event).await.expect("a store"));
    }
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = store.events(EVERYTHING, &EventFilter::default(), after, 2).await.expect("a store");
        let Some(last) = page.last() else { break };
        after = Some(EventKey::of(last));
        seen.extend(page.iter().map(|event| event.event_id.get()));
    }
    assert_eq!(seen, [400_000, 150_000, 200_000, 300_000, 100_000]);
    assert_eq!(ids(&store, &EventFilter::default(), None, 3).await, seen[..3]);
}

async fn filters_narrow_a_list(store: Store) {
    let (customer, other) = (CustomerId::generate(), CustomerId::generate());
    for (number, title, starts, state, owner) in [
        (100_001, "Été 100 % _a_", 1, EventState::Draft, customer),
        (100_002, "Zusammenkunft \\ Nr. 2", 2, EventState::Live, customer),
        (100_003, "été again", 3, EventState::Ready, other),
    ] {
        let title = title.parse().expect("a title");
        let event = Event { title, starts_at: moment(starts), state, ..event(number, owner) };
        assert!(store.create_event(&event).await.expect("a store"));
    }
    let all = EventFilter::default;
    let title = |part: &str| EventFilter { title: Some(part.to_owned()), ..all() };
    for (filter, expected) in [
        (all(), &[100_001, 100_002, 100_003][..]),
        (EventFilter { states: vec![EventState::Live], ..all() }, &[100_002]),
        (EventFilter { states: vec![EventState::Ready, EventState::Draft], ..all() }, &[100_001, 100_003]),
        (EventFilter { starts_after: Some(moment(2)), ..all() }, &[100_002, 100_003]),
        (EventFilter { starts_before: Some(moment(2)), ..all() }, &[100_001]),
        (EventFilter { customer: Some(other), ..all() }, &[100_003]),
        (title("ÉTÉ"), &[100_001, 100_003]),
        (title("%"), &[100_001]),
        (title("_"), &[100_001]),
        (title("\\"), &[100_002]),
        (title("nr. 2"), &[100_002]),
        (title("nothing of the kind"), &[]),
    ] {
        assert_eq!(ids(&store, &filter, None, 9).await, expected, "{filter:?}");
    }
    assert_eq!(store.event(id(100_001), Viewer::GUEST).await.expect("a store"), None);
}
