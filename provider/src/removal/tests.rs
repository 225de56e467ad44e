//! What is promised of people who may not be in a room any more.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use common::{
    access::{LiveNotBefore, Subject, withdraw},
    clock,
    event::{EventState, ListenAccess, ListenerConfig, SpeakerConfig},
    ids::{CustomerId, EventId, UserId, new_uuid},
    live_state::{InProcess, LiveState as _},
};
use tokio::{sync::mpsc, time::timeout};
use tokio_util::sync::CancellationToken;

use super::{Known, Removal};
use crate::{
    Figures,
    domain::{IssuedToken, TokenRole},
    persistence::{Tokens as _, in_memory::InMemory},
    rooms::LiveKit as _,
    testing::{EVENT, FakeEvents, FakeLiveKit, channel_id, event, event_id, participant, room},
};

/// A room with somebody of every kind in it, all of whom may be there.
struct Stage {
    livekit: Arc<FakeLiveKit>,
    events: Arc<FakeEvents>,
    persistence: Arc<InMemory>,
    live_state: Arc<InProcess>,
    speaker: UserId,
    listener: UserId,
    manager: UserId,
}

const AGENT: &str = "agent-asr";
const UNKNOWN: &str = "operator";

impl Stage {
    async fn new() -> Self {
        let stage = Self {
            livekit: Arc::default(),
            events: Arc::default(),
            persistence: Arc::default(),
            live_state: Arc::new(InProcess::new()),
            speaker: UserId::generate(),
            listener: UserId::generate(),
            manager: UserId::generate(),
        };
        let mut event = event(CustomerId::generate());
        event.speakers.push(SpeakerConfig { user_id: stage.speaker, channel_id: channel_id(1) });
        event.listeners.push(ListenerConfig { user_id: stage.listener });
        stage.livekit.make_room(room(1), event.customer_id).await.expect("a room");
        stage.events.put(event);
        for (identity, as_staff) in [
            (stage.speaker_identity(), false),
            (stage.listener_identity(), false),
            (stage.manager_identity(), true),
        ] {
            stage.let_in(&identity, as_staff, TimeDelta::zero()).await;
        }
        stage.livekit.enter(room(1), [participant(AGENT, false), participant(UNKNOWN, false)]);
        stage
    }

    /// Gives a token, some time ago, and lets them in.
    async fn let_in(&self, identity: &str, as_staff: bool, ago: TimeDelta) {
        let issued_at = clock::now() - ago;
        let token = IssuedToken {
            token_id: new_uuid(),
            event_id: event_id(EVENT),
            channel_id: channel_id(1),
            customer_id: CustomerId::generate(),
            identity: identity.to_owned(),
            role: TokenRole::Listener,
            language: None,
            issued_to: None,
            as_staff,
            issued_at,
            expires_at: issued_at + TimeDelta::minutes(10),
        };
        self.persistence.keep_token(&token).await.expect("kept");
        self.livekit.enter(room(1), [participant(identity, false)]);
    }

    fn speaker_identity(&self) -> String {
        format!("speaker-{}", self.speaker)
    }

    fn listener_identity(&self) -> String {
        format!("listener-{}-01", self.listener)
    }

    fn manager_identity(&self) -> String {
        format!("listener-{}-02", self.manager)
    }

    fn removal(&self) -> Removal {
        Removal {
            events: self.events.clone(),
            livekit: self.livekit.clone(),
            persistence: self.persistence.clone(),
            not_before: Arc::new(LiveNotBefore::new(self.live_state.clone())),
            figures: Figures::default(),
        }
    }

    /// Looks at the event, and says who is left.
    async fn check(&self) -> Vec<String> {
        self.removal().check(event_id(EVENT), Known::Now).await.expect("known");
        self.livekit.identities(room(1))
    }

