//! Audio tracks of other participants.

use std::{borrow::Cow, collections::HashMap, time::Duration};

use futures_util::StreamExt;
use livekit::{
    Room, RoomEvent,
    participant::ParticipantKind,
    prelude::{
        RemoteAudioTrack, RemoteParticipant, RemoteTrack, RemoteTrackPublication, TrackKind, TrackSid,
    },
    webrtc::{
        audio_stream::native::{NativeAudioStream, NativeAudioStreamOptions},
        stats::RtcStats,
    },
};
use parking_lot::Mutex;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Tracks that may wait to be taken.
const TRACKS: usize = 64;
/// 10 ms each: what a reader may be behind before it misses audio.
const FRAMES: usize = 500;
/// WebRTC counts audio samples in its statistics at 48 kHz, whatever is decoded to.
const STATS_KHZ: u64 = 48;

/// Audio tracks of other participants, as they come. Made by [`crate::JobContext::speakers`] and
/// [`crate::JobContext::track_named`]; ends with the job.
pub struct Speakers {
    tracks: mpsc::Receiver<SpeakerTrack>,
    shutdown: CancellationToken,
}

impl Speakers {
    /// The next track; `None` when the job ends. Cancel-safe.
    ///
    /// A participant who leaves and returns, mutes for long, or publishes anew comes as a new track each time, and
    /// so does everybody after a lost connection.
    pub async fn next(&mut self) -> Option<SpeakerTrack> {
        tokio::select! {
            biased;
            () = self.shutdown.cancelled() => None,
            track = self.tracks.recv() => track,
        }
    }
}

/// One audio track, from its subscription to its end. Clones are the same track.
#[derive(Clone, Debug)]
pub struct SpeakerTrack {
    /// Who publishes it.
    pub identity: String,
    /// `TR_…`
    pub sid: String,
    /// Its name.
    pub name: String,
    track: RemoteAudioTrack,
    ended: CancellationToken,
}

impl SpeakerTrack {
    /// Its sound from now on: mono, in frames of 10 ms at `sample_rate_hz`. Frames come without pause, silence
    /// included, so that their number tells the time. A reader that falls 5 s behind misses the oldest.
    pub fn frames(&self, sample_rate_hz: u32) -> AudioFrames {
        let options = NativeAudioStreamOptions { queue_size_frames: Some(FRAMES) };
        let stream =
            NativeAudioStream::with_options(self.track.rtc_track(), sample_rate_hz as i32, 1, options);
        AudioFrames { stream, ended: self.ended.clone() }
    }

    /// How much of its sound was guessed so far because packets came late or never, silence aside; zero while nobody
    /// reads [`Self::frames`]. Cancel-safe.
    pub async fn concealed(&self) -> Duration {
        let stats = self.track.get_stats().await.unwrap_or_default();
        let guessed = stats.iter().find_map(|report| match report {
            RtcStats::InboundRtp(report) => {
                let inbound = &report.inbound;
                Some(inbound.concealed_samples.saturating_sub(inbound.silent_concealed_samples))
            }
            _ => None,
        });
        Duration::from_micros(guessed.unwrap_or(0) * 1_000 / STATS_KHZ)
    }
}

/// The sound of one track.
pub struct AudioFrames {
    stream: NativeAudioStream,
    ended: CancellationToken,
}

impl AudioFrames {
    /// The next frame; `None` when the track, the connection or the job ended. Cancel-safe.
    pub async fn next(&mut self) -> Option<media::AudioFrame> {
        let frame = tokio::select! {
            biased;
            frame = self.stream.next() => frame?,
            () = self.ended.cancelled() => return None,
        };
        let samples = match frame.data {
            Cow::Owned(samples) => samples,
            Cow::Borrowed(samples) => samples.to_vec(),
        };
        Some(media::AudioFrame {
            samples,
            sample_rate_hz: frame.sample_rate,
            channels: frame.num_channels as u16,
        })
    }
}

/// Which tracks somebody wants.
#[derive(Clone, Debug)]
enum Filter {
    Speakers,
    Named(String),
}

impl Filter {
    fn wants(&self, publication: &RemoteTrackPublication, participant: &RemoteParticipant) -> bool {
        publication.kind() == TrackKind::Audio
            && match self {
                Self::Speakers => participant.kind() != ParticipantKind::Agent,
                Self::Named(name) => publication.name() == *name,
            }
    }
}

