//! The demonstration: a voice speaks English into a room, agents caption and translate it, and we show what a listener
//! would see.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use agents::{CancellationToken, JobContext, token::Permissions};
use common::{LanguageTag, Segment, SegmentId, SegmentState};
use inference::Models;
use livekit::id::ParticipantIdentity;
use tokio::{
    sync::mpsc,
    task::JoinSet,
    time::{Instant, sleep, timeout},
};

use crate::{
    commands::agent::{AgentKind, Job},
    dev::{
        sample,
        speech_clock::{SpeechClock, median},
    },
    failure::{Failure, Kind},
    joining::{self, MICROPHONE},
    recording::playback::PLAYBACK_HZ,
    settings::LiveKitSettings,
    terminal,
};

/// The demonstration's room.
pub(crate) const ROOM: &str = "demo";
/// What the voice speaks.
const SOURCE: &str = "en-US";
/// Spoken too.
pub(crate) const SPOKEN: &str = "es-ES";
/// All captions, in the order of their columns.
const LANGUAGES: [&str; 3] = [SOURCE, SPOKEN, "ca-ES"];

/// Until all agents are in the room.
const AGENTS_WITHIN: Duration = Duration::from_secs(40);
/// Silence before, between and after the sentences.
const PAUSE: Duration = Duration::from_millis(1_200);
/// Until the last caption is given up, from the end of speech or from the caption before it.
const LAST_CAPTION_WITHIN: Duration = Duration::from_secs(20);

/// What happens in the room.
enum Event {
    /// The voice ended a sentence.
    SentenceEnded(Instant),
    /// The voice has said everything.
    SpeechEnded,
    /// A caption arrived.
    Caption(Box<Segment>, Instant),
}

/// The demonstration's agents, at work until they are told to end.
pub(crate) struct Demo {
    livekit: LiveKitSettings,
    jobs: JoinSet<Result<(), Failure>>,
    shutdown: CancellationToken,
}

impl Demo {
    /// Sends the agents into the room.
    pub(crate) fn start(livekit: &LiveKitSettings, models: &Models, shutdown: CancellationToken) -> Self {
        let mut demo = Self { livekit: livekit.clone(), jobs: JoinSet::new(), shutdown };
        for job in jobs() {
            let (livekit, models, shutdown) = (demo.livekit.clone(), models.clone(), demo.shutdown.clone());
            demo.jobs.spawn(async move { job.run(&livekit, ROOM, &models, shutdown).await });
        }
        demo
    }

    /// Speaks the sample and prints its captions. Returns early when told to end.
    ///
    /// Errors: an agent gave up, or captions are missing.
    pub(crate) async fn show(&mut self) -> Result<(), Failure> {
        let mut talk = Vec::new();
        for sentence in sample::sentences() {
            talk.push(sample::speak(sentence).await?);
        }
        let sentences = talk.len();
        // The audience and the voice leave with the end of the show, the agents stay.
        let show_over = self.shutdown.child_token();
        let _guard = show_over.clone().drop_guard();
        let (events_in, mut events) = mpsc::channel(1_000);
        let mut people = JoinSet::new();
        people.spawn(listen(self.livekit.clone(), events_in.clone(), show_over.clone()));
        let began = Instant::now();
        // The audience tells the clock's zero by being there; then the voice begins.
        let mut screen = Screen::new(began);
        let shutdown = self.shutdown.clone();
        people.spawn(speak(self.livekit.clone(), Arc::new(talk), events_in, show_over.clone()));
        loop {
            tokio::select! {
                event = timeout(screen.patience(), events.recv()) => match event {
                    Ok(Some(event)) => if screen.take(event) { break },
                    Ok(None) | Err(_) => break,
                },
                Some(ended) = self.jobs.join_next() => joined(ended)?,
                Some(ended) = people.join_next() => joined(ended)?,
                () = shutdown.cancelled() => return Ok(()),
            }
        }
        show_over.cancel();
        while people.join_next().await.is_some() {}
        screen.summary(sentences)
    }

    /// Waits until an agent gives up; forever while all work.
    pub(crate) async fn failed(&mut self) -> Failure {
        loop {
            match self.jobs.join_next().await {
                Some(ended) => {
                    if let Err(failure) = joined(ended) {
                        return failure;
                    }
                }
                None => std::future::pending().await,
            }
        }
    }

    /// Waits until the agents have left, after the end was asked for.
    pub(crate) async fn ended(mut self) {
        while self.jobs.join_next().await.is_some() {}
    }
}

fn joined(ended: Result<Result<(), Failure>, tokio::task::JoinError>) -> Result<(), Failure> {
    ended.unwrap_or_else(|error| {
        Err(Failure::new(Kind::Other, format!("a task of the demonstration broke: {error}")))
    })
}

