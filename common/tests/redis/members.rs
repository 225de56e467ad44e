//! Members and counts in a real Redis.

use std::{collections::BTreeMap, time::Duration};

use common::live_state::{LiveState as _, Members as _};
use tokio::time::{Instant, sleep};

use super::{HOUR, SOON, connect, server};

#[tokio::test]
async fn members_are_shared_renew_and_leave_by_themselves() {
    let server = server().await;
    let (one, other) = (connect(&server.url()), connect(&server.url()));
    assert!(one.enter("set", "a", HOUR).await.unwrap());
    assert!(!other.enter("set", "a", HOUR).await.unwrap(), "it renews");
    assert!(other.enter("set", "b", HOUR).await.unwrap());
    assert!(one.enter("other", "a", HOUR).await.unwrap());
    assert_eq!(one.count("set").await.unwrap(), 2);
    assert!(one.leave("set", "b").await.unwrap());
    assert!(!one.leave("set", "b").await.unwrap());
    assert_eq!(other.count("set").await.unwrap(), 1);
    // One with a short time goes while the one with a long time stays.
    one.enter("set", "short", Duration::from_millis(30)).await.unwrap();
    let end = Instant::now() + SOON;
    while other.count("set").await.unwrap() > 1 {
        assert!(Instant::now() < end, "the member does not leave");
        sleep(Duration::from_millis(5)).await;
    }
    assert!(!other.leave("set", "short").await.unwrap(), "it is gone already");
    assert!(one.enter("set", "short", HOUR).await.unwrap(), "it is new again");
    assert!(!one.enter("set", "short", Duration::ZERO).await.unwrap(), "a time of zero takes it out");
    assert_eq!(one.count("set").await.unwrap(), 1);
    one.enter("set", "for ever and ever", Duration::MAX).await.unwrap();
    assert_eq!(one.count("set").await.unwrap(), 2);
    one.delete("set").await.unwrap();
    assert_eq!(one.count("set").await.unwrap(), 0);
}

#[tokio::test]
async fn a_member_that_renews_with_a_shorter_time_leaves_the_others_theirs() {
    let server = server().await;
    let redis = connect(&server.url());
    redis.enter("set", "long", HOUR).await.unwrap();
    redis.enter("set", "short", Duration::from_millis(20)).await.unwrap();
    let end = Instant::now() + SOON;
    while redis.count("set").await.unwrap() > 1 {
        assert!(Instant::now() < end, "the member does not leave");
        sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(redis.count("set").await.unwrap(), 1);
}

#[tokio::test]
async fn after_the_server_lost_everything_members_are_back_with_their_next_renewal() {
    let mut server = server().await;
    let redis = connect(&server.url());
    redis.enter("set", "a", HOUR).await.unwrap();
    redis.enter("set", "b", HOUR).await.unwrap();
    server.restart().await.unwrap();
    super::works_again(&redis).await;
    assert_eq!(redis.count("set").await.unwrap(), 0);
    assert!(redis.enter("set", "a", HOUR).await.unwrap());
    assert!(!redis.leave("set", "b").await.unwrap());
    assert_eq!(redis.count("set").await.unwrap(), 1);
}

#[tokio::test]
async fn counts_are_replaced_as_a_whole_and_end() {
    let server = server().await;
    let (one, other) = (connect(&server.url()), connect(&server.url()));
    assert!(one.counts("counts").await.unwrap().is_empty());
    let first = BTreeMap::from([("es-ES".to_owned(), 2), ("ca-ES".to_owned(), 0)]);
    one.set_counts("counts", &first, HOUR).await.unwrap();
    assert_eq!(other.counts("counts").await.unwrap(), first);
    let second = BTreeMap::from([("fr-FR".to_owned(), 7)]);
    other.set_counts("counts", &second, HOUR).await.unwrap();
    assert_eq!(one.counts("counts").await.unwrap(), second);
    other.set_counts("counts", &second, Duration::from_millis(20)).await.unwrap();
    let end = Instant::now() + SOON;
    while !one.counts("counts").await.unwrap().is_empty() {
        assert!(Instant::now() < end, "the counts do not end");
        sleep(Duration::from_millis(5)).await;
    }
    one.set_counts("counts", &second, HOUR).await.unwrap();
    one.set_counts("counts", &BTreeMap::new(), HOUR).await.unwrap();
    assert!(one.counts("counts").await.unwrap().is_empty());
}
