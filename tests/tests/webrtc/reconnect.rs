use livekit::SimulateScenario;

use super::*;

/// A speaker, a listener that hears it, and what the listener goes through.
async fn goes_on_after(scenario: SimulateScenario, full: bool) {
    let server = LiveKitServer::start().await.unwrap();
    let alice = Member::join(&server, "alice").await;
    let mut bob = Member::join(&server, "bob").await;
    let _tone = publish_tone(&alice, "tone", 500.0).await;
    let track = bob.subscribed().await;
    let mut stream = listen(&track, 48_000);
    hears(&mut stream, 500.0).await;
    let _answer = publish_tone(&bob, "answer", 700.0).await;

    within(bob.room.simulate_scenario(scenario)).await.unwrap();
    let mut resubscribed = None;
    within(async {
        while let Some(event) = bob.events.recv().await {
            match event {
                RoomEvent::TrackSubscribed { track: RemoteTrack::Audio(track), .. } => {
                    resubscribed = Some(track);
                }
                RoomEvent::Reconnected => break,
                RoomEvent::Disconnected { reason } => panic!("disconnected: {reason:?}"),
                _ => {}
            }
        }
    })
    .await;
    assert_eq!(bob.room.connection_state(), ConnectionState::Connected);
    if full {
        let track = match resubscribed {
            Some(track) => track,
            None => bob.subscribed().await,
        };
        stream = listen(&track, 48_000);
    }
    hears(&mut stream, 500.0).await;
    let packet = DataPacket { payload: b"back".to_vec(), reliable: true, ..DataPacket::default() };
    within(alice.local().publish_data(packet)).await.unwrap();
    bob.until(|event| matches!(event, RoomEvent::DataReceived { .. }).then_some(())).await;
}

#[tokio::test]
async fn a_resume_keeps_the_audio_flowing() {
    goes_on_after(SimulateScenario::SignalReconnect, false).await;
}

#[tokio::test]
async fn a_full_reconnect_brings_the_audio_back() {
    goes_on_after(SimulateScenario::FullReconnect, true).await;
}

#[tokio::test]
async fn a_server_that_restarts_is_joined_again() {
    let mut server = LiveKitServer::start().await.unwrap();
    let mut alice = Member::join(&server, "alice").await;
    server.restart().await.unwrap();
    alice.until(|event| matches!(event, RoomEvent::Reconnected).then_some(())).await;
    assert_eq!(alice.room.connection_state(), ConnectionState::Connected);
}
