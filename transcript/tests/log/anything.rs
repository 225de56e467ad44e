//! Whatever the writers do and wherever readers are cut: every reader comes to the same transcript.

use std::sync::Arc;

use common::{LanguageTag, Segment, SegmentState, ids::SessionId};
use futures_util::{FutureExt as _, future::join_all};
use proptest::{collection::vec, option, prelude::*};
use transcript::{Entry, InMemory, Position, Postgres, SegmentLog, View};

use super::{Log, MIGRATOR, language, moment};

const LANGUAGES: [&str; 2] = ["en-US", "ca-ES"];

/// What happens next.
#[derive(Clone, Debug)]
enum Step {
    /// A writer sends these, perhaps again, perhaps late.
    Write(Vec<Segment>),
    /// A reader asks for its next page.
    Read { reader: usize, limit: usize },
    /// A reader lost the last `lost` entries that it had seen, and resumes before them.
    Cut { reader: usize, lost: usize },
}

fn segment() -> impl Strategy<Value = Segment> {
    let state = prop_oneof![
        3 => Just(SegmentState::Final),
        1 => Just(SegmentState::Corrected),
        1 => Just(SegmentState::Withdrawn),
        1 => Just(SegmentState::Interim),
    ];
    (0..6_u64, 0..2_usize, 0..4_u32, state, 0..3_u64, "[a-z]{1,3}").prop_map(
        |(utterance, tag, revision, state, late, text)| Segment {
            language: language(LANGUAGES[tag]),
            revision,
            state,
            text: if state == SegmentState::Withdrawn { String::new() } else { text },
            ..super::said(&format!("s{utterance}"), utterance / 2 * 100 + late)
        },
    )
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => vec(segment(), 1..4).prop_map(Step::Write),
        3 => (0..3_usize, 1..4_usize).prop_map(|(reader, limit)| Step::Read { reader, limit }),
        1 => (0..3_usize, 0..5_usize).prop_map(|(reader, lost)| Step::Cut { reader, lost }),
    ];
    // Retries: some steps come again, at once or much later.
    (vec(step, 1..60), vec(option::of(any::<prop::sample::Index>()), 0..30)).prop_map(|(mut steps, again)| {
        for index in again.into_iter().flatten() {
            let repeated = index.get(&steps).clone();
            steps.push(repeated);
        }
        steps
    })
}

/// One that follows a log, of one language or of all.
#[derive(Default)]
struct Reader {
    language: Option<LanguageTag>,
    seen: Vec<Entry>,
}

impl Reader {
    fn all() -> Vec<Self> {
        let of = |language| Self { language, seen: Vec::new() };
        vec![of(None), of(Some(language(LANGUAGES[0]))), of(Some(language(LANGUAGES[1])))]
    }

    /// Reads a page after the cursor; says whether there was any.
    async fn read(&mut self, log: &dyn SegmentLog, session: SessionId, limit: usize) -> bool {
        let cursor = self.seen.last().map_or(Position(0), |entry| entry.position);
        let page = log.entries_after(session, self.language.as_ref(), cursor, limit).await.expect("a log");
        assert!(page.iter().all(|entry| entry.position > cursor), "doubles");
        self.seen.extend(page.iter().cloned());
        !page.is_empty()
    }

    fn cut(&mut self, lost: usize) {
        self.seen.truncate(self.seen.len().saturating_sub(lost));
    }

    fn transcript(&self, language: &LanguageTag) -> Vec<Segment> {
        let view: View = self.seen.iter().map(|entry| &entry.segment).collect();
        view.segments(language).into_iter().cloned().collect()
    }
}

/// Reads to the end, and finds the transcript that the log tells.
async fn same_for_all(log: &dyn SegmentLog, session: SessionId, readers: &mut [Reader]) {
    for reader in readers {
        while reader.read(log, session, 3).await {}
        for tag in LANGUAGES.map(language) {
            if reader.language.as_ref().is_none_or(|of| *of == tag) {
                assert_eq!(reader.transcript(&tag), log.segments(session, &tag).await.expect("a log"));
            }
        }
    }
}

