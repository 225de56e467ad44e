//! One audio source → segments.

mod backlog;
mod config;

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use common::{Segment, SegmentId, SegmentState};
use futures_util::future::BoxFuture;
use inference::{InferenceError, TranscribeRequest, Transcriber, Transcript};
use media::{
    ASR_HZ, AudioFrame, ms_to_samples,
    resample::{MonoResampler, ResampleError},
    samples_to_ms,
    segmenter::{Segmenter, SegmenterEvent, Utterance},
    stable_prefix::StablePrefix,
    vad::Vad,
};
use tokio::time::Instant;

use self::backlog::{Backlog, Gap, Next, Pending};
pub use self::config::{GapEvent, GapReason, TranscriptionConfig, TranscriptionEvent, TranscriptionStats};
use crate::{
    GAP_TEXT, Timings,
    retry::{Answer, retry},
};

/// After an interim request that failed, none is made for so long.
const INTERIM_PAUSE: Duration = Duration::from_secs(3);

type Final = (Pending, Result<Answer<Transcript>, InferenceError>);

/// Transcribes one source of audio.
///
/// [`push`](Self::push) audio, take events from [`next`](Self::next); see the crate's example. Finals come in the order
/// of the speech, one request at a time; what waits is bounded by [`TranscriptionConfig::backlog`]. At most one interim
/// request is in flight, never while a final is, and it is given up as soon as its utterance ends.
pub struct Transcription {
    config: TranscriptionConfig,
    transcriber: Arc<dyn Transcriber>,
    resampler: Option<((u32, u16), MonoResampler)>,
    segmenter: Segmenter,
    open: Option<Open>,
    backlog: Backlog,
    final_request: Option<BoxFuture<'static, Final>>,
    interim_request: Option<BoxFuture<'static, Result<Transcript, InferenceError>>>,
    interims_from: Option<Instant>,
    ready: VecDeque<TranscriptionEvent>,
    finished: bool,
    stats: TranscriptionStats,
    retries: Arc<AtomicU64>,
}

/// The utterance in progress.
struct Open {
    id: SegmentId,
    revision: u32,
    start_ms: u64,
    stable: StablePrefix,
    shown: bool,
    /// Sample index at which the next interim is due.
    due: u64,
}

impl Transcription {
    /// A source that was just placed on the session's clock: sample 0 is the first one pushed.
    pub fn new(config: TranscriptionConfig, transcriber: Arc<dyn Transcriber>) -> Self {
        let vad = config.vad.build();
        Self::with_vad(config, vad, transcriber)
    }

    /// As [`Self::new`], with another detector than `config.vad`.
    pub fn with_vad(
        config: TranscriptionConfig,
        vad: Box<dyn Vad>,
        transcriber: Arc<dyn Transcriber>,
    ) -> Self {
        Self {
            transcriber,
            resampler: None,
            segmenter: Segmenter::new(config.segmenter.clone(), vad),
            open: None,
            backlog: Backlog::new(config.backlog),
            final_request: None,
            interim_request: None,
            interims_from: None,
            ready: VecDeque::new(),
            finished: false,
            stats: TranscriptionStats::default(),
            retries: Arc::default(),
            config,
        }
    }

    /// Takes the next audio, of any rate and channel count; both may change. A few hundred microseconds for each 10 ms.
    ///
    /// Errors: a rate or channel count that cannot be resampled; the frame is left out.
    pub fn push(&mut self, frame: &AudioFrame) -> Result<(), ResampleError> {
        let format = (frame.sample_rate_hz, frame.channels);
        if format == (ASR_HZ, 1) && self.resampler.is_none() {
            self.listen(&frame.samples);
            return Ok(());
        }
        if self.resampler.as_ref().is_none_or(|(known, _)| *known != format) {
            let new = MonoResampler::new(format.0, format.1, ASR_HZ)?;
            self.flush_resampler();
            self.resampler = Some((format, new));
        }
        if let Some((_, resampler)) = &mut self.resampler {
            resampler.push(&frame.samples);
        }
        self.poll_resampler();
        Ok(())
    }

    /// The source ended: the utterance in progress ends with it. What waits is still transcribed.
    pub fn finish(&mut self) {
        self.flush_resampler();
        self.segmenter.flush();
        self.poll_segmenter();
        self.finished = true;
    }

