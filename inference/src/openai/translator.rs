//! Translation by a chat model, guarded.

use async_trait::async_trait;

use super::{answer, prompt};
use crate::{
    InferenceError, TranslateRequest, Translation, Translator,
    config::{Endpoint, Timing},
    http::{Call, HttpClient},
    retry::Patience,
    translation_guard::{self, Source},
};

/// An OpenAI-compatible chat endpoint that is asked to translate.
///
/// An answer that is no translation is asked for once more; then the source text itself is given, marked as
/// untranslated. Text without a word, and text that is in the target language already, does not travel.
pub struct ChatTranslator {
    http: HttpClient,
    endpoint: Endpoint,
    model: Option<String>,
    timing: Timing,
}

impl ChatTranslator {
    pub(crate) fn new(http: HttpClient, endpoint: Endpoint, model: Option<String>, timing: Timing) -> Self {
        let endpoint = Endpoint { url: endpoint.url.join("chat/completions"), ..endpoint };
        Self { http, endpoint, model, timing }
    }
}

#[async_trait]
impl Translator for ChatTranslator {
    async fn translate(&self, request: TranslateRequest) -> Result<Translation, InferenceError> {
        let source = request.text.trim();
        if source.is_empty() || request.source_language.same_language(&request.target_language) {
            return Ok(Translation { text: source.to_owned(), untranslated: false });
        }
        let patience = Patience::settled(&self.timing);
        let source =
            Source { text: source, language: &request.source_language, target: &request.target_language };
        for insist in [false, true] {
            let body = prompt::body(&request, self.model.as_deref(), insist);
            let call = Call::json(&self.endpoint, &body, "application/json, text/event-stream");
            let completion = self.http.send(&call, patience, answer::read).await?;
            let verdict = if completion.flawed {
                Err(translation_guard::Flaw::Refusal)
            } else {
                translation_guard::check(&source, &completion.text)
            };
            match verdict {
                Ok(text) => return Ok(Translation { text, untranslated: false }),
                Err(flaw) => tracing::warn!(?flaw, again = !insist, "the model did not translate"),
            }
        }
        Ok(Translation { text: source.text.to_owned(), untranslated: true })
    }
}
