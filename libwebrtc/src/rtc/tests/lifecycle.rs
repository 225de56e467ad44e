use super::*;
use crate::{data_channel::DataChannelInit, peer_connection::SignalingState};

#[tokio::test]
async fn closing_tells_both_sides_and_frees_the_sockets() {
    let (mut alice, mut bob) = (Peer::new(), Peer::new());
    let channel = alice.connection.create_data_channel("x", DataChannelInit::default()).unwrap();
    negotiate(&alice, &bob).await;
    opened(&channel).await;
    bob.reaches(PeerConnectionState::Connected).await;
    let port =
        within(alice.candidates.recv()).await.unwrap().candidate().split(' ').nth(5).unwrap().to_owned();
    let address = format!("127.0.0.1:{port}");
    assert!(std::net::UdpSocket::bind(&address).is_err(), "in use while connected");

    alice.connection.close();
    assert_eq!(alice.connection.signaling_state(), SignalingState::Closed);
    alice.reaches(PeerConnectionState::Closed).await;
    let missed = within(async {
        while let Some(state) = bob.states.recv().await {
            if matches!(state, PeerConnectionState::Disconnected | PeerConnectionState::Failed) {
                return state;
            }
        }
        panic!("bob was not told");
    });
    assert_eq!(missed.await, PeerConnectionState::Disconnected, "a goodbye fails nothing by itself");
    assert_eq!(channel.state(), DataChannelState::Closed);
    within(async {
        while std::net::UdpSocket::bind(&address).is_err() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert!(alice.connection.create_data_channel("y", DataChannelInit::default()).is_err());
    assert!(alice.connection.create_offer(OfferOptions::default()).await.is_err());
}

#[tokio::test]
async fn dropping_the_last_handle_ends_every_task() {
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let before = tasks();
    let (mut alice, bob) = (Peer::new(), Peer::new());
    let channel = alice.connection.create_data_channel("x", DataChannelInit::default()).unwrap();
    negotiate(&alice, &bob).await;
    alice.reaches(PeerConnectionState::Connected).await;
    assert!(tasks() > before);
    drop((alice, bob));
    within(async {
        while tasks() > before {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(channel.state(), DataChannelState::Closed);
}

#[test]
fn without_a_runtime_there_is_an_error_and_no_panic() {
    let factory = PeerConnectionFactory::default();
    assert!(factory.create_peer_connection(RtcConfiguration::default()).is_err());
}
