//! `ilenia say`: a sound file as somebody's microphone.

use std::{path::PathBuf, sync::Arc, time::Duration};

use agents::{JobContext, token::Permissions};
use common::config::Variables;
use livekit::RoomEvent;
use tokio::sync::{Mutex, mpsc::UnboundedReceiver};

use crate::{
    failure::{Failure, Kind},
    joining::{self, MICROPHONE},
    recording::playback::{PLAYBACK_HZ, Playback},
    settings::{LiveKitSettings, LogSettings},
    shutdown, terminal,
};

#[derive(Debug, clap::Args)]
pub(crate) struct SayArguments {
    /// The room; made if it does not exist
    #[arg(long)]
    room: String,
    /// WAV, Ogg, FLAC or MP3, of any rate and number of channels; `-`: standard input
    #[arg(long)]
    file: PathBuf,
    /// Who speaks [default: speaker-… by chance]
    #[arg(long)]
    identity: Option<String>,
    /// The name that is shown
    #[arg(long)]
    name: Option<String>,
    /// Say it again and again, until Ctrl-C
    #[arg(long = "loop")]
    repeat: bool,
}

/// How long we wait for somebody to listen before we begin.
const AUDIENCE: Duration = Duration::from_secs(3);
/// Silence before the first word, in which the listeners' decoders settle.
const LEAD: Duration = Duration::from_millis(500);
/// Silence after the last word, in which its end is noticed and what is on the way arrives.
const TAIL: Duration = Duration::from_millis(1_500);

impl SayArguments {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let variables = Variables::from_env();
        let log = LogSettings::read(&variables, LogSettings::QUIET);
        let livekit = LiveKitSettings::read(&variables);
        let (log, livekit) = variables.finish((log, livekit))?;
        log.start()?;
        let shutdown = shutdown::on_signals()?;

        let playback = Arc::new(Mutex::new(Playback::open(&self.file, self.repeat).await?));
        let identity = self.identity.unwrap_or_else(|| joining::random_identity("speaker-"));
        let mut options = livekit.person(&self.room, &identity, Permissions::SPEAKER);
        options.name = self.name;
        options.join_within = joining::PATIENCE;
        let agent = move |ctx: JobContext| {
            let playback = Arc::clone(&playback);
            async move {
                tokio::select! {
                    result = speak(&ctx, &playback) => Ok(result?),
                    () = ctx.shutdown() => Ok(()),
                }
            }
        };
        joining::connect(&livekit, options, agent, shutdown).await
    }
}

async fn speak(ctx: &JobContext, playback: &Mutex<Playback>) -> Result<(), Failure> {
    let mut events = ctx.room().subscribe();
    let track = ctx
        .publish_audio_track(MICROPHONE, PLAYBACK_HZ)
        .await
        .map_err(|error| Failure::new(Kind::Other, error.to_string()))?;
    terminal::note(format!("{} speaks into room {:?}", ctx.identity(), ctx.room_name()));
    if tokio::time::timeout(AUDIENCE, audience(&mut events)).await.is_err() {
        terminal::note("nobody listens yet; speaking all the same");
    }
    let mut playback = playback.lock().await;
    play_silence(&track, LEAD).await;
    while let Some(samples) = playback.next().await? {
        joining::play(&track, &samples).await;
    }
    play_silence(&track, TAIL).await;
    Ok(())
}

/// Resolves when somebody subscribed to a track of ours.
async fn audience(events: &mut UnboundedReceiver<RoomEvent>) {
    while let Some(event) = events.recv().await {
        if matches!(event, RoomEvent::LocalTrackSubscribed { .. }) {
            return;
        }
    }
    std::future::pending::<()>().await;
}

async fn play_silence(track: &agents::AudioTrackWriter, duration: Duration) {
    joining::play(track, &vec![0; media::ms_to_samples(duration.as_millis() as u64, PLAYBACK_HZ) as usize])
        .await;
}
