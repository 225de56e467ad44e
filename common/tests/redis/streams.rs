//! Streams in a real Redis: order, and what a tail learns of outages.

use std::time::Duration;

use common::live_state::{Redis, StreamNotice, Streams as _};
use futures_util::{FutureExt as _, StreamExt as _, stream::BoxStream};
use testkit::tcp_proxy::TcpProxy;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::{Instant, sleep, timeout},
};

use super::{HOUR, SOON, connect, counted, server, works_again};

type Tail = BoxStream<'static, StreamNotice>;

fn keys(keys: &[&str]) -> Vec<String> {
    keys.iter().map(|&key| key.to_owned()).collect()
}

async fn next(tail: &mut Tail) -> StreamNotice {
    timeout(SOON, tail.next()).await.expect("a notice in time").expect("a tail does not end")
}

fn entry(key: &str, entry: impl Into<String>) -> StreamNotice {
    StreamNotice::Entry { key: key.to_owned(), entry: entry.into() }
}

async fn append(redis: &Redis, key: &str, text: &str) {
    redis.append(key, text, 100, HOUR).await.expect("Redis is there");
}

/// Sends one command, and returns the first line of the answer.
async fn raw(port: u16, command: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    stream.write_all(format!("{command}\r\n").as_bytes()).await.unwrap();
    let mut answer = String::new();
    while !answer.ends_with("\r\n") {
        answer.push(stream.read_u8().await.unwrap().into());
    }
    answer.trim_end().to_owned()
}

#[tokio::test]
async fn what_is_appended_arrives_in_every_tail_in_order() {
    let server = server().await;
    let (one, other) = (connect(&server.url()), connect(&server.url()));
    append(&one, "a", "before").await;
    let mut first = one.tail(&keys(&["a", "b"])).await.unwrap();
    let mut second = other.tail(&keys(&["b"])).await.unwrap();
    for number in 0..300 {
        append(&one, if number % 2 == 0 { "a" } else { "b" }, &number.to_string()).await;
    }
    let (mut even, mut odd) = (0, 1);
    while even < 300 || odd < 300 {
        match next(&mut first).await {
            StreamNotice::Entry { key, entry } if key == "a" => {
                assert_eq!(entry, even.to_string());
                even += 2;
            }
            notice => {
                assert_eq!(notice, self::entry("b", odd.to_string()));
                odd += 2;
            }
        }
    }
    for number in (1..300).step_by(2) {
        assert_eq!(next(&mut second).await, entry("b", number.to_string()));
    }
    assert_eq!(second.next().now_or_never(), None);
}

