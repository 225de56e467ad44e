//! The process that is measured: the agents of all rooms, and nothing else.

use std::{process::Stdio, sync::Arc};

use agents::{
    CancellationToken, ConnectOptions,
    asr::{self, AsrAgent, AsrOptions},
    mt::{self, MtAgent, MtOptions},
};
use anyhow::{Context, Result};
use common::{LanguageTag, config::Secret, config::Variables};
use inference::InferenceConfig;
use tokio::{io::AsyncReadExt, process::Child, process::Command, task::JoinSet};

use super::{Place, room};

/// Starts this program again as the agents of `rooms` rooms. It ends when its standard input does.
pub(crate) fn spawn(place: &Place, rooms: usize) -> Result<Child> {
    Command::new(std::env::current_exe()?)
        .args(["agents", &rooms.to_string(), &place.url, &place.api_key, &place.api_secret])
        .arg(place.engines.to_string())
        .stdin(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .context("starting the agents")
}

/// Asks the agents to leave and waits for it.
pub(crate) async fn stop(mut child: Child) -> Result<()> {
    drop(child.stdin.take());
    child.wait().await?;
    Ok(())
}

/// Runs the agents until standard input ends.
pub(crate) async fn run(place: &Place, rooms: usize) -> Result<()> {
    let models = InferenceConfig::from_variables(&Variables::default()).or_engines(place.engines).models()?;
    let transcriber = models.transcriber.context("a transcriber")?;
    let translator = models.translator.context("a translator")?;
    let english: LanguageTag = "en-US".parse()?;
    let spanish: LanguageTag = "es-ES".parse()?;
    let catalan: LanguageTag = "ca-ES".parse()?;
    let end = CancellationToken::new();
    let mut jobs = JoinSet::new();
    for n in 0..rooms {
        let options = |identity: &str| {
            let secret = Secret::new(&place.api_secret);
            ConnectOptions::agent(&place.url, &place.api_key, secret, room::name(n), identity)
        };
        let asr = AsrAgent::new(AsrOptions::new(english.clone()), Arc::clone(&transcriber));
        jobs.spawn(agents::connect(options(asr::IDENTITY), asr, end.clone()));
        for (language, synthesizer) in [(&spanish, models.synthesizer.clone()), (&catalan, None)] {
            let mt = MtAgent::new(MtOptions::new(language.clone()), Arc::clone(&translator), synthesizer);
            jobs.spawn(agents::connect(options(&mt::identity(language)), mt, end.clone()));
        }
    }
    tokio::io::stdin().read_to_end(&mut Vec::new()).await?;
    end.cancel();
    while let Some(job) = jobs.join_next().await {
        job??;
    }
    Ok(())
}
