use super::*;

#[tokio::test]
async fn twenty_publish_unpublish_cycles_leave_nothing_behind() {
    let server = LiveKitServer::start().await.unwrap();
    let alice = Member::join(&server, "alice").await;
    let mut bob = Member::join(&server, "bob").await;
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let mut after_first = None;
    for cycle in 0..20 {
        let hertz = 500.0 + f64::from(cycle) * 50.0;
        let tone = publish_tone(&alice, "tone", hertz).await;
        let mut stream = listen(&bob.subscribed().await, 48_000);
        hears(&mut stream, hertz).await;
        within(alice.local().unpublish_track(&tone.publication.sid())).await.unwrap();
        bob.until(|event| matches!(event, RoomEvent::TrackUnsubscribed { .. }).then_some(())).await;
        within(async { while stream.next().await.is_some() {} }).await;
        drop((tone, stream));
        let now = tasks();
        assert!(now <= *after_first.get_or_insert(now) + 1, "cycle {cycle}: {now} tasks");
    }
    assert!(alice.local().track_publications().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_remote_tracks_are_heard_at_once() {
    let server = LiveKitServer::start().await.unwrap();
    let mut listener = Member::join(&server, "listener").await;
    let mut senders = Vec::new();
    for sender in 0..4 {
        let member = Member::join(&server, &format!("sender-{sender}")).await;
        let mut tones = Vec::new();
        for track in 0..5 {
            let index = sender * 5 + track;
            tones.push(publish_tone(&member, &index.to_string(), tone_of(index)).await);
        }
        senders.push((member, tones));
    }
    let mut heard = Vec::new();
    for _ in 0..20 {
        let track = listener.subscribed().await;
        let index: i32 = track.name().parse().unwrap();
        heard.push((index, listen(&track, 16_000)));
    }
    for (index, mut stream) in heard {
        hears(&mut stream, tone_of(index)).await;
    }
}

/// Multiples of 100 Hz do not leak into each other over 10 ms. A steady tone under 500 Hz counts as silence for DTX.
fn tone_of(index: i32) -> f64 {
    f64::from(500 + index * 100)
}
