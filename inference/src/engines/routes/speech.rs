//! `POST /tts` and `POST /v1/audio/speech`: text → WAV.

use axum::{
    body::Bytes,
    extract::{State, rejection::BytesRejection},
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use common::LanguageTag;
use serde::Deserialize;

use super::{accepted_language, json};
use crate::engines::{EngineError, Engines};

#[derive(Deserialize)]
struct Inputs {
    inputs: String,
    #[serde(default)]
    parameters: Parameters,
}

#[derive(Deserialize, Default)]
struct Parameters {
    language: Option<LanguageTag>,
}

/// Hugging Face's API. The language is `parameters.language`, else that of `accept-language`, else English.
pub(super) async fn inputs(
    State(engines): State<Engines>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, EngineError> {
    let request: Inputs = json(body)?;
    speak(&engines, &request.inputs, request.parameters.language, &headers).await
}

#[derive(Deserialize)]
struct OpenAiSpeech {
    input: String,
    voice: Option<String>,
    language: Option<LanguageTag>,
    response_format: Option<String>,
}

/// OpenAI's API. The language is `language`, else a `voice` that is the tag of one of ours, else as in [`inputs`].
pub(super) async fn openai(
    State(engines): State<Engines>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, EngineError> {
    let request: OpenAiSpeech = json(body)?;
    if let Some(format) = request.response_format.filter(|format| format != "wav") {
        return Err(EngineError::Invalid(format!("response_format {format:?} is not supported: only wav")));
    }
    let voice = request.voice.and_then(|voice| voice.parse().ok());
    let voice = voice.filter(|tag: &LanguageTag| matches!(tag.primary(), "en" | "es" | "ca"));
    speak(&engines, &request.input, request.language.or(voice), &headers).await
}

async fn speak(
    engines: &Engines,
    text: &str,
    language: Option<LanguageTag>,
    headers: &HeaderMap,
) -> Result<Response, EngineError> {
    let language = match language {
        Some(language) => Some(language),
        None => accepted_language(headers)?,
    };
    let language = language.as_ref().map_or("en", LanguageTag::primary);
    let speech = engines.speaker.speak(text, language).await?;
    let wav = media::wav::encode(&speech.samples, speech.sample_rate_hz, speech.channels);
    Ok(([(header::CONTENT_TYPE, "audio/wav")], wav).into_response())
}
