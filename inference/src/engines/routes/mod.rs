//! The engines' paths.

mod asr;
mod chat;
mod health;
mod speech;

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, rejection::BytesRejection},
    http::{HeaderMap, StatusCode, header},
    routing::{get, post},
};
use common::LanguageTag;
use serde::de::DeserializeOwned;

use super::{EngineError, Engines};

/// Four minutes of WAV at 16 kHz.
const MAX_AUDIO_BYTES: usize = 8 << 20;
/// A caption, its instruction, glossary and context.
const MAX_JSON_BYTES: usize = 256 << 10;

pub(super) fn router(engines: Engines) -> Router {
    Router::new()
        .route("/asr", post(asr::transcribe).layer(DefaultBodyLimit::max(MAX_AUDIO_BYTES)))
        .route("/v1/chat/completions", post(chat::complete).layer(DefaultBodyLimit::max(MAX_JSON_BYTES)))
        .route("/v1/models", get(chat::models))
        .route("/tts", post(speech::inputs).layer(DefaultBodyLimit::max(MAX_JSON_BYTES)))
        .route("/v1/audio/speech", post(speech::openai).layer(DefaultBodyLimit::max(MAX_JSON_BYTES)))
        .route("/health", get(health::health))
        .route("/ready", get(health::ready))
        .fallback(async || EngineError::NoRoute(StatusCode::NOT_FOUND))
        .method_not_allowed_fallback(async || EngineError::NoRoute(StatusCode::METHOD_NOT_ALLOWED))
        .with_state(engines)
}

/// The body, or the reason why it could not be read.
fn body(body: Result<Bytes, BytesRejection>, what: &'static str, limit: usize) -> Result<Bytes, EngineError> {
    body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => EngineError::TooLarge { what, limit },
        _ => EngineError::Invalid("the body could not be read".to_owned()),
    })
}

/// A JSON body.
fn json<T: DeserializeOwned>(bytes: Result<Bytes, BytesRejection>) -> Result<T, EngineError> {
    let bytes = body(bytes, "the body", MAX_JSON_BYTES)?;
    serde_json::from_slice(&bytes)
        .map_err(|error| EngineError::Invalid(format!("the body is not as expected: {error}")))
}

/// The first language of `accept-language`; `None` without one, or when any will do.
fn accepted_language(headers: &HeaderMap) -> Result<Option<LanguageTag>, EngineError> {
    let Some(value) = headers.get(header::ACCEPT_LANGUAGE) else { return Ok(None) };
    let first = value.to_str().unwrap_or_default().split([',', ';']).next().unwrap_or_default().trim();
    if matches!(first, "" | "*") {
        return Ok(None);
    }
    first.parse().map(Some).map_err(|error| EngineError::Invalid(format!("accept-language: {error}")))
}

#[cfg(test)]
mod tests;
