//! The ASR agent: transcribes everybody who speaks.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use common::{LanguageTag, clock};
use inference::Transcriber;
use media::{segmenter::SegmenterConfig, vad::VadKind};
use pipeline::{MediaClock, Transcription, TranscriptionConfig, TranscriptionEvent};
use tokio::task::JoinSet;
use tracing::Instrument;

use crate::{Agent, AgentResult, JobContext, SpeakerTrack, captions::Caption};

/// Its identity in the room.
pub const IDENTITY: &str = "agent-asr";

/// The name that people are shown.
pub const SHOWN_NAME: &str = "Captions";

/// The rate at which speakers are heard: what Opus carries, whole. The way down to 16 000 Hz is the pipeline's own
/// resampler, the same for every source and every WebRTC library under the room.
const SUBSCRIBE_HZ: u32 = 48_000;

/// How it listens.
#[derive(Clone, Debug)]
pub struct AsrOptions {
    /// The language that is spoken.
    pub language: LanguageTag,
    /// Which voice activity detector.
    pub vad: VadKind,
    /// When utterances begin and end.
    pub segmenter: SegmenterConfig,
    /// How often the growing utterance is transcribed for interim captions; `None`: never.
    pub interim_every: Option<Duration>,
}

impl AsrOptions {
    /// The usual ones for a language.
    pub fn new(language: LanguageTag) -> Self {
        Self {
            language,
            vad: VadKind::default(),
            segmenter: SegmenterConfig::default(),
            interim_every: Some(Duration::from_millis(700)),
        }
    }
}

/// Transcribes every speaker of a room, each on a pipeline of its own.
pub struct AsrAgent {
    options: AsrOptions,
    transcriber: Arc<dyn Transcriber>,
}

impl AsrAgent {
    /// An agent that asks `transcriber`.
    pub fn new(options: AsrOptions, transcriber: Arc<dyn Transcriber>) -> Self {
        Self { options, transcriber }
    }

    fn source(&self, speaker: &str, clock: MediaClock) -> Transcription {
        let config = TranscriptionConfig {
            vad: self.options.vad,
            segmenter: self.options.segmenter.clone(),
            interim_every: self.options.interim_every,
            ..TranscriptionConfig::new(speaker, self.options.language.clone(), clock)
        };
        Transcription::new(config, Arc::clone(&self.transcriber))
    }
}

#[async_trait]
impl Agent for AsrAgent {
    async fn run(&self, ctx: JobContext) -> AgentResult {
        let mut speakers = ctx.speakers();
        let mut tracks = JoinSet::new();
        loop {
            tokio::select! {
                track = speakers.next() => match track {
                    Some(track) => {
                        let clock = MediaClock::by_wall_clock(clock::unix_ms(), ctx.started_at_ms());
                        let source = self.source(&track.identity, clock);
                        let span = tracing::info_span!("transcribe", participant = %track.identity, track.sid = %track.sid);
                        tracks.spawn(transcribe(ctx.clone(), track, source).instrument(span));
                    }
                    None => break,
                },
                Some(done) = tracks.join_next() => done?,
            }
        }
        // The job is to end: all tracks have ended with it, and what they have in hand is finished.
        while let Some(done) = tracks.join_next().await {
            done?;
        }
        Ok(())
    }
}

/// Transcribes one track to its end, and what is in hand then.
async fn transcribe(ctx: JobContext, track: SpeakerTrack, mut source: Transcription) {
    let mut frames = track.frames(SUBSCRIBE_HZ);
    loop {
        tokio::select! {
            frame = frames.next() => match frame {
                Some(frame) => {
                    if let Err(error) = source.push(&frame) {
                        tracing::error!(%error, "audio left out");
                    }
                }
                None => break,
            },
            Some(event) = source.next() => publish(&ctx, &track, event).await,
        }
    }
    source.finish();
    while let Some(event) = source.next().await {
        publish(&ctx, &track, event).await;
    }
    let stats = source.stats();
    tracing::info!(
        stats.utterances,
        stats.finals,
        stats.empty,
        stats.interims_asked,
        stats.interims_skipped,
        stats.retries,
        stats.lost,
        stats.lost_ms,
        "track transcribed"
    );
}

async fn publish(ctx: &JobContext, track: &SpeakerTrack, event: TranscriptionEvent) {
    let segment = match event {
        TranscriptionEvent::Interim(segment) => segment,
        TranscriptionEvent::Final(segment, timings) => {
            let concealed = track.concealed().await;
            tracing::info!(
                segment.id = %segment.id,
                endpointing_ms = timings.endpointing.as_millis(),
                queued_ms = timings.queued().as_millis(),
                engine_ms = timings.engine.as_millis(),
                total_ms = timings.total.as_millis(),
                audio.concealed_ms = concealed.as_millis(),
                "caption"
            );
            segment
        }
        TranscriptionEvent::Gap(gap) => {
            tracing::warn!(gap.utterances, gap.audio_ms, reason = ?gap.reason, "speech lost");
            gap.segment
        }
    };
    ctx.captions().publish(Caption { segment, track_sid: track.sid.clone() });
}