proptest! {
    #[test]
    fn any_interleaving_gives_every_reader_the_same_transcript(steps in steps()) {
        let session = SessionId::generate();
        let run = async {
            let log = InMemory::new();
            let mut readers = Reader::all();
            for step in steps {
                match step {
                    Step::Write(batch) => drop(log.append(session, &batch, moment(0)).await.expect("a log")),
                    Step::Read { reader, limit } => {
                        readers[reader].read(&log, session, limit).await;
                    }
                    Step::Cut { reader, lost } => readers[reader].cut(lost),
                }
            }
            same_for_all(&log, session, &mut readers).await;
            let positions = readers[0].seen.iter().map(|entry| entry.position.0);
            assert!(positions.eq(1..=readers[0].seen.len() as u64), "a gap");
        };
        run.now_or_never().expect("a log in memory does not wait");
    }

    #[test]
    fn a_view_comes_to_the_same_in_any_order(entries in vec(segment(), 0..40), seed in any::<u64>()) {
        let log = InMemory::new();
        let session = SessionId::generate();
        let entries = log.append(session, &entries, moment(0)).now_or_never().expect("no wait").expect("a log");
        let view: View = entries.iter().map(|entry| &entry.segment).collect();
        // Some of them twice, in an order that the seed gives.
        let mut shuffled: Vec<_> = entries.iter().chain(entries.iter().step_by(2)).enumerate().collect();
        shuffled.sort_by_key(|(n, _)| (*n as u64 + 1).wrapping_mul(seed | 1).rotate_left(29));
        let other: View = shuffled.into_iter().map(|(_, entry)| &entry.segment).collect();
        for tag in LANGUAGES.map(language) {
            prop_assert_eq!(view.segments(&tag), other.segments(&tag));
        }
        prop_assert_eq!(view.languages(), other.languages());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_once_in_postgresql_every_reader_comes_to_the_same_transcript() {
    let database = testkit::postgres::Database::create(&MIGRATOR).await;
    let log: Log = Arc::new(Postgres::new(database.pool().clone()));
    let session = SessionId::generate();
    // Each writer tells of all utterances, in an order of its own, in overlapping batches, and disagrees on texts.
    let writers = (0..4_u64).map(|writer| {
        let log = Arc::clone(&log);
        tokio::spawn(async move {
            let segments: Vec<_> = (0..60_u64)
                .map(|n| {
                    let n = (n * (7 + 2 * writer) + writer) % 60;
                    let said = super::said(&format!("s{}", n / 3), 1000 - n / 3 * 10);
                    let said = Segment { text: format!("as {writer} heard it"), ..said };
                    let segment = if n % 2 == 0 { said } else { super::translated(&said, "ca-ES") };
                    Segment { revision: (n % 3) as u32, ..segment }
                })
                .collect();
            for batch in segments.windows(4).step_by(2) {
                log.append(session, batch, moment(0)).await.expect("a log");
            }
        })
    });
    let readers = Reader::all().into_iter().enumerate().map(|(limit, mut reader)| {
        let log = Arc::clone(&log);
        tokio::spawn(async move {
            for round in 0..40 {
                reader.read(&*log, session, limit + 1).await;
                reader.cut(round % 3);
            }
            reader
        })
    });
    let (writers, readers) = (writers.collect::<Vec<_>>(), readers.collect::<Vec<_>>());
    for done in join_all(writers).await {
        done.expect("it ends");
    }
    let mut readers: Vec<_> =
        join_all(readers).await.into_iter().map(|reader| reader.expect("it ends")).collect();
    same_for_all(&*log, session, &mut readers).await;
    assert_eq!(readers[0].seen.len(), 60);
}
