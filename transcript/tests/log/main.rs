//! What a segment log promises, asked of both: in memory, and PostgreSQL.

mod anything;
mod appending;
mod reading;
mod scale;

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use common::{LanguageTag, Segment, SegmentState, ids::SessionId};
use transcript::{Entry, Position, SegmentLog};

/// A log under test.
type Log = Arc<dyn SegmentLog>;

/// The schema of the live-service.
static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!("../migrations/live");

/// Runs each of these functions, which take a [`Log`], on both logs.
macro_rules! on_both {
    ($($promise:ident),+ $(,)?) => {
        mod in_memory {
            $(
                #[tokio::test]
                async fn $promise() {
                    super::$promise(std::sync::Arc::new(::transcript::InMemory::new())).await;
                }
            )+
        }

        mod postgres {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $promise() {
                    let database = testkit::postgres::Database::create(&crate::MIGRATOR).await;
                    super::$promise(std::sync::Arc::new(::transcript::Postgres::new(database.pool().clone()))).await;
                }
            )+
        }
    };
}
use on_both;

/// A whole second, so that it is the same in every log.
fn moment(seconds: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::seconds(seconds)
}

fn language(tag: &str) -> LanguageTag {
    tag.parse().expect("a language")
}

/// A final that was said in English, at revision 0, one second long.
fn said(id: &str, start_ms: u64) -> Segment {
    Segment {
        id: id.parse().expect("an id"),
        speaker: "speaker-1".to_owned(),
        language: language("en-US"),
        source_language: language("en-US"),
        text: format!("{id} at {start_ms}"),
        start_ms,
        end_ms: start_ms + 1000,
        revision: 0,
        state: SegmentState::Final,
    }
}

fn translated(said: &Segment, tag: &str) -> Segment {
    Segment { language: language(tag), text: format!("{} in {tag}", said.text), ..said.clone() }
}

fn revised(segment: &Segment, revision: u32) -> Segment {
    let text = format!("{} at revision {revision}", segment.text);
    Segment { revision, text, state: SegmentState::Corrected, ..segment.clone() }
}

fn withdrawn(segment: &Segment, revision: u32) -> Segment {
    Segment { revision, text: String::new(), state: SegmentState::Withdrawn, ..segment.clone() }
}

async fn append(log: &Log, session: SessionId, segments: &[Segment]) -> Vec<Entry> {
    log.append(session, segments, moment(0)).await.expect("a log")
}

async fn everything(log: &Log, session: SessionId) -> Vec<Entry> {
    log.entries_after(session, None, Position(0), 1_000_000).await.expect("a log")
}

fn positions(entries: &[Entry]) -> Vec<u64> {
    entries.iter().map(|entry| entry.position.0).collect()
}
