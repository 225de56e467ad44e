use livekit::webrtc::{
    net::{self, Direction, Impairment},
    stats::RtcStats,
};

use super::*;

#[tokio::test]
async fn a_tone_is_heard_at_every_rate() {
    let server = LiveKitServer::start().await.unwrap();
    let alice = Member::join(&server, "alice").await;
    let mut bob = Member::join(&server, "bob").await;
    let _tone = publish_tone(&alice, "tone", 500.0).await;
    let track = bob.subscribed().await;
    for rate in [16_000, 24_000, 44_100, 48_000] {
        let mut stream = listen(&track, rate);
        let frame = within(stream.next()).await.unwrap();
        assert_eq!((frame.sample_rate, frame.samples_per_channel), (rate, rate / 100));
        hears(&mut stream, 500.0).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subscribed_track_gives_a_hundred_frames_per_second_whatever_is_sent() {
    let server = LiveKitServer::start().await.unwrap();
    let alice = Member::join(&server, "alice").await;
    let mut bob = Member::join(&server, "bob").await;
    let tone = publish_tone(&alice, "tone", 500.0).await;
    let mut stream = listen(&bob.subscribed().await, 16_000);
    hears(&mut stream, 500.0).await;
    drop(tone);
    let start = tokio::time::Instant::now();
    for _ in 0..600 {
        within(stream.next()).await.unwrap();
    }
    // A tenth for frames that were queued, a fifth for a machine so busy that ticks are skipped.
    let took = start.elapsed();
    assert!((Duration::from_millis(5_400)..Duration::from_millis(7_200)).contains(&took), "{took:?}");
}

#[tokio::test]
async fn a_muted_track_is_silent_until_it_is_unmuted() {
    let server = LiveKitServer::start().await.unwrap();
    let alice = Member::join(&server, "alice").await;
    let mut bob = Member::join(&server, "bob").await;
    let tone = publish_tone(&alice, "tone", 500.0).await;
    let mut stream = listen(&bob.subscribed().await, 48_000);
    hears(&mut stream, 500.0).await;
    tone.publication.mute();
    bob.until(|event| matches!(event, RoomEvent::TrackMuted { .. }).then_some(())).await;
    hears_silence(&mut stream).await;
    tone.publication.unmute();
    bob.until(|event| matches!(event, RoomEvent::TrackUnmuted { .. }).then_some(())).await;
    hears(&mut stream, 500.0).await;
}

#[tokio::test]
async fn a_speaker_is_announced_as_active() {
    let server = LiveKitServer::start().await.unwrap();
    let alice = Member::join(&server, "alice").await;
    let mut bob = Member::join(&server, "bob").await;
    let _tone = publish_tone(&alice, "tone", 500.0).await;
    let speaker = bob
        .until(|event| match event {
            RoomEvent::ActiveSpeakersChanged { speakers } => speakers.first().map(Participant::identity),
            _ => None,
        })
        .await;
    assert_eq!(speaker.as_str(), "alice");
}

#[tokio::test]
async fn five_percent_of_loss_with_jitter_is_still_a_tone() {
    let server = LiveKitServer::start().await.unwrap();
    let alice = Member::join(&server, "alice").await;
    let impairment = Impairment::new(11);
    let guard = net::install_filter(impairment.clone());
    let mut bob = Member::join(&server, "bob").await;
    drop(guard);
    let _tone = publish_tone(&alice, "tone", 500.0).await;
    let mut stream = listen(&bob.subscribed().await, 48_000);
    impairment.set_loss(Direction::Inbound, 0.05);
    impairment.set_delay(Duration::from_millis(5), Duration::from_millis(20));
    // Three seconds for the jitter buffer to find its delay.
    for _ in 0..300 {
        within(stream.next()).await.unwrap();
    }
    let dropped = impairment.dropped();
    let mut toneless = 0;
    for _ in 0..1_000 {
        let frame = within(stream.next()).await.unwrap();
        toneless += usize::from(amplitude(&frame, 500.0) < 3_000.0);
    }
    assert!(impairment.dropped() > dropped, "the filter works");
    assert!(
        toneless < 50,
        "{toneless} of 1000 frames without the tone: no better than silence for what is lost"
    );
}

#[tokio::test]
async fn statistics_are_filled_on_both_sides() {
    let server = LiveKitServer::start().await.unwrap();
    let alice = Member::join(&server, "alice").await;
    let mut bob = Member::join(&server, "bob").await;
    let tone = publish_tone(&alice, "tone", 500.0).await;
    let track = bob.subscribed().await;
    hears(&mut listen(&track, 48_000), 500.0).await;
    let sent = tone.track.get_stats().await.unwrap();
    assert!(
        sent.iter().any(|report| matches!(report, RtcStats::OutboundRtp(out) if out.sent.packets_sent > 20))
    );
    let received = track.get_stats().await.unwrap();
    assert!(received.iter().any(|report| {
        matches!(report, RtcStats::InboundRtp(inbound) if inbound.received.packets_received > 20)
    }));
    let session = bob.room.get_stats().await.unwrap();
    assert!(!session.publisher_stats.is_empty());
}
