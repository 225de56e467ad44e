//! The clients against servers that misbehave by script: what is retried, when, how often, and what comes out.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use common::{LanguageTag, config::Variables};
use inference::{
    InferenceConfig, InferenceError, Models, SynthesizeRequest, TranscribeRequest, Transcript,
    TranslateRequest,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    time::{Instant, timeout},
};

/// What the server does with one request.
#[derive(Clone)]
enum Act {
    /// Answers with a status, further header lines, and a body.
    Answer(u16, &'static str, Vec<u8>),
    /// Answers, one chunk of this many bytes after the other.
    Chunks(&'static str, Vec<u8>, usize),
    /// Closes the connection in the middle of the body.
    BreakOff,
    /// Closes the connection instead of answering.
    HangUp,
    /// Says nothing, for ever.
    Hang,
}

fn json(body: &str) -> Act {
    Act::Answer(200, "content-type: application/json\r\n", body.into())
}

fn heard(text: &str) -> Act {
    json(&format!("{{\"text\":\"{text}\"}}"))
}

fn chat(text: &str) -> Act {
    json(
        &serde_json::json!({ "choices": [{ "message": { "content": text }, "finish_reason": "stop" }] })
            .to_string(),
    )
}

/// A request as it came.
#[derive(Clone, Debug)]
struct Seen {
    at: Instant,
    connection: usize,
    head: String,
    body: Vec<u8>,
}

struct Server {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    closed: mpsc::UnboundedReceiver<()>,
}

impl Server {
    /// Plays `script`, then answers everything with its last act.
    async fn start(script: impl Into<VecDeque<Act>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        Self::on(listener, script.into())
    }

    fn on(listener: TcpListener, script: VecDeque<Act>) -> Self {
        let address = listener.local_addr().expect("an address");
        let (seen, script) = (Arc::<Mutex<Vec<Seen>>>::default(), Arc::new(Mutex::new(script)));
        let (closing, closed) = mpsc::unbounded_channel();
        let log = Arc::clone(&seen);
        tokio::spawn(async move {
            for connection in 0.. {
                let Ok((stream, _)) = listener.accept().await else { return };
                let (log, script, closing) = (Arc::clone(&log), Arc::clone(&script), closing.clone());
                tokio::spawn(async move {
                    let _client_went_away = serve(stream, connection, &log, &script).await;
                    let _ = closing.send(());
                });
            }
        });
        Self { address, seen, closed }
    }

    fn seen(&self) -> Vec<Seen> {
        self.seen.lock().expect("not poisoned").clone()
    }

    fn attempts(&self) -> usize {
        self.seen().len()
    }

    fn models(&self, more: &[(&str, &str)]) -> Models {
        models(self.address, more)
    }
}

fn models(address: SocketAddr, more: &[(&str, &str)]) -> Models {
    let urls = [
        ("HF_ASR_URL", format!("http://{address}/asr")),
        ("HF_MT_URL", format!("http://{address}/v1")),
        ("HF_TTS_URL", format!("http://{address}/tts")),
    ];
    let own = urls.map(|(name, url)| (name.to_owned(), url));
    let more = more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let variables: Variables = own.into_iter().chain(more).collect();
    let config = InferenceConfig::from_variables(&variables);
    variables.finish(config).expect("usable").models().expect("clients")
}

async fn serve(
    mut stream: TcpStream,
    connection: usize,
    log: &Mutex<Vec<Seen>>,
    script: &Mutex<VecDeque<Act>>,
) -> std::io::Result<()> {
    let mut buffer = Vec::new();
    loop {
        let (head, body) = read_request(&mut stream, &mut buffer).await?;
        log.lock().expect("not poisoned").push(Seen { at: Instant::now(), connection, head, body });
        let act = {
            let mut script = script.lock().expect("not poisoned");
            if script.len() > 1 { script.pop_front() } else { script.front().cloned() }
        };
        match act.expect("a script") {
            Act::Answer(status, headers, body) => {
                let head = format!("HTTP/1.1 {status} X\r\n{headers}content-length: {}\r\n\r\n", body.len());
                stream.write_all(head.as_bytes()).await?;
                stream.write_all(&body).await?;
            }
            Act::Chunks(headers, body, size) => {
                let head = format!("HTTP/1.1 200 OK\r\n{headers}transfer-encoding: chunked\r\n\r\n");
                stream.write_all(head.as_bytes()).await?;
                for chunk in body.chunks(size) {
                    stream.write_all(format!("{:x}\r\n", chunk.len()).as_bytes()).await?;
                    stream.write_all(chunk).await?;
                    stream.write_all(b"\r\n").await?;
                    stream.flush().await?;
                    tokio::task::yield_now().await;
                }
                stream.write_all(b"0\r\n\r\n").await?;
            }
            Act::BreakOff => {
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{\"text\":").await?;
                return Ok(());
            }
            Act::HangUp => return Ok(()),
            // Until the client goes.
            Act::Hang => return stream.read(&mut [0; 64]).await.map(|_| ()),
        }
    }
}

async fn read_request(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> std::io::Result<(String, Vec<u8>)> {
    loop {
        if let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&buffer[..end]).to_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
            let length: usize = length.and_then(|text| text.trim().parse().ok()).unwrap_or(0);
            if buffer.len() >= end + 4 + length {
                let body = buffer[end + 4..end + 4 + length].to_vec();
                buffer.drain(..end + 4 + length);
                return Ok((head, body));
            }
        }
        if stream.read_buf(buffer).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
}

fn tag(text: &str) -> LanguageTag {
    text.parse().expect("a tag")
}

async fn transcribe(models: &Models, interim: bool) -> Result<Transcript, InferenceError> {
    let request = TranscribeRequest { samples: vec![1; 1600].into(), language: tag("en-US"), interim };
    models.transcriber.as_ref().expect("a transcriber").transcribe(request).await
}

async fn translate(models: &Models, text: &str) -> Result<inference::Translation, InferenceError> {
    let request = TranslateRequest {
        text: text.to_owned(),
        source_language: tag("en-US"),
        target_language: tag("es-ES"),
        context: Vec::new(),
        glossary: vec![("train".into(), "tren".into())],
    };
    models.translator.as_ref().expect("a translator").translate(request).await
}

async fn synthesize(models: &Models) -> Result<inference::SynthesizedSpeech, InferenceError> {
    let request = SynthesizeRequest { text: "Hola.".into(), language: tag("es-ES") };
    models.synthesizer.as_ref().expect("a synthesizer").synthesize(request).await
}

#[tokio::test]
async fn a_cold_endpoint_is_asked_again_when_it_estimated_to_be_warm() {
    let cold = |seconds| {
        Act::Answer(503, "", format!("{{\"error\":\"loading\",\"estimated_time\":{seconds}}}").into())
    };
    let server = Server::start([cold(0.8), cold(0.3), heard("hello")]).await;
    assert_eq!(transcribe(&server.models(&[]), false).await.expect("heard").text, "hello");
    let seen = server.seen();
    assert_eq!(seen.len(), 3);
    assert!(seen[1].at - seen[0].at >= Duration::from_millis(800));
    assert!(seen[2].at - seen[1].at >= Duration::from_millis(300));
}

#[tokio::test]
async fn retry_after_is_waited_for() {
    let server = Server::start([Act::Answer(429, "retry-after: 1\r\n", Vec::new()), heard("hello")]).await;
    assert_eq!(transcribe(&server.models(&[]), false).await.expect("heard").text, "hello");
    let seen = server.seen();
    assert!(seen.len() == 2 && seen[1].at - seen[0].at >= Duration::from_secs(1));
}

#[tokio::test]
async fn broken_connections_and_server_errors_are_retried() {
    let server =
        Server::start([Act::HangUp, Act::BreakOff, Act::Answer(502, "", b"<html>".into()), heard("hello")])
            .await;
    assert_eq!(transcribe(&server.models(&[]), false).await.expect("heard").text, "hello");
    assert_eq!(server.attempts(), 4);
}

#[tokio::test]
async fn an_attempt_that_hangs_is_repeated() {
    let server = Server::start([Act::Hang, heard("hello")]).await;
    let models = server.models(&[("INFERENCE_ATTEMPT_SECONDS", "1")]);
    assert_eq!(transcribe(&models, false).await.expect("heard").text, "hello");
    assert_eq!(server.attempts(), 2);
}

#[tokio::test]
async fn an_endpoint_that_comes_up_later_is_reached() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let models = models(address, &[]);
    let waiting = tokio::spawn(async move { transcribe(&models, false).await });
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert!(!waiting.is_finished());
    let server =
        Server::on(TcpListener::bind(address).await.expect("the same port"), [heard("hello")].into());
    assert_eq!(waiting.await.expect("no panic").expect("heard").text, "hello");
    assert_eq!(server.attempts(), 1);
}

#[tokio::test]
async fn an_interim_request_is_tried_once_and_shortly() {
    let server = Server::start([Act::Answer(503, "", Vec::new())]).await;
    let error = transcribe(&server.models(&[]), true).await.expect_err("busy");
    assert!(error.is_retryable(), "{error}");
    assert_eq!(server.attempts(), 1);

    let server = Server::start([Act::Hang]).await;
    let started = Instant::now();
    let error =
        transcribe(&server.models(&[("INFERENCE_INTERIM_MS", "200")]), true).await.expect_err("hangs");
    assert!(matches!(error, InferenceError::Deadline { .. }), "{error}");
    assert!(started.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn the_deadline_bounds_all_attempts_and_names_the_last_error() {
    let server = Server::start([Act::Answer(500, "", b"out of memory".into())]).await;
    let started = Instant::now();
    let error =
        transcribe(&server.models(&[("INFERENCE_DEADLINE_SECONDS", "1")]), false).await.expect_err("over");
    assert!(started.elapsed() < Duration::from_secs(2));
    assert!(error.is_retryable() && error.to_string().contains("out of memory"), "{error}");
    assert!((2..=5).contains(&server.attempts()), "{}", server.attempts());
}

#[tokio::test]
async fn refusals_are_not_repeated_and_do_not_show_the_token() {
    for status in [301, 400, 401, 404, 413, 422, 501] {
        let server =
            Server::start([Act::Answer(status, "location: /x\r\n", b"{\"error\":\"bad hf_hush\"}".into())])
                .await;
        let error =
            transcribe(&server.models(&[("HF_ASR_TOKEN", "hf_hush")]), false).await.expect_err("refused");
        assert!(
            matches!(error, InferenceError::Refused { .. }) && !error.is_retryable(),
            "{status}: {error}"
        );
        assert!(!format!("{error} {error:?}").contains("hush"), "{error:?}");
        assert_eq!(server.attempts(), 1, "{status}");
        assert!(server.seen()[0].head.contains("authorization: bearer hf_hush"));
    }
}

#[tokio::test]
async fn oversize_and_wrong_answers_are_errors_and_not_repeated() {
    for act in [
        Act::Answer(200, "", vec![b' '; 2 << 20]),
        Act::Chunks("", vec![b' '; 2 << 20], 1 << 16),
        json("not json"),
        json("{\"error\":\"no model\"}"),
        json("[]"),
    ] {
        let server = Server::start([act]).await;
        let models = server.models(&[]);
        let error = transcribe(&models, false).await.expect_err("unusable");
        assert!(matches!(error, InferenceError::InvalidAnswer(_)), "{error}");
        let error = translate(&models, "Good morning.").await.expect_err("unusable");
        assert!(matches!(error, InferenceError::InvalidAnswer(_)), "{error}");
        assert_eq!(server.attempts(), 2);
    }
    let server = Server::start([json("{\"error\":\"no voice\"}")]).await;
    let error = synthesize(&server.models(&[])).await.expect_err("no audio");
    assert!(error.to_string().contains("no voice"), "{error}");
}

#[tokio::test]
async fn one_connection_serves_many_requests() {
    let server = Server::start([heard("hello")]).await;
    let models = server.models(&[]);
    for _ in 0..20 {
        transcribe(&models, false).await.expect("heard");
    }
    let seen = server.seen();
    assert_eq!((seen.len(), seen.iter().map(|seen| seen.connection).max()), (20, Some(0)));
}

#[tokio::test]
async fn a_dropped_future_closes_its_request() {
    let mut server = Server::start([Act::Hang]).await;
    let models = server.models(&[]);
    assert!(timeout(Duration::from_millis(300), transcribe(&models, false)).await.is_err());
    timeout(Duration::from_secs(2), server.closed.recv())
        .await
        .expect("the server sees the connection close");
    assert_eq!(server.attempts(), 1);
}

#[tokio::test]
async fn speech_goes_out_as_wav_and_its_language_as_a_header() {
    let server = Server::start([heard("hello")]).await;
    transcribe(&server.models(&[]), false).await.expect("heard");
    let seen = server.seen().remove(0);
    assert!(seen.head.starts_with("post /asr http/1.1"), "{}", seen.head);
    for line in ["content-type: audio/wav", "accept-language: en-us"] {
        assert!(seen.head.contains(line), "{}", seen.head);
    }
    assert!(!seen.head.contains("authorization"));
    let bytes = seen.body;
    assert!(bytes.starts_with(b"RIFF") && bytes.len() == 44 + 3200);
    assert_eq!(
        (&bytes[22..24], &bytes[24..28]),
        (&[1, 0][..], &16_000_u32.to_le_bytes()[..]),
        "mono, 16 000 Hz"
    );
}

#[tokio::test]
async fn a_translation_is_asked_for_by_the_contract() {
    let server = Server::start([chat("Buenos días.")]).await;
    let models = server.models(&[("HF_MT_MODEL", "m"), ("HF_MT_TOKEN", "t")]);
    let translation = translate(&models, "Good \"morning\".").await.expect("translated");
    assert_eq!((translation.text.as_str(), translation.untranslated), ("Buenos días.", false));
    let seen = server.seen().remove(0);
    assert!(seen.head.starts_with("post /v1/chat/completions"), "{}", seen.head);
    let body: serde_json::Value = serde_json::from_slice(&seen.body).expect("JSON");
    let messages = body["messages"].as_array().expect("messages");
    assert_eq!(messages.last().expect("one")["content"], "Good \"morning\".");
    assert!(messages[0]["content"].as_str().is_some_and(|text| text.contains("train = tren")));
    assert_eq!(
        body["metadata"],
        serde_json::json!({ "source_language": "en-US", "target_language": "es-ES" })
    );
    assert_eq!(body["model"], "m");
}

#[tokio::test]
async fn a_streamed_translation_is_put_together_at_any_cut() {
    let event = |text: &str| {
        format!("data: {}\r\n\r\n", serde_json::json!({ "choices": [{ "delta": { "content": text } }] }))
    };
    let stream = format!(": ping\n\n{}{}data: [DONE]\n\n", event("Bue"), event("nos días."));
    for size in [1, 2, 3, 7, 1000] {
        let act =
            Act::Chunks("content-type: text/event-stream; charset=utf-8\r\n", stream.clone().into(), size);
        let server = Server::start([act]).await;
        assert_eq!(
            translate(&server.models(&[]), "Good morning.").await.expect("translated").text,
            "Buenos días."
        );
    }
    let cut = stream.split("data: [DONE]").next().expect("a part").to_owned();
    let broken = Act::Chunks("content-type: text/event-stream\r\n", cut.into(), 100);
    let server = Server::start([broken, chat("Buenos días.")]).await;
    assert_eq!(
        translate(&server.models(&[]), "Good morning.").await.expect("translated").text,
        "Buenos días."
    );
    assert_eq!(server.attempts(), 2);
}

#[tokio::test]
async fn a_model_that_does_not_translate_is_asked_once_more_and_then_the_source_is_marked() {
    let server =
        Server::start([chat("I'm sorry, but I can't help with that."), chat("El ministro mintió.")]).await;
    let translation = translate(&server.models(&[]), "The minister lied.").await.expect("translated");
    assert_eq!((translation.text.as_str(), translation.untranslated), ("El ministro mintió.", false));

    let server = Server::start([chat("Here is the translation: El ministro mintió.")]).await;
    let translation = translate(&server.models(&[]), " The minister lied. ").await.expect("marked");
    assert_eq!((translation.text.as_str(), translation.untranslated), ("The minister lied.", true));
    assert_eq!(server.attempts(), 2);
}

#[tokio::test]
async fn nothing_and_text_in_the_target_language_do_not_travel() {
    let server = Server::start([Act::HangUp]).await;
    let models = server.models(&[]);
    assert_eq!(translate(&models, "  ").await.expect("nothing").text, "");
    let request = TranslateRequest {
        text: "Good morning.".into(),
        source_language: tag("en-US"),
        target_language: tag("en-GB"),
        context: Vec::new(),
        glossary: Vec::new(),
    };
    let translated = models.translator.expect("a translator").translate(request).await.expect("the same");
    assert_eq!((translated.text.as_str(), translated.untranslated), ("Good morning.", false));
    assert_eq!(server.attempts(), 0);
}

#[tokio::test]
async fn speech_is_decoded_and_made_mono() {
    let stereo: Vec<i16> = (0..8000).flat_map(|n| [(n % 100) * 10, (n % 100) * 30]).collect();
    let wav = media::wav::encode(&stereo, 24_000, 2);
    let server = Server::start([Act::Answer(200, "content-type: audio/wav\r\n", wav)]).await;
    let speech = synthesize(&server.models(&[])).await.expect("spoken");
    assert_eq!((speech.sample_rate_hz, speech.samples.len(), speech.samples[50]), (24_000, 8000, 1000));
    let body: serde_json::Value = serde_json::from_slice(&server.seen()[0].body).expect("JSON");
    assert_eq!(body, serde_json::json!({ "inputs": "Hola." }));

    let address = server.address;
    let url = format!("http://{address}/v1/audio/speech");
    synthesize(&server.models(&[("HF_TTS_URL", &url)])).await.expect("spoken");
    let body: serde_json::Value = serde_json::from_slice(&server.seen()[1].body).expect("JSON");
    assert_eq!((body["input"].as_str(), body["response_format"].as_str()), (Some("Hola."), Some("wav")));

    let server = Server::start([Act::Answer(200, "", b"no audio at all".into())]).await;
    let error = synthesize(&server.models(&[])).await.expect_err("no audio");
    assert!(matches!(error, InferenceError::InvalidAnswer(_)), "{error}");
}
