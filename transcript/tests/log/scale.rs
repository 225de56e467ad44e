//! A long session in PostgreSQL: what a reader asks for is found by index, not by reading the whole.

use common::ids::SessionId;
use sqlx::{PgPool, postgres::PgPoolOptions};
use testkit::postgres::Database;
use transcript::{Position, Postgres, SegmentLog as _};

use super::{MIGRATOR, language, moment, positions};

/// 60 000 utterances in three languages: positions 1 to 180 000.
async fn fill(pool: &PgPool, session: SessionId) {
    let filled = sqlx::query(
        "INSERT INTO segments (session_id, position, written_at, segment_id, language, source_language, revision,
            state, speaker, text, start_ms, end_ms)
         SELECT $1, position, $2::timestamptz + make_interval(secs => position), 'SG_' || (position - 1) / 3,
            (ARRAY['en-US', 'es-ES', 'ca-ES'])[(position - 1) % 3 + 1], 'en-US', 0, 'final', 'speaker-1', 'word ' || position,
            (position - 1) / 3 * 1000, (position - 1) / 3 * 1000 + 900
         FROM unnest(ARRAY(SELECT generate_series(1, 180000))) AS position",
    )
    .bind(session.0)
    .bind(moment(0))
    .execute(pool)
    .await
    .expect("many segments");
    assert_eq!(filled.rows_affected(), 180_000);
    sqlx::query("INSERT INTO segment_logs SELECT session_id, 180000 FROM segments LIMIT 1")
        .execute(pool)
        .await
        .expect("its end");
}

/// How many rows were read from `segments` so far, by index and without.
async fn rows_read(pool: &PgPool) -> (i64, i64) {
    sqlx::query("SELECT pg_stat_force_next_flush()").execute(pool).await.expect("PostgreSQL 15 or later");
    sqlx::query_as(
        "SELECT (SELECT sum(idx_tup_read)::bigint FROM pg_stat_user_indexes WHERE relname = 'segments'), seq_tup_read
         FROM pg_stat_user_tables WHERE relname = 'segments'",
    )
    .fetch_one(pool)
    .await
    .expect("statistics")
}

#[tokio::test]
async fn a_page_of_a_long_session_reads_no_more_than_the_page() {
    let database = Database::create(&MIGRATOR).await;
    // One connection: what it has read is counted when it says so.
    let pool = PgPoolOptions::new().max_connections(1).connect_lazy_with(database.options());
    let (log, session) = (Postgres::new(pool.clone()), SessionId::generate());
    // As it is found, whatever the server has found out about the table by itself so far …
    sqlx::query("ALTER TABLE segments SET (autovacuum_enabled = false)").execute(&pool).await.expect("set");
    fill(&pool, session).await;
    reads_little(&log, &pool, session, 0).await;
    // … and as it knows it.
    sqlx::query("ANALYZE segments").execute(&pool).await.expect("analysed");
    reads_little(&log, &pool, session, 10).await;
}

/// `more` were appended already.
async fn reads_little(log: &Postgres, pool: &PgPool, session: SessionId, more: u64) {
    let (spanish, before) = (language("es-ES"), Some(Position(180_001)));
    let (by_index, in_sequence) = rows_read(pool).await;
    // More often than a statement is planned anew for its arguments.
    for _ in 0..10 {
        let newest = log.entries_before(session, Some(&spanish), None, 200).await.expect("a log");
        assert_eq!((newest.len(), newest[199].position), (200, Position(179_999)));
        let next = log.entries_after(session, Some(&spanish), Position(90_000), 200).await.expect("a log");
        assert_eq!((next.len(), next[0].position), (200, Position(90_002)));
        let tail = log.entries_before(session, None, before, 10).await.expect("a log");
        assert_eq!(positions(&tail), (179_991..=180_000).collect::<Vec<_>>());
        let first = log.entries_before(session, None, Some(Position(5)), 200).await.expect("a log");
        assert_eq!(positions(&first), [1, 2, 3, 4]);
        let last = log.entries_after(session, None, Position(179_999), 1).await.expect("a log");
        assert_eq!(positions(&last), [180_000]);
    }
    let (by_index_then, in_sequence_then) = rows_read(pool).await;
    assert_eq!(in_sequence_then, in_sequence, "the table was read as a whole");
    let read = by_index_then - by_index;
    assert!((4_150..5_000).contains(&read), "{read} rows were read");
    // Nor do writers, or translators that were away, read the whole.
    for n in more..more + 10 {
        let batch: Vec<_> = (0..=n).map(|n| super::said(&format!("new-{n}"), 0)).collect();
        let written = log.append(session, &batch, moment(200_000)).await.expect("a log");
        assert_eq!(positions(&written), [180_001 + n]);
    }
    let missing = log.untranslated(session, &spanish, moment(190_000)).await.expect("a log");
    assert_eq!(missing.len() as u64, more + 10);
    let (by_index, in_sequence) = (by_index_then, in_sequence_then);
    let (by_index_then, in_sequence_then) = rows_read(pool).await;
    assert_eq!(in_sequence_then, in_sequence, "the table was read as a whole");
    let read = by_index_then - by_index;
    assert!(read < 5_000, "{read} rows were read");
    let transcript = log.segments(session, &spanish).await.expect("a log");
    assert_eq!(transcript.len(), 60_000);
}
