//! What a follower of a session promises, with the live state there, cut off, and telling nonsense.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use common::{
    LanguageTag, Segment, SegmentState,
    ids::{ChannelId, EventId, SessionId},
    live_state::{Streams as _, testing::Cuttable},
    persistence::PersistenceError,
};
use futures_util::{FutureExt as _, StreamExt as _, stream::BoxStream};
use tokio::time::{Instant, sleep, timeout};
use transcript::{Entry, InMemory, Live, Position, SegmentLog, Topic};

/// A log that can be cut off, and counts how often it was read.
#[derive(Default)]
struct CuttableLog {
    inner: InMemory,
    away: AtomicBool,
    reads: AtomicUsize,
}

impl CuttableLog {
    fn there(&self) -> Result<&InMemory, PersistenceError> {
        if self.away.load(Ordering::Relaxed) {
            return Err(PersistenceError::Unavailable("cut off".into()));
        }
        Ok(&self.inner)
    }

    fn cut(&self, away: bool) {
        self.away.store(away, Ordering::Relaxed);
    }

    fn reads(&self) -> usize {
        self.reads.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl SegmentLog for CuttableLog {
    async fn append(
        &self,
        session: SessionId,
        segments: &[Segment],
        now: DateTime<Utc>,
    ) -> Result<Vec<Entry>, PersistenceError> {
        self.there()?.append(session, segments, now).await
    }

    async fn entries_after(
        &self,
        session: SessionId,
        language: Option<&LanguageTag>,
        after: Position,
        limit: usize,
    ) -> Result<Vec<Entry>, PersistenceError> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        self.there()?.entries_after(session, language, after, limit).await
    }

    async fn entries_before(
        &self,
        session: SessionId,
        language: Option<&LanguageTag>,
        before: Option<Position>,
        limit: usize,
    ) -> Result<Vec<Entry>, PersistenceError> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        self.there()?.entries_before(session, language, before, limit).await
    }

    async fn segments(
        &self,
        session: SessionId,
        language: &LanguageTag,
    ) -> Result<Vec<Segment>, PersistenceError> {
        self.there()?.segments(session, language).await
    }

    async fn untranslated(
        &self,
        session: SessionId,
        language: &LanguageTag,
        since: DateTime<Utc>,
    ) -> Result<Vec<Segment>, PersistenceError> {
        self.there()?.untranslated(session, language, since).await
    }
}

/// A log and a live state that several processes share.
#[derive(Default)]
struct World {
    log: Arc<CuttableLog>,
    state: Arc<Cuttable>,
}

type Follower = BoxStream<'static, Entry>;

impl World {
    /// One more process.
    fn process(&self) -> Live {
        Live::new(Arc::clone(&self.log) as _, Arc::clone(&self.state) as _)
    }
}

fn topic() -> Topic {
    Topic {
        event_id: EventId::new(123_457).expect("an id"),
        channel_id: ChannelId::new(1).expect("an id"),
        session_id: SessionId::generate(),
    }
}

fn language(tag: &str) -> LanguageTag {
    tag.parse().expect("a language")
}

fn languages() -> [LanguageTag; 2] {
    [language("en-US"), language("ca-ES")]
}

fn segment(n: u64) -> Segment {
    Segment {
        id: format!("s{n}").parse().expect("an id"),
        speaker: "speaker-1".to_owned(),
        language: languages()[n as usize % 2].clone(),
        source_language: language("en-US"),
        text: format!("number {n}"),
        start_ms: n * 1000,
        end_ms: n * 1000 + 900,
        revision: 0,
        state: SegmentState::Final,
    }
}

async fn write(live: &Live, topic: &Topic, numbers: impl IntoIterator<Item = u64>) {
    let segments: Vec<_> = numbers.into_iter().map(segment).collect();
    live.append(topic, &segments, DateTime::UNIX_EPOCH).await.expect("the log is there");
}

fn follow(live: &Live, topic: &Topic, after: u64) -> Follower {
    live.follow(topic, &languages(), None, Position(after))
}

/// The positions of the next `count` entries.
async fn next(follower: &mut Follower, count: usize) -> Vec<u64> {
    let entries = follower.take(count).map(|entry| entry.position.0).collect();
    timeout(Duration::from_secs(60), entries).await.expect("entries in time")
}

/// Lets everything happen that happens without waiting for time.
async fn settle() {
    sleep(Duration::from_millis(1)).await;
}

