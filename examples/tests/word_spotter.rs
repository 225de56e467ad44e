//! The example runs, as a program of its own, in a room of a real LiveKit server.

use std::{process::Stdio, time::Duration};

use agents::{CancellationToken, ConnectOptions, JobContext, captions::Caption};
use common::{Segment, SegmentId, SegmentState, config::Secret};
use tests::LiveKitServer;
use tokio::{process::Command, time::timeout};

fn caption(text: &str) -> Caption {
    let language: common::LanguageTag = "en-US".parse().expect("a tag");
    let segment = Segment {
        id: SegmentId::generate(),
        speaker: "speaker-ana".into(),
        source_language: language.clone(),
        language,
        text: text.into(),
        start_ms: 0,
        end_ms: 900,
        revision: 0,
        state: SegmentState::Final,
    };
    Caption { segment, track_sid: String::new() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_notice_is_captioned_when_the_word_is_said() {
    let server = LiveKitServer::start().await.expect("a server");
    let _spotter = Command::new(env!("CARGO_BIN_EXE_word_spotter"))
        .env("LIVEKIT_URL", server.url())
        .env("LIVEKIT_API_KEY", server.api_key())
        .env("LIVEKIT_API_SECRET", server.api_secret())
        .env("ROOM", "cafe")
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .expect("the example runs");
    let secret = Secret::new(server.api_secret());
    let options = ConnectOptions::agent(server.url(), server.api_key(), secret, "cafe", "agent-asr");
    let talk = |ctx: JobContext| async move {
        let mut captions = ctx.captions().subscribe();
        // It is sent the captions of the last 30 s when it joins, however late.
        ctx.captions().publish(caption("Nothing to see here."));
        ctx.captions().publish(caption("Time for a Coffee!"));
        let notice = captions.recv().await.ok_or("the job ended")?.segment;
        assert_eq!(notice.text, "speaker-ana said \"coffee\"");
        assert_eq!(notice.speaker, "agent-word-spotter");
        Ok(())
    };
    let job = agents::connect(options, talk, CancellationToken::new());
    timeout(Duration::from_secs(30), job).await.expect("a notice").expect("no error");
}
