//! What is promised of what LiveKit told.

use common::ids::{ChannelId, EventId};
use parking_lot::Mutex;
use tokio::time::timeout;

use super::*;
use crate::{
    domain::RoomName,
    persistence::{Inbox as _, in_memory::InMemory},
};

/// Hears, unless it fails in this way.
#[derive(Default)]
struct FakeLiveService {
    heard: Mutex<Vec<String>>,
    fails: Mutex<Option<PeerError>>,
    asked: Notify,
}

#[async_trait]
impl LiveService for FakeLiveService {
    async fn tell(&self, event: &WebhookEvent) -> Result<(), PeerError> {
        self.asked.notify_one();
        if let Some(error) = self.fails.lock().clone() {
            return Err(error);
        }
        self.heard.lock().push(event.id.clone());
        Ok(())
    }
}

fn away() -> PeerError {
    PeerError::Unavailable { peer: "live-service", why: "cut off".to_owned() }
}

fn refused(status: StatusCode) -> PeerError {
    PeerError::Refused { peer: "live-service", status, code: String::new(), detail: String::new() }
}

fn event(id: &str) -> WebhookEvent {
    let (event_id, channel_id) = (EventId::new(123_457).expect("an id"), ChannelId::new(1).expect("an id"));
    WebhookEvent {
        id: id.to_owned(),
        event: "room_started".to_owned(),
        created_at: DateTime::UNIX_EPOCH,
        room_name: RoomName { event_id, channel_id }.to_string(),
        event_id,
        channel_id,
        identity: None,
        attributes: None,
    }
}

struct Line {
    inbox: Arc<InMemory>,
    live_service: Arc<FakeLiveService>,
}

impl Line {
    async fn with(ids: &[&str]) -> Self {
        let inbox = Arc::new(InMemory::default());
        for id in ids {
            assert!(inbox.keep_webhook(&event(id), clock::now()).await.expect("kept"));
        }
        Self { inbox, live_service: Arc::default() }
    }

    fn forwarder(&self) -> Forwarder {
        Forwarder {
            persistence: self.inbox.clone(),
            live_service: self.live_service.clone(),
            figures: Figures::default(),
        }
    }

    async fn pending(&self) -> usize {
        self.inbox.pending_webhooks(1000).await.expect("events").len()
    }

    async fn until_heard(&self, number: usize) {
        let heard = async {
            while self.live_service.heard.lock().len() < number {
                sleep(Duration::from_millis(50)).await;
            }
        };
        timeout(Duration::from_secs(60), heard).await.expect("heard");
    }
}

#[tokio::test]
async fn everything_is_passed_on_in_order_and_once() {
    let ids: Vec<String> = (0..250).map(|number| format!("EV_{number}")).collect();
    let line = Line::with(&ids.iter().map(String::as_str).collect::<Vec<_>>()).await;
    for _ in 0..2 {
        line.forwarder().forward(clock::now()).await.expect("heard");
    }
    assert_eq!(*line.live_service.heard.lock(), ids);
    assert_eq!(line.pending().await, 0);
}

#[tokio::test]
async fn while_the_live_service_is_away_nothing_is_lost() {
    let line = Line::with(&["EV_1", "EV_2"]).await;
    for error in [away(), refused(StatusCode::UNAUTHORIZED), refused(StatusCode::FORBIDDEN)] {
        *line.live_service.fails.lock() = Some(error);
        assert!(line.forwarder().forward(clock::now()).await.is_err());
        assert_eq!(line.pending().await, 2);
    }
    *line.live_service.fails.lock() = None;
    line.forwarder().forward(clock::now()).await.expect("heard");
    assert_eq!(*line.live_service.heard.lock(), ["EV_1", "EV_2"]);
}

#[tokio::test]
async fn what_is_not_wanted_holds_up_nothing() {
    let line = Line::with(&["EV_1"]).await;
    *line.live_service.fails.lock() = Some(refused(StatusCode::UNPROCESSABLE_ENTITY));
    line.forwarder().forward(clock::now()).await.expect("settled");
    assert_eq!(line.pending().await, 0);
    assert!(line.live_service.heard.lock().is_empty());
}

#[tokio::test]
async fn after_ten_minutes_a_hint_is_given_up() {
    let line = Line::with(&["EV_1"]).await;
    *line.live_service.fails.lock() = Some(away());
    assert!(line.forwarder().forward(clock::now() + TimeDelta::minutes(9)).await.is_err());
    assert_eq!(line.pending().await, 1);
    line.forwarder().forward(clock::now() + TimeDelta::minutes(11)).await.expect("given up");
    assert_eq!(line.pending().await, 0);
}

#[tokio::test(start_paused = true)]
async fn it_is_passed_on_when_it_comes_and_when_the_live_service_is_back() {
    let line = Line::with(&["EV_1"]).await;
    *line.live_service.fails.lock() = Some(away());
    let (arrived, shutdown) = (Arc::new(Notify::new()), CancellationToken::new());
    let task = tokio::spawn(line.forwarder().run(Arc::clone(&arrived), shutdown.clone()));
    line.live_service.asked.notified().await;
    *line.live_service.fails.lock() = None;
    line.until_heard(1).await;

    assert!(line.inbox.keep_webhook(&event("EV_2"), clock::now()).await.expect("kept"));
    arrived.notify_one();
    let told = Instant::now();
    line.until_heard(2).await;
    assert!(told.elapsed() < Duration::from_secs(1));
    // One that another process took, and of which nobody told us.
    assert!(line.inbox.keep_webhook(&event("EV_3"), clock::now()).await.expect("kept"));
    line.until_heard(3).await;
    shutdown.cancel();
    task.await.expect("ends");
}
