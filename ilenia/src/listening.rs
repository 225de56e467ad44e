//! Following a room in one language: captions to the terminal and a file, speech to another file.

use std::{collections::BTreeSet, io, time::Duration};

use agents::{JobContext, SpeakerTrack, Speakers, asr, mt};
use common::{LanguageTag, Segment};
use livekit::{DisconnectReason, RoomEvent, id::ParticipantIdentity, participant::RemoteParticipant};
use tokio::{sync::mpsc, time::Instant};

use crate::{
    captions::{print::CaptionPrinter, srt::SrtFile},
    failure::{Failure, Kind},
    recording::{mixer::Mixer, wav_file::WavFile},
    terminal,
};

/// The rate of saved speech.
pub(crate) const RECORDING_HZ: u32 = 48_000;
/// How often settled speech goes to the file.
const SAVE_EVERY: Duration = Duration::from_millis(250);
/// After as long without a caption in our language we say which ones there are.
const NOTHING_FOR: Duration = Duration::from_secs(15);
/// Frames between a track's task and the recording: a second of ten tracks.
const FRAMES_QUEUED: usize = 1_000;

/// A piece of a track.
struct Sound {
    sid: String,
    samples: Vec<i16>,
}

/// What is done with what is heard.
#[derive(Debug)]
pub(crate) struct Listening {
    /// The language that is followed.
    pub(crate) language: LanguageTag,
    /// Shows captions.
    pub(crate) printer: CaptionPrinter,
    /// Where speech is saved.
    pub(crate) wav: Option<WavFile>,
    /// Where captions are saved.
    pub(crate) srt: Option<SrtFile>,
}

impl Listening {
    /// Follows the room until the job or the room ends.
    pub(crate) async fn run(&mut self, ctx: &JobContext) -> Result<(), Failure> {
        let result = self.follow(ctx).await;
        self.printer.clear();
        result
    }

    async fn follow(&mut self, ctx: &JobContext) -> Result<(), Failure> {
        let mut captions = ctx.captions().subscribe();
        let mut events = ctx.room().subscribe();
        let (sounds_in, mut sounds) = mpsc::channel(FRAMES_QUEUED);
        let saving = self.wav.is_some();
        let mut translation = Tracks(saving.then(|| ctx.track_named(&mt::track_name(&self.language))));
        // The speakers themselves are subscribed to only when it turns out that they speak our language.
        let mut speakers = Tracks(None);
        let mut mixer = Mixer::new(RECORDING_HZ);
        let mut spoken_here = false;
        let mut others = Others::new(&self.language);
        let started = Instant::now();
        let mut save = tokio::time::interval(SAVE_EVERY);
        save.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);

        loop {
            let now_ms = |now: Instant| (now - started).as_millis() as u64;
            tokio::select! {
                caption = captions.recv() => {
                    let Some(caption) = caption else { break };
                    spoken_here |= self.is_spoken_in_ours(&caption.segment);
                    if others.is_ours(&caption.segment) {
                        self.show(ctx, &caption.segment)?;
                    }
                }
                track = translation.next() => record(ctx, &track, &sounds_in),
                track = speakers.next() => record(ctx, &track, &sounds_in),
                Some(sound) = sounds.recv() => mixer.push(&sound.sid, &sound.samples, now_ms(Instant::now())),
                now = save.tick() => {
                    if saving && speakers.0.is_none() && (spoken_here || self.is_transcribed_in_ours(ctx)) {
                        speakers = Tracks(Some(ctx.speakers()));
                    }
                    if now - started > NOTHING_FOR {
                        others.tell_once(&self.language);
                    }
                    self.save(mixer.poll(now_ms(now)))?;
                }
                event = events.recv() => match event {
                    Some(RoomEvent::Disconnected { reason }) if is_end(reason) => {
                        terminal::note("the room was closed");
                        break;
                    }
                    Some(_) => {}
                    // The connection was made anew: another room object, other events.
                    None => events = next_connection(ctx, &mut save).await,
                },
                () = ctx.shutdown() => break,
            }
        }
        self.save(mixer.finish())
    }

    fn show(&mut self, ctx: &JobContext, segment: &Segment) -> Result<(), Failure> {
        self.printer.show(segment, &name_of(ctx, &segment.speaker));
        match &mut self.srt {
            Some(srt) => srt.apply(segment).map_err(|error| cannot_save("captions", &error)),
            None => Ok(()),
        }
    }

    fn save(&mut self, samples: Option<Vec<i16>>) -> Result<(), Failure> {
        match (&mut self.wav, samples) {
            (Some(wav), Some(samples)) => wav.write(&samples).map_err(|error| cannot_save("speech", &error)),
            _ => Ok(()),
        }
    }

    fn is_spoken_in_ours(&self, segment: &Segment) -> bool {
        segment.source_language == self.language
    }

    /// Whether the ASR agent says that it listens to our language.
    fn is_transcribed_in_ours(&self, ctx: &JobContext) -> bool {
        let agent = ParticipantIdentity(asr::IDENTITY.to_owned());
        let participants = ctx.room().remote_participants();
        participants.get(&agent).is_some_and(|agent| {
            agent.attributes().get("language").is_some_and(|l| *l == self.language.to_string())
        })
    }
}