#[tokio::test(start_paused = true)]
async fn history_comes_first_and_then_what_is_written_at_once() {
    let (world, topic) = (World::default(), topic());
    let (writer, reader) = (world.process(), world.process());
    write(&writer, &topic, 0..1200).await;
    let mut whole = follow(&reader, &topic, 0);
    let mut resumed = follow(&reader, &topic, 1190);
    assert_eq!(next(&mut whole, 1200).await, (1..=1200).collect::<Vec<_>>());
    assert_eq!(next(&mut resumed, 10).await, (1191..=1200).collect::<Vec<_>>());
    settle().await;
    let began = Instant::now();
    for n in 1200..1210 {
        write(&writer, &topic, [n]).await;
        assert_eq!(next(&mut whole, 1).await, [n + 1]);
        assert_eq!(next(&mut resumed, 1).await, [n + 1]);
    }
    assert!(began.elapsed() < Duration::from_millis(20), "{:?}", began.elapsed());
    assert_eq!(whole.next().now_or_never(), None);
}

#[tokio::test(start_paused = true)]
async fn of_one_language_only_that_language_comes() {
    let (world, topic) = (World::default(), topic());
    let live = world.process();
    write(&live, &topic, 0..10).await;
    let mut catalan = live.follow(&topic, &languages(), Some(language("ca-ES")), Position(3));
    assert_eq!(next(&mut catalan, 4).await, [4, 6, 8, 10]);
    write(&live, &topic, 10..14).await;
    assert_eq!(next(&mut catalan, 2).await, [12, 14]);
    assert_eq!(catalan.next().now_or_never(), None);
}

