//! Segments → segments in another language.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use common::{LanguageTag, Segment, SegmentId, SegmentState};
use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};
use inference::{InferenceError, TranslateRequest, Translation as Translated, Translator};
use tokio::time::Instant;

use crate::{
    BoundedMap, GAP_TEXT, Timings,
    retry::{Answer, retry},
};

/// Segments whose revisions are remembered, and speakers whose last sentences are.
const REMEMBERED: usize = 4096;
const REMEMBERED_SPEAKERS: usize = 256;

/// How segments are translated to one language.
#[derive(Clone, Debug)]
pub struct TranslationConfig {
    /// The language to translate to.
    pub target: LanguageTag,
    /// Terms with a fixed translation.
    pub glossary: Vec<(String, String)>,
    /// How many of a speaker's last sentences go along as context.
    pub context: usize,
    /// How many speakers are translated at the same time.
    pub parallel: usize,
    /// How many segments may wait. What is more falls out untranslated, oldest first.
    pub backlog: usize,
    /// How long one segment is tried, over the client's own deadlines.
    pub patience: Duration,
}

impl TranslationConfig {
    /// The usual values.
    pub fn new(target: LanguageTag) -> Self {
        Self {
            target,
            glossary: Vec::new(),
            context: 3,
            parallel: 4,
            backlog: 256,
            patience: Duration::from_secs(180),
        }
    }
}

/// A segment in the target language: same id, speaker and times as its source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TranslationEvent {
    /// The translation. Where there is none, the source text behind its language in brackets: `[en] Good morning`.
    pub segment: Segment,
    /// The text is the source's.
    pub untranslated: bool,
    /// How long it took.
    pub timings: Timings,
}

/// What one translation did so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TranslationStats {
    /// Segments taken on; without duplicates and what needs no translation.
    pub taken: u64,
    /// Segments translated.
    pub translated: u64,
    /// Segments given out untranslated.
    pub untranslated: u64,
    /// Of those: because more than [`TranslationConfig::backlog`] were waiting.
    pub overflowed: u64,
    /// Segments that came again, or after a newer revision.
    pub duplicates: u64,
    /// Requests repeated after the client gave up.
    pub retries: u64,
}

/// Translates settled segments (`final`, `corrected`) to one language; `withdrawn` is passed on, interims are not
/// translated.
///
/// [`push`](Self::push) segments, take events from [`next`](Self::next). Each speaker's segments keep their order, one
/// request at a time, so that every request has the sentences before it as context; several speakers go in parallel.
/// A segment already in the target language, or a region of it, is left to the original caption.
pub struct Translation {
    config: TranslationConfig,
    translator: Arc<dyn Translator>,
    waiting: VecDeque<Job>,
    busy: HashSet<String>,
    in_flight: FuturesUnordered<BoxFuture<'static, Done>>,
    context: HashMap<String, VecDeque<(String, String)>>,
    /// The newest revision of each source segment, and the next revision of its translation.
    known: BoundedMap<SegmentId, Known>,
    ready: VecDeque<TranslationEvent>,
    finished: bool,
    stats: TranslationStats,
    retries: Arc<AtomicU64>,
}

type Done = (Job, Result<Answer<Translated>, InferenceError>);

#[derive(Clone, Copy)]
struct Known {
    source_revision: u32,
    next_revision: u32,
}

struct Job {
    source: Segment,
    revision: u32,
    since: Instant,
}

impl Translation {
    /// A translation that asks `translator`.
    pub fn new(config: TranslationConfig, translator: Arc<dyn Translator>) -> Self {
        Self {
            config,
            translator,
            waiting: VecDeque::new(),
            busy: HashSet::new(),
            in_flight: FuturesUnordered::new(),
            context: HashMap::new(),
            known: BoundedMap::new(REMEMBERED),
            ready: VecDeque::new(),
            finished: false,
            stats: TranslationStats::default(),
            retries: Arc::default(),
        }
    }

    /// Takes a source segment. What came before in this or a newer revision is left out, and so are interims.
    pub fn push(&mut self, source: Segment) {
        let foreign = !source.is_translated() && !source.language.same_language(&self.config.target);
        if !source.state.is_settled() || !foreign {
            return;
        }
        let known = self.known.get(&source.id).copied();
        if known.is_some_and(|known| source.revision <= known.source_revision) {
            self.stats.duplicates += 1;
            return;
        }
        let withdrawn = source.state == SegmentState::Withdrawn || source.text.is_empty();
        if withdrawn && known.is_none() {
            return; // Nothing of it was translated.
        }
        let revision = known.map_or(0, |known| known.next_revision);
        let update = Known { source_revision: source.revision, next_revision: revision + 1 };
        self.known.insert(source.id.clone(), update);
        self.stats.taken += 1;
        self.waiting.push_back(Job { source, revision, since: Instant::now() });
        if self.waiting.len() > self.config.backlog
            && let Some(oldest) = self.waiting.pop_front()
        {
            self.stats.overflowed += 1;
            self.give_up(&oldest);
        }
    }

