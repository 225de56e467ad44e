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
    for statement in
        ["INSERT INTO segment_logs SELECT session_id, 180000 FROM segments LIMIT 1", "ANALYZE segments"]
    {
        sqlx::query(statement).execute(pool).await.expect("it is done");
    }
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
    fill(&pool, session).await;
    let spanish = language("es-ES");
    let (by_index, in_sequence) = rows_read(&pool).await;
    // More often than a statement is planned anew for its arguments.
    for _ in 0..10 {
        let newest = log.entries_before(session, Some(&spanish), None, 200).await.expect("a log");
        assert_eq!((newest.len(), newest[199].position), (200, Position(179_999)));
        let next = log.entries_after(session, Some(&spanish), Position(90_000), 200).await.expect("a log");
        assert_eq!((next.len(), next[0].position), (200, Position(90_002)));
        let tail = log.entries_after(session, None, Position(179_990), 200).await.expect("a log");
        assert_eq!(positions(&tail), (179_991..=180_000).collect::<Vec<_>>());
        let whole = log.entries_before(session, None, Some(Position(5)), 200).await.expect("a log");
        assert_eq!(positions(&whole), [1, 2, 3, 4]);
    }
    let (by_index_then, in_sequence_then) = rows_read(&pool).await;
    assert_eq!(in_sequence_then, in_sequence, "the table was read as a whole");
    let read = by_index_then - by_index;
    assert!((4_140..5_000).contains(&read), "{read} rows were read");
    // Appending and looking for what is untranslated neither.
    let before = by_index_then;
    for n in 0..10 {
        let said = super::said(&format!("new-{n}"), 0);
        let written = log.append(session, &[said], moment(200_000)).await.expect("a log");
        assert_eq!(written[0].position, Position(180_001 + n));
    }
    let missing = log.untranslated(session, &spanish, moment(179_900)).await.expect("a log");
    assert_eq!(missing.len(), 10);
    let (by_index_then, in_sequence_then) = rows_read(&pool).await;
    assert_eq!(in_sequence_then, in_sequence, "the table was read as a whole");
    assert!(by_index_then - before < 5_000, "{} rows were read", by_index_then - before);
}
