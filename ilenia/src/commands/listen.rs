//! `ilenia listen`: follow a room in one language.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use agents::{JobContext, token::Permissions};
use common::{LanguageTag, config::Variables};
use tokio::sync::Mutex;

use crate::{
    captions::{print::CaptionPrinter, srt::SrtFile},
    failure::{Failure, Kind},
    joining,
    listening::{Listening, RECORDING_HZ},
    recording::wav_file::WavFile,
    settings::{LiveKitSettings, LogSettings},
    shutdown, terminal,
};

#[derive(Debug, clap::Args)]
pub(crate) struct ListenArguments {
    /// The room
    #[arg(long)]
    room: String,
    /// The language to follow: en-US, es-ES, ca-ES, …
    #[arg(long)]
    language: LanguageTag,
    /// Save its speech, a WAV file: the translation's, or where it is the language that is spoken, the speakers' own
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
    /// Save its final captions, an SRT file
    #[arg(long, value_name = "FILE")]
    srt: Option<PathBuf>,
    /// Also show captions that may still change
    #[arg(long)]
    interim: bool,
    /// End after as many seconds
    #[arg(long = "for", value_name = "SECONDS")]
    seconds: Option<u64>,
    /// Who listens [default: listener-guest-… by chance]
    #[arg(long)]
    identity: Option<String>,
    /// The name that is shown
    #[arg(long)]
    name: Option<String>,
}

impl ListenArguments {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let variables = Variables::from_env();
        let log = LogSettings::read(&variables, LogSettings::QUIET);
        let livekit = LiveKitSettings::read(&variables);
        let (log, livekit) = variables.finish((log, livekit))?;
        log.start()?;
        let shutdown = shutdown::on_signals()?;

        if !joining::room_exists(&livekit, &self.room).await? {
            return Err(Failure::new(Kind::NoInput, format!("no room {:?} at {}", self.room, livekit.url))
                .hint("`ilenia say` and `ilenia agent connect` make one"));
        }
        let cannot = |path: &Path, error: std::io::Error| {
            Failure::new(Kind::CannotCreate, format!("cannot write {}: {error}", path.display()))
        };
        let create_wav =
            |path: &PathBuf| WavFile::create(path, RECORDING_HZ).map_err(|error| cannot(path, error));
        let create_srt = |path: &PathBuf| SrtFile::create(path).map_err(|error| cannot(path, error));
        let listening = Listening {
            language: self.language.clone(),
            printer: CaptionPrinter::new(self.interim),
            wav: self.save.as_ref().map(create_wav).transpose()?,
            srt: self.srt.as_ref().map(create_srt).transpose()?,
        };

        let identity = self.identity.unwrap_or_else(|| joining::random_identity("listener-guest-"));
        let mut options = livekit.person(&self.room, &identity, Permissions::LISTENER);
        options.name = self.name;
        options.attributes.insert("language".to_owned(), self.language.to_string());
        options.join_within = joining::PATIENCE;
        if let Some(seconds) = self.seconds {
            let shutdown = shutdown.clone();
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_secs(seconds)).await;
                shutdown.cancel();
            });
        }
        let listening = Arc::new(Mutex::new(listening));
        let saved = Arc::clone(&listening);
        let agent = move |ctx: JobContext| {
            let listening = Arc::clone(&listening);
            async move { Ok(listening.lock().await.run(&ctx).await?) }
        };
        let result = joining::connect(&livekit, options, agent, shutdown).await;
        if let (Some(path), Some(wav)) = (&self.save, &saved.lock().await.wav) {
            terminal::note(format!("{}: {:.1} s", path.display(), wav.duration_ms() as f64 / 1000.0));
        }
        result
    }
}