fn jobs() -> Vec<Job> {
    let tag = |text: &str| text.parse::<LanguageTag>().ok();
    LANGUAGES
        .iter()
        .filter_map(|language| {
            let kind = if *language == SOURCE { AgentKind::Asr } else { AgentKind::Mt };
            Some(Job { kind, language: tag(language)?, speech: *language == SPOKEN })
        })
        .collect()
}

/// The audience: hands on every caption.
async fn listen(
    livekit: LiveKitSettings,
    events: mpsc::Sender<Event>,
    shutdown: CancellationToken,
) -> Result<(), Failure> {
    let identity = joining::random_identity("listener-guest-");
    let mut options = livekit.person(ROOM, &identity, Permissions::LISTENER);
    options.attributes.insert("language".to_owned(), SPOKEN.to_owned());
    let agent = move |ctx: JobContext| {
        let events = events.clone();
        async move {
            let mut captions = ctx.captions().subscribe();
            while let Some(caption) = captions.recv().await {
                if events.send(Event::Caption(Box::new(caption.segment), Instant::now())).await.is_err() {
                    break;
                }
            }
            ctx.shutdown().await;
            Ok(())
        }
    };
    joining::connect(&livekit, options, agent, shutdown).await
}

/// The voice: waits for the agents, then speaks.
async fn speak(
    livekit: LiveKitSettings,
    talk: Arc<Vec<Vec<i16>>>,
    events: mpsc::Sender<Event>,
    shutdown: CancellationToken,
) -> Result<(), Failure> {
    let mut options = livekit.person(ROOM, "speaker-demo", Permissions::SPEAKER);
    options.name = Some("Demo".to_owned());
    let agent = move |ctx: JobContext| {
        let (talk, events) = (Arc::clone(&talk), events.clone());
        async move {
            tokio::select! {
                result = speak_to_agents(&ctx, &talk, &events) => result?,
                () = ctx.shutdown() => {}
            }
            // The show ends when the last caption is there, not with the last word.
            ctx.shutdown().await;
            Ok(())
        }
    };
    joining::connect(&livekit, options, agent, shutdown).await
}

