//! `audio/wav` → `{"text": …}`.

use std::sync::Arc;

use async_trait::async_trait;
use reqwest::Response;
use serde_json::Value;

use crate::{
    InferenceError, TranscribeRequest, Transcriber, Transcript,
    config::{Endpoint, Timing},
    failure::{message, one_line},
    http::{Call, HttpClient, read_body},
    retry::Patience,
};

const MAX_ANSWER_BYTES: usize = 1 << 20;
/// An utterance is seconds long: more text than this is a runaway model.
const MAX_TEXT_CHARS: usize = 8_000;

/// A Hugging Face automatic-speech-recognition endpoint.
///
/// The body of a request is the WAV file alone, 16 kHz mono s16le. The language goes along as `accept-language`, which
/// endpoints that know one language ignore.
pub struct HuggingFaceTranscriber {
    http: HttpClient,
    endpoint: Endpoint,
    timing: Timing,
}

impl HuggingFaceTranscriber {
    pub(crate) fn new(http: HttpClient, endpoint: Endpoint, timing: Timing) -> Self {
        Self { http, endpoint, timing }
    }
}

#[async_trait]
impl Transcriber for HuggingFaceTranscriber {
    async fn transcribe(&self, request: TranscribeRequest) -> Result<Transcript, InferenceError> {
        let patience =
            if request.interim { Patience::interim(&self.timing) } else { Patience::settled(&self.timing) };
        if request.samples.is_empty() {
            return Ok(Transcript::default());
        }
        let call = Call {
            url: self.endpoint.url.clone(),
            token: self.endpoint.token.clone(),
            body: wav(&request.samples).into(),
            content_type: "audio/wav",
            accept: "application/json",
            language: Some(request.language.clone()),
        };
        let text = self.http.send(&call, patience, read).await?;
        Ok(Transcript { text })
    }
}

async fn read(response: Response) -> Result<String, InferenceError> {
    parse(&read_body(response, MAX_ANSWER_BYTES).await?)
}

fn wav(samples: &Arc<[i16]>) -> Vec<u8> {
    media::wav::encode_mono(samples, media::ASR_HZ)
}

/// `{"text": …}`, or a list with one of those in it; where `text` is absent, the texts of `chunks`.
pub(crate) fn parse(body: &[u8]) -> Result<String, InferenceError> {
    let invalid = |what: String| InferenceError::InvalidAnswer(what);
    let json: Value = serde_json::from_slice(body).map_err(|error| invalid(format!("not JSON: {error}")))?;
    let json = json.get(0).unwrap_or(&json);
    let chunks = || {
        let chunks = json.get("chunks")?.as_array()?;
        chunks.iter().map(|chunk| chunk.get("text")?.as_str()).collect::<Option<String>>()
    };
    let text = json.get("text").and_then(Value::as_str).map(str::to_owned).or_else(chunks);
    if let Some(text) = text {
        return Ok(one_line(&text, MAX_TEXT_CHARS));
    }
    Err(invalid(message(json).map_or_else(|| "no `text` in it".to_owned(), |said| one_line(&said, 200))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_found_in_each_form_of_answer() {
        for body in [
            r#"{"text":" hello world\n"}"#,
            r#"{"text":"hello world","chunks":[{"timestamp":[0,1],"text":" hello"}]}"#,
            r#"{"chunks":[{"text":" hello"},{"text":" world"}]}"#,
            r#"[{"text":"hello world"}]"#,
        ] {
            assert_eq!(parse(body.as_bytes()).expect(body), "hello world");
        }
        assert_eq!(parse(br#"{"text":""}"#).expect("silence"), "");
    }

    #[test]
    fn other_answers_are_errors_that_say_why() {
        for (body, why) in [
            ("", "not JSON"),
            ("<html>", "not JSON"),
            ("[]", "no `text`"),
            (r#"{"text":5}"#, "no `text`"),
            (r#"{"error":"out of memory"}"#, "out of memory"),
        ] {
            let error = parse(body.as_bytes()).expect_err(body);
            assert!(!error.is_retryable() && error.to_string().contains(why), "{body}: {error}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_text_or_an_error(body: Vec<u8>) {
            let _ = parse(&body);
        }

        #[test]
        fn any_text_comes_back_as_one_line(text: String) {
            let body = serde_json::json!({ "text": text }).to_string();
            let parsed = parse(body.as_bytes()).expect("text");
            proptest::prop_assert!(!parsed.chars().any(char::is_control));
            proptest::prop_assert_eq!(parsed.trim(), &parsed);
        }
    }
}