#[tokio::test(start_paused = true)]
async fn without_the_live_state_entries_come_within_two_seconds() {
    let (world, topic) = (World::default(), topic());
    let (writer, reader) = (world.process(), world.process());
    world.state.cut(true);
    let mut follower = follow(&reader, &topic, 0);
    for round in 0..5 {
        let began = Instant::now();
        write(&writer, &topic, round * 3..round * 3 + 3).await;
        assert_eq!(next(&mut follower, 3).await, [round * 3 + 1, round * 3 + 2, round * 3 + 3]);
        assert!(began.elapsed() <= Duration::from_millis(2001), "{:?}", began.elapsed());
    }
    // Back again, they come at once again, from the next look on.
    world.state.cut(false);
    sleep(Duration::from_secs(3)).await;
    let began = Instant::now();
    write(&writer, &topic, [100]).await;
    assert_eq!(next(&mut follower, 1).await, [16]);
    assert!(began.elapsed() < Duration::from_millis(20), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_language_that_was_not_named_comes_within_two_seconds() {
    let (world, topic) = (World::default(), topic());
    let live = world.process();
    let mut follower = live.follow(&topic, &[language("en-US")], None, Position(0));
    settle().await;
    write(&live, &topic, 0..4).await;
    assert_eq!(next(&mut follower, 4).await, [1, 2, 3, 4]);
}

#[tokio::test(start_paused = true)]
async fn any_number_of_followers_share_one_look_and_it_ends_with_the_last() {
    let (world, topic) = (World::default(), topic());
    let live = world.process();
    let mut followers: Vec<_> = (0..50).map(|_| follow(&live, &topic, 0)).collect();
    write(&live, &topic, [0]).await;
    for follower in &mut followers {
        assert_eq!(next(follower, 1).await, [1]);
    }
    let reads = world.log.reads();
    sleep(Duration::from_secs(20)).await;
    let looked = world.log.reads() - reads;
    assert!((9..=11).contains(&looked), "{looked} reads in 20 s");
    followers.truncate(1);
    let reads = world.log.reads();
    sleep(Duration::from_secs(4)).await;
    assert!(world.log.reads() > reads);
    drop(followers);
    settle().await;
    let reads = world.log.reads();
    sleep(Duration::from_secs(20)).await;
    assert_eq!(world.log.reads(), reads);
    // And begins again with the next.
    let mut again = follow(&live, &topic, 0);
    assert_eq!(next(&mut again, 1).await, [1]);
}

#[tokio::test(start_paused = true)]
async fn a_slow_follower_holds_up_nobody_and_misses_nothing() {
    let (world, topic) = (World::default(), topic());
    let live = world.process();
    let (mut slow, mut quick) = (follow(&live, &topic, 0), follow(&live, &topic, 0));
    write(&live, &topic, [0]).await;
    assert_eq!(next(&mut slow, 1).await, [1]);
    assert_eq!(next(&mut quick, 1).await, [1]);
    for n in 1..5000 {
        write(&live, &topic, [n]).await;
        assert_eq!(next(&mut quick, 1).await, [n + 1]);
    }
    assert_eq!(next(&mut slow, 4999).await, (2..=5000).collect::<Vec<_>>());
    assert_eq!(slow.next().now_or_never(), None);
}

#[tokio::test(start_paused = true)]
async fn while_the_log_is_away_followers_wait_and_then_go_on() {
    let (world, topic) = (World::default(), topic());
    let live = world.process();
    write(&live, &topic, 0..3).await;
    let mut before = follow(&live, &topic, 0);
    assert_eq!(next(&mut before, 3).await, [1, 2, 3]);
    world.log.cut(true);
    let mut meanwhile = follow(&live, &topic, 1);
    let mut elsewhere = follow(&world.process(), &topic, 2);
    assert!(live.append(&topic, &[segment(9)], DateTime::UNIX_EPOCH).await.is_err());
    for follower in [&mut before, &mut meanwhile, &mut elsewhere] {
        assert!(timeout(Duration::from_secs(60), follower.next()).await.is_err(), "nothing can come");
    }
    world.log.cut(false);
    let began = Instant::now();
    write(&live, &topic, [3]).await;
    assert_eq!(next(&mut before, 1).await, [4]);
    assert_eq!(next(&mut meanwhile, 3).await, [2, 3, 4]);
    assert_eq!(next(&mut elsewhere, 2).await, [3, 4]);
    assert!(began.elapsed() <= Duration::from_secs(2), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn what_is_told_in_disorder_twice_or_of_others_is_put_right() {
    let (world, topic) = (World::default(), topic());
    let reader = world.process();
    let mut follower = follow(&reader, &topic, 0);
    settle().await;
    let began = Instant::now();
    // Written by a process that tells nobody.
    let segments: Vec<_> = (0..6).map(segment).collect();
    let entries = world.log.append(topic.session_id, &segments, DateTime::UNIX_EPOCH).await.expect("a log");
    let tell = async |session: SessionId, entry: &Entry| {
        let mut told = serde_json::to_value(entry).expect("JSON");
        told["session_id"] = session.to_string().into();
        let stream = topic.stream(&entry.segment.language);
        world
            .state
            .append(&stream, &told.to_string(), 10, Duration::from_secs(9))
            .await
            .expect("a live state");
    };
    for place in [1, 0, 0, 1, 3] {
        tell(topic.session_id, &entries[place]).await;
    }
    // The session that ran in this channel before.
    let other = Entry { position: Position(3), segment: segment(77), ..entries[0].clone() };
    tell(SessionId::generate(), &other).await;
    world
        .state
        .append(&topic.stream(&language("en-US")), "nonsense", 10, Duration::from_secs(9))
        .await
        .unwrap();
    let got: Vec<_> =
        timeout(Duration::from_secs(9), (&mut follower).take(6).collect()).await.expect("in time");
    assert_eq!(got, entries);
    assert!(began.elapsed() < Duration::from_millis(200), "{:?}", began.elapsed());
    tell(topic.session_id, &entries[5]).await;
    assert!(timeout(Duration::from_secs(9), follower.next()).await.is_err(), "no doubles");
}

#[tokio::test(start_paused = true)]
async fn sessions_of_one_channel_do_not_mix() {
    let (world, first) = (World::default(), topic());
    let second = Topic { session_id: SessionId::generate(), ..first };
    let live = world.process();
    let (mut one, mut other) = (follow(&live, &first, 0), follow(&live, &second, 0));
    settle().await;
    write(&live, &first, 0..3).await;
    write(&live, &second, 10..12).await;
    assert_eq!(next(&mut one, 3).await, [1, 2, 3]);
    let other: Vec<_> = (&mut other).take(2).collect().await;
    assert_eq!(other.into_iter().map(|entry| entry.segment).collect::<Vec<_>>(), [segment(10), segment(11)]);
}

#[tokio::test(start_paused = true)]
async fn whatever_is_cut_and_wherever_a_reader_resumes_nothing_is_missing_or_doubled() {
    let (world, topic) = (World::default(), topic());
    let writers = [world.process(), world.process()];
    let mut reader = world.process();
    let mut follower = follow(&reader, &topic, 0);
    let mut seen = VecDeque::new();
    // Any sequence that repeats late enough.
    let chance = |n: u64, of: u64| ((n * n * 31 + n * 17 + 7) % 101).is_multiple_of(of);
    for n in 0..600 {
        if chance(n, 7) {
            world.state.cut(chance(n, 2));
        }
        if chance(n, 11) {
            // The same again, as after a lost answer.
            write(&writers[1], &topic, n.saturating_sub(3)..n).await;
        }
        write(&writers[n as usize % 2], &topic, [n]).await;
        if chance(n, 5) {
            sleep(Duration::from_millis(n % 40 * 100)).await;
        }
        while let Some(entry) = follower.next().now_or_never().flatten() {
            seen.push_back(entry.position.0);
        }
        if chance(n, 13) {
            // The reader's process starts again; the client resumes from its cursor, or from a little before.
            seen.truncate(seen.len().saturating_sub(n as usize % 4));
            reader = world.process();
            follower = follow(&reader, &topic, seen.back().copied().unwrap_or(0));
        }
    }
    while seen.len() < 600 {
        seen.extend(next(&mut follower, 1).await);
    }
    assert_eq!(seen, (1..=600).collect::<VecDeque<_>>());
}
