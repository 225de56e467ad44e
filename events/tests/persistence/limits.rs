//! Customers' limits.

use common::{access::Tenants, ids::CustomerId};
use events::{
    domain::{EventState, Refusal},
    persistence::{CustomerLimits, Expected},
};

use super::{Store, event, id, moment, on_both};

on_both!(a_customer_has_the_default_until_a_limit_is_set, a_limit_holds_for_what_goes_live_and_ends_nothing,);

async fn go_live(store: &Store, number: i64) -> Result<(), Refusal> {
    let moved =
        store.change_state(id(number), Tenants::All, &Expected::ANY, EventState::Live, 2, moment(1)).await;
    moved.expect("a store").map(|_| ())
}

async fn a_customer_has_the_default_until_a_limit_is_set(store: Store) {
    let (customer, other) = (CustomerId::generate(), CustomerId::generate());
    let none = CustomerLimits { max_live_events: None, live_events: 0 };
    assert_eq!(store.customer_limits(customer).await.expect("a store"), none);
    for limit in [7, 0, 10_000] {
        let set = store.set_customer_limits(customer, limit, moment(0)).await.expect("a store");
        assert_eq!(set, CustomerLimits { max_live_events: Some(limit), live_events: 0 });
        assert_eq!(store.customer_limits(customer).await.expect("a store"), set);
    }
    assert_eq!(store.customer_limits(other).await.expect("a store"), none);
}

async fn a_limit_holds_for_what_goes_live_and_ends_nothing(store: Store) {
    let (customer, other) = (CustomerId::generate(), CustomerId::generate());
    for number in 100_001..=100_004 {
        assert!(store.create_event(&event(number, customer)).await.expect("a store"));
    }
    assert!(store.create_event(&event(200_000, other)).await.expect("a store"));
    assert_eq!(go_live(&store, 100_001).await, Ok(()));
    assert_eq!(go_live(&store, 100_002).await, Ok(()));
    assert_eq!(go_live(&store, 100_003).await, Err(Refusal::TooManyLive { limit: 2 }));
    assert_eq!(go_live(&store, 200_000).await, Ok(()), "another customer has its own");

    store.set_customer_limits(customer, 3, moment(0)).await.expect("a store");
    assert_eq!(go_live(&store, 100_003).await, Ok(()));
    let lowered = store.set_customer_limits(customer, 1, moment(0)).await.expect("a store");
    assert_eq!(lowered, CustomerLimits { max_live_events: Some(1), live_events: 3 });
    assert_eq!(go_live(&store, 100_004).await, Err(Refusal::TooManyLive { limit: 1 }));
}
