//! A real LiveKit server, fake engines, and people who speak and listen.
#![allow(dead_code, unreachable_pub, unused_imports, reason = "each test file uses its part")]

mod fakes;
mod slow_link;

use std::{
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use agents::{
    Agent, AgentError, CancellationToken, ConnectOptions, JobContext,
    asr::{self, AsrAgent, AsrOptions},
    captions::Caption,
    mt::{self, MtAgent, MtOptions},
    token::Permissions,
};
use async_trait::async_trait;
use common::{LanguageTag, SegmentState, config::Secret};
use inference::{
    InferenceError, SynthesizeRequest, SynthesizedSpeech, Synthesizer, TranscribeRequest, Transcriber,
    Transcript, TranslateRequest, Translation, Translator,
};
use livekit_api::services::room::RoomClient;
use parking_lot::Mutex;
use tokio::{
    task::JoinHandle,
    time::{Instant, sleep},
};

pub use self::{
    fakes::{FakeLog, FakeTokens},
    slow_link::SlowLink,
};
pub use tests::LiveKitServer;

pub const ROOM: &str = "stage";
pub const SPEECH_HZ: u32 = 16_000;
/// Longer than anything here takes, also on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(60);

pub fn language(tag: &str) -> LanguageTag {
    tag.parse().expect("a language tag")
}

/// Hears `utterance n, m s` and counts them; interims are `…`.
#[derive(Default)]
pub struct CountingTranscriber(AtomicU32);

#[async_trait]
impl Transcriber for CountingTranscriber {
    async fn transcribe(&self, request: TranscribeRequest) -> Result<Transcript, InferenceError> {
        sleep(Duration::from_millis(30)).await;
        let text = if request.interim {
            "…".to_owned()
        } else {
            format!("utterance {}", self.0.fetch_add(1, Ordering::SeqCst))
        };
        Ok(Transcript { text })
    }
}

pub struct Prefixing;

#[async_trait]
impl Translator for Prefixing {
    async fn translate(&self, request: TranslateRequest) -> Result<Translation, InferenceError> {
        sleep(Duration::from_millis(30)).await;
        let text = format!("{}: {}", request.target_language.primary(), request.text);
        Ok(Translation { text, untranslated: false })
    }
}

/// Speaks half a second of a loud tone.
pub struct Beeping;

#[async_trait]
impl Synthesizer for Beeping {
    async fn synthesize(&self, _: SynthesizeRequest) -> Result<SynthesizedSpeech, InferenceError> {
        let tone = |i: u32| ((f64::from(i) * 0.1).sin() * 12_000.0) as i16;
        Ok(SynthesizedSpeech { samples: (0..8_000).map(tone).collect(), sample_rate_hz: 16_000 })
    }
}

/// Somebody in a room, until they leave.
pub struct Job {
    leave: CancellationToken,
    task: JoinHandle<Result<(), AgentError>>,
}

impl Job {
    pub fn start(options: ConnectOptions, agent: impl Agent) -> Self {
        let leave = CancellationToken::new();
        let task = tokio::spawn(agents::connect(options, agent, leave.clone()));
        Self { leave, task }
    }

    pub async fn leave(self) {
        self.leave.cancel();
        self.task.await.expect("no panic").expect("left in good order");
    }

    /// Waits until the job ends by itself.
    pub async fn end(self) -> Result<(), AgentError> {
        tokio::time::timeout(PATIENCE, self.task).await.expect("it ends by itself").expect("no panic")
    }
}

pub fn options(server: &LiveKitServer, identity: &str) -> ConnectOptions {
    ConnectOptions::agent(server.url(), server.api_key(), Secret::new(server.api_secret()), ROOM, identity)
}

pub fn rooms(server: &LiveKitServer) -> RoomClient {
    RoomClient::with_api_key(&server.url().replace("ws", "http"), server.api_key(), server.api_secret())
}

pub fn start_asr(server: &LiveKitServer) -> Job {
    let agent = AsrAgent::new(AsrOptions::new(language("en-US")), Arc::new(CountingTranscriber::default()));
    Job::start(options(server, asr::IDENTITY), agent)
}

pub fn start_mt(server: &LiveKitServer, target: &str, speech: bool) -> Job {
    let target = language(target);
    let voice = speech.then(|| Arc::new(Beeping) as Arc<dyn Synthesizer>);
    let agent = MtAgent::new(MtOptions::new(target.clone()), Arc::new(Prefixing), voice);
    Job::start(options(server, &mt::identity(&target)), agent)
}

/// Publishes a microphone and says `talk` (mono, 16 000 Hz) once somebody may hear it; then is silent until it leaves.
pub fn start_speaker(server: &LiveKitServer, identity: &str, talk: Arc<[i16]>) -> Job {
    let options = options(server, identity).as_person(Permissions::SPEAKER);
    Job::start(options, move |ctx: JobContext| {
        let talk = Arc::clone(&talk);
        async move {
            let microphone = ctx.publish_audio_track("microphone", SPEECH_HZ).await?;
            let silence = [0; SPEECH_HZ as usize / 100];
            for _ in 0..100 {
                microphone.write(&silence).await;
            }
            for frame in talk.chunks_exact(SPEECH_HZ as usize / 100) {
                microphone.write(frame).await;
            }
            tokio::select! {
                () = async { loop { microphone.write(&silence).await } } => {}
                () = ctx.shutdown() => {}
            }
            Ok(())
        }
    })
}

/// What a listener has received.
#[derive(Clone, Default)]
pub struct Heard(Arc<Mutex<Vec<Caption>>>);

impl Heard {
    pub fn all(&self) -> Vec<Caption> {
        self.0.lock().clone()
    }

    /// Final captions of a language, in the order of arrival.
    pub fn finals(&self, tag: &str) -> Vec<Caption> {
        let wanted = language(tag);
        let settled = |c: &Caption| c.segment.state == SegmentState::Final && c.segment.language == wanted;
        self.0.lock().iter().filter(|caption| settled(caption)).cloned().collect()
    }
}

pub fn start_listener(server: &LiveKitServer, identity: &str) -> (Job, Heard) {
    let heard = Heard::default();
    let options = options(server, identity).as_person(Permissions::LISTENER);
    let into = heard.clone();
    let job = Job::start(options, move |ctx: JobContext| {
        let into = into.clone();
        async move {
            let mut captions = ctx.captions().subscribe();
            while let Some(caption) = captions.recv().await {
                into.0.lock().push(caption);
            }
            Ok(())
        }
    });
    (job, heard)
}

/// Waits until `condition` holds.
pub async fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < deadline, "not within {PATIENCE:?}: {what}");
        sleep(Duration::from_millis(20)).await;
    }
}

