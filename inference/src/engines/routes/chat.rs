//! `POST /v1/chat/completions`: translation behind OpenAI's chat API, whole or streamed; `GET /v1/models`.

use std::convert::Infallible;

use axum::{
    Json,
    body::{Body, Bytes},
    extract::{State, rejection::BytesRejection},
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use common::LanguageTag;
use futures_util::stream;
use serde::Deserialize;
use serde_json::{Value, json};

use super::json;
use crate::engines::{EngineError, Engines};

const MODEL: &str = "apertium";

/// What we use of a request; the rest is for other models.
#[derive(Deserialize)]
struct Request {
    messages: Vec<Message>,
    #[serde(default)]
    stream: bool,
    metadata: Option<Metadata>,
}

#[derive(Deserialize)]
struct Message {
    role: String,
    content: Content,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    Parts(Vec<Part>),
}

#[derive(Deserialize)]
struct Part {
    #[serde(default)]
    text: String,
}

#[derive(Deserialize)]
struct Metadata {
    source_language: LanguageTag,
    target_language: LanguageTag,
}

/// Translates the last user message from `metadata.source_language` into `metadata.target_language`.
pub(super) async fn complete(
    State(engines): State<Engines>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, EngineError> {
    let request: Request = json(body)?;
    let metadata = request.metadata.ok_or_else(|| {
        EngineError::Invalid("metadata.source_language and metadata.target_language are needed".to_owned())
    })?;
    let last = request.messages.into_iter().rev().find(|message| message.role == "user");
    let text = match last.map(|message| message.content) {
        Some(Content::Text(text)) => text,
        Some(Content::Parts(parts)) => parts.into_iter().map(|part| part.text).collect(),
        None => return Err(EngineError::Invalid("there is no user message".to_owned())),
    };
    if text.trim().is_empty() {
        return Err(EngineError::Empty);
    }
    let (source, target) = (metadata.source_language, metadata.target_language);
    let translation = engines.translator.translate(&text, &source, &target).await?;
    Ok(if request.stream { streamed(&translation) } else { whole(&translation) })
}

fn whole(translation: &str) -> Response {
    let message = json!({ "role": "assistant", "content": translation });
    let choice = json!({ "index": 0, "message": message, "finish_reason": "stop" });
    let usage = json!({ "prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0 });
    let mut answer = frame("chat.completion", &choice);
    answer["usage"] = usage;
    Json(answer).into_response()
}

/// One event a word, as models that write word by word.
fn streamed(translation: &str) -> Response {
    let event = |delta: Value, finish: Option<&str>| {
        let choice = json!({ "index": 0, "delta": delta, "finish_reason": finish });
        format!("data: {}\n\n", frame("chat.completion.chunk", &choice))
    };
    let mut events = vec![event(json!({ "role": "assistant", "content": "" }), None)];
    events.extend(translation.split_inclusive(' ').map(|word| event(json!({ "content": word }), None)));
    events.push(event(json!({}), Some("stop")));
    events.push("data: [DONE]\n\n".to_owned());
    let body = Body::from_stream(stream::iter(events.into_iter().map(Ok::<_, Infallible>)));
    let mut response = Response::new(body);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    response
}

fn frame(object: &str, choice: &Value) -> Value {
    let now_ms = common::clock::unix_ms();
    json!({
        "id": format!("chatcmpl-{now_ms}"),
        "object": object,
        "created": now_ms / 1000,
        "model": MODEL,
        "choices": [choice],
    })
}

/// The one model.
pub(super) async fn models() -> Json<Value> {
    Json(
        json!({ "object": "list", "data": [{ "id": MODEL, "object": "model", "created": 0, "owned_by": "ilenia" }] }),
    )
}
