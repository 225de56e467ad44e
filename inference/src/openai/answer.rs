//! The text of a chat completion, whole or streamed.

use reqwest::{Response, header::CONTENT_TYPE};
use serde_json::Value;

use super::sse::EventDecoder;
use crate::{
    InferenceError,
    failure::{message, one_line},
    http::{broken, read_body},
};

const MAX_ANSWER_BYTES: usize = 1 << 20;

/// What the model wrote.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Completion {
    /// Its text, untouched.
    pub(crate) text: String,
    /// The endpoint itself says that this is a refusal, was filtered, or is cut off.
    pub(crate) flawed: bool,
}

/// Reads `application/json` or `text/event-stream`, whichever came.
pub(crate) async fn read(mut response: Response) -> Result<Completion, InferenceError> {
    let streamed = response
        .headers()
        .get(CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().to_ascii_lowercase().starts_with(b"text/event-stream"));
    if !streamed {
        return whole(&read_body(response, MAX_ANSWER_BYTES).await?);
    }
    let mut stream = Stream::new();
    while let Some(chunk) = response.chunk().await.map_err(broken)? {
        if stream.push(&chunk)? {
            break;
        }
    }
    stream.finish()
}

fn whole(body: &[u8]) -> Result<Completion, InferenceError> {
    let json: Value = serde_json::from_slice(body)
        .map_err(|error| InferenceError::InvalidAnswer(format!("not JSON: {error}")))?;
    let mut completion = Completion::default();
    if !completion.add(&json, "message")? {
        return Err(InferenceError::InvalidAnswer("no choices in it".to_owned()));
    }
    Ok(completion)
}

impl Completion {
    /// Adds the first choice of `json`; false when there is none.
    fn add(&mut self, json: &Value, part: &str) -> Result<bool, InferenceError> {
        if let Some(error) = json.get("error").filter(|error| !error.is_null()) {
            let said = message(error).unwrap_or_default();
            return Err(InferenceError::InvalidAnswer(one_line(&said, 200)));
        }
        let Some(choice) = json.get("choices").and_then(|choices| choices.get(0)) else { return Ok(false) };
        let piece = choice.get(part);
        match piece.and_then(|piece| piece.get("content")) {
            Some(Value::String(text)) => self.text.push_str(text),
            Some(Value::Array(parts)) => {
                let texts = parts.iter().filter_map(|part| part.get("text").and_then(Value::as_str));
                texts.for_each(|text| self.text.push_str(text));
            }
            _ => {}
        }
        let refusal = piece.and_then(|piece| piece.get("refusal")).and_then(Value::as_str);
        let finish = choice.get("finish_reason").and_then(Value::as_str);
        self.flawed |= refusal.is_some_and(|text| !text.is_empty());
        self.flawed |= matches!(finish, Some("length" | "content_filter"));
        Ok(true)
    }
}

/// A completion that comes in pieces.
struct Stream {
    decoder: EventDecoder,
    completion: Completion,
    ended: bool,
    bytes: usize,
}

impl Stream {
    fn new() -> Self {
        Self {
            decoder: EventDecoder::new(MAX_ANSWER_BYTES),
            completion: Completion::default(),
            ended: false,
            bytes: 0,
        }
    }

    /// Takes more of the stream; true when the answer is complete.
    fn push(&mut self, bytes: &[u8]) -> Result<bool, InferenceError> {
        self.bytes += bytes.len();
        let events = self.decoder.push(bytes).ok().filter(|_| self.bytes <= MAX_ANSWER_BYTES);
        let too_large = || InferenceError::InvalidAnswer(format!("larger than {MAX_ANSWER_BYTES} bytes"));
        for event in events.ok_or_else(too_large)? {
            self.event(&event)?;
        }
        Ok(self.ended)
    }

    fn finish(mut self) -> Result<Completion, InferenceError> {
        if !self.ended {
            let decoder = std::mem::replace(&mut self.decoder, EventDecoder::new(0));
            if let Ok(Some(event)) = decoder.finish() {
                // What the end cut off is no JSON, and counts as missing.
                let _broken_off = self.event(&event);
            }
        }
        if self.ended {
            Ok(self.completion)
        } else {
            Err(InferenceError::Unreachable("the streamed answer broke off".to_owned()))
        }
    }

