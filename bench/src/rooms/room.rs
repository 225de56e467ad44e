//! The people of a room: one who speaks, one who reads.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use agents::{CancellationToken, ConnectOptions, JobContext, token::Permissions};
use anyhow::{Context, Result, ensure};
use common::{SegmentState, config::Secret};
use media::segmenter::SegmenterConfig;
use tokio::{
    sync::mpsc,
    task::JoinSet,
    time::{Instant, timeout},
};

use super::{
    Place,
    engines::ENGINE_TIME,
    speech::{SPEECH_HZ, Sentence},
};

const LANGUAGES: [&str; 3] = ["en-US", "es-ES", "ca-ES"];

/// How long anything may take before the measurement is given up.
const PATIENCE: Duration = Duration::from_secs(60);

/// The segmenter waits this long before a sentence counts as ended.
pub(crate) fn end_silence() -> Duration {
    Duration::from_millis(SegmenterConfig::default().end_silence_ms.into())
}

/// The name of room `n`.
pub(crate) fn name(n: usize) -> String {
    format!("bench-{n}")
}

/// Two people in one room, and the agents beside them.
pub(crate) struct Joined {
    speaker: JobContext,
    listener: JobContext,
    leave: CancellationToken,
}

/// Joins every room twice and waits until its three agents are there.
pub(crate) async fn join_all(place: &Place, rooms: usize) -> Result<Vec<Joined>> {
    let mut joined = Vec::new();
    for n in 0..rooms {
        let room = Joined::new(place, &name(n), &[None]).await?;
        room.has_agents(3).await.with_context(|| format!("room {n}"))?;
        joined.push(room);
    }
    Ok(joined)
}

impl Joined {
    /// A speaker and listeners in `room`, each of whom follows a language, or none.
    pub(crate) async fn new(place: &Place, room: &str, listeners: &[Option<&str>]) -> Result<Self> {
        let leave = CancellationToken::new();
        let speaker = person(place, room, "speaker-1", Permissions::SPEAKER, None, &leave).await?;
        let mut listener = None;
        for (n, follows) in listeners.iter().enumerate() {
            let who = format!("listener-{n}");
            listener = Some(person(place, room, &who, Permissions::LISTENER, *follows, &leave).await?);
        }
        Ok(Self { speaker, listener: listener.context("somebody has to listen")?, leave })
    }

    /// Waits until so many agents are in the room.
    pub(crate) async fn has_agents(&self, count: usize) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        let is_agent = |who: &livekit::id::ParticipantIdentity| who.as_str().starts_with("agent-");
        while self.listener.room().remote_participants().keys().filter(|who| is_agent(who)).count() < count {
            ensure!(Instant::now() < deadline, "{count} agents did not join");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        Ok(())
    }

    /// All leave.
    pub(crate) fn leave(self) {
        self.leave.cancel();
    }
}

async fn person(
    place: &Place,
    room: &str,
    who: &str,
    may: Permissions,
    follows: Option<&str>,
    leave: &CancellationToken,
) -> Result<JobContext> {
    let secret = Secret::new(&place.api_secret);
    let options = ConnectOptions::agent(&place.url, &place.api_key, secret, room, who).as_person(may);
    let attributes: BTreeMap<_, _> =
        follows.into_iter().map(|language| ("language".to_owned(), language.to_owned())).collect();
    let options = ConnectOptions { attributes, ..options };
    let (hand_over, mut joining) = mpsc::channel(1);
    let agent = move |ctx: JobContext| {
        let hand_over = hand_over.clone();
        async move {
            hand_over.send(ctx.clone()).await?;
            ctx.shutdown().await;
            Ok(())
        }
    };
    tokio::spawn(agents::connect(options, agent, leave.clone()));
    timeout(PATIENCE, joining.recv()).await?.with_context(|| format!("{who} did not join"))
}

/// All speak at once; returns the delays of every caption per language.
pub(crate) async fn talk_in_all(rooms: Vec<Joined>, talk: Arc<[Sentence]>) -> Result<[Vec<Duration>; 3]> {
    let mut talks = JoinSet::new();
    for room in rooms {
        talks.spawn(talk_in(room, Arc::clone(&talk)));
    }
    let mut delays: [Vec<Duration>; 3] = Default::default();
    while let Some(room) = talks.join_next().await {
        for (all, of_room) in delays.iter_mut().zip(room??) {
            all.extend(of_room);
        }
    }
    Ok(delays)
}

async fn talk_in(room: Joined, talk: Arc<[Sentence]>) -> Result<[Vec<Duration>; 3]> {
    let mut captions = room.listener.captions().subscribe();
    let count = talk.len();
    let reading = tokio::spawn(async move {
        let mut arrivals: [Vec<Instant>; 3] = Default::default();
        let mut seen = BTreeSet::new();
        while arrivals.iter().any(|language| language.len() < count) {
            let caption = captions.recv().await.context("the room ended")?.segment;
            let language = LANGUAGES.iter().position(|tag| *tag == caption.language.as_str());
            let Some(language) = language.filter(|_| caption.state == SegmentState::Final) else { continue };
            if seen.insert((caption.id, language)) {
                arrivals[language].push(Instant::now());
            }
        }
        anyhow::Ok(arrivals)
    });
    let microphone = room.speaker.publish_audio_track("microphone", SPEECH_HZ).await?;
    // Half a second of silence, so that the subscription stands before the first word.
    microphone.write(&vec![0; SPEECH_HZ as usize / 2]).await;
    let began = Instant::now();
    let mut ends = Vec::new();
    let mut written = 0;
    for sentence in talk.iter() {
        ends.push(began + duration(written + sentence.last_voiced));
        microphone.write(&sentence.samples).await;
        written += sentence.samples.len();
    }
    let arrivals = timeout(PATIENCE, reading).await.context("not all captions came")???;
    room.leave.cancel();
    let mut delays: [Vec<Duration>; 3] = Default::default();
    for (language, arrivals) in arrivals.iter().enumerate() {
        // English waits for one engine, a translation for two.
        let subtract = end_silence() + ENGINE_TIME * if language == 0 { 1 } else { 2 };
        let own = arrivals.iter().zip(&ends).map(|(arrival, end)| (*arrival - *end).saturating_sub(subtract));
        delays[language] = own.collect();
    }
    Ok(delays)
}

fn duration(samples: usize) -> Duration {
    Duration::from_micros(samples as u64 * 1_000_000 / u64::from(SPEECH_HZ))
}
