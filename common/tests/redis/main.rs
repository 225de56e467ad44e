//! Live state in a real Redis: what holds while it is there, away, and back.

#![allow(clippy::unwrap_used, reason = "a test ends where it is surprised")]

mod members;
mod streams;

use std::{net::SocketAddr, time::Duration};

use common::{
    config::Variables,
    live_state::{self, LiveState, Notice, Redis, RedisAddress},
};
use futures_util::{FutureExt as _, StreamExt as _, stream::BoxStream};
use testkit::{redis::RedisServer, tcp_proxy::TcpProxy};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc,
    time::{Instant, sleep, timeout},
};

const SOON: Duration = Duration::from_secs(20);
const HOUR: Duration = Duration::from_secs(3600);

async fn server() -> RedisServer {
    RedisServer::start().await.expect("a Redis server")
}

fn connect(url: &str) -> Redis {
    Redis::new(&url.parse::<RedisAddress>().expect("an address"))
}

async fn next(notices: &mut BoxStream<'static, Notice>) -> Notice {
    timeout(SOON, notices.next()).await.expect("a notice in time").expect("a subscription does not end")
}

fn message(text: &str) -> Notice {
    Notice::Message(text.to_owned())
}

/// Fails, and within the promised time.
async fn fails_quickly(redis: &Redis) {
    let began = Instant::now();
    redis.get("key").await.expect_err("Redis is away");
    assert!(began.elapsed() < Duration::from_millis(1500), "took {:?}", began.elapsed());
}

async fn works_again(redis: &Redis) {
    let end = Instant::now() + SOON;
    while let Err(error) = redis.check().await {
        assert!(Instant::now() < end, "still away: {error}");
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn keys_are_shared_and_end_with_their_time_to_live() {
    let server = server().await;
    let (one, other) = (connect(&server.url()), connect(&server.url()));
    assert_eq!(one.get("key").await.unwrap(), None);
    one.set("key", "ñ value", HOUR).await.unwrap();
    assert_eq!(other.get("key").await.unwrap().as_deref(), Some("ñ value"));
    other.set("key", "second", Duration::from_millis(30)).await.unwrap();
    let end = Instant::now() + SOON;
    while one.get("key").await.unwrap().is_some() {
        assert!(Instant::now() < end, "the key does not end");
        sleep(Duration::from_millis(5)).await;
    }
    one.set("key", "third", HOUR).await.unwrap();
    other.delete("key").await.unwrap();
    other.delete("key").await.unwrap();
    assert_eq!(one.get("key").await.unwrap(), None);
    one.set("key", "never there", Duration::ZERO).await.unwrap();
    assert_eq!(one.get("key").await.unwrap(), None);
    one.set("key", "for ever and ever", Duration::MAX).await.unwrap();
    assert!(one.get("key").await.unwrap().is_some());
    one.check().await.unwrap();
}

#[tokio::test]
async fn what_is_published_after_subscribing_arrives_everywhere_in_order() {
    let server = server().await;
    let (one, other) = (connect(&server.url()), connect(&server.url()));
    one.publish("events", "before").await.unwrap();
    let mut first = one.subscribe("events").await.unwrap();
    let mut second = one.subscribe("events").await.unwrap();
    let mut third = other.subscribe("events").await.unwrap();
    let mut elsewhere = one.subscribe("elsewhere").await.unwrap();
    for number in 0..100 {
        other.publish("events", &number.to_string()).await.unwrap();
    }
    for notices in [&mut first, &mut second, &mut third] {
        for number in 0..100 {
            assert_eq!(next(notices).await, message(&number.to_string()));
        }
    }
    assert_eq!(elsewhere.next().now_or_never(), None);
    // Given up and taken up again.
    drop((first, second));
    other.publish("events", "unheard").await.unwrap();
    let mut again = one.subscribe("events").await.unwrap();
    other.publish("events", "heard").await.unwrap();
    assert_eq!(next(&mut third).await, message("unheard"));
    loop {
        match next(&mut again).await {
            Notice::Message(text) if text == "unheard" => {}
            notice => break assert_eq!(notice, message("heard")),
        }
    }
}

#[tokio::test]
async fn a_subscriber_that_is_too_slow_learns_that_it_missed_something() {
    let server = server().await;
    let redis = connect(&server.url());
    let mut slow = redis.subscribe("events").await.unwrap();
    let mut quick = redis.subscribe("events").await.unwrap();
    for number in 0..1000 {
        redis.publish("events", &number.to_string()).await.unwrap();
        assert_eq!(next(&mut quick).await, message(&number.to_string()));
    }
    assert_eq!(next(&mut slow).await, Notice::Gap);
    while next(&mut slow).await != message("999") {}
}

#[tokio::test]
async fn a_server_that_dies_and_comes_back_leaves_a_gap_and_works_again() {
    let mut server = server().await;
    let (redis, other) = (connect(&server.url()), connect(&server.url()));
    let mut notices = redis.subscribe("events").await.unwrap();
    other.publish("events", "one").await.unwrap();
    assert_eq!(next(&mut notices).await, message("one"));
    for _ in 0..2 {
        server.stop().await.unwrap();
        for _ in 0..20 {
            fails_quickly(&redis).await;
        }
        redis.check().await.expect_err("Redis is away");
        // Subscribing meanwhile is possible, and there is a gap before anything else.
        let mut late = redis.subscribe("late").await.unwrap();
        server.restart().await.unwrap();
        works_again(&redis).await;
        works_again(&other).await;
        assert_eq!(next(&mut notices).await, Notice::Gap);
        assert_eq!(next(&mut late).await, Notice::Gap);
        other.publish("events", "two").await.unwrap();
        other.publish("late", "three").await.unwrap();
        assert_eq!(next(&mut notices).await, message("two"));
        assert_eq!(next(&mut late).await, message("three"));
    }
}

#[tokio::test]
async fn commands_over_a_dead_wire_fail_quickly_and_work_once_it_is_mended() {
    let server = server().await;
    let wire = TcpProxy::start(format!("127.0.0.1:{}", server.port())).await.unwrap();
    let redis = connect(&format!("redis://{}", wire.address()));
    redis.set("key", "value", HOUR).await.unwrap();
    wire.stall();
    for _ in 0..3 {
        fails_quickly(&redis).await;
    }
    wire.mend();
    works_again(&redis).await;
    assert_eq!(redis.get("key").await.unwrap().as_deref(), Some("value"));
}

/// Carries connections on to `to`, and tells of each.
async fn counted(to: SocketAddr) -> (SocketAddr, mpsc::UnboundedReceiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (told, connections) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let _ended = told.send(());
            tokio::spawn(async move {
                let mut server = TcpStream::connect(to).await?;
                tokio::io::copy_bidirectional(&mut client, &mut server).await
            });
        }
    });
    (address, connections)
}