struct Want {
    filter: Filter,
    tracks: mpsc::Sender<SpeakerTrack>,
}

impl Want {
    fn give(&self, track: SpeakerTrack) {
        if let Err(mpsc::error::TrySendError::Full(track)) = self.tracks.try_send(track) {
            tracing::warn!(track.sid = %track.sid, "too many tracks at once: one is not heard");
        }
    }
}

/// The tracks that are subscribed, and who wants which.
///
/// Nothing is subscribed that nobody wants: an agent that only reads captions receives no audio.
#[derive(Default)]
pub(crate) struct Incoming {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    wants: Vec<Want>,
    subscribed: HashMap<TrackSid, (SpeakerTrack, RemoteTrackPublication, RemoteParticipant)>,
}

impl Incoming {
    pub(crate) fn speakers(&self, room: Option<&Room>, shutdown: CancellationToken) -> Speakers {
        self.want(Filter::Speakers, room, shutdown)
    }

    pub(crate) fn named(&self, name: &str, room: Option<&Room>, shutdown: CancellationToken) -> Speakers {
        self.want(Filter::Named(name.to_owned()), room, shutdown)
    }

    fn want(&self, filter: Filter, room: Option<&Room>, shutdown: CancellationToken) -> Speakers {
        let (sender, tracks) = mpsc::channel(TRACKS);
        let want = Want { filter, tracks: sender };
        {
            let mut state = self.state.lock();
            for (track, publication, participant) in state.subscribed.values() {
                if want.filter.wants(publication, participant) {
                    want.give(track.clone());
                }
            }
            state.wants.push(want);
        }
        if let Some(room) = room {
            self.subscribe_all(room);
        }
        Speakers { tracks, shutdown }
    }

    /// Asks for every wanted track that we do not have yet. After a reconnect the requests made during it are lost:
    /// call it again.
    pub(crate) fn subscribe_all(&self, room: &Room) {
        for participant in room.remote_participants().values() {
            for publication in participant.track_publications().values() {
                self.subscribe(publication, participant);
            }
        }
    }

    fn subscribe(&self, publication: &RemoteTrackPublication, participant: &RemoteParticipant) {
        let state = self.state.lock();
        let wanted = state.wants.iter().any(|want| want.filter.wants(publication, participant));
        let known = state.subscribed.contains_key(&publication.sid());
        drop(state);
        if wanted && !known {
            publication.set_subscribed(true);
        }
    }

    /// Takes note of an event of the room.
    pub(crate) fn on_event(&self, event: &RoomEvent, shutdown: &CancellationToken) {
        match event {
            RoomEvent::TrackPublished { publication, participant } => {
                self.subscribe(publication, participant);
            }
            RoomEvent::TrackSubscribed { track: RemoteTrack::Audio(track), publication, participant } => {
                self.subscribed(track, publication, participant, shutdown);
            }
            RoomEvent::TrackUnsubscribed { publication, .. }
            | RoomEvent::TrackUnpublished { publication, .. } => {
                self.ended(&publication.sid());
            }
            _ => {}
        }
    }

    /// The connection is over: so are all its tracks.
    pub(crate) fn end_all(&self) {
        for (_, (track, ..)) in self.state.lock().subscribed.drain() {
            track.ended.cancel();
        }
    }

    fn subscribed(
        &self,
        track: &RemoteAudioTrack,
        publication: &RemoteTrackPublication,
        participant: &RemoteParticipant,
        shutdown: &CancellationToken,
    ) {
        let sid = publication.sid();
        let audio = SpeakerTrack {
            identity: participant.identity().to_string(),
            sid: sid.to_string(),
            name: publication.name(),
            track: track.clone(),
            ended: shutdown.child_token(),
        };
        tracing::info!(participant = %audio.identity, track.sid = %audio.sid, "track subscribed");
        let mut state = self.state.lock();
        state.wants.retain(|want| !want.tracks.is_closed());
        for want in &state.wants {
            if want.filter.wants(publication, participant) {
                want.give(audio.clone());
            }
        }
        let before = state.subscribed.insert(sid, (audio, publication.clone(), participant.clone()));
        if let Some((before, ..)) = before {
            before.ended.cancel();
        }
    }

    fn ended(&self, sid: &TrackSid) {
        if let Some((track, ..)) = self.state.lock().subscribed.remove(sid) {
            tracing::info!(participant = %track.identity, track.sid = %track.sid, "track ended");
            track.ended.cancel();
        }
    }
}
