//! The MT agent: translates the captions of a room to one language, and speaks them.

use std::sync::Arc;

use async_trait::async_trait;
use common::LanguageTag;
use inference::{Synthesizer, Translator};

use crate::{Agent, AgentResult, JobContext};

/// Its identity in the room: `agent-mt-es-ES`.
pub fn identity(language: &LanguageTag) -> String {
    format!("agent-mt-{language}")
}

/// The name of its audio track: `translation-es-ES`.
pub fn track_name(language: &LanguageTag) -> String {
    format!("translation-{language}")
}

/// How it translates.
#[derive(Clone, Debug)]
pub struct MtOptions {
    /// The language to translate to.
    pub language: LanguageTag,
    /// Terms with a fixed translation.
    pub glossary: Vec<(String, String)>,
}

impl MtOptions {
    /// The usual ones for a language.
    pub fn new(language: LanguageTag) -> Self {
        Self { language, glossary: Vec::new() }
    }
}

/// Translates the final captions of a room; with a synthesizer, also speaks the translations on a track.
pub struct MtAgent {
    options: MtOptions,
    translator: Arc<dyn Translator>,
    synthesizer: Option<Arc<dyn Synthesizer>>,
}

impl MtAgent {
    /// An agent that asks `translator`, and `synthesizer` where translations are to be heard.
    pub fn new(
        options: MtOptions,
        translator: Arc<dyn Translator>,
        synthesizer: Option<Arc<dyn Synthesizer>>,
    ) -> Self {
        Self { options, translator, synthesizer }
    }
}

#[async_trait]
impl Agent for MtAgent {
    async fn run(&self, ctx: JobContext) -> AgentResult {
        let _ = (ctx, &self.options, &self.translator, &self.synthesizer);
        unimplemented!()
    }
}