    /// Waits until somebody has gone.
    async fn until_gone(&self, identity: &str) {
        let gone = async {
            while self.livekit.identities(room(1)).iter().any(|one| one == identity) {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        timeout(Duration::from_secs(60), gone).await.expect("put out");
    }

    fn run(&self) -> (mpsc::Sender<EventId>, CancellationToken) {
        let (doubts, doubted) = mpsc::channel(4);
        let shutdown = CancellationToken::new();
        tokio::spawn(self.removal().run(self.live_state.clone(), doubted, shutdown.clone()));
        (doubts, shutdown)
    }
}

#[tokio::test]
async fn who_may_be_there_stays() {
    let stage = Stage::new().await;
    assert_eq!(stage.check().await.len(), 5);
}

#[tokio::test]
async fn who_is_not_assigned_any_more_is_put_out() {
    let stage = Stage::new().await;
    stage.events.change(event_id(EVENT), |event| event.speakers[0].channel_id = channel_id(2));
    let left = [&stage.listener_identity(), &stage.manager_identity(), AGENT, UNKNOWN];
    assert_eq!(stage.check().await, left);
    stage.events.change(event_id(EVENT), |event| event.listeners.clear());
    assert_eq!(stage.check().await, [&stage.manager_identity(), AGENT, UNKNOWN]);
}

#[tokio::test]
async fn guests_stay_while_the_event_is_public() {
    let stage = Stage::new().await;
    stage.events.change(event_id(EVENT), |event| event.listen_access = ListenAccess::Public);
    let stranger = format!("listener-{}-03", UserId::generate());
    stage.livekit.enter(room(1), [participant("listener-guest-04", false), participant(&stranger, false)]);
    assert_eq!(stage.check().await.len(), 7);
    stage.events.change(event_id(EVENT), |event| event.listen_access = ListenAccess::Authenticated);
    let left = stage.check().await;
    assert!(left.len() == 6 && left.contains(&stranger), "{left:?}");
    stage.events.change(event_id(EVENT), |event| event.listen_access = ListenAccess::Assigned);
    assert_eq!(stage.check().await.len(), 5);
}

#[tokio::test]
async fn of_an_event_that_is_cancelled_or_gone_only_agents_are_left() {
    let stage = Stage::new().await;
    stage.events.change(event_id(EVENT), |event| event.state = EventState::Cancelled);
    assert_eq!(stage.check().await, [AGENT]);
    let stage = Stage::new().await;
    stage.events.delete(event_id(EVENT));
    assert_eq!(stage.check().await, [AGENT]);
}

#[tokio::test]
async fn whose_account_was_withdrawn_is_put_out_and_comes_back_with_a_new_token_only() {
    let stage = Stage::new().await;
    let who = Subject::User(stage.listener);
    let moment = clock::now() + TimeDelta::seconds(1);
    withdraw(&*stage.live_state, &who, moment, Duration::from_secs(3600)).await.expect("withdrawn");
    assert!(!stage.check().await.contains(&stage.listener_identity()));
    // Joining anew does not help: what counts is when the token was given.
    stage.livekit.enter(room(1), [participant(stage.listener_identity(), false)]);
    assert!(!stage.check().await.contains(&stage.listener_identity()));
    let later = format!("listener-{}-05", stage.listener);
    stage.let_in(&later, false, TimeDelta::seconds(-60)).await;
    assert!(stage.check().await.contains(&later));
}

#[tokio::test]
async fn nobody_is_put_out_while_it_is_not_known_who_may_stay() {
    let stage = Stage::new().await;
    stage.events.delete(event_id(EVENT));
    stage.events.cut(true);
    let unknown = stage.removal().check(event_id(EVENT), Known::Now).await;
    assert!(unknown.is_err());
    assert_eq!(stage.livekit.identities(room(1)).len(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_change_is_acted_upon_at_once_and_again_when_it_could_not_be() {
    let stage = Stage::new().await;
    let (_doubts, shutdown) = stage.run();
    // The first round has looked at everybody.
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(stage.events.asked_now(), 1);
    stage.events.change(event_id(EVENT), |event| event.listeners.clear());
    stage.live_state.publish("events", &format!("event:{EVENT}:UPDATED")).await.expect("told");
    let told = tokio::time::Instant::now();
    stage.until_gone(&stage.listener_identity()).await;
    assert!(told.elapsed() < Duration::from_secs(1), "{:?}", told.elapsed());

    stage.events.cut(true);
    stage.events.delete(event_id(EVENT));
    stage.live_state.publish("events", &format!("event:{EVENT}:DELETED")).await.expect("told");
    tokio::time::sleep(Duration::from_secs(20)).await;
    let asked = stage.events.asked_now();
    assert_eq!(stage.livekit.identities(room(1)).len(), 4);
    stage.events.cut(false);
    stage.until_gone(&stage.speaker_identity()).await;
    assert!(stage.events.asked_now() > asked, "it was read as it is now");
    shutdown.cancel();
}

#[tokio::test(start_paused = true)]
async fn who_comes_back_by_an_older_token_is_looked_at() {
    let stage = Stage::new().await;
    let (doubts, shutdown) = stage.run();
    tokio::time::sleep(Duration::from_millis(100)).await;
    let stranger = format!("listener-{}-06", UserId::generate());
    stage.livekit.enter(room(1), [participant(&stranger, false)]);
    let came = tokio::time::Instant::now();
    doubts.send(event_id(EVENT)).await.expect("somebody hears");
    stage.until_gone(&stranger).await;
    assert!(came.elapsed() < Duration::from_secs(1));
    // Without anybody telling, the next round does.
    stage.livekit.enter(room(1), [participant(&stranger, false)]);
    let came = tokio::time::Instant::now();
    stage.until_gone(&stranger).await;
    assert!(came.elapsed() <= Duration::from_secs(16));
    shutdown.cancel();
}
