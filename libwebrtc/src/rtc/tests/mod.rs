//! Two peer connections of this crate, talking to each other over loopback.

mod audio;
mod channels;
mod lifecycle;
mod negotiation;

use std::time::Duration;

use tokio::sync::mpsc;

use crate::{
    audio_frame::AudioFrame,
    data_channel::{DataChannel, DataChannelState},
    ice_candidate::IceCandidate,
    peer_connection::{AnswerOptions, OfferOptions, PeerConnection, PeerConnectionState, TrackEvent},
    peer_connection_factory::{PeerConnectionFactory, RtcConfiguration},
    session_description::SessionDescription,
};

/// Longer than anything here takes, also on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// A peer connection with its events as queues.
struct Peer {
    connection: PeerConnection,
    states: mpsc::UnboundedReceiver<PeerConnectionState>,
    candidates: mpsc::UnboundedReceiver<IceCandidate>,
    channels: mpsc::UnboundedReceiver<DataChannel>,
    tracks: mpsc::UnboundedReceiver<TrackEvent>,
}

impl Peer {
    fn new() -> Self {
        let factory = PeerConnectionFactory::default();
        let connection = factory.create_peer_connection(RtcConfiguration::default()).unwrap();
        let (states_in, states) = mpsc::unbounded_channel();
        let (candidates_in, candidates) = mpsc::unbounded_channel();
        let (channels_in, channels) = mpsc::unbounded_channel();
        let (tracks_in, tracks) = mpsc::unbounded_channel();
        connection.on_connection_state_change(Some(Box::new(into(states_in))));
        connection.on_ice_candidate(Some(Box::new(into(candidates_in))));
        connection.on_data_channel(Some(Box::new(into(channels_in))));
        connection.on_track(Some(Box::new(into(tracks_in))));
        Self { connection, states, candidates, channels, tracks }
    }

    async fn reaches(&mut self, wanted: PeerConnectionState) {
        if self.connection.connection_state() == wanted {
            return;
        }
        within(async {
            while let Some(state) = self.states.recv().await {
                if state == wanted {
                    return;
                }
            }
            panic!("closed before {wanted:?}");
        })
        .await;
    }
}

/// Fails the test instead of hanging.
async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.expect("took too long")
}

/// One exchange of offer and answer; the text passes through `parse`, as it does in signalling.
async fn negotiate(offerer: &Peer, answerer: &Peer) {
    negotiate_with(offerer, answerer, OfferOptions::default()).await;
}

async fn negotiate_with(offerer: &Peer, answerer: &Peer, options: OfferOptions) {
    let offer = offerer.connection.create_offer(options).await.unwrap();
    offerer.connection.set_local_description(offer.clone()).await.unwrap();
    let offer = SessionDescription::parse(&offer.to_string(), offer.sdp_type()).unwrap();
    answerer.connection.set_remote_description(offer).await.unwrap();
    let answer = answerer.connection.create_answer(AnswerOptions::default()).await.unwrap();
    answerer.connection.set_local_description(answer.clone()).await.unwrap();
    offerer.connection.set_remote_description(answer).await.unwrap();
}

/// Waits until a channel is open.
async fn opened(channel: &DataChannel) {
    let (sender, mut receiver) = mpsc::unbounded_channel();
    channel.on_state_change(Some(Box::new(into(sender))));
    within(async {
        while channel.state() != DataChannelState::Open {
            receiver.recv().await;
        }
    })
    .await;
}

/// The messages of a channel as a queue.
fn messages(channel: &DataChannel) -> mpsc::UnboundedReceiver<Vec<u8>> {
    let (sender, receiver) = mpsc::unbounded_channel();
    let mut forward = into(sender);
    channel.on_message(Some(Box::new(move |buffer| forward(buffer.data.to_vec()))));
    receiver
}

/// 10 ms of a 440 Hz tone, beginning at sample `position`.
fn tone(sample_rate: u32, position: u64) -> AudioFrame<'static> {
    let samples = sample_rate / 100;
    let data: Vec<i16> = (position..position + u64::from(samples))
        .map(|sample| {
            let phase = sample as f64 * 440.0 * std::f64::consts::TAU / f64::from(sample_rate);
            (phase.sin() * 12_000.0) as i16
        })
        .collect();
    AudioFrame { data: data.into(), sample_rate, num_channels: 1, samples_per_channel: samples }
}

/// Root of the mean square of a frame.
fn loudness(frame: &AudioFrame<'_>) -> f64 {
    let sum: f64 = frame.data.iter().map(|&sample| f64::from(sample).powi(2)).sum();
    (sum / frame.data.len().max(1) as f64).sqrt()
}

/// A callback that puts values into a queue whose reader may be gone.
fn into<T>(sender: mpsc::UnboundedSender<T>) -> impl FnMut(T) {
    move |value| {
        let _ = sender.send(value);
    }
}
