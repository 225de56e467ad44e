//! Models over HTTP: what a transcriber, a translator and a synthesizer are, and the clients that reach them.
//!
//! Nothing here knows of rooms.

pub mod config;
pub mod engines;
mod error;
mod failure;
mod http;
pub mod hugging_face;
mod models;
pub mod openai;
mod retry;
mod translation_guard;

use std::sync::Arc;

use async_trait::async_trait;
use common::LanguageTag;

pub use config::InferenceConfig;
pub use error::InferenceError;
pub use models::Models;

/// Turns speech into text.
#[async_trait]
pub trait Transcriber: Send + Sync {
    /// Transcribes one utterance.
    ///
    /// Cancel-safe: dropping the future gives up the request.
    async fn transcribe(&self, request: TranscribeRequest) -> Result<Transcript, InferenceError>;
}

/// The audio of one utterance.
#[derive(Clone, Debug)]
pub struct TranscribeRequest {
    /// Mono, [`media::ASR_HZ`] (16 000 Hz).
    pub samples: Arc<[i16]>,
    /// The language that is spoken.
    pub language: LanguageTag,
    /// Whether more of this utterance follows: an engine may spend less on it, a client retries it never.
    pub interim: bool,
}

/// What was heard.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transcript {
    /// The words, trimmed; empty when there was no speech.
    pub text: String,
}

/// Turns text of one language into text of another.
#[async_trait]
pub trait Translator: Send + Sync {
    /// Translates one caption.
    ///
    /// Cancel-safe: dropping the future gives up the request.
    async fn translate(&self, request: TranslateRequest) -> Result<Translation, InferenceError>;
}

/// One caption to translate.
#[derive(Clone, Debug)]
pub struct TranslateRequest {
    /// What to translate.
    pub text: String,
    /// Its language.
    pub source_language: LanguageTag,
    /// The language that is asked for.
    pub target_language: LanguageTag,
    /// The captions before this one, oldest first, with their translations: context, not to be translated again.
    pub context: Vec<(String, String)>,
    /// Terms with a fixed translation.
    pub glossary: Vec<(String, String)>,
}

/// A translated caption.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Translation {
    /// The caption in the target language; where `untranslated`, the source text itself.
    pub text: String,
    /// The model answered, refused or chattered instead of translating, so the source text is shown, marked.
    pub untranslated: bool,
}

/// Turns text into speech.
#[async_trait]
pub trait Synthesizer: Send + Sync {
    /// Speaks one caption.
    ///
    /// Cancel-safe: dropping the future gives up the request.
    async fn synthesize(&self, request: SynthesizeRequest) -> Result<SynthesizedSpeech, InferenceError>;
}

/// One caption to speak.
#[derive(Clone, Debug)]
pub struct SynthesizeRequest {
    /// What to say.
    pub text: String,
    /// In which language.
    pub language: LanguageTag,
}

/// Speech.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SynthesizedSpeech {
    /// Mono samples.
    pub samples: Vec<i16>,
    /// Their rate.
    pub sample_rate_hz: u32,
}
