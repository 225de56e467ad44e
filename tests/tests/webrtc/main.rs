//! The unmodified `livekit` crate on this workspace's `libwebrtc`, against a real LiveKit server.
#![allow(clippy::unwrap_used, reason = "in a test that is a failure as good as any")]

mod audio;
mod connect;
mod data;
mod many;
mod reconnect;

use std::{collections::HashMap, sync::Arc, time::Duration};

use futures_util::StreamExt as _;
use livekit::{
    options::TrackPublishOptions,
    prelude::*,
    webrtc::{
        audio_frame::AudioFrame,
        audio_source::{AudioSourceOptions, RtcAudioSource, native::NativeAudioSource},
        audio_stream::native::NativeAudioStream,
    },
};
use tests::LiveKitServer;
use tokio::{sync::mpsc::UnboundedReceiver, task::JoinHandle};

/// Longer than anything here takes, also on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Fails the test instead of hanging.
async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.expect("took too long")
}

/// A participant and what happens to it.
struct Member {
    room: Arc<Room>,
    events: UnboundedReceiver<RoomEvent>,
}

impl Member {
    /// Joins room `test`.
    async fn join(server: &LiveKitServer, identity: &str) -> Self {
        Self::join_with(server, identity, RoomOptions::default()).await
    }

    async fn join_with(server: &LiveKitServer, identity: &str, options: RoomOptions) -> Self {
        let (room, events) = within(server.join("test", identity, options)).await.unwrap();
        Self { room: Arc::new(room), events }
    }

    /// Waits for the first event that `choose` makes something of.
    async fn until<T>(&mut self, mut choose: impl FnMut(RoomEvent) -> Option<T>) -> T {
        within(async {
            loop {
                let event = self.events.recv().await.expect("the room goes on");
                if let Some(chosen) = choose(event) {
                    return chosen;
                }
            }
        })
        .await
    }

    /// Waits until this member subscribes to an audio track.
    async fn subscribed(&mut self) -> RemoteAudioTrack {
        self.until(|event| match event {
            RoomEvent::TrackSubscribed { track: RemoteTrack::Audio(track), .. } => Some(track),
            _ => None,
        })
        .await
    }

    /// Waits until others with all these identities are in the room.
    async fn sees(&mut self, identities: &[&str]) {
        within(async {
            while !identities.iter().all(|identity| self.knows(identity)) {
                self.events.recv().await.expect("the room goes on");
            }
        })
        .await;
    }

    fn knows(&self, identity: &str) -> bool {
        let others: HashMap<ParticipantIdentity, RemoteParticipant> = self.room.remote_participants();
        others.contains_key(&ParticipantIdentity::from(identity.to_owned()))
    }

    fn local(&self) -> LocalParticipant {
        self.room.local_participant()
    }
}

/// A published track that plays a tone until dropped.
struct Tone {
    publication: LocalTrackPublication,
    track: LocalAudioTrack,
    feeding: JoinHandle<()>,
}

impl Drop for Tone {
    fn drop(&mut self) {
        self.feeding.abort();
    }
}

/// Publishes a tone of `hertz`.
async fn publish_tone(member: &Member, name: &str, hertz: f64) -> Tone {
    let source = NativeAudioSource::new(AudioSourceOptions::default(), 48_000, 1, 100);
    let track = LocalAudioTrack::create_audio_track(name, RtcAudioSource::Native(source.clone()));
    let options = TrackPublishOptions { source: TrackSource::Microphone, ..TrackPublishOptions::default() };
    let publication =
        within(member.local().publish_track(LocalTrack::Audio(track.clone()), options)).await.unwrap();
    let feeding = tokio::spawn(async move {
        let mut position = 0u64;
        loop {
            let data: Vec<i16> = (position..position + 480)
                .map(|sample| {
                    ((sample as f64 * hertz * std::f64::consts::TAU / 48_000.0).sin() * 12_000.0) as i16
                })
                .collect();
            let frame = AudioFrame {
                data: data.into(),
                sample_rate: 48_000,
                num_channels: 1,
                samples_per_channel: 480,
            };
            source.capture_frame(&frame).await.unwrap();
            position += 480;
        }
    });
    Tone { publication, track, feeding }
}

/// A stream on a track, at `rate`.
fn listen(track: &RemoteAudioTrack, rate: u32) -> NativeAudioStream {
    NativeAudioStream::new(track.rtc_track(), rate as i32, 1)
}

/// Strength of a frequency in a frame, as the amplitude of a sine (Goertzel).
fn amplitude(frame: &AudioFrame<'_>, hertz: f64) -> f64 {
    let step = hertz * std::f64::consts::TAU / f64::from(frame.sample_rate);
    let (mut cosine, mut sine) = (0.0, 0.0);
    for (index, &sample) in frame.data.iter().enumerate() {
        cosine += f64::from(sample) * (step * index as f64).cos();
        sine += f64::from(sample) * (step * index as f64).sin();
    }
    cosine.hypot(sine) * 2.0 / frame.data.len().max(1) as f64
}

/// Reads frames until half a second in a row has the tone.
async fn hears(stream: &mut NativeAudioStream, hertz: f64) {
    within(async {
        let mut heard = 0;
        while heard < 50 {
            let frame = stream.next().await.expect("the stream goes on");
            heard = if amplitude(&frame, hertz) > 4_000.0 { heard + 1 } else { 0 };
        }
    })
    .await;
}

/// Reads frames until half a second in a row is silent.
async fn hears_silence(stream: &mut NativeAudioStream) {
    within(async {
        let mut silent = 0;
        while silent < 50 {
            let frame = stream.next().await.expect("the stream goes on");
            silent = if frame.data.iter().all(|sample| sample.abs() < 200) { silent + 1 } else { 0 };
        }
    })
    .await;
}
