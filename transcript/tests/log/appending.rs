//! What is written, by one and by many.

use std::sync::Arc;

use common::{Segment, SegmentState, ids::SessionId};
use futures_util::future::join_all;
use transcript::Position;

use super::{Log, append, everything, moment, on_both, positions, revised, said, translated, withdrawn};

on_both!(
    entries_come_back_as_they_were_written,
    the_first_writer_of_a_revision_wins,
    only_what_is_settled_is_kept,
    what_no_database_keeps_is_mended,
    logs_are_apart,
    of_many_writers_each_revision_is_written_once_without_gaps,
    a_reader_never_sees_a_position_before_those_below_it,
);

async fn entries_come_back_as_they_were_written(log: Log) {
    let session = SessionId::generate();
    let first = said("a", 100);
    let batch = [first.clone(), translated(&first, "ca-ES"), revised(&first, 1), withdrawn(&first, 7)];
    let written = log.append(session, &batch, moment(1)).await.expect("a log");
    assert_eq!(positions(&written), [1, 2, 3, 4]);
    assert!(written.iter().map(|entry| &entry.segment).eq(&batch));
    assert!(written.iter().all(|entry| entry.written_at == moment(1)));
    let more = log.append(session, &[said("b", 50)], moment(2)).await.expect("a log");
    assert_eq!(positions(&more), [5]);
    assert_eq!(everything(&log, session).await, [written, more].concat());
    assert!(append(&log, session, &[]).await.is_empty());
}

async fn the_first_writer_of_a_revision_wins(log: Log) {
    let session = SessionId::generate();
    let first = said("a", 100);
    let other = Segment { text: "another".to_owned(), start_ms: 7, ..first.clone() };
    assert_eq!(positions(&append(&log, session, &[first.clone(), other.clone()]).await), [1]);
    assert!(append(&log, session, &[other.clone(), first.clone()]).await.is_empty());
    // Of a batch sent again only what is new gets a position.
    let second = said("b", 200);
    assert_eq!(positions(&append(&log, session, &[other, second.clone(), revised(&first, 1)]).await), [2, 3]);
    let kept: Vec<_> = everything(&log, session).await.into_iter().map(|entry| entry.segment).collect();
    assert_eq!(kept, [first.clone(), second, revised(&first, 1)]);
}

async fn only_what_is_settled_is_kept(log: Log) {
    let session = SessionId::generate();
    let interim = Segment { state: SegmentState::Interim, ..said("a", 100) };
    assert!(append(&log, session, std::slice::from_ref(&interim)).await.is_empty());
    assert_eq!(positions(&append(&log, session, &[interim, said("a", 100)]).await), [1]);
}

async fn what_no_database_keeps_is_mended(log: Log) {
    let session = SessionId::generate();
    let odd = Segment {
        text: "a\0b".to_owned(),
        speaker: "\0".to_owned(),
        start_ms: u64::MAX,
        end_ms: 3,
        revision: u32::MAX,
        ..said("a", 0)
    };
    let gone = Segment { text: "still here".to_owned(), ..withdrawn(&said("b", 10), 1) };
    let written = append(&log, session, &[odd, gone]).await;
    assert_eq!(everything(&log, session).await, written);
    let [odd, gone] = written.try_into().expect("both");
    assert_eq!((odd.segment.text.as_str(), odd.segment.speaker.as_str()), ("ab", ""));
    assert_eq!((odd.segment.start_ms, odd.segment.revision), (i64::MAX as u64, u32::MAX));
    assert_eq!(odd.segment.end_ms, odd.segment.start_ms);
    assert_eq!(gone.segment.text, "");
}

async fn logs_are_apart(log: Log) {
    let (one, other) = (SessionId::generate(), SessionId::generate());
    assert_eq!(positions(&append(&log, one, &[said("a", 0)]).await), [1]);
    assert_eq!(positions(&append(&log, other, &[said("a", 0), said("b", 0)]).await), [1, 2]);
    assert_eq!(positions(&everything(&log, one).await), [1]);
    assert!(everything(&log, SessionId::generate()).await.is_empty());
}

/// Eight writers, each pair of which writes the same 40 segments, every batch twice.
async fn write_at_once(log: &Log, session: SessionId) {
    let writers = (0..8).map(|writer| {
        let log = Arc::clone(log);
        tokio::spawn(async move {
            for start in 0..20 {
                let ids = [start * 2, start * 2 + 1].map(|n| format!("{}-{n}", writer / 2));
                let batch = ids.map(|id| said(&id, start));
                append(&log, session, &batch).await;
                append(&log, session, &batch).await;
            }
        })
    });
    for done in join_all(writers.collect::<Vec<_>>()).await {
        done.expect("it ends");
    }
}

async fn of_many_writers_each_revision_is_written_once_without_gaps(log: Log) {
    let session = SessionId::generate();
    write_at_once(&log, session).await;
    let entries = everything(&log, session).await;
    assert_eq!(positions(&entries), (1..=160).collect::<Vec<_>>());
    let mut ids: Vec<_> = entries.into_iter().map(|entry| entry.segment.id).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 160);
}

async fn a_reader_never_sees_a_position_before_those_below_it(log: Log) {
    let session = SessionId::generate();
    let reader = tokio::spawn({
        let log = Arc::clone(&log);
        async move {
            let mut cursor = Position(0);
            while cursor < Position(160) {
                for entry in log.entries_after(session, None, cursor, 1000).await.expect("a log") {
                    assert_eq!(entry.position.0, cursor.0 + 1);
                    cursor = entry.position;
                }
                tokio::task::yield_now().await;
            }
        }
    });
    write_at_once(&log, session).await;
    reader.await.expect("everything in order");
}
