//! The HTTP API with the real programs.

use std::{collections::BTreeMap, fmt::Write as _, process::Command, sync::Arc, time::Duration};

use serde_json::{Value, json};
use tokio::{net::TcpListener, time::Instant};
use tokio_util::sync::CancellationToken;

use crate::{
    InferenceConfig, Models, SynthesizeRequest, TranscribeRequest, TranslateRequest,
    engines::{EnginesConfig, check, serve},
};
use common::LanguageTag;

struct Server {
    models: Models,
    base: String,
    shutdown: CancellationToken,
    served: tokio::task::JoinHandle<std::io::Result<()>>,
}

async fn start() -> Server {
    start_with(EnginesConfig { decoders: 1, ..EnginesConfig::default() }).await
}

async fn start_with(config: EnginesConfig) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let shutdown = CancellationToken::new();
    let served = tokio::spawn(serve(listener, config, shutdown.clone()));
    let models = InferenceConfig::default().or_engines(address).models().expect("clients");
    Server { models, base: format!("http://{address}"), shutdown, served }
}

fn http() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().tls_certs_only([]).build().expect("a client")
}

fn tag(text: &str) -> LanguageTag {
    text.parse().expect("a tag")
}

fn installed() {
    assert_eq!(check(&EnginesConfig::default()), [], "Debian packages are not installed");
}

/// Speech as a test's input, mono, 16 000 Hz.
fn flite(text: &str) -> Arc<[i16]> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("speech.wav");
    let status = Command::new("flite").args(["-voice", "slt", "-t", text, "-o"]).arg(&path).status();
    assert!(status.expect("Debian package flite").success());
    let wav = std::fs::read(&path).expect("audio");
    media::decode::decode_mono(wav, media::ASR_HZ, media::decode::DecodeLimits::default())
        .expect("audio")
        .into()
}

fn speech(samples: &Arc<[i16]>) -> TranscribeRequest {
    TranscribeRequest { samples: Arc::clone(samples), language: tag("en-US"), interim: false }
}

fn caption(text: &str, from: &str, to: &str) -> TranslateRequest {
    TranslateRequest {
        text: text.to_owned(),
        source_language: tag(from),
        target_language: tag(to),
        context: vec![("Hello.".into(), "Hola.".into())],
        glossary: Vec::new(),
    }
}

const TALK: [&str; 8] = [
    "Welcome to the second day of the conference.",
    "This is a very important day for our city.",
    "Our children need clean water and fresh air.",
    "The train is faster and cheaper than the car.",
    "The president said that the economy is strong.",
    "Everyone has the right to be heard.",
    "The president will speak after the break.",
    "Thank you for your attention and good night.",
];

#[tokio::test]
async fn spoken_sentences_are_recognised_translated_and_the_same_each_time() {
    installed();
    let server = start().await;
    let transcriber = server.models.transcriber.expect("a transcriber");
    let translator = server.models.translator.expect("a translator");
    let started = Instant::now();
    let mut first = BTreeMap::new();
    let (mut audio, mut words, mut wrong, mut report) = (0.0, 0, 0, String::new());
    for text in TALK {
        let samples = flite(text);
        let heard = transcriber.transcribe(speech(&samples)).await.expect("transcribed").text;
        audio += samples.len() as f64 / f64::from(media::ASR_HZ);
        words += text.split_whitespace().count();
        wrong += word_errors(text, &heard);
        let _ = writeln!(report, "{text} | {heard}");
        first.insert(text, (samples, heard));
    }
    println!(
        "{report}{wrong} of {words} words wrong; {:.2} s for {audio:.2} s",
        started.elapsed().as_secs_f64()
    );
    assert!(wrong * 10 <= words, "{wrong} of {words} words wrong:\n{report}");
    for text in [TALK[3], TALK[0], TALK[3]] {
        let (samples, heard) = &first[text];
        assert_eq!(&transcriber.transcribe(speech(samples)).await.expect("transcribed").text, heard);
    }
    for (_, heard) in first.values() {
        for (to, mode) in [("es-ES", "eng-spa"), ("ca-ES", "eng-cat")] {
            let translation = translator.translate(caption(heard, "en-US", to)).await.expect("translated");
            let output =
                Command::new("sh").args(["-c", "echo \"$0\" | apertium -u \"$1\"", heard, mode]).output();
            let expected = String::from_utf8(output.expect("apertium").stdout).expect("utf-8");
            assert_eq!(
                (translation.text.as_str(), translation.untranslated),
                (expected.trim(), false),
                "{heard}"
            );
        }
    }
    server.shutdown.cancel();
    tokio::time::timeout(Duration::from_secs(8), server.served)
        .await
        .expect("ends")
        .expect("no panic")
        .expect("served");
}