async fn speak_to_agents(
    ctx: &JobContext,
    talk: &[Vec<i16>],
    events: &mpsc::Sender<Event>,
) -> Result<(), Failure> {
    let expected: Vec<_> = jobs().iter().map(|job| ParticipantIdentity(job.identity())).collect();
    let all_there = async {
        loop {
            let there = ctx.room().remote_participants();
            if expected.iter().all(|identity| there.contains_key(identity)) {
                return;
            }
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(AGENTS_WITHIN, all_there)
        .await
        .map_err(|_| Failure::new(Kind::Other, "the agents did not join the room"))?;
    let track = ctx
        .publish_audio_track(MICROPHONE, PLAYBACK_HZ)
        .await
        .map_err(|error| Failure::new(Kind::Other, error.to_string()))?;

    let silence = vec![0; PLAYBACK_HZ as usize * PAUSE.as_millis() as usize / 1000];
    let mut played_samples = 0_u64;
    let began = Instant::now();
    let at = |samples: u64| began + Duration::from_millis(media::samples_to_ms(samples, PLAYBACK_HZ));
    joining::play(&track, &silence).await;
    played_samples += silence.len() as u64;
    for sentence in talk {
        let voiced = trimmed_len(sentence) as u64;
        let end = at(played_samples + voiced);
        let whole = sentence.len().next_multiple_of(PLAYBACK_HZ as usize / 100);
        let mut samples = sentence.clone();
        samples.resize(whole, 0);
        joining::play(&track, &samples).await;
        // The writer is ahead of what is heard by its queue.
        let _show_over = events.send(Event::SentenceEnded(end)).await;
        joining::play(&track, &silence).await;
        played_samples += (whole + silence.len()) as u64;
    }
    let _show_over = events.send(Event::SpeechEnded).await;
    // As a microphone does, go on in silence.
    loop {
        joining::play(&track, &silence).await;
    }
}

/// Length without the silence at the end.
fn trimmed_len(samples: &[i16]) -> usize {
    /// Below this is silence: -50 dB of full scale.
    const QUIET: u16 = 100;
    samples.iter().rposition(|sample| sample.unsigned_abs() > QUIET).map_or(0, |last| last + 1)
}

/// What has been shown.
struct Screen {
    began: Instant,
    clock: SpeechClock,
    speech_ended: bool,
    delays_ms: BTreeMap<&'static str, Vec<u64>>,
    last: Option<SegmentId>,
    last_seen: Vec<&'static str>,
}

impl Screen {
    fn new(began: Instant) -> Self {
        Self {
            began,
            clock: SpeechClock::default(),
            speech_ended: false,
            delays_ms: BTreeMap::new(),
            last: None,
            last_seen: Vec::new(),
        }
    }

    /// How long the next event may take.
    fn patience(&self) -> Duration {
        if self.speech_ended { LAST_CAPTION_WITHIN } else { AGENTS_WITHIN + LAST_CAPTION_WITHIN }
    }

    fn ms(&self, at: Instant) -> u64 {
        at.saturating_duration_since(self.began).as_millis() as u64
    }

    /// Shows an event; whether the last sentence is there in all languages.
    fn take(&mut self, event: Event) -> bool {
        match event {
            Event::SentenceEnded(at) => {
                let at_ms = self.ms(at);
                self.clock.sentence_ended(at_ms);
            }
            Event::SpeechEnded => self.speech_ended = true,
            Event::Caption(segment, arrived) => self.show(&segment, arrived),
        }
        self.speech_ended && LANGUAGES.iter().all(|language| self.last_seen.contains(language))
    }

    fn show(&mut self, segment: &Segment, arrived: Instant) {
        let language = LANGUAGES.into_iter().find(|language| *language == segment.language.as_str());
        let (Some(language), SegmentState::Final) = (language, segment.state) else { return };
        let arrived_ms = self.ms(arrived);
        let end_ms = self.clock.end_of(segment.end_ms, arrived_ms);
        let delay_ms = end_ms.map(|end_ms| arrived_ms - end_ms);
        let delay =
            delay_ms.map_or_else(|| "     –".to_owned(), |ms| format!("{:4.1} s", ms as f64 / 1000.0));
        let text = terminal::printable(&segment.text);
        if language == SOURCE {
            terminal::line("");
        }
        terminal::line(format!("  {language}  {delay}  {text}"));
        self.delays_ms.entry(language).or_default().extend(delay_ms);

        if self.speech_ended || end_ms.is_some_and(|end_ms| self.clock.is_last(end_ms)) {
            if self.last.as_ref() != Some(&segment.id) && language == SOURCE {
                self.last = Some(segment.id.clone());
                self.last_seen.clear();
            }
            if self.last.as_ref() == Some(&segment.id) {
                self.last_seen.push(language);
            }
        }
    }

    /// Prints how it went.
    ///
    /// Errors: fewer captions than sentences in a language.
    fn summary(&self, sentences: usize) -> Result<(), Failure> {
        let of = |language| self.delays_ms.get(language).map_or(&[][..], Vec::as_slice);
        let medians: Vec<_> = LANGUAGES
            .iter()
            .map(|language| format!("{language} {:.1} s", median(of(language)) as f64 / 1000.0))
            .collect();
        terminal::line("");
        terminal::line(format!(
            "  {sentences} sentences; from the end of the words to the caption (median): {}",
            medians.join(", ")
        ));
        let missing: Vec<_> = LANGUAGES
            .iter()
            .filter(|language| of(language).len() < sentences)
            .map(|language| format!("{language} has {} of {sentences} captions", of(language).len()))
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        Err(Failure::new(Kind::Other, format!("the demonstration is incomplete: {}", missing.join(", ")))
            .hint("ILENIA_LOG=info tells more; is the machine very busy?"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caption(id: &str, language: &str, end_ms: u64) -> Box<Segment> {
        Box::new(Segment {
            id: id.parse().expect("an id"),
            speaker: "speaker-demo".into(),
            language: language.parse().expect("a tag"),
            source_language: SOURCE.parse().expect("a tag"),
            text: "words".into(),
            start_ms: end_ms.saturating_sub(1_000),
            end_ms,
            revision: 0,
            state: SegmentState::Final,
        })
    }

    #[tokio::test]
    async fn the_show_ends_with_the_last_sentence_in_every_language() {
        let began = Instant::now();
        let at = |ms| began + Duration::from_millis(ms);
        let mut screen = Screen::new(began);
        for (id, end_ms) in [("a", 3_000), ("b", 6_000)] {
            assert!(!screen.take(Event::SentenceEnded(at(end_ms))));
            assert!(!screen.take(Event::Caption(caption(id, "en-US", end_ms + 500), at(end_ms + 600))));
            assert!(!screen.take(Event::Caption(caption(id, "es-ES", end_ms + 500), at(end_ms + 700))));
            if id == "a" {
                assert!(!screen.take(Event::Caption(caption(id, "ca-ES", end_ms + 500), at(end_ms + 700))));
            }
        }
        assert!(screen.summary(2).is_err(), "a Catalan caption is missing");
        assert!(!screen.take(Event::SpeechEnded));
        assert!(screen.take(Event::Caption(caption("b", "ca-ES", 6_500), at(6_800))));
        assert_eq!(screen.delays_ms["en-US"], [600, 600]);
        assert_eq!(screen.delays_ms["ca-ES"], [700, 800]);
        assert!(screen.summary(2).is_ok());
    }

    #[test]
    fn the_silence_after_a_sentence_does_not_count() {
        assert_eq!(trimmed_len(&[0, 500, 3, -700, 50, 0]), 4);
        assert_eq!(trimmed_len(&[0, 1]), 0);
    }
}