#[tokio::test]
async fn a_stream_keeps_about_its_last_entries_and_ends_with_its_time_to_live() {
    let server = server().await;
    let redis = connect(&server.url());
    for number in 0..1000 {
        redis.append("a", &number.to_string(), 10, HOUR).await.unwrap();
    }
    let length = raw(server.port(), "XLEN a").await;
    let length: usize = length.trim_start_matches(':').parse().expect("a number");
    assert!((10..300).contains(&length), "{length}");
    redis.append("a", "the last", 10, Duration::from_millis(50)).await.unwrap();
    let end = Instant::now() + SOON;
    while raw(server.port(), "EXISTS a").await != ":0" {
        assert!(Instant::now() < end, "the stream does not end");
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_tail_that_was_overtaken_learns_that_it_missed_something() {
    let server = server().await;
    let redis = connect(&server.url());
    append(&redis, "a", "before").await;
    let mut tail = redis.tail(&keys(&["a"])).await.unwrap();
    for number in 0..1000 {
        redis.append("a", &number.to_string(), 10, HOUR).await.unwrap();
    }
    assert_eq!(next(&mut tail).await, StreamNotice::Gap);
    while next(&mut tail).await != entry("a", "999") {}
}

#[tokio::test]
async fn a_server_that_dies_and_comes_back_empty_leaves_a_gap_and_goes_on() {
    let mut server = server().await;
    let redis = connect(&server.url());
    let mut tail = redis.tail(&keys(&["a"])).await.unwrap();
    append(&redis, "a", "one").await;
    assert_eq!(next(&mut tail).await, entry("a", "one"));
    for _ in 0..2 {
        server.stop().await.unwrap();
        redis.append("a", "lost", 100, HOUR).await.expect_err("Redis is away");
        // Beginning meanwhile is possible, and there is a gap before anything else.
        let mut late = redis.tail(&keys(&["a"])).await.unwrap();
        server.restart().await.unwrap();
        works_again(&redis).await;
        assert_eq!(next(&mut tail).await, StreamNotice::Gap);
        assert_eq!(next(&mut late).await, StreamNotice::Gap);
        append(&redis, "a", "two").await;
        assert_eq!(next(&mut tail).await, entry("a", "two"));
        assert_eq!(next(&mut late).await, entry("a", "two"));
    }
}

#[tokio::test]
async fn a_server_that_was_emptied_leaves_a_gap_and_goes_on() {
    let server = server().await;
    let redis = connect(&server.url());
    let mut tail = redis.tail(&keys(&["a", "never"])).await.unwrap();
    for round in 0..2 {
        append(&redis, "a", "one").await;
        assert_eq!(next(&mut tail).await, entry("a", "one"));
        assert_eq!(raw(server.port(), "FLUSHALL").await, "+OK");
        // Ids are milliseconds: within one, the first entry after is like the last one before.
        sleep(Duration::from_millis(2)).await;
        if round == 0 {
            // Noticed in silence …
            assert_eq!(next(&mut tail).await, StreamNotice::Gap);
            append(&redis, "a", "two").await;
        } else {
            // … and by the next entry.
            append(&redis, "a", "two").await;
            assert_eq!(next(&mut tail).await, StreamNotice::Gap);
        }
        assert_eq!(next(&mut tail).await, entry("a", "two"));
    }
}

#[tokio::test]
async fn a_stream_that_begins_anew_with_smaller_ids_goes_on() {
    let server = server().await;
    let redis = connect(&server.url());
    // As a server whose clock was ahead.
    raw(server.port(), "XADD a 99999999999999-1 entry ahead").await;
    let mut tail = redis.tail(&keys(&["a"])).await.unwrap();
    assert_eq!(raw(server.port(), "FLUSHALL").await, "+OK");
    append(&redis, "a", "one").await;
    assert_eq!(next(&mut tail).await, StreamNotice::Gap);
    assert_eq!(next(&mut tail).await, entry("a", "one"));
}

#[tokio::test]
async fn a_tail_over_a_dead_wire_is_given_up_though_nobody_says_a_word() {
    let server = server().await;
    let wire = TcpProxy::start(format!("127.0.0.1:{}", server.port())).await.unwrap();
    let (address, mut connections) = counted(wire.address()).await;
    let redis = connect(&format!("redis://{address}"));
    let direct = connect(&server.url());
    let mut tail = redis.tail(&keys(&["a"])).await.unwrap();
    connections.recv().await.expect("the connection of the tail");
    let reader = tokio::spawn(async move { (next(&mut tail).await, next(&mut tail).await) });
    wire.stall();
    append(&direct, "a", "lost").await;
    timeout(SOON, connections.recv()).await.expect("the silence is noticed").expect("another connection");
    wire.mend();
    // Whatever was told meanwhile: there is a gap, and it goes on.
    let end = Instant::now() + SOON;
    while !reader.is_finished() {
        assert!(Instant::now() < end, "the tail does not go on");
        append(&direct, "a", "after").await;
        sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(reader.await.unwrap(), (StreamNotice::Gap, entry("a", "after")));
}

#[tokio::test]
async fn a_dropped_tail_leaves_no_connection() {
    let server = server().await;
    let redis = connect(&server.url());
    let mut tail = redis.tail(&keys(&["a"])).await.unwrap();
    append(&redis, "a", "one").await;
    assert_eq!(next(&mut tail).await, entry("a", "one"));
    let connected = async || {
        let mut stream = TcpStream::connect(("127.0.0.1", server.port())).await.unwrap();
        stream.write_all(b"CLIENT LIST\r\n").await.unwrap();
        let mut list = vec![0; 8192];
        let length = stream.read(&mut list).await.unwrap();
        String::from_utf8_lossy(&list[..length]).matches("addr=127").count() / 2
    };
    let before = connected().await;
    drop(tail);
    let end = Instant::now() + SOON;
    while connected().await >= before {
        assert!(Instant::now() < end, "the connection stays");
        sleep(Duration::from_millis(20)).await;
    }
}
