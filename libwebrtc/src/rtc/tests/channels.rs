use super::*;
use crate::data_channel::DataChannelInit;

async fn connected_channel(init: DataChannelInit) -> (Peer, Peer, DataChannel, DataChannel) {
    let (mut alice, mut bob) = (Peer::new(), Peer::new());
    let ours = alice.connection.create_data_channel("data", init.clone()).unwrap();
    let negotiated = init.negotiated.then(|| bob.connection.create_data_channel("data", init).unwrap());
    negotiate(&alice, &bob).await;
    alice.reaches(PeerConnectionState::Connected).await;
    bob.reaches(PeerConnectionState::Connected).await;
    opened(&ours).await;
    let theirs = match negotiated {
        Some(channel) => channel,
        None => within(bob.channels.recv()).await.unwrap(),
    };
    opened(&theirs).await;
    (alice, bob, ours, theirs)
}

#[tokio::test]
async fn messages_arrive_both_ways_over_an_in_band_channel() {
    let (_alice, _bob, ours, theirs) = connected_channel(DataChannelInit::default()).await;
    assert_eq!(theirs.label(), "data");
    let (mut to_us, mut to_them) = (messages(&ours), messages(&theirs));
    ours.send(b"hello", true).unwrap();
    theirs.send("grüezi".as_bytes(), false).unwrap();
    assert_eq!(within(to_them.recv()).await.unwrap(), b"hello");
    assert_eq!(within(to_us.recv()).await.unwrap(), "grüezi".as_bytes());
}

#[tokio::test]
async fn a_negotiated_channel_has_its_id_on_both_sides() {
    let init = DataChannelInit { negotiated: true, id: 101, ..DataChannelInit::default() };
    let (_alice, _bob, ours, theirs) = connected_channel(init).await;
    assert_eq!((ours.id(), theirs.id()), (101, 101));
    let mut to_them = messages(&theirs);
    ours.send(b"x", true).unwrap();
    assert_eq!(within(to_them.recv()).await.unwrap(), b"x");
}

#[tokio::test]
async fn channels_made_anew_before_the_answer_open_in_place_of_the_old_ones() {
    let (mut alice, mut bob) = (Peer::new(), Peer::new());
    let init = DataChannelInit { negotiated: true, id: 100, ..DataChannelInit::default() };
    let early = alice.connection.create_data_channel("early", init).unwrap();
    let offer = alice.connection.create_offer(OfferOptions::default()).await.unwrap();
    early.close();
    let late = alice.connection.create_data_channel("late", DataChannelInit::default()).unwrap();
    alice.connection.set_local_description(offer.clone()).await.unwrap();
    bob.connection.set_remote_description(offer).await.unwrap();
    let answer = bob.connection.create_answer(AnswerOptions::default()).await.unwrap();
    bob.connection.set_local_description(answer.clone()).await.unwrap();
    alice.connection.set_remote_description(answer).await.unwrap();
    alice.reaches(PeerConnectionState::Connected).await;
    opened(&late).await;
    assert_eq!(within(bob.channels.recv()).await.unwrap().label(), "late");
    assert!(bob.channels.try_recv().is_err(), "the early channel is not announced");
    assert!(alice.channels.try_recv().is_err(), "nor to us");
}

#[tokio::test]
async fn a_mebibyte_arrives_whole_and_the_send_buffer_reports_that_it_drains() {
    let (_alice, _bob, ours, theirs) = connected_channel(DataChannelInit::default()).await;
    let mut to_them = messages(&theirs);
    let (drained_in, mut drained) = mpsc::unbounded_channel();
    ours.on_buffered_amount_change(Some(Box::new(into(drained_in))));
    let sent: Vec<Vec<u8>> = (0..70u8).map(|index| vec![index; 15_000]).collect();
    for message in &sent {
        ours.send(message, true).unwrap();
    }
    for message in &sent {
        assert_eq!(&within(to_them.recv()).await.unwrap(), message);
    }
    let mut total = 0;
    while total < 70 * 15_000 {
        total += within(drained.recv()).await.unwrap();
    }
    assert_eq!(total, 70 * 15_000);
    assert_eq!(ours.buffered_amount(), 0);
}

#[tokio::test]
async fn a_full_send_buffer_refuses_a_message_and_takes_it_after_draining() {
    let (_alice, _bob, ours, theirs) = connected_channel(DataChannelInit::default()).await;
    let mut to_them = messages(&theirs);
    let message = vec![7; 200_000];
    let mut accepted = 0;
    while ours.send(&message, true).is_ok() {
        accepted += 1;
        assert!(accepted < 1_000, "the buffer has a bound");
    }
    for _ in 0..accepted {
        within(to_them.recv()).await.unwrap();
    }
    ours.send(&message, true).unwrap();
    within(to_them.recv()).await.unwrap();
}

#[tokio::test]
async fn closing_a_channel_closes_it_on_the_other_side() {
    let (_alice, _bob, ours, theirs) = connected_channel(DataChannelInit::default()).await;
    let (sender, mut states) = mpsc::unbounded_channel();
    theirs.on_state_change(Some(Box::new(into(sender))));
    ours.close();
    assert_eq!(within(states.recv()).await, Some(DataChannelState::Closed));
    assert!(ours.send(b"x", true).is_err());
}

#[tokio::test]
async fn text_that_is_not_utf8_is_refused() {
    let (_alice, _bob, ours, _theirs) = connected_channel(DataChannelInit::default()).await;
    assert!(ours.send(&[0xff], false).is_err());
}

#[tokio::test]
async fn a_callback_may_call_back_into_the_connection() {
    let (alice, _bob, ours, theirs) = connected_channel(DataChannelInit::default()).await;
    let reply = theirs.clone();
    theirs.on_message(Some(Box::new(move |buffer| reply.send(buffer.data, true).unwrap())));
    let connection = alice.connection.clone();
    let (sender, mut echoes) = mpsc::unbounded_channel();
    let mut forward = into(sender);
    ours.on_message(Some(Box::new(move |_| forward(connection.connection_state()))));
    ours.send(b"ping", true).unwrap();
    assert_eq!(within(echoes.recv()).await, Some(PeerConnectionState::Connected));
}
