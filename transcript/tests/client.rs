//! Writing over HTTP to a live-service that is away, busy, forgetful, or refuses.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use chrono::{DateTime, Utc};
use common::{
    LanguageTag, Segment, SegmentState, config::Secret, ids::SessionId, oauth::ClientCredentials, peer::Peer,
};
use parking_lot::Mutex;
use serde::Deserialize;
use serde_json::{Value, json};
use testkit::tcp_proxy::TcpProxy;
use tokio::{
    net::TcpListener,
    task::JoinHandle,
    time::{Instant, sleep, timeout},
};
use transcript::{
    InMemory, Position, SegmentLog as _,
    client::{LogClient, SPOOLED_SEGMENTS},
};

const SOON: Duration = Duration::from_secs(30);

/// What the live-service does with what it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mood {
    /// What it should.
    Well,
    /// 503, and nothing is written.
    Busy,
    /// Writes, and never answers.
    Forgetful,
    /// Answers 422 to whatever has the word `bad`.
    Choosy,
    /// Answers 404.
    Unknowing,
}

struct Service {
    log: InMemory,
    mood: Mutex<Mood>,
    asked: AtomicUsize,
}

#[derive(Deserialize)]
struct Segments {
    segments: Vec<Segment>,
}

#[derive(Deserialize)]
struct Wanted {
    language: LanguageTag,
    since: DateTime<Utc>,
}

async fn write(
    State(service): State<Arc<Service>>,
    Path(session): Path<SessionId>,
    Json(body): Json<Segments>,
) -> Response {
    service.asked.fetch_add(1, Ordering::SeqCst);
    assert!((1..=500).contains(&body.segments.len()));
    let mood = *service.mood.lock();
    match mood {
        Mood::Busy => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Mood::Unknowing => return StatusCode::NOT_FOUND.into_response(),
        Mood::Choosy if body.segments.iter().any(|segment| segment.text.contains("bad")) => {
            return StatusCode::UNPROCESSABLE_ENTITY.into_response();
        }
        _ => {}
    }
    let written = service.log.append(session, &body.segments, common::clock::now()).await.expect("a log");
    if mood == Mood::Forgetful {
        std::future::pending::<()>().await;
    }
    let known = body.segments.len() - written.len();
    Json(json!({"accepted": written.len(), "known": known})).into_response()
}

async fn untranslated(
    State(service): State<Arc<Service>>,
    Path(session): Path<SessionId>,
    Query(wanted): Query<Wanted>,
) -> Json<Value> {
    let items = service.log.untranslated(session, &wanted.language, wanted.since).await.expect("a log");
    Json(json!({ "items": items }))
}

async fn token() -> Json<Value> {
    Json(json!({"access_token": "token", "token_type": "bearer", "expires_in": 1000}))
}

/// A live-service on loopback, and the auth-service with it, at the end of a wire.
struct World {
    service: Arc<Service>,
    wire: TcpProxy,
    serving: JoinHandle<()>,
    session: SessionId,
}

impl Drop for World {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl World {
    async fn start() -> Self {
        let service = Arc::new(Service {
            log: InMemory::new(),
            mood: Mutex::new(Mood::Well),
            asked: AtomicUsize::new(0),
        });
        let router = Router::new()
            .route("/sessions/{session_id}/segments", post(write))
            .route("/sessions/{session_id}/untranslated", get(untranslated))
            .route("/v2/oauth/token", post(token))
            .with_state(Arc::clone(&service));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.expect("it serves") });
        let wire = TcpProxy::start(address.to_string()).await.expect("a port");
        Self { service, wire, serving, session: SessionId::generate() }
    }

    fn mood(&self, mood: Mood) {
        *self.service.mood.lock() = mood;
    }

    fn client(&self) -> LogClient {
        let url = |path: &str| format!("http://{}/{path}", self.wire.address());
        let secret = Secret::new("secret");
        let token_url = url("v2/oauth/token").parse().expect("a URL");
        let credentials = ClientCredentials::new(token_url, "agent", &secret, &[]).expect("a client");
        let base = url("").parse().expect("a URL");
        let peer = Peer::new("live-service", base, Duration::from_millis(300), credentials).expect("a peer");
        LogClient::new(peer, self.session)
    }

    /// Which segments the log has, in its order.
    async fn written(&self) -> Vec<u64> {
        let entries = self.service.log.entries_after(self.session, None, Position(0), 1_000_000).await;
        entries.expect("a log").into_iter().map(|entry| entry.segment.start_ms).collect()
    }
}

fn segment(n: u64) -> Segment {
    Segment {
        id: format!("s{n}").parse().expect("an id"),
        speaker: "speaker-1".to_owned(),
        language: "en-US".parse().expect("a language"),
        source_language: "en-US".parse().expect("a language"),
        text: format!("number {n}"),
        start_ms: n,
        end_ms: n + 1,
        revision: 0,
        state: SegmentState::Final,
    }
}

async fn flush(client: &LogClient) {
    timeout(SOON, client.flush()).await.expect("everything is sent in time");
}

