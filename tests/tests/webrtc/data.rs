use livekit::{SendTextOptions, StreamReader as _};

use super::*;

#[tokio::test]
async fn packets_arrive_reliable_and_lossy() {
    let server = LiveKitServer::start().await.unwrap();
    let alice = Member::join(&server, "alice").await;
    let mut bob = Member::join(&server, "bob").await;
    for reliable in [true, false] {
        let packet = DataPacket { payload: b"hello".to_vec(), reliable, ..DataPacket::default() };
        within(alice.local().publish_data(packet)).await.unwrap();
        let payload = bob
            .until(|event| match event {
                RoomEvent::DataReceived { payload, .. } => Some(payload),
                _ => None,
            })
            .await;
        assert_eq!(payload.as_slice(), b"hello");
    }
}

#[tokio::test]
async fn a_text_stream_of_a_mebibyte_arrives_whole() {
    let server = LiveKitServer::start().await.unwrap();
    let mut alice = Member::join(&server, "alice").await;
    let mut bob = Member::join(&server, "bob").await;
    alice.sees(&["bob"]).await;
    let text: String = (0..1 << 20).map(|index| char::from(b'a' + (index % 23) as u8)).collect();
    let mut options = SendTextOptions::new_with_topic("captions");
    options.compress = Some(false);
    let sending = alice.local();
    let sent = text.clone();
    let send = tokio::spawn(async move { sending.send_text(&sent, options).await.map(drop) });
    let reader = bob
        .until(|event| match event {
            RoomEvent::TextStreamOpened { reader, .. } => reader.take(),
            _ => None,
        })
        .await;
    let received = within(reader.read_all()).await.unwrap();
    assert_eq!(received.len(), text.len());
    assert!(received == text);
    within(send).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_remote_procedure_is_called() {
    let server = LiveKitServer::start().await.unwrap();
    let mut alice = Member::join(&server, "alice").await;
    let bob = Member::join(&server, "bob").await;
    alice.sees(&["bob"]).await;
    bob.local().register_rpc_method("double".to_owned(), |call: RpcInvocationData| {
        Box::pin(async move { Ok(format!("{0}{0}", call.payload)) })
    });
    let call = PerformRpcData {
        destination_identity: "bob".to_owned(),
        method: "double".to_owned(),
        payload: "la".to_owned(),
        ..PerformRpcData::default()
    };
    assert_eq!(within(alice.local().perform_rpc(call)).await.unwrap(), "lala");
}

#[tokio::test]
async fn attributes_reach_the_others() {
    let server = LiveKitServer::start().await.unwrap();
    let alice = Member::join(&server, "alice").await;
    let mut bob = Member::join(&server, "bob").await;
    bob.sees(&["alice"]).await;
    within(alice.local().set_attributes(HashMap::from([("language".to_owned(), "rm".to_owned())])))
        .await
        .unwrap();
    let changed = bob
        .until(|event| match event {
            RoomEvent::ParticipantAttributesChanged { changed_attributes, .. } => Some(changed_attributes),
            _ => None,
        })
        .await;
    assert_eq!(changed.get("language").map(String::as_str), Some("rm"));
}
