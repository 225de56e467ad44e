//! An agent of one's own: it reads the captions of a room, and captions a notice whenever its word is said.
//!
//! ```text
//! LIVEKIT_URL=ws://127.0.0.1:7880 LIVEKIT_API_KEY=… LIVEKIT_API_SECRET=… cargo run -p examples --bin word_spotter
//! ```
use agents::{AgentResult, CancellationToken, ConnectOptions, JobContext, captions::Caption};
use anyhow::Context;
use common::{Segment, SegmentId, SegmentState, config::Variables};

async fn spot(ctx: JobContext, word: String) -> AgentResult {
    let mut captions = ctx.captions().subscribe();
    while let Some(Caption { segment, track_sid }) = captions.recv().await {
        let said = segment.state == SegmentState::Final && !segment.is_translated();
        if said && segment.text.to_lowercase().contains(&word) {
            let text = format!("{} said {word:?}", segment.speaker);
            let speaker = ctx.identity().to_owned();
            let notice = Segment { id: SegmentId::generate(), speaker, text, revision: 0, ..segment };
            ctx.captions().publish(Caption { segment: notice, track_sid });
        }
    }
    Ok(())
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let variables = Variables::from_env();
    let url: String = variables.or("LIVEKIT_URL", "ws://127.0.0.1:7880".to_owned());
    let key: String = variables.optional("LIVEKIT_API_KEY").context("LIVEKIT_API_KEY is not set")?;
    let secret = variables.secret("LIVEKIT_API_SECRET").context("LIVEKIT_API_SECRET is not set")?;
    let room: String = variables.or("ROOM", "demo".to_owned());
    let word: String = variables.or("WORD", "coffee".to_owned());

    let shutdown = CancellationToken::new();
    let options = ConnectOptions::agent(url, key, secret, room, "agent-word-spotter");
    let job = agents::connect(options, move |ctx| spot(ctx, word.clone()), shutdown.clone());
    tokio::pin!(job);
    tokio::select! {
        result = &mut job => return Ok(result?),
        _ = tokio::signal::ctrl_c() => shutdown.cancel(),
    }
    Ok(job.await?)
}