    fn event(&mut self, data: &str) -> Result<(), InferenceError> {
        let data = data.trim();
        if data == "[DONE]" {
            self.ended = true;
        }
        if self.ended || data.is_empty() {
            return Ok(());
        }
        let json: Value = serde_json::from_str(data)
            .map_err(|error| InferenceError::InvalidAnswer(format!("an event that is not JSON: {error}")))?;
        if json.get("error").is_some_and(|error| !error.is_null()) {
            // Status and headers were sent long ago: whatever befell the model now, it was working.
            let detail = one_line(&message(&json).unwrap_or_default(), 200);
            return Err(InferenceError::Unavailable { status: 200, retry_after: None, detail });
        }
        self.completion.add(&json, "delta")?;
        // Servers that never send `[DONE]` do send why they finished.
        let finish = json.pointer("/choices/0/finish_reason");
        self.ended |= finish.is_some_and(|reason| !reason.is_null());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn streamed(bytes: &[u8]) -> Result<Completion, InferenceError> {
        let mut stream = Stream::new();
        for byte in bytes {
            if stream.push(std::slice::from_ref(byte))? {
                break;
            }
        }
        stream.finish()
    }

    #[test]
    fn a_whole_answer_is_read() {
        let body =
            r#"{"choices":[{"message":{"role":"assistant","content":"Hola."},"finish_reason":"stop"}]}"#;
        assert_eq!(whole(body.as_bytes()).expect("text"), Completion { text: "Hola.".into(), flawed: false });
        let body = r#"{"choices":[{"message":{"content":[{"type":"text","text":"Ho"},{"type":"text","text":"la"}]}}]}"#;
        assert_eq!(whole(body.as_bytes()).expect("text").text, "Hola");
    }

    #[test]
    fn refused_filtered_and_cut_off_answers_are_flawed() {
        for body in [
            r#"{"choices":[{"message":{"content":null,"refusal":"I can't help with that."}}]}"#,
            r#"{"choices":[{"message":{"content":"Ho"},"finish_reason":"length"}]}"#,
            r#"{"choices":[{"message":{"content":""},"finish_reason":"content_filter"}]}"#,
        ] {
            assert!(whole(body.as_bytes()).expect(body).flawed, "{body}");
        }
    }

    #[test]
    fn a_streamed_answer_is_put_together_at_any_cut() {
        let stream = "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\"}}]}\n\n\
                      data: {\"choices\":[{\"delta\":{\"content\":\"¡Ho\"}}]}\n\n: ping\n\n\
                      data: {\"choices\":[{\"delta\":{\"content\":\"la!\"}}]}\n\ndata: {\"choices\":[],\"usage\":{}}\n\n";
        for end in [
            "data: [DONE]\n\n",
            "data: [DONE]",
            "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n",
        ] {
            assert_eq!(streamed(format!("{stream}{end}").as_bytes()).expect("text").text, "¡Hola!");
        }
        let error = streamed(stream.as_bytes()).expect_err("broken off");
        assert!(error.is_retryable(), "{error}");
    }

    #[test]
    fn an_error_within_the_stream_may_be_retried() {
        let error = streamed(b"data: {\"error\":\"overloaded\",\"error_type\":\"overloaded\"}\n\n")
            .expect_err("error");
        assert!(error.is_retryable() && error.to_string().contains("overloaded"), "{error}");
    }

    #[test]
    fn an_endless_stream_is_given_up() {
        let event =
            format!("data: {{\"choices\":[{{\"delta\":{{\"content\":\"{}\"}}}}]}}\n\n", "x".repeat(1000));
        let mut stream = Stream::new();
        let error = (0..2000).find_map(|_| stream.push(event.as_bytes()).err()).expect("too large");
        assert!(!error.is_retryable(), "{error}");
    }

    proptest! {
        #[test]
        fn any_bytes_are_an_answer_or_an_error(bytes: Vec<u8>) {
            let _ = whole(&bytes);
            let _ = streamed(&bytes);
        }

        #[test]
        fn any_text_comes_through(text: String) {
            let whole_body = serde_json::json!({ "choices": [{ "message": { "content": text } }] }).to_string();
            prop_assert_eq!(&whole(whole_body.as_bytes()).expect("text").text, &text);
            let event = serde_json::json!({ "choices": [{ "delta": { "content": text } }] });
            prop_assert_eq!(streamed(format!("data: {event}\n\ndata: [DONE]\n\n").as_bytes()).expect("text").text, text);
        }
    }
}
