use super::*;
use crate::{
    MediaType,
    data_channel::DataChannelInit,
    media_stream_track::MediaStreamTrack,
    peer_connection::SignalingState,
    rtp_transceiver::{RtpTransceiverDirection, RtpTransceiverInit},
    session_description::SdpType,
};

fn receive_only() -> RtpTransceiverInit {
    RtpTransceiverInit {
        direction: RtpTransceiverDirection::RecvOnly,
        stream_ids: Vec::new(),
        send_encodings: Vec::new(),
    }
}

#[tokio::test]
async fn nothing_to_offer_is_an_error() {
    let alice = Peer::new();
    assert!(alice.connection.create_offer(OfferOptions::default()).await.is_err());
}

#[tokio::test]
async fn an_answer_without_an_offer_is_refused() {
    let (alice, bob) = (Peer::new(), Peer::new());
    alice.connection.create_data_channel("x", DataChannelInit::default()).unwrap();
    let offer = alice.connection.create_offer(OfferOptions::default()).await.unwrap();
    alice.connection.set_local_description(offer.clone()).await.unwrap();
    assert_eq!(alice.connection.signaling_state(), SignalingState::HaveLocalOffer);
    bob.connection.set_remote_description(offer).await.unwrap();
    let answer = bob.connection.create_answer(AnswerOptions::default()).await.unwrap();
    assert!(bob.connection.set_remote_description(answer).await.is_err());
    let garbage = SessionDescription::parse("v=0\r\n", SdpType::Answer).unwrap();
    assert!(alice.connection.set_remote_description(garbage).await.is_err());
}

#[tokio::test]
async fn local_candidates_are_named_once() {
    let (mut alice, bob) = (Peer::new(), Peer::new());
    alice.connection.create_data_channel("x", DataChannelInit::default()).unwrap();
    negotiate(&alice, &bob).await;
    let first = within(alice.candidates.recv()).await.unwrap();
    assert!(first.candidate().starts_with("candidate:"), "{first}");
    assert!(IceCandidate::parse("0", 0, &first.to_string()).is_ok());
    bob.connection.add_ice_candidate(first).await.unwrap();
}

#[tokio::test]
async fn sections_that_only_receive_can_be_negotiated_again_without_a_change() {
    let (mut alice, bob) = (Peer::new(), Peer::new());
    for kind in [MediaType::Audio, MediaType::Video, MediaType::Audio] {
        alice.connection.add_transceiver_for_media(kind, receive_only()).unwrap();
    }
    alice.connection.create_data_channel("x", DataChannelInit::default()).unwrap();
    // An offer that was made but not used does not stand in the way of the next one.
    alice.connection.create_offer(OfferOptions::default()).await.unwrap();
    for _ in 0..3 {
        negotiate(&alice, &bob).await;
        alice.reaches(PeerConnectionState::Connected).await;
        assert_eq!(alice.connection.transceivers().len(), 3);
        assert_eq!(bob.connection.transceivers().len(), 3);
    }
    for transceiver in alice.connection.transceivers() {
        assert_eq!(transceiver.direction(), RtpTransceiverDirection::RecvOnly);
    }
}

#[tokio::test]
async fn a_data_only_connection_can_be_negotiated_again() {
    let (mut alice, bob) = (Peer::new(), Peer::new());
    let channel = alice.connection.create_data_channel("x", DataChannelInit::default()).unwrap();
    negotiate(&alice, &bob).await;
    alice.reaches(PeerConnectionState::Connected).await;
    negotiate(&alice, &bob).await;
    opened(&channel).await;
    channel.send(b"still here", true).unwrap();
}

#[tokio::test]
async fn the_last_answer_once_more_withdraws_a_pending_offer() {
    let (mut alice, bob) = (Peer::new(), Peer::new());
    alice.connection.create_data_channel("x", DataChannelInit::default()).unwrap();
    negotiate(&alice, &bob).await;
    alice.reaches(PeerConnectionState::Connected).await;
    alice.connection.add_transceiver_for_media(MediaType::Audio, receive_only()).unwrap();
    let offer = alice.connection.create_offer(OfferOptions::default()).await.unwrap();
    alice.connection.set_local_description(offer).await.unwrap();
    let last = alice.connection.current_remote_description().unwrap();
    alice.connection.set_remote_description(last).await.unwrap();
    assert_eq!(alice.connection.signaling_state(), SignalingState::Stable);
    negotiate(&alice, &bob).await;
    assert_eq!(bob.connection.transceivers().len(), 1);
}

#[tokio::test]
async fn an_answerer_without_a_track_only_receives() {
    let (mut alice, bob) = (Peer::new(), Peer::new());
    let init = RtpTransceiverInit { direction: RtpTransceiverDirection::SendRecv, ..receive_only() };
    alice.connection.add_transceiver_for_media(MediaType::Audio, init).unwrap();
    negotiate(&alice, &bob).await;
    alice.reaches(PeerConnectionState::Connected).await;
    let ours = alice.connection.transceivers()[0].current_direction();
    let theirs = bob.connection.transceivers()[0].current_direction();
    assert_eq!(ours, Some(RtpTransceiverDirection::SendOnly));
    assert_eq!(theirs, Some(RtpTransceiverDirection::RecvOnly));
}

#[tokio::test]
async fn an_ice_restart_keeps_data_flowing() {
    let (mut alice, mut bob) = (Peer::new(), Peer::new());
    let channel = alice.connection.create_data_channel("x", DataChannelInit::default()).unwrap();
    negotiate(&alice, &bob).await;
    opened(&channel).await;
    let mut received = messages(&within(bob.channels.recv()).await.unwrap());
    for round in 0..3u8 {
        let options = OfferOptions { ice_restart: true, ..OfferOptions::default() };
        negotiate_with(&alice, &bob, options).await;
        alice.reaches(PeerConnectionState::Connected).await;
        channel.send(&[round], true).unwrap();
        assert_eq!(within(received.recv()).await.unwrap(), [round]);
    }
}

#[tokio::test]
async fn a_remote_track_is_announced_with_its_stream() {
    let (mut alice, mut bob) = (Peer::new(), Peer::new());
    let init = RtpTransceiverInit {
        direction: RtpTransceiverDirection::SendOnly,
        stream_ids: vec!["stream".to_owned()],
        send_encodings: Vec::new(),
    };
    let track = crate::audio_track::RtcAudioTrack::local("track".to_owned(), None);
    alice.connection.add_transceiver(MediaStreamTrack::Audio(track), init).unwrap();
    negotiate(&alice, &bob).await;
    alice.reaches(PeerConnectionState::Connected).await;
    let event = within(bob.tracks.recv()).await.unwrap();
    assert_eq!(event.streams[0].id(), "stream");
    assert_eq!(event.track.id(), "track");
    assert_eq!(event.transceiver.mid(), alice.connection.transceivers()[0].mid());
    alice.connection.remove_track(alice.connection.senders().remove(0)).unwrap();
    negotiate(&alice, &bob).await;
    assert!(event.receiver.streams().is_empty(), "the peer no longer sends");
}