/// Levenshtein's distance in words, case and punctuation aside.
fn word_errors(said: &str, heard: &str) -> usize {
    let words = |text: &str| -> Vec<String> {
        let lower = text.to_lowercase();
        lower
            .split(|c: char| !c.is_alphanumeric() && c != '\'')
            .filter(|w| !w.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let (said, heard) = (words(said), words(heard));
    let mut row: Vec<usize> = (0..=heard.len()).collect();
    for (i, a) in said.iter().enumerate() {
        let mut next = vec![i + 1];
        for (j, b) in heard.iter().enumerate() {
            next.push((row[j] + usize::from(a != b)).min(row[j + 1] + 1).min(next[j] + 1));
        }
        row = next;
    }
    row[heard.len()]
}

#[tokio::test]
async fn a_translation_streams_and_speech_comes_back() {
    installed();
    let server = start().await;
    let url = format!("{}/v1/chat/completions", server.base);
    let body = json!({
        "stream": true,
        "messages": [{ "role": "system", "content": "Translate." }, { "role": "user", "content": "The house is big." }],
        "metadata": { "source_language": "en-US", "target_language": "es-ES" },
    });
    let response = http().post(&url).body(body.to_string()).send().await.expect("an answer");
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let text = response.text().await.expect("events");
    let events = text.split("\n\n").filter_map(|event| event.strip_prefix("data: "));
    let pieces = events.filter_map(|data| serde_json::from_str::<Value>(data).ok());
    let translation: String = pieces
        .filter_map(|piece| Some(piece.pointer("/choices/0/delta/content")?.as_str()?.to_owned()))
        .collect();
    assert_eq!(translation, "La casa es grande.");
    assert!(text.ends_with("data: [DONE]\n\n"));

    let synthesizer = server.models.synthesizer.expect("a synthesizer");
    for (language, text) in
        [("es-ES", translation.as_str()), ("ca-ES", "La casa és gran."), ("en-GB", "The house.")]
    {
        let request = SynthesizeRequest { text: text.to_owned(), language: tag(language) };
        let speech = synthesizer.synthesize(request).await.expect(language);
        assert!(speech.samples.len() > speech.sample_rate_hz as usize / 2, "{language}");
    }
    let openai = json!({ "model": "tts-1", "input": "Hola a todos.", "voice": "es-ES" });
    let url = format!("{}/v1/audio/speech", server.base);
    let response = http().post(url).body(openai.to_string()).send().await.expect("an answer");
    assert_eq!(response.headers()["content-type"], "audio/wav");
    server.shutdown.cancel();
}

#[tokio::test]
async fn bad_requests_get_problems_that_say_why() {
    let server = start().await;
    wait_until_ready(&server.base).await;
    let chat = |text: &str, from: &str, to: &str| {
        let metadata = json!({ "source_language": from, "target_language": to });
        json!({ "messages": [{ "role": "user", "content": text }], "metadata": metadata }).to_string()
    };
    for (path, body, status, code) in [
        ("/asr", String::new(), 415, "not_audio"),
        ("/asr", "not a wav at all, just words".to_owned(), 415, "not_audio"),
        ("/asr", "x".repeat(9 << 20), 413, "too_large"),
        ("/v1/chat/completions", "{".to_owned(), 400, "invalid_request"),
        ("/v1/chat/completions", json!({ "messages": [] }).to_string(), 400, "invalid_request"),
        ("/v1/chat/completions", chat("Hallo.", "de", "en"), 422, "unsupported_language"),
        ("/v1/chat/completions", chat("Hello.", "english please", "es"), 400, "invalid_request"),
        ("/v1/chat/completions", chat(" ", "en", "es"), 422, "empty_text"),
        ("/v1/chat/completions", chat(&"x ".repeat(10_000), "en", "es"), 413, "too_large"),
        ("/v1/chat/completions", chat(&"x ".repeat(200_000), "en", "es"), 413, "too_large"),
        ("/tts", json!({ "inputs": "" }).to_string(), 422, "empty_text"),
        (
            "/tts",
            json!({ "inputs": "Hallo", "parameters": { "language": "de" } }).to_string(),
            422,
            "unsupported_language",
        ),
        (
            "/v1/audio/speech",
            json!({ "input": "x", "response_format": "mp3" }).to_string(),
            400,
            "invalid_request",
        ),
        ("/nowhere", String::new(), 404, "not_found"),
        ("/health", String::new(), 405, "not_found"),
    ] {
        let url = format!("{}{path}", server.base);
        let response = http().post(url).body(body).send().await.expect("an answer");
        let is_problem = response.headers()["content-type"] == "application/problem+json";
        let got = response.status().as_u16();
        let problem: Value = serde_json::from_str(&response.text().await.expect("a body")).expect("JSON");
        assert!(is_problem, "{path}: {problem}");
        assert_eq!((got, problem["code"].as_str()), (status, Some(code)), "{path}: {problem}");
        assert!(problem["error"].as_str().is_some_and(|error| !error.is_empty()), "{problem}");
    }
    let url = format!("{}/asr", server.base);
    let spanish =
        http().post(url).header("accept-language", "es-ES").body("RIFF").send().await.expect("an answer");
    assert_eq!(spanish.status(), 422);
    server.shutdown.cancel();
}

async fn wait_until_ready(base: &str) {
    let url = format!("{base}/ready");
    for _ in 0..300 {
        if http().get(&url).send().await.is_ok_and(|response| response.status() == 200) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the engines do not get ready");
}

#[tokio::test]
async fn any_rate_is_taken_and_silence_is_no_text() {
    installed();
    let server = start().await;
    wait_until_ready(&server.base).await;
    let asr = async |samples: &[i16], rate: u32| {
        let wav = media::wav::encode_mono(samples, rate);
        let response = http().post(format!("{}/asr", server.base)).body(wav).send().await.expect("an answer");
        let answer: Value = serde_json::from_str(&response.text().await.expect("a body")).expect("JSON");
        answer["text"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    };
    let samples = flite("Thank you very much.");
    let twice: Vec<i16> = samples.iter().flat_map(|sample| [*sample; 2]).collect();
    assert_eq!(asr(&samples, 16_000).await, "Thank you very much.");
    assert_eq!(asr(&twice, 32_000).await, "Thank you very much.");
    assert_eq!(asr(&[], 16_000).await, "");
    assert_eq!(asr(&[0; 500], 16_000).await, "");
    assert_eq!(asr(&vec![0; 32_000], 16_000).await, "");
    server.shutdown.cancel();
}

#[tokio::test]
async fn more_utterances_than_the_queue_holds_are_told_to_come_later() {
    installed();
    let server =
        start_with(EnginesConfig { decoders: 1, decoder_queue: 1, ..EnginesConfig::default() }).await;
    wait_until_ready(&server.base).await;
    let wav = media::wav::encode_mono(&flite(TALK[0]), 16_000);
    let requests = (0..6).map(|_| http().post(format!("{}/asr", server.base)).body(wav.clone()).send());
    let answers = futures_util::future::join_all(requests).await;
    let statuses: Vec<u16> = answers.iter().flatten().map(|answer| answer.status().as_u16()).collect();
    assert!(statuses.contains(&200) && statuses.contains(&429), "{statuses:?}");
    let busy = answers.iter().flatten().find(|answer| answer.status() == 429).expect("one");
    assert_eq!(busy.headers()["retry-after"], "1");
    server.shutdown.cancel();
}

#[tokio::test]
async fn what_is_not_installed_is_named_with_its_package() {
    let config = EnginesConfig {
        pocketsphinx_model: "/nonexistent/model".into(),
        apertium_modes: "/nonexistent/modes".into(),
        ..EnginesConfig::default()
    };
    let missing: Vec<_> = check(&config).into_iter().map(|missing| missing.package).collect();
    for package in ["pocketsphinx-en-us", "apertium-eng-spa", "apertium-eng-cat"] {
        assert!(missing.contains(&package), "{package}: {missing:?}");
    }
    let server = start_with(config).await;
    let transcriber = server.models.transcriber.expect("a transcriber");
    let error = transcriber.transcribe(speech(&vec![0; 16_000].into())).await.expect_err("missing");
    assert!(!error.is_retryable() && error.to_string().contains("pocketsphinx-en-us"), "{error}");
    let translator = server.models.translator.expect("a translator");
    let error = translator.translate(caption("Hello.", "en", "ca")).await.expect_err("missing");
    assert!(!error.is_retryable() && error.to_string().contains("apertium-eng-cat"), "{error}");
    server.shutdown.cancel();
}

#[tokio::test]
async fn translation_and_speech_take_a_fraction_of_a_second() {
    installed();
    let server = start().await;
    let (translator, synthesizer) =
        (server.models.translator.expect("one"), server.models.synthesizer.expect("one"));
    let mut times: BTreeMap<&str, Vec<Duration>> = BTreeMap::new();
    for _ in 0..3 {
        for text in TALK {
            for (to, name) in [("es-ES", "translation to es"), ("ca-ES", "translation to ca")] {
                let started = Instant::now();
                translator.translate(caption(text, "en-US", to)).await.expect("translated");
                times.entry(name).or_default().push(started.elapsed());
            }
        }
        for (language, name) in
            [("es-ES", "speech in es"), ("ca-ES", "speech in ca"), ("en-US", "speech in en")]
        {
            let request =
                SynthesizeRequest { text: "El tren es más barato.".into(), language: tag(language) };
            let started = Instant::now();
            synthesizer.synthesize(request).await.expect("spoken");
            times.entry(name).or_default().push(started.elapsed());
        }
    }
    for (name, mut times) in times {
        times.sort_unstable();
        let median = times[times.len() / 2];
        println!(
            "{name}: median {} ms, slowest {} ms",
            median.as_millis(),
            times[times.len() - 1].as_millis()
        );
        assert!(median < Duration::from_millis(1500), "{name}: {median:?}");
    }
    server.shutdown.cancel();
}
