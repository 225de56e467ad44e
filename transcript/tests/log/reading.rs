//! Pages, transcripts, and what is left to translate.

use common::{Segment, ids::SessionId};
use transcript::{Entry, Position};

use super::{Log, append, language, moment, on_both, positions, revised, said, translated, withdrawn};

on_both!(
    pages_go_forwards_from_a_cursor,
    pages_go_backwards_from_the_end,
    a_transcript_is_in_media_time_at_the_newest_revisions,
    what_was_withdrawn_is_gone_until_a_newer_revision,
    a_late_arrival_takes_its_place_in_time,
    what_has_no_translation_is_found,
);

/// Ten times English at odd, Catalan at even positions.
async fn ten_in_two_languages(log: &Log) -> SessionId {
    let session = SessionId::generate();
    for n in 0..10 {
        let said = said(&format!("s{n}"), n * 100);
        append(log, session, &[said.clone(), translated(&said, "ca-ES")]).await;
    }
    session
}

async fn after(log: &Log, session: SessionId, tag: Option<&str>, after: u64, limit: usize) -> Vec<u64> {
    let tag = tag.map(language);
    positions(&log.entries_after(session, tag.as_ref(), Position(after), limit).await.expect("a log"))
}

async fn before(
    log: &Log,
    session: SessionId,
    tag: Option<&str>,
    before: Option<u64>,
    limit: usize,
) -> Vec<u64> {
    let tag = tag.map(language);
    let page = log.entries_before(session, tag.as_ref(), before.map(Position), limit).await;
    positions(&page.expect("a log"))
}

async fn pages_go_forwards_from_a_cursor(log: Log) {
    let session = ten_in_two_languages(&log).await;
    assert_eq!(after(&log, session, None, 0, 3).await, [1, 2, 3]);
    assert_eq!(after(&log, session, None, 18, 30).await, [19, 20]);
    assert_eq!(after(&log, session, Some("ca-ES"), 0, 3).await, [2, 4, 6]);
    assert_eq!(after(&log, session, Some("ca-ES"), 4, 2).await, [6, 8]);
    assert_eq!(after(&log, session, Some("en-US"), 4, 2).await, [5, 7]);
    for nothing in [after(&log, session, None, 20, 9), after(&log, session, None, u64::MAX, 9)] {
        assert!(nothing.await.is_empty());
    }
    assert!(after(&log, session, Some("es-ES"), 0, 9).await.is_empty());
    assert!(after(&log, session, None, 0, 0).await.is_empty());
}

async fn pages_go_backwards_from_the_end(log: Log) {
    let session = ten_in_two_languages(&log).await;
    assert_eq!(before(&log, session, None, None, 3).await, [18, 19, 20]);
    assert_eq!(before(&log, session, Some("en-US"), None, 3).await, [15, 17, 19]);
    assert_eq!(before(&log, session, Some("en-US"), Some(15), 2).await, [11, 13]);
    assert_eq!(before(&log, session, None, Some(3), 9).await, [1, 2]);
    for nothing in [Some(1), Some(0)] {
        assert!(before(&log, session, None, nothing, 9).await.is_empty());
        assert!(before(&log, session, Some("en-US"), nothing, 9).await.is_empty());
    }
    assert_eq!(before(&log, session, None, Some(u64::MAX), 1).await, [20]);
    assert!(before(&log, SessionId::generate(), None, None, 9).await.is_empty());
}

async fn transcript(log: &Log, session: SessionId, tag: &str) -> Vec<Segment> {
    log.segments(session, &language(tag)).await.expect("a log")
}

async fn a_transcript_is_in_media_time_at_the_newest_revisions(log: Log) {
    let session = SessionId::generate();
    let (a, b, c) = (said("a", 300), said("b", 100), said("c", 100));
    let moved = Segment { start_ms: 500, ..revised(&b, 1) };
    append(&log, session, &[a.clone(), c.clone(), revised(&c, 2), b.clone()]).await;
    // Older revisions that come late change nothing.
    append(&log, session, &[revised(&c, 1), translated(&a, "ca-ES")]).await;
    assert_eq!(transcript(&log, session, "en-US").await, [b, revised(&c, 2), a.clone()]);
    assert_eq!(transcript(&log, session, "ca-ES").await, [translated(&a, "ca-ES")]);
    append(&log, session, std::slice::from_ref(&moved)).await;
    assert_eq!(transcript(&log, session, "en-US").await, [revised(&c, 2), a, moved]);
    assert!(transcript(&log, session, "es-ES").await.is_empty());
}

async fn what_was_withdrawn_is_gone_until_a_newer_revision(log: Log) {
    let session = SessionId::generate();
    let a = said("a", 300);
    append(&log, session, &[withdrawn(&a, 3), a.clone(), revised(&a, 2)]).await;
    assert!(transcript(&log, session, "en-US").await.is_empty());
    append(&log, session, &[revised(&a, 4)]).await;
    assert_eq!(transcript(&log, session, "en-US").await, [revised(&a, 4)]);
}

async fn a_late_arrival_takes_its_place_in_time(log: Log) {
    let session = SessionId::generate();
    append(&log, session, &[said("a", 100), said("c", 300)]).await;
    append(&log, session, &[said("b", 200)]).await;
    let starts: Vec<_> =
        transcript(&log, session, "en-US").await.iter().map(|segment| segment.start_ms).collect();
    assert_eq!(starts, [100, 200, 300]);
}

async fn what_has_no_translation_is_found(log: Log) {
    let session = SessionId::generate();
    let write = async |at: i64, segment: &Segment| -> Vec<Entry> {
        log.append(session, std::slice::from_ref(segment), moment(at)).await.expect("a log")
    };
    let (old, gone, done, open, early) =
        (said("old", 0), said("gone", 1), said("done", 2), said("open", 900), said("early", 3));
    write(10, &old).await;
    for segment in [&gone, &done, &open, &early] {
        write(20, segment).await;
    }
    // A revision does not make an old one new.
    write(21, &revised(&old, 1)).await;
    write(21, &revised(&open, 1)).await;
    write(21, &withdrawn(&gone, 1)).await;
    write(21, &translated(&done, "ca-ES")).await;
    let missing =
        async |tag, since| log.untranslated(session, &language(tag), moment(since)).await.expect("a log");
    assert_eq!(missing("ca-ES", 20).await, [early.clone(), revised(&open, 1)]);
    assert_eq!(missing("ca-ES", 0).await, [revised(&old, 1), early.clone(), revised(&open, 1)]);
    assert_eq!(missing("es-ES", 20).await, [done, early, revised(&open, 1)]);
    assert!(missing("ca-ES", 21).await.is_empty());
    assert!(missing("en-US", 0).await.is_empty());
    // A translation that was taken back was made all the same.
    write(30, &withdrawn(&translated(&open, "ca-ES"), 0)).await;
    assert_eq!(missing("ca-ES", 20).await.len(), 1);
}
