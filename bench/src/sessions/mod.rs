//! Sessions: from the request to start one until its first agent is in the room, and what each costs the live-service
//! in memory (PSS), its agents included.
//!
//! All services run as in production, each a process of its own with its data in memory, with a real LiveKit server and
//! engines that answer after a fixed time. In each session one speaker talks, one listener follows Spanish and one
//! Catalan; nothing is spoken by machines.

mod platform;

use std::{net::SocketAddr, path::Path, time::Duration};

use anyhow::{Context, Result};
use tokio::time::Instant;

use self::platform::Platform;
use crate::rooms::{
    engines, median_and_p95,
    room::{self, Joined},
    speech::{self, Sentence},
};

/// How many sessions are started, one after another, for the first figures.
const STARTS: usize = 20;
/// Who listens in each.
const FOLLOWED: [Option<&str>; 2] = [Some("es-ES"), Some("ca-ES")];
/// What works in each: one agent that transcribes, two that translate.
const AGENTS: usize = 3;

#[expect(clippy::print_stdout, reason = "the figures are what this program is for")]
pub(crate) async fn measure(ilenia: &Path, counts: &[usize]) -> Result<()> {
    let sentences = speech::sentences().await?;
    let engines = engines::serve().await?;
    let starts = starts(ilenia, engines).await?;
    println!("{STARTS} sessions, one after another; ms from the request, median (p95)");
    println!();
    println!("| answered | first agent in the room | all {AGENTS} agents |");
    println!("|---|---|---|");
    println!("| {} |", starts.map(median_and_p95).join(" | "));
    println!();
    println!(
        "| sessions | en ms, median (p95) | es ms | ca ms | live-service before, MB | with them | MB per session |"
    );
    println!("|---|---|---|---|---|---|---|");
    for &count in counts {
        let (delays, idle, busy) =
            talks(ilenia, engines, count, &sentences).await.with_context(|| format!("{count} sessions"))?;
        let delays: Vec<String> = delays.into_iter().map(median_and_p95).collect();
        let [idle, busy] = [idle, busy].map(|bytes| bytes as f64 / 1e6);
        let each = (busy - idle) / count as f64;
        println!("| {count} | {} | {idle:.1} | {busy:.1} | {each:.1} |", delays.join(" | "));
    }
    Ok(())
}

/// How long each start took until it was answered, until the first agent, until all agents.
async fn starts(ilenia: &Path, engines: SocketAddr) -> Result<[Vec<Duration>; 3]> {
    let platform = Platform::start(ilenia, engines).await?;
    let mut took: [Vec<Duration>; 3] = Default::default();
    for _ in 0..STARTS {
        let event = platform.ready_event().await?;
        let people = Joined::new(&platform.place(engines), &room_name(event), &FOLLOWED).await?;
        let began = Instant::now();
        let (answered, first, all) = tokio::join!(
            async { anyhow::Ok((platform.start_session(event).await?, began.elapsed())) },
            async { people.has_agents(1).await.map(|()| began.elapsed()) },
            async { people.has_agents(AGENTS).await.map(|()| began.elapsed()) },
        );
        let (session, answered) = answered?;
        for (all, one) in took.iter_mut().zip([answered, first?, all?]) {
            all.push(one);
        }
        platform.stop_session(event, &session).await?;
        people.leave();
    }
    platform.stop().await?;
    Ok(took)
}

/// The captions' delays, and the live-service's memory before the sessions and at the end of their talks.
async fn talks(
    ilenia: &Path,
    engines: SocketAddr,
    count: usize,
    sentences: &std::sync::Arc<[Sentence]>,
) -> Result<([Vec<Duration>; 3], u64, u64)> {
    let platform = Platform::start(ilenia, engines).await?;
    let idle = platform.pss_bytes()?;
    let mut rooms = Vec::new();
    for _ in 0..count {
        let event = platform.ready_event().await?;
        let people = Joined::new(&platform.place(engines), &room_name(event), &FOLLOWED).await?;
        platform.start_session(event).await?;
        people.has_agents(AGENTS).await?;
        rooms.push(people);
    }
    let delays = room::talk_in_all(rooms, sentences.clone()).await?;
    let busy = platform.pss_bytes()?;
    platform.stop().await?;
    Ok((delays, idle, busy))
}

fn room_name(event: i64) -> String {
    format!("event-{event}-channel-1")
}