    /// No more segments come. What waits is still translated.
    pub fn finish(&mut self) {
        self.finished = true;
    }

    /// The next translation; `None` once [`finish`](Self::finish) was called and all is said. Pending while there is
    /// nothing to do.
    ///
    /// Cancel-safe: requests in flight go on at the next call.
    pub async fn next(&mut self) -> Option<TranslationEvent> {
        loop {
            self.start();
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            match self.in_flight.next().await {
                Some((job, result)) => self.settle(&job, result),
                None if self.finished => return None,
                None => std::future::pending().await,
            }
        }
    }

    /// How many segments wait until their turn comes.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// What was counted so far.
    pub fn stats(&self) -> TranslationStats {
        TranslationStats { retries: self.retries.load(Ordering::Relaxed), ..self.stats }
    }

    fn start(&mut self) {
        let mut skipped = HashSet::new();
        let mut index = 0;
        while index < self.waiting.len() && self.in_flight.len() < self.config.parallel.max(1) {
            let speaker = &self.waiting[index].source.speaker;
            if self.busy.contains(speaker) || skipped.contains(speaker) {
                skipped.insert(speaker.clone());
                index += 1;
                continue;
            }
            if let Some(job) = self.waiting.remove(index) {
                self.begin(job);
            }
        }
    }

    fn begin(&mut self, job: Job) {
        if job.source.state == SegmentState::Withdrawn || job.source.text.is_empty() {
            let event = self.event(&job, String::new(), SegmentState::Withdrawn, false, Duration::ZERO);
            self.ready.push_back(event);
            return;
        }
        if job.source.text == GAP_TEXT {
            let event = self.event(&job, GAP_TEXT.to_owned(), job.source.state, true, Duration::ZERO);
            self.ready.push_back(event);
            return;
        }
        let request = TranslateRequest {
            text: job.source.text.clone(),
            source_language: job.source.language.clone(),
            target_language: self.config.target.clone(),
            context: self.context.get(&job.source.speaker).into_iter().flatten().cloned().collect(),
            glossary: self.config.glossary.clone(),
        };
        self.busy.insert(job.source.speaker.clone());
        let translator = Arc::clone(&self.translator);
        let (patience, retries) = (self.config.patience, Arc::clone(&self.retries));
        let work = async move {
            let result = retry(patience, retries, || translator.translate(request.clone())).await;
            (job, result)
        };
        self.in_flight.push(work.boxed());
    }

    fn settle(&mut self, job: &Job, result: Result<Answer<Translated>, InferenceError>) {
        self.busy.remove(&job.source.speaker);
        let Answer { value, engine } = match result {
            Ok(answer) => answer,
            Err(error) => {
                tracing::warn!(segment.id = %job.source.id, language = %self.config.target, %error, "not translated");
                self.give_up(job);
                return;
            }
        };
        if value.untranslated {
            self.give_up(job);
            return;
        }
        self.stats.translated += 1;
        self.remember(job, &value.text);
        let event = self.event(job, value.text, job.source.state, false, engine);
        tracing::debug!(
            segment.id = %job.source.id,
            language = %self.config.target,
            queued_ms = event.timings.queued().as_millis(),
            engine_ms = engine.as_millis(),
            total_ms = event.timings.total.as_millis(),
            "translated"
        );
        self.ready.push_back(event);
    }

    fn give_up(&mut self, job: &Job) {
        self.stats.untranslated += 1;
        let marked = format!("[{}] {}", job.source.language.primary(), job.source.text);
        let event = self.event(job, marked, job.source.state, true, Duration::ZERO);
        self.ready.push_back(event);
    }

    fn remember(&mut self, job: &Job, translation: &str) {
        let speaker = &job.source.speaker;
        if !self.context.contains_key(speaker) && self.context.len() >= REMEMBERED_SPEAKERS {
            self.context.clear();
        }
        let sentences = self.context.entry(speaker.clone()).or_default();
        sentences.push_back((job.source.text.clone(), translation.to_owned()));
        while sentences.len() > self.config.context {
            sentences.pop_front();
        }
    }

    fn event(
        &self,
        job: &Job,
        text: String,
        state: SegmentState,
        untranslated: bool,
        engine: Duration,
    ) -> TranslationEvent {
        let language = self.config.target.clone();
        TranslationEvent {
            segment: Segment { language, text, revision: job.revision, state, ..job.source.clone() },
            untranslated,
            timings: Timings::until_now(job.since, Duration::ZERO, engine),
        }
    }
}