/// Waits until the service was asked `times` more.
async fn asked(world: &World, times: usize) {
    let end = Instant::now() + SOON;
    let from = world.service.asked.load(Ordering::SeqCst);
    while world.service.asked.load(Ordering::SeqCst) < from + times {
        assert!(Instant::now() < end, "nobody asks");
        sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn what_is_written_arrives_in_order() {
    let world = World::start().await;
    let client = world.client();
    timeout(Duration::from_secs(1), client.flush()).await.expect("nothing to wait for");
    for n in 0..1000 {
        client.write(segment(n));
    }
    client.write(Segment { state: SegmentState::Interim, ..segment(5000) });
    flush(&client).await;
    assert_eq!(world.written().await, (0..1000).collect::<Vec<_>>());
    let stats = client.stats();
    assert_eq!((stats.waiting, stats.sent, stats.refused, stats.given_up), (0, 1000, 0, 0));
    // Again, as after a restart of the agent: nothing is doubled.
    let again = world.client();
    again.write(segment(3));
    flush(&again).await;
    assert_eq!(world.written().await.len(), 1000);
}

#[tokio::test]
async fn nothing_is_lost_while_the_service_is_away_busy_or_forgetful() {
    let world = World::start().await;
    let client = world.client();
    let mut n = 0;
    let mut say = |count| {
        for _ in 0..count {
            client.write(segment(n));
            n += 1;
        }
    };
    say(10);
    flush(&client).await;
    world.mood(Mood::Busy);
    say(300);
    asked(&world, 2).await;
    world.mood(Mood::Forgetful);
    say(10);
    asked(&world, 2).await;
    assert_ne!(world.written().await.len(), 10, "written, but not told");
    assert_eq!(client.stats().sent, 10);
    world.wire.cut();
    say(500);
    sleep(Duration::from_secs(1)).await;
    assert_eq!(client.stats().waiting, 810);
    world.wire.mend();
    world.mood(Mood::Well);
    say(1);
    flush(&client).await;
    assert_eq!(world.written().await, (0..821).collect::<Vec<_>>());
    assert_eq!((client.stats().sent, client.stats().refused), (821, 0));
}

#[tokio::test]
async fn a_service_that_comes_late_gets_everything() {
    let world = World::start().await;
    world.wire.cut();
    let client = world.client();
    client.write(segment(0));
    sleep(Duration::from_millis(300)).await;
    world.wire.mend();
    client.write(segment(1));
    flush(&client).await;
    assert_eq!(world.written().await, [0, 1]);
}

#[tokio::test]
async fn of_what_is_refused_only_that_is_lost() {
    let world = World::start().await;
    let client = world.client();
    world.mood(Mood::Choosy);
    for n in 0..50 {
        let text = if n == 17 { "bad".to_owned() } else { format!("number {n}") };
        client.write(Segment { text, ..segment(n) });
    }
    flush(&client).await;
    assert_eq!(world.written().await, (0..50).filter(|n| *n != 17).collect::<Vec<_>>());
    assert_eq!((client.stats().sent, client.stats().refused), (49, 1));
    world.mood(Mood::Unknowing);
    for n in 100..110 {
        client.write(segment(n));
    }
    flush(&client).await;
    assert_eq!((client.stats().sent, client.stats().refused), (49, 11));
    // And it goes on with the next.
    world.mood(Mood::Well);
    client.write(segment(200));
    flush(&client).await;
    assert_eq!(world.written().await.last(), Some(&200));
}

#[tokio::test]
async fn when_too_many_wait_the_oldest_are_given_up() {
    let world = World::start().await;
    let client = world.client();
    world.mood(Mood::Busy);
    let total = SPOOLED_SEGMENTS as u64 + 1000;
    for n in 0..total {
        client.write(segment(n));
    }
    let stats = client.stats();
    assert_eq!((stats.waiting, stats.given_up), (SPOOLED_SEGMENTS, 1000));
    world.mood(Mood::Well);
    flush(&client).await;
    assert_eq!(world.written().await, (1000..total).collect::<Vec<_>>());
    // Given up while they are being sent: counted once.
    world.mood(Mood::Forgetful);
    client.write(segment(total));
    asked(&world, 1).await;
    for n in 0..SPOOLED_SEGMENTS as u64 {
        client.write(segment(total + 1 + n));
    }
    world.mood(Mood::Well);
    flush(&client).await;
    let stats = client.stats();
    assert_eq!((stats.waiting, stats.given_up), (0, 1001));
    assert_eq!(stats.sent + stats.given_up, total + 1 + SPOOLED_SEGMENTS as u64);
    assert_eq!(*world.written().await.last().expect("some"), total + SPOOLED_SEGMENTS as u64);
}

#[tokio::test]
async fn a_flush_that_was_given_up_can_be_begun_again() {
    let world = World::start().await;
    let client = world.client();
    world.mood(Mood::Busy);
    client.write(segment(0));
    assert!(timeout(Duration::from_millis(200), client.flush()).await.is_err());
    world.mood(Mood::Well);
    flush(&client.clone()).await;
    assert_eq!(world.written().await, [0]);
}

#[tokio::test]
async fn what_is_untranslated_is_told() {
    let world = World::start().await;
    let client = world.client();
    let began = common::clock::now();
    client.write(segment(0));
    let catalan: LanguageTag = "ca-ES".parse().expect("a language");
    client.write(segment(1));
    client.write(Segment { language: catalan.clone(), ..segment(1) });
    flush(&client).await;
    assert_eq!(client.untranslated(&catalan, began).await, Ok(vec![segment(0)]));
    let later = common::clock::now() + chrono::TimeDelta::seconds(60);
    assert_eq!(client.untranslated(&catalan, later).await, Ok(Vec::new()));
    world.wire.cut();
    let error = client.untranslated(&catalan, began).await.expect_err("it is away");
    assert!(error.retry_helps(), "{error:?}");
}
