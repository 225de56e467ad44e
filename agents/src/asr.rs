//! The ASR agent: transcribes everybody who speaks.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use common::LanguageTag;
use inference::Transcriber;
use media::{segmenter::SegmenterConfig, vad::VadKind};

use crate::{Agent, AgentResult, JobContext};

/// Its identity in the room.
pub const IDENTITY: &str = "agent-asr";

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
}

#[async_trait]
impl Agent for AsrAgent {
    async fn run(&self, ctx: JobContext) -> AgentResult {
        let _ = (ctx, &self.options, &self.transcriber);
        unimplemented!()
    }
}
