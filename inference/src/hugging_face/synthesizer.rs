//! `{"inputs": text}` → audio, or OpenAI's `/audio/speech`.

use async_trait::async_trait;
use bytes::Bytes;
use media::decode::{DecodeLimits, decode};
use reqwest::{Response, header::CONTENT_TYPE};
use serde_json::{Value, json};

use crate::{
    InferenceError, SynthesizeRequest, SynthesizedSpeech, Synthesizer,
    config::{Endpoint, Timing},
    failure::{message, one_line},
    http::{Call, HttpClient, read_body},
    retry::Patience,
};

/// Five minutes of 48 kHz stereo WAV.
const LIMITS: DecodeLimits = DecodeLimits { max_bytes: 60 << 20, max_ms: 300_000 };

/// A text-to-speech endpoint: Hugging Face's API, or OpenAI's where the address ends in `/audio/speech`.
///
/// WAV, FLAC, MP3 and Ogg are understood, of any rate; more than one channel becomes one. The language goes along as
/// `accept-language`, which endpoints that know one language ignore.
pub struct HttpSynthesizer {
    http: HttpClient,
    endpoint: Endpoint,
    timing: Timing,
}

impl HttpSynthesizer {
    pub(crate) fn new(http: HttpClient, endpoint: Endpoint, timing: Timing) -> Self {
        Self { http, endpoint, timing }
    }

    fn body(&self, text: &str) -> Value {
        if self.endpoint.url.path_ends_with("/audio/speech") {
            json!({ "model": "tts-1", "voice": "alloy", "input": text, "response_format": "wav" })
        } else {
            json!({ "inputs": text })
        }
    }
}

#[async_trait]
impl Synthesizer for HttpSynthesizer {
    async fn synthesize(&self, request: SynthesizeRequest) -> Result<SynthesizedSpeech, InferenceError> {
        let text = request.text.trim();
        if text.is_empty() {
            return Ok(SynthesizedSpeech { samples: Vec::new(), sample_rate_hz: media::ASR_HZ });
        }
        let call =
            Call::json(&self.endpoint, &self.body(text), "audio/wav, audio/flac, audio/mpeg, audio/ogg")
                .in_language(&request.language);
        let audio = self.http.send(&call, Patience::settled(&self.timing), read).await?;
        tokio::task::spawn_blocking(move || mono(&audio))
            .await
            .map_err(|error| InferenceError::InvalidAnswer(format!("the decoder failed: {error}")))?
    }
}

async fn read(response: Response) -> Result<Bytes, InferenceError> {
    let is_json =
        response.headers().get(CONTENT_TYPE).is_some_and(|value| value.as_bytes().ends_with(b"json"));
    let body = read_body(response, LIMITS.max_bytes as usize).await?;
    if is_json { Err(no_audio(&body)) } else { Ok(body) }
}

/// The reason why there is text instead of audio.
fn no_audio(body: &[u8]) -> InferenceError {
    let said = serde_json::from_slice(body).ok().and_then(|json| message(&json));
    let said = said.map_or_else(|| "JSON instead of audio".to_owned(), |said| one_line(&said, 200));
    InferenceError::InvalidAnswer(said)
}

fn mono(audio: &Bytes) -> Result<SynthesizedSpeech, InferenceError> {
    let frame =
        decode(audio.to_vec(), LIMITS).map_err(|error| InferenceError::InvalidAnswer(error.to_string()))?;
    let channels = i32::from(frame.channels.max(1));
    let samples = if channels == 1 {
        frame.samples
    } else {
        let mean =
            |group: &[i16]| (group.iter().map(|sample| i32::from(*sample)).sum::<i32>() / channels) as i16;
        frame.samples.chunks(channels as usize).map(mean).collect()
    };
    Ok(SynthesizedSpeech { samples, sample_rate_hz: frame.sample_rate_hz })
}
