//! The clients of all endpoints, made together.

use std::sync::Arc;

use crate::{
    InferenceConfig, InferenceError, Synthesizer, Transcriber, Translator,
    http::HttpClient,
    hugging_face::{HttpSynthesizer, HuggingFaceTranscriber},
    openai::ChatTranslator,
};

/// The models at hand. What no variable names is `None`.
#[derive(Clone, Default)]
pub struct Models {
    /// Speech to text.
    pub transcriber: Option<Arc<dyn Transcriber>>,
    /// Text to text, guarded against answers that are no translation.
    pub translator: Option<Arc<dyn Translator>>,
    /// Text to speech.
    pub synthesizer: Option<Arc<dyn Synthesizer>>,
}

impl Models {
    /// As [`InferenceConfig::models`].
    pub fn connect(config: &InferenceConfig) -> Result<Self, InferenceError> {
        let endpoints = [&config.asr, &config.mt, &config.tts];
        let with_tls =
            endpoints.into_iter().flatten().any(|endpoint| endpoint.url.as_url().scheme() == "https");
        let http = HttpClient::new(with_tls)?;
        let timing = config.timing;
        let mut models = Self::default();
        if let Some(endpoint) = config.asr.clone() {
            models.transcriber = Some(Arc::new(HuggingFaceTranscriber::new(http.clone(), endpoint, timing)));
        }
        if let Some(endpoint) = config.mt.clone() {
            let model = config.mt_model.clone();
            models.translator = Some(Arc::new(ChatTranslator::new(http.clone(), endpoint, model, timing)));
        }
        if let Some(endpoint) = config.tts.clone() {
            models.synthesizer = Some(Arc::new(HttpSynthesizer::new(http, endpoint, timing)));
        }
        Ok(models)
    }
}