fn cannot_save(what: &str, error: &io::Error) -> Failure {
    Failure::new(Kind::CannotCreate, format!("cannot save the {what}: {error}"))
}

/// Somebody ended the room on purpose: it is not to be made again by our coming back.
fn is_end(reason: DisconnectReason) -> bool {
    matches!(reason, DisconnectReason::RoomDeleted | DisconnectReason::RoomClosed)
}

/// The events of the present connection, once there is one; looked for at the given pace.
async fn next_connection(
    ctx: &JobContext,
    pace: &mut tokio::time::Interval,
) -> mpsc::UnboundedReceiver<RoomEvent> {
    pace.tick().await;
    ctx.room().subscribe()
}

/// The name a participant shows; the identity where there is none or they left.
fn name_of(ctx: &JobContext, identity: &str) -> String {
    let participants = ctx.room().remote_participants();
    let participant = participants.get(&ParticipantIdentity(identity.to_owned()));
    participant
        .map(RemoteParticipant::name)
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| identity.to_owned())
}

/// Sends a track's sound to the recording until one of them ends.
fn record(ctx: &JobContext, track: &SpeakerTrack, sounds: &mpsc::Sender<Sound>) {
    let (sid, mut frames, sounds) = (track.sid.clone(), track.frames(RECORDING_HZ), sounds.clone());
    ctx.spawn(async move {
        while let Some(frame) = frames.next().await {
            if sounds.send(Sound { sid: sid.clone(), samples: frame.samples }).await.is_err() {
                return;
            }
        }
    });
}

/// Tracks as they come, where any are wanted.
struct Tracks(Option<Speakers>);

impl Tracks {
    /// The next track; never, when none are wanted or no more come. Cancel-safe.
    async fn next(&mut self) -> SpeakerTrack {
        if let Some(tracks) = &mut self.0
            && let Some(track) = tracks.next().await
        {
            return track;
        }
        std::future::pending().await
    }
}

/// Which languages come along, so that whoever follows a wrong one is told.
struct Others {
    ours: LanguageTag,
    seen: BTreeSet<LanguageTag>,
    told: bool,
}

impl Others {
    fn new(ours: &LanguageTag) -> Self {
        Self { ours: ours.clone(), seen: BTreeSet::new(), told: false }
    }

    fn is_ours(&mut self, segment: &Segment) -> bool {
        if segment.language == self.ours {
            self.told = true;
            return true;
        }
        if self.seen.len() < 20 {
            self.seen.insert(segment.language.clone());
        }
        false
    }

    fn tell_once(&mut self, ours: &LanguageTag) {
        if !self.told && !self.seen.is_empty() {
            self.told = true;
            let seen: Vec<_> = self.seen.iter().map(LanguageTag::as_str).collect();
            terminal::note(format!("no captions in {ours} so far; there are some in {}", seen.join(", ")));
        }
    }
}