/// Waits until all of `identities` are in the room.
pub async fn until_present(server: &LiveKitServer, identities: &[&str]) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let there = rooms(server).list_participants(ROOM).await.unwrap_or_default();
        if identities.iter().all(|wanted| there.iter().any(|p| p.identity == *wanted && p.state == 2)) {
            return;
        }
        assert!(Instant::now() < deadline, "{identities:?} in the room");
        sleep(Duration::from_millis(50)).await;
    }
}

/// `sentences` spoken by flite, mono, 16 000 Hz, a second of silence after each.
pub fn talk(sentences: &[&str]) -> Arc<[i16]> {
    let directory = tempfile::tempdir().expect("a directory");
    let mut samples = Vec::new();
    for sentence in sentences {
        let path = directory.path().join("sentence.wav");
        let status = Command::new("flite").args(["-voice", "slt", "-t", sentence, "-o"]).arg(&path).status();
        assert!(status.expect("flite is installed; see `make setup`").success());
        let bytes = std::fs::read(&path).expect("a file");
        samples.extend(
            media::decode::decode_mono(bytes, SPEECH_HZ, media::decode::DecodeLimits::default())
                .expect("a WAV"),
        );
        samples.extend(vec![0; SPEECH_HZ as usize]);
    }
    samples.into()
}