#[tokio::test]
async fn notices_over_a_dead_wire_are_given_up_though_nobody_says_a_word() {
    let server = server().await;
    let wire = TcpProxy::start(format!("127.0.0.1:{}", server.port())).await.unwrap();
    let (address, mut connections) = counted(wire.address()).await;
    let redis = connect(&format!("redis://{address}"));
    let direct = connect(&server.url());
    let mut notices = redis.subscribe("events").await.unwrap();
    connections.recv().await.expect("the connection of the notices");
    wire.stall();
    direct.publish("events", "lost").await.unwrap();
    timeout(SOON, connections.recv()).await.expect("the silence is noticed").expect("another connection");
    wire.mend();
    assert_eq!(next(&mut notices).await, Notice::Gap);
    direct.publish("events", "after").await.unwrap();
    assert_eq!(next(&mut notices).await, message("after"));
}

#[tokio::test]
async fn a_connection_that_was_cut_is_made_again_without_an_error() {
    let server = server().await;
    let wire = TcpProxy::start(format!("127.0.0.1:{}", server.port())).await.unwrap();
    let redis = connect(&format!("redis://{}", wire.address()));
    for _ in 0..10 {
        redis.set("key", "value", HOUR).await.expect("sent again over a new connection");
        wire.cut();
        wire.mend();
    }
}

#[tokio::test]
async fn the_address_comes_from_variables_and_is_not_shown() {
    for (variables, expected) in [
        (vec![("REDIS_HOST", "redis")], "redis:6379"),
        (vec![("REDIS_HOST", "::1"), ("REDIS_PORT", "7000")], "::1:7000"),
        (vec![("REDIS_HOST", "x"), ("REDIS_URL", "redis://:hush@cache:6380/2")], "cache:6380"),
    ] {
        let variables: Variables =
            variables.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let address = live_state::redis_address(&variables).expect("an address");
        let shown = format!("{address:?} {:?}", Redis::new(&address));
        let (host, port) = expected.rsplit_once(':').unwrap();
        assert!(shown.contains(host) && shown.contains(port), "{shown}");
        assert!(!shown.contains("hush"), "{shown}");
        assert!(variables.finish(()).is_ok());
    }
    assert!(live_state::redis_address(&Variables::default()).is_none());
    for (name, value) in [
        ("REDIS_URL", "http://:hush@cache"),
        ("REDIS_URL", "hush"),
        ("REDIS_HOST", "a b"),
        ("REDIS_PORT", "x"),
    ] {
        let variables = Variables::from([(name, value)]);
        live_state::redis_address(&variables);
        let error = variables.finish(()).expect_err("a mistake");
        assert!(error.mistakes[0].starts_with(name), "{error}");
        assert!(!error.to_string().contains("hush"), "{error}");
    }
}
