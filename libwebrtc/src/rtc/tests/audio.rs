use tokio_stream::StreamExt as _;

use super::*;
use crate::{
    audio_source::{AudioSourceOptions, native::NativeAudioSource},
    audio_stream::native::NativeAudioStream,
    media_stream_track::MediaStreamTrack,
    net::{self, Impairment},
    peer_connection_factory::native::PeerConnectionFactoryExt as _,
    rtp_transceiver::{RtpTransceiverDirection, RtpTransceiverInit},
    stats::RtcStats,
};

fn send_only() -> RtpTransceiverInit {
    RtpTransceiverInit {
        direction: RtpTransceiverDirection::SendOnly,
        stream_ids: vec!["stream".to_owned()],
        send_encodings: Vec::new(),
    }
}

struct Call {
    alice: Peer,
    bob: Peer,
    source: NativeAudioSource,
    stream: NativeAudioStream,
}

/// Alice sends a track to Bob, who reads it at `rate`.
async fn call(rate: u32) -> Call {
    let (mut alice, mut bob) = (Peer::new(), Peer::new());
    let source = NativeAudioSource::new(AudioSourceOptions::default(), 48_000, 1, 100);
    let track = PeerConnectionFactory::default().create_audio_track("track", source.clone());
    alice.connection.add_transceiver(MediaStreamTrack::Audio(track), send_only()).unwrap();
    negotiate(&alice, &bob).await;
    alice.reaches(PeerConnectionState::Connected).await;
    let event = within(bob.tracks.recv()).await.unwrap();
    let MediaStreamTrack::Audio(track) = event.track else { panic!("not audio") };
    let stream = NativeAudioStream::new(track, rate as i32, 1);
    Call { alice, bob, source, stream }
}

/// Feeds a tone until dropped.
fn feed(source: &NativeAudioSource) -> tokio::task::JoinHandle<()> {
    let source = source.clone();
    tokio::spawn(async move {
        let mut position = 0;
        loop {
            source.capture_frame(&tone(48_000, position)).await.unwrap();
            position += 480;
        }
    })
}

/// Reads frames until a second of them in a row was loud, at most ten.
async fn hears_tone(stream: &mut NativeAudioStream, rate: u32) {
    within(async {
        let mut loud = 0;
        while loud < 100 {
            let frame = stream.next().await.expect("the stream goes on");
            assert_eq!((frame.sample_rate, frame.samples_per_channel), (rate, rate / 100));
            loud = if loudness(&frame) > 3_000.0 { loud + 1 } else { 0 };
        }
    })
    .await;
}

#[tokio::test]
async fn a_tone_arrives_at_the_rate_that_was_asked_for() {
    for rate in [16_000, 48_000] {
        let mut call = call(rate).await;
        let feeding = feed(&call.source);
        hears_tone(&mut call.stream, rate).await;
        feeding.abort();
        call.alice.connection.close();
        call.bob.connection.close();
        within(async { while call.stream.next().await.is_some() {} }).await;
    }
}

#[tokio::test]
async fn a_silent_track_gives_a_hundred_frames_per_second() {
    let mut call = call(16_000).await;
    within(call.stream.next()).await.unwrap();
    let start = tokio::time::Instant::now();
    for _ in 0..100 {
        within(call.stream.next()).await.unwrap();
    }
    let took = start.elapsed();
    assert!((Duration::from_millis(850)..Duration::from_millis(1_500)).contains(&took), "{took:?}");
}

#[tokio::test]
async fn audio_and_data_survive_loss_delay_and_reordering() {
    let impairment = Impairment::new(7);
    let guard = net::install_filter(impairment.clone());
    let mut call = call(48_000).await;
    drop(guard);
    let channel =
        call.alice.connection.create_data_channel("x", crate::data_channel::DataChannelInit::default());
    let channel = channel.unwrap();
    negotiate(&call.alice, &call.bob).await;
    opened(&channel).await;
    let mut received = messages(&within(call.bob.channels.recv()).await.unwrap());
    impairment.set_loss(net::Direction::Inbound, 0.05);
    impairment.set_loss(net::Direction::Outbound, 0.05);
    impairment.set_delay(Duration::from_millis(10), Duration::from_millis(20));
    let feeding = feed(&call.source);
    hears_tone(&mut call.stream, 48_000).await;
    for index in 0..100u8 {
        channel.send(&[index; 2_000], true).unwrap();
    }
    for index in 0..100u8 {
        assert_eq!(within(received.recv()).await.unwrap(), [index; 2_000]);
    }
    assert!(impairment.dropped() > 0);
    feeding.abort();
}

#[tokio::test]
async fn a_disabled_track_is_silent_and_comes_back() {
    let mut call = call(48_000).await;
    let feeding = feed(&call.source);
    hears_tone(&mut call.stream, 48_000).await;
    let Some(track) = call.alice.connection.senders()[0].track() else { panic!("no track") };
    track.set_enabled(false);
    within(async {
        let mut quiet = 0;
        while quiet < 30 {
            let frame = call.stream.next().await.unwrap();
            quiet = if loudness(&frame) < 50.0 { quiet + 1 } else { 0 };
        }
    })
    .await;
    track.set_enabled(true);
    hears_tone(&mut call.stream, 48_000).await;
    feeding.abort();
}

#[tokio::test]
async fn statistics_count_what_was_sent_and_received() {
    let mut call = call(48_000).await;
    let feeding = feed(&call.source);
    hears_tone(&mut call.stream, 48_000).await;
    let sent = call.alice.connection.senders()[0].get_stats().await.unwrap();
    assert!(
        sent.iter().any(|report| matches!(report, RtcStats::OutboundRtp(out) if out.sent.packets_sent > 40))
    );
    let received = call.bob.connection.receivers()[0].get_stats().await.unwrap();
    assert!(received.iter().any(|report| {
        matches!(report, RtcStats::InboundRtp(inbound)
            if inbound.received.packets_received > 40 && inbound.inbound.total_samples_received > 48_000)
    }));
    let all = call.bob.connection.get_stats().await.unwrap();
    assert!(all.iter().any(|report| matches!(report, RtcStats::PeerConnection(_))));
    feeding.abort();
}
