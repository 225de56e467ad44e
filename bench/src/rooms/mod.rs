//! Rooms: the delay from the end of speech to each caption, memory and processor time.
//!
//! For 1, 4 and 8 rooms, each with one speaker, an ASR agent, a speaking Spanish and a Catalan MT agent and a
//! listener: the delay from the end of speech to each caption *without* the engines' own time and the end silence of
//! the segmenter, and memory (PSS) and processor time of the process that runs the agents, per room. The engines
//! answer after a fixed time ([`engines::ENGINE_TIME`]), so that what is measured is Ilenia and WebRTC.

pub(crate) mod agents_process;
pub(crate) mod engines;
pub(crate) mod room;
pub(crate) mod speech;

use std::time::Duration;

use anyhow::{Context, Result};

use crate::process;

/// Where the parts of one measurement are.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) url: String,
    pub(crate) api_key: String,
    pub(crate) api_secret: String,
    pub(crate) engines: std::net::SocketAddr,
}

#[expect(clippy::print_stdout, reason = "the figures are what this program is for")]
pub(crate) async fn measure(counts: &[usize]) -> Result<()> {
    let sentences = speech::sentences().await?;
    let engines = engines::serve().await?;
    println!(
        "{} sentences a room; engines answer after {} ms; end silence {} ms (both subtracted)",
        sentences.len(),
        engines::ENGINE_TIME.as_millis(),
        room::end_silence().as_millis(),
    );
    println!();
    println!(
        "| rooms | en ms, median (p95) | es ms | ca ms | PSS MB | MB per further room | CPU % of a core per room |"
    );
    println!("|---|---|---|---|---|---|---|");
    let mut first: Option<(usize, f64)> = None;
    for &rooms in counts {
        let figures = one(rooms, engines, &sentences).await.with_context(|| format!("{rooms} rooms"))?;
        let delays: Vec<String> = figures.delays.into_iter().map(median_and_p95).collect();
        let megabytes = figures.pss_bytes as f64 / 1e6;
        let further = first.map_or_else(
            || "–".to_owned(),
            |(n, mb)| format!("{:.1}", (megabytes - mb) / (rooms.saturating_sub(n).max(1)) as f64),
        );
        first = first.or(Some((rooms, megabytes)));
        let cpu = figures.cpu.as_secs_f64() / figures.wall.as_secs_f64() / rooms as f64 * 100.0;
        println!("| {rooms} | {} | {megabytes:.1} | {further} | {cpu:.2} |", delays.join(" | "));
    }
    Ok(())
}

struct Figures {
    /// English, Spanish, Catalan.
    delays: [Vec<Duration>; 3],
    pss_bytes: u64,
    cpu: Duration,
    wall: Duration,
}

async fn one(
    rooms: usize,
    engines: std::net::SocketAddr,
    sentences: &std::sync::Arc<[speech::Sentence]>,
) -> Result<Figures> {
    let server = tests::LiveKitServer::start().await?;
    let place = Place {
        url: server.url(),
        api_key: server.api_key().to_owned(),
        api_secret: server.api_secret().to_owned(),
        engines,
    };
    let child = agents_process::spawn(&place, rooms)?;
    let pid = child.id().context("the agents run")?;
    let joined = room::join_all(&place, rooms).await?;
    let (cpu, began) = (process::cpu_time(pid)?, tokio::time::Instant::now());
    let delays = room::talk_in_all(joined, sentences.clone()).await?;
    let figures = Figures {
        delays,
        pss_bytes: process::pss_bytes(pid)?,
        cpu: process::cpu_time(pid)?.saturating_sub(cpu),
        wall: began.elapsed(),
    };
    agents_process::stop(child).await?;
    Ok(figures)
}

/// `148 (177)`: median and 95th percentile, milliseconds.
pub(crate) fn median_and_p95(mut delays: Vec<Duration>) -> String {
    delays.sort_unstable();
    let at = |share: f64| {
        let index = ((delays.len() as f64 * share).ceil() as usize).clamp(1, delays.len()) - 1;
        delays.get(index).map_or(0, Duration::as_millis)
    };
    if delays.is_empty() { "none".to_owned() } else { format!("{} ({})", at(0.5), at(0.95)) }
}
