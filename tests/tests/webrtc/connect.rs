use super::*;

#[tokio::test]
async fn a_room_is_joined_with_one_peer_connection() {
    let server = LiveKitServer::start().await.unwrap();
    let member = Member::join(&server, "alice").await;
    assert_eq!(member.room.connection_state(), ConnectionState::Connected);
    assert!(member.room.is_single_peer_connection_active());
    within(member.room.close()).await.unwrap();
}

#[tokio::test]
async fn a_room_is_joined_with_two_peer_connections() {
    let server = LiveKitServer::start().await.unwrap();
    let mut options = RoomOptions::default();
    options.single_peer_connection = false;
    let mut alice = Member::join_with(&server, "alice", options.clone()).await;
    let mut bob = Member::join_with(&server, "bob", options).await;
    assert!(!alice.room.is_single_peer_connection_active());
    let _tone = publish_tone(&alice, "tone", 500.0).await;
    let mut stream = listen(&bob.subscribed().await, 16_000);
    hears(&mut stream, 500.0).await;
    let _other = publish_tone(&bob, "other", 700.0).await;
    let mut stream = listen(&alice.subscribed().await, 16_000);
    hears(&mut stream, 700.0).await;
}

#[tokio::test]
async fn leaving_a_room_leaves_no_task_behind() {
    let server = LiveKitServer::start().await.unwrap();
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let before = tasks();
    for _ in 0..3 {
        let mut alice = Member::join(&server, "alice").await;
        let mut bob = Member::join(&server, "bob").await;
        let tone = publish_tone(&alice, "tone", 500.0).await;
        hears(&mut listen(&bob.subscribed().await, 48_000), 500.0).await;
        drop(tone);
        within(alice.room.close()).await.unwrap();
        within(bob.room.close()).await.unwrap();
        alice.events.close();
        bob.events.close();
    }
    within(async {
        while tasks() > before {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
}
