use std::{
    io::Write as _,
    process::{Command, Stdio},
    time::Duration,
};

use super::*;

fn tag(text: &str) -> LanguageTag {
    text.parse().expect("a tag")
}

/// `echo text | apertium -u mode`.
fn command_line(mode: &str, text: &str) -> String {
    let mut child = Command::new("apertium")
        .args(["-u", mode])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Debian package apertium");
    child.stdin.take().expect("piped").write_all(format!("{text}\n").as_bytes()).expect("written");
    let output = child.wait_with_output().expect("output");
    String::from_utf8(output.stdout).expect("utf-8").trim_end_matches('\n').to_owned()
}

struct Started {
    apertium: Apertium,
    tasks: TaskTracker,
    ended: CancellationToken,
}

fn start() -> Started {
    let config = EnginesConfig::default();
    assert_eq!(missing(&config), [], "Debian packages are not installed");
    let (tasks, ended) = (TaskTracker::new(), CancellationToken::new());
    Started { apertium: Apertium::start(&config, &tasks, &ended), tasks, ended }
}

#[tokio::test]
async fn translations_are_those_of_the_command_line() {
    let started = start();
    for (source, target, mode, texts) in [
        (
            "en-US",
            "es-ES",
            "eng-spa",
            &[
                "Good morning everyone and welcome to the conference.",
                "good morning everyone and welcome to the conference",
                "Is this special: ^ $ / < > [ ] { } \\ @ ~ * # & %?",
                "The Zorblax isn't here; it's 3.5% of what I said, \"really\".",
                "line one\nline two\n\nparagraph",
                "I'm",
                "...",
            ][..],
        ),
        ("en-GB", "ca-ES", "eng-cat", &["The man's house is in the city.", "l'home ^x$ *y* Zorblax [z]"]),
        ("es", "en", "spa-eng", &["Buenos días a todos.", "¿Dónde está la biblioteca?"]),
        ("ca", "en", "cat-eng", &["Bon dia a tothom.", "L'estació és a prop."]),
    ] {
        for text in texts {
            let translation = started.apertium.translate(text, &tag(source), &tag(target)).await.expect(text);
            assert_eq!(translation, command_line(mode, text), "{mode}: {text:?}");
        }
    }
    started.ended.cancel();
}

#[tokio::test]
async fn each_of_many_requests_at_once_gets_its_own_answer() {
    let started = start();
    let requests = (0..30).map(|n| {
        let apertium = started.apertium.clone();
        async move {
            apertium.translate(&format!("{n} houses."), &tag("en"), &tag("es")).await.expect("translated")
        }
    });
    for (n, translation) in futures_util::future::join_all(requests).await.into_iter().enumerate() {
        assert_eq!(translation, format!("{n} casas."));
    }
    started.ended.cancel();
}

#[tokio::test]
async fn a_dropped_request_does_not_shift_the_answers() {
    let started = start();
    let (en, es) = (tag("en"), tag("es"));
    for _ in 0..5 {
        let dropped = timeout(Duration::from_millis(1), started.apertium.translate("The dog.", &en, &es));
        let _given_up = dropped.await;
        assert_eq!(started.apertium.translate("The cat.", &en, &es).await.expect("translated"), "El gato.");
    }
    started.ended.cancel();
}

#[tokio::test]
async fn a_pipeline_that_dies_is_started_again() {
    let mode = EnginesConfig::default().apertium_modes.join("eng-spa.mode");
    let mut direction = Direction { mode, package: "apertium-eng-spa", pipeline: None, at_once: false };
    assert_eq!(direction.translate("The house.").await.expect("translated"), "La casa.");
    let ids = direction.pipeline.as_ref().expect("running").process_ids();
    assert!(ids.len() > 5);
    let status = Command::new("kill").args(["-9", &ids[3].to_string()]).status().expect("kill");
    assert!(status.success());
    assert_eq!(direction.translate("The house.").await.expect("translated again"), "La casa.");
    let anew = direction.pipeline.as_ref().expect("running").process_ids();
    assert!(anew.iter().all(|id| !ids.contains(id)));
    direction.pipeline.take().expect("running").end().await;
    for id in ids.iter().chain(&anew) {
        assert!(!std::path::Path::new(&format!("/proc/{id}/exe")).exists(), "process {id} is left");
    }
}

#[tokio::test]
async fn shutdown_ends_the_programs() {
    let started = start();
    started.apertium.translate("The house.", &tag("en"), &tag("ca")).await.expect("translated");
    started.ended.cancel();
    started.tasks.close();
    timeout(Duration::from_secs(5), started.tasks.wait()).await.expect("ended");
}

#[tokio::test]
async fn other_languages_and_longer_texts_are_refused() {
    let started = start();
    let result = started.apertium.translate("Hallo.", &tag("de"), &tag("en")).await;
    assert!(matches!(result, Err(EngineError::UnsupportedLanguage { .. })), "{result:?}");
    let result = started.apertium.translate(&"x ".repeat(MAX_TEXT_BYTES), &tag("en"), &tag("es")).await;
    assert!(matches!(result, Err(EngineError::TooLarge { .. })), "{result:?}");
    started.ended.cancel();
}