    /// The next event; `None` once [`finish`](Self::finish) was called and all is said. Pending while there is nothing to do.
    ///
    /// Cancel-safe: requests in flight go on at the next call.
    pub async fn next(&mut self) -> Option<TranscriptionEvent> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            self.start_final();
            if self.final_request.is_none() && self.finished && self.ready.is_empty() {
                return None;
            }
            if !self.ready.is_empty() {
                continue;
            }
            tokio::select! {
                biased;
                (utterance, result) = complete(&mut self.final_request) => self.settle(&utterance, result),
                result = complete(&mut self.interim_request) => self.show_interim(result),
            }
        }
    }

    /// What was counted so far.
    pub fn stats(&self) -> TranscriptionStats {
        TranscriptionStats { retries: self.retries.load(Ordering::Relaxed), ..self.stats }
    }

    /// Audio that waits for the transcriber, besides the utterance it is at.
    pub fn waiting_ms(&self) -> u64 {
        self.backlog.waiting_ms()
    }

    fn flush_resampler(&mut self) {
        if let Some((_, resampler)) = &mut self.resampler {
            resampler.flush();
        }
        self.poll_resampler();
        self.resampler = None;
    }

    fn poll_resampler(&mut self) {
        while let Some(samples) = self.resampler.as_mut().and_then(|(_, resampler)| resampler.poll()) {
            self.listen(&samples);
        }
    }

    fn listen(&mut self, samples: &[i16]) {
        self.segmenter.push(samples);
        self.poll_segmenter();
        self.ask_for_interim();
    }

    fn poll_segmenter(&mut self) {
        while let Some(event) = self.segmenter.poll() {
            match event {
                SegmenterEvent::Started { start_sample } => self.begin(start_sample),
                SegmenterEvent::Ended(utterance) => self.end(utterance),
                SegmenterEvent::Discarded { end_sample, .. } => self.discard(end_sample),
            }
        }
    }

    fn begin(&mut self, start_sample: u64) {
        let pre_roll = if start_sample == 0 { 0 } else { self.config.segmenter.pre_roll_ms.into() };
        self.open = Some(Open {
            id: SegmentId::generate(),
            revision: 0,
            start_ms: self.config.clock.at(start_sample) + pre_roll,
            stable: StablePrefix::default(),
            shown: false,
            due: start_sample + self.interim_samples(),
        });
    }

    fn end(&mut self, utterance: Utterance) {
        let Some(open) = self.open.take() else { return };
        self.interim_request = None;
        self.stats.utterances += 1;
        let now = Instant::now();
        let silence_ms =
            samples_to_ms(self.segmenter.position().saturating_sub(utterance.voiced.end), ASR_HZ);
        let endpointing = Duration::from_millis(silence_ms);
        let dropped = self.backlog.push(Pending {
            id: open.id,
            revision: open.revision,
            shown: open.shown,
            start_ms: self.config.clock.at(utterance.voiced.start),
            end_ms: self.config.clock.at(utterance.voiced.end),
            audio_ms: samples_to_ms(utterance.samples.len() as u64, ASR_HZ),
            samples: utterance.samples.into(),
            end_of_speech: now.checked_sub(endpointing).unwrap_or(now),
            endpointing,
        });
        for lost in dropped {
            self.count_lost(&lost);
            if lost.shown {
                self.withdraw(&lost);
            }
        }
    }

    fn discard(&mut self, end_sample: u64) {
        let Some(open) = self.open.take() else { return };
        self.interim_request = None;
        if open.shown {
            let end_ms = self.config.clock.at(end_sample);
            let segment = self.segment(
                open.id,
                open.revision,
                open.start_ms..end_ms,
                SegmentState::Withdrawn,
                String::new(),
            );
            let timings = Timings::until_now(Instant::now(), Duration::ZERO, Duration::ZERO);
            self.ready.push_back(TranscriptionEvent::Final(segment, timings));
        }
    }

    fn interim_samples(&self) -> u64 {
        self.config
            .interim_every
            .map_or(u64::MAX / 2, |every| ms_to_samples(every.as_millis() as u64, ASR_HZ))
    }

    fn ask_for_interim(&mut self) {
        let every = self.interim_samples();
        let (Some(open), Some(speech)) = (&mut self.open, self.segmenter.open()) else { return };
        let position = speech.start_sample + speech.samples.len() as u64;
        if position < open.due {
            return;
        }
        open.due = position + every;
        let in_trouble = self.interims_from.is_some_and(|from| Instant::now() < from);
        let busy = self.interim_request.is_some() || self.final_request.is_some() || !self.backlog.is_empty();
        if busy || in_trouble {
            self.stats.interims_skipped += 1;
            return;
        }
        self.stats.interims_asked += 1;
        let request = TranscribeRequest {
            samples: speech.samples.into(),
            language: self.config.language.clone(),
            interim: true,
        };
        let transcriber = Arc::clone(&self.transcriber);
        self.interim_request = Some(Box::pin(async move { transcriber.transcribe(request).await }));
    }

    fn show_interim(&mut self, result: Result<Transcript, InferenceError>) {
        let transcript = match result {
            Ok(transcript) => transcript,
            Err(error) => {
                tracing::debug!(speaker = %self.config.speaker, %error, "no interim");
                self.interims_from = Some(Instant::now() + INTERIM_PAUSE);
                return;
            }
        };
        let end_ms = self.config.clock.at(self.segmenter.position());
        let Some(open) = &mut self.open else { return };
        let text = open.stable.push(&transcript.text).text();
        if text.is_empty() {
            return;
        }
        let (id, revision, start_ms) = (open.id.clone(), open.revision, open.start_ms);
        open.revision += 1;
        open.shown = true;
        let segment = self.segment(id, revision, start_ms..end_ms, SegmentState::Interim, text);
        self.ready.push_back(TranscriptionEvent::Interim(segment));
    }

    fn start_final(&mut self) {
        while self.final_request.is_none() {
            match self.backlog.pop() {
                None => return,
                Some(Next::Gap(gap)) => self.mark_gap(gap, GapReason::Overflow),
                Some(Next::Utterance(utterance)) => {
                    // The final goes first: an interim of the utterance after it can wait.
                    self.interim_request = None;
                    self.final_request = Some(self.ask_for_final(utterance));
                }
            }
        }
    }

    fn ask_for_final(&self, utterance: Pending) -> BoxFuture<'static, Final> {
        let transcriber = Arc::clone(&self.transcriber);
        let (language, patience) = (self.config.language.clone(), self.config.patience);
        let retries = Arc::clone(&self.retries);
        Box::pin(async move {
            let result = retry(patience, retries, || {
                transcriber.transcribe(TranscribeRequest {
                    samples: Arc::clone(&utterance.samples),
                    language: language.clone(),
                    interim: false,
                })
            })
            .await;
            (utterance, result)
        })
    }

    fn settle(&mut self, utterance: &Pending, result: Result<Answer<Transcript>, InferenceError>) {
        let Answer { value: transcript, engine } = match result {
            Ok(answer) => answer,
            Err(error) => {
                tracing::warn!(speaker = %self.config.speaker, segment.id = %utterance.id, %error, "speech lost");
                self.count_lost(utterance);
                self.mark_gap(Gap::from(utterance), GapReason::Failed(error.to_string()));
                return;
            }
        };
        let timings = Timings::until_now(utterance.end_of_speech, utterance.endpointing, engine);
        if transcript.text.is_empty() {
            self.stats.empty += 1;
            if utterance.shown {
                self.withdraw(utterance);
            }
            return;
        }
        self.stats.finals += 1;
        tracing::debug!(
            speaker = %self.config.speaker,
            segment.id = %utterance.id,
            audio_ms = utterance.audio_ms,
            endpointing_ms = timings.endpointing.as_millis(),
            queued_ms = timings.queued().as_millis(),
            engine_ms = timings.engine.as_millis(),
            total_ms = timings.total.as_millis(),
            "transcribed"
        );
        let span = utterance.start_ms..utterance.end_ms;
        let segment = self.segment(
            utterance.id.clone(),
            utterance.revision,
            span,
            SegmentState::Final,
            transcript.text,
        );
        self.ready.push_back(TranscriptionEvent::Final(segment, timings));
    }

    fn withdraw(&mut self, utterance: &Pending) {
        let span = utterance.start_ms..utterance.end_ms;
        let timings = Timings::until_now(utterance.end_of_speech, utterance.endpointing, Duration::ZERO);
        let segment = self.segment(
            utterance.id.clone(),
            utterance.revision,
            span,
            SegmentState::Withdrawn,
            String::new(),
        );
        self.ready.push_back(TranscriptionEvent::Final(segment, timings));
    }

    fn mark_gap(&mut self, gap: Gap, reason: GapReason) {
        // One above: the interim of the first lost utterance may have been withdrawn under its own revision.
        let span = gap.start_ms..gap.end_ms;
        let segment = self.segment(gap.id, gap.revision + 1, span, SegmentState::Final, GAP_TEXT.to_owned());
        let (utterances, audio_ms) = (gap.utterances, gap.audio_ms);
        self.ready.push_back(TranscriptionEvent::Gap(GapEvent { segment, utterances, audio_ms, reason }));
    }

    fn count_lost(&mut self, utterance: &Pending) {
        self.stats.lost += 1;
        self.stats.lost_ms += utterance.audio_ms;
    }

    fn segment(
        &self,
        id: SegmentId,
        revision: u32,
        span: std::ops::Range<u64>,
        state: SegmentState,
        text: String,
    ) -> Segment {
        Segment {
            id,
            speaker: self.config.speaker.clone(),
            language: self.config.language.clone(),
            source_language: self.config.language.clone(),
            text,
            start_ms: span.start,
            end_ms: span.end.max(span.start),
            revision,
            state,
        }
    }
}

/// Waits for the request in the slot and empties it; for ever when there is none. Cancel-safe.
pub(crate) async fn complete<T>(slot: &mut Option<BoxFuture<'static, T>>) -> T {
    match slot {
        Some(request) => {
            let result = request.await;
            *slot = None;
            result
        }
        None => std::future::pending().await,
    }
}
