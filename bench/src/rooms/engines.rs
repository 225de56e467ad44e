//! Engines of known cost: they answer after a fixed time, so that what is left is Ilenia's own.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use anyhow::Result;
use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    routing::post,
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, time::sleep};

/// How long each answer takes.
pub(crate) const ENGINE_TIME: Duration = Duration::from_millis(50);

/// How long each spoken answer is.
const SPEECH: Duration = Duration::from_millis(900);

const SPEECH_HZ: u32 = 24_000;

/// Serves `/asr`, `/v1/chat/completions` and `/tts` on a free loopback port until the process ends.
pub(crate) async fn serve() -> Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let router = Router::new()
        .route("/asr", post(transcribe))
        .route("/v1/chat/completions", post(translate))
        .route("/tts", post(synthesize))
        .layer(DefaultBodyLimit::max(16 << 20))
        .with_state(Arc::new(AtomicU64::new(0)));
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(address)
}

async fn transcribe(State(count): State<Arc<AtomicU64>>, _audio: Bytes) -> Json<Value> {
    sleep(ENGINE_TIME).await;
    Json(json!({ "text": format!("This is sentence number {}.", count.fetch_add(1, Ordering::Relaxed)) }))
}

async fn translate(Json(request): Json<Value>) -> Json<Value> {
    sleep(ENGINE_TIME).await;
    let source = request["messages"].as_array().and_then(|all| all.last()).map(|last| &last["content"]);
    let number: String =
        source.and_then(Value::as_str).unwrap_or_default().chars().filter(char::is_ascii_digit).collect();
    let text = format!("Esta es la frase número {number}.");
    Json(json!({
        "id": "bench", "object": "chat.completion", "model": "bench",
        "choices": [{ "index": 0, "finish_reason": "stop", "message": { "role": "assistant", "content": text } }],
    }))
}

async fn synthesize(_text: Bytes) -> ([(&'static str, &'static str); 1], Vec<u8>) {
    sleep(ENGINE_TIME).await;
    let count = SPEECH.as_millis() as u32 * SPEECH_HZ / 1000;
    let tone = |n: u32| ((n as f32 * 220.0 * std::f32::consts::TAU / SPEECH_HZ as f32).sin() * 6000.0) as i16;
    let samples: Vec<i16> = (0..count).map(tone).collect();
    ([("content-type", "audio/wav")], media::wav::encode_mono(&samples, SPEECH_HZ))
}
