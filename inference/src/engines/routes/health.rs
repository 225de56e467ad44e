//! `GET /health` and `GET /ready`.

use axum::{Json, extract::State, http::StatusCode};
use serde_json::{Value, json};

use crate::engines::{Engines, pocketsphinx};

/// The server lives.
pub(super) async fn health() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

/// Whether speech is recognised yet; the other engines start with their first request.
pub(super) async fn ready(State(engines): State<Engines>) -> (StatusCode, Json<Value>) {
    let (status, word, why) = match engines.recognizer.state() {
        pocketsphinx::State::Ready => (StatusCode::OK, "ready", None),
        pocketsphinx::State::Loading => (StatusCode::SERVICE_UNAVAILABLE, "loading", None),
        pocketsphinx::State::Failed(error) => {
            (StatusCode::SERVICE_UNAVAILABLE, "failed", Some(error.to_string()))
        }
    };
    (status, Json(json!({ "status": word, "dependencies": { "asr": { "status": word, "error": why } } })))
}
