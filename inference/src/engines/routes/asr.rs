//! `POST /asr`: audio → `{"text": …}`.

use axum::{
    Json,
    body::Bytes,
    extract::{State, rejection::BytesRejection},
    http::HeaderMap,
};
use media::decode::{DecodeError, DecodeLimits, decode_mono};
use serde::Serialize;

use super::{MAX_AUDIO_BYTES, accepted_language, body};
use crate::engines::{EngineError, Engines};

/// The longest utterance.
const MAX_MS: u64 = 120_000;

#[derive(Serialize)]
pub(super) struct Answer {
    text: String,
}

/// WAV at 16 kHz is what clients send; every other rate and format that we decode is taken too.
pub(super) async fn transcribe(
    State(engines): State<Engines>,
    headers: HeaderMap,
    bytes: Result<Bytes, BytesRejection>,
) -> Result<Json<Answer>, EngineError> {
    if let Some(language) = accepted_language(&headers)?.filter(|language| language.primary() != "en") {
        return Err(EngineError::UnsupportedLanguage { language: language.to_string(), supported: "en" });
    }
    let bytes = body(bytes, "the audio", MAX_AUDIO_BYTES)?;
    if bytes.is_empty() {
        return Err(EngineError::NotAudio("it is empty".to_owned()));
    }
    let limits = DecodeLimits { max_bytes: MAX_AUDIO_BYTES as u64, max_ms: MAX_MS };
    let decoded = tokio::task::spawn_blocking(move || decode_mono(bytes.to_vec(), media::ASR_HZ, limits))
        .await
        .map_err(|error| EngineError::Failed(error.to_string()))?;
    let samples = match decoded {
        Ok(samples) => samples,
        // A header without samples is silence.
        Err(DecodeError::Empty) => Vec::new(),
        Err(DecodeError::TooLong(_)) => {
            return Err(EngineError::TooLarge { what: "the decoded audio", limit: MAX_MS as usize * 32 });
        }
        Err(error) => return Err(EngineError::NotAudio(error.to_string())),
    };
    let text = engines.recognizer.recognize(samples).await?;
    Ok(Json(Answer { text }))
}
