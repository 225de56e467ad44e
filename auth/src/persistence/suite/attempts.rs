use std::sync::Arc;

use super::{Clock, on_both, user};
use crate::{
    persistence::Persistence,
    throttle::{Counter, Limits},
};

on_both!(failures_lock_and_are_forgotten, failures_at_once_are_all_counted, counters_are_apart);

async fn failures_lock_and_are_forgotten(persistence: Arc<dyn Persistence>) {
    let (clock, rule) = (Clock::new(), Limits::default().account());
    let counter = Counter::account(&"ada@example.org".parse().expect("an address"));
    for second in 0..5 {
        assert_eq!(persistence.locked_until(&counter, clock.at(second)).await.expect("read"), None);
        persistence.count_failure(&counter, &rule, clock.at(second)).await.expect("stored");
    }
    assert_eq!(persistence.locked_until(&counter, clock.at(5)).await.expect("read"), Some(clock.at(34)));
    assert_eq!(persistence.locked_until(&counter, clock.at(34)).await.expect("read"), None);
    let again = persistence.count_failure(&counter, &rule, clock.at(34)).await.expect("stored");
    assert_eq!((again.count, again.locked_until), (6, Some(clock.at(94))));
    persistence.forget_failures(&counter).await.expect("stored");
    assert_eq!(persistence.locked_until(&counter, clock.at(35)).await.expect("read"), None);
    let first = persistence.count_failure(&counter, &rule, clock.at(36)).await.expect("stored");
    assert_eq!(first.count, 1);
    assert_eq!(persistence.sweep_attempts(clock.at(3635)).await.expect("swept"), 0);
    assert_eq!(persistence.sweep_attempts(clock.at(3636)).await.expect("swept"), 1);
}

async fn failures_at_once_are_all_counted(persistence: Arc<dyn Persistence>) {
    let (clock, rule) = (Clock::new(), Limits { account_failures: 1000, address_failures: 1 }.account());
    let counter = Counter::account(&"ada@example.org".parse().expect("an address"));
    let tasks: Vec<_> = (0..24)
        .map(|_| {
            let (persistence, counter, now) = (Arc::clone(&persistence), counter.clone(), clock.at(0));
            tokio::spawn(async move {
                persistence.count_failure(&counter, &rule, now).await.expect("stored").count
            })
        })
        .collect();
    let mut counts = Vec::new();
    for task in tasks {
        counts.push(task.await.expect("no panic"));
    }
    counts.sort_unstable();
    assert_eq!(counts, (1..=24).collect::<Vec<_>>());
}

async fn counters_are_apart(persistence: Arc<dyn Persistence>) {
    let (clock, rule) = (Clock::new(), Limits { account_failures: 1, address_failures: 1 }.account());
    let user = user(&persistence, None).await;
    let counters = [
        Counter::account(&user.email),
        Counter::password_change(user.user_id),
        Counter::address("192.0.2.1".parse().expect("an address")),
    ];
    persistence.count_failure(&counters[0], &rule, clock.at(0)).await.expect("stored");
    for (counter, locked) in counters.iter().zip([true, false, false]) {
        let until = persistence.locked_until(counter, clock.at(1)).await.expect("read");
        assert_eq!(until.is_some(), locked, "{counter:?}");
    }
}
