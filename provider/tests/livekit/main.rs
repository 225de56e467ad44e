//! The whole service with the real LiveKit server; the other services are played.

mod neighbours;

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, header},
};
use common::{
    access::{
        Permission,
        testing::{TestIssuer, TestToken},
    },
    config::Variables,
    live_state::{InProcess, LiveState},
    service::ServiceConfig,
};
use livekit::{
    DataPacket, Room, RoomEvent, RoomOptions,
    options::TrackPublishOptions,
    prelude::{LocalAudioTrack, LocalTrack, TrackSource},
    webrtc::audio_source::{AudioSourceOptions, RtcAudioSource, native::NativeAudioSource},
};
use neighbours::Neighbours;
use provider::ProviderConfig;
use serde_json::{Value, json};
use tests::LiveKitServer;
use tokio::{
    sync::mpsc::UnboundedReceiver,
    time::{Instant, sleep, timeout},
};
use tokio_util::sync::{CancellationToken, DropGuard};
use tower::ServiceExt as _;

/// Longer than anything here takes, also on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// The service, with everything that it needs.
struct Platform {
    router: Router,
    server: LiveKitServer,
    neighbours: Neighbours,
    live_state: Arc<dyn LiveState>,
    _shutdown: DropGuard,
}

impl Platform {
    async fn start() -> Self {
        let neighbours = Neighbours::start().await;
        // The service gets its webhooks by its own port.
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let settings =
            format!("webhook:\n  api_key: devkey\n  urls:\n    - http://{address}/livekit/webhook\n");
        let server = LiveKitServer::start_with(&settings).await.expect("a server");
        let variables = Variables::from([
            ("LIVEKIT_URL", server.url().as_str()),
            ("LIVEKIT_API_KEY", server.api_key()),
            ("LIVEKIT_API_SECRET", server.api_secret()),
            ("AUTH_SERVICE_URL", neighbours.url()),
            ("AUTH_ISSUER", common::access::testing::ISSUER),
            ("EVENTS_SERVICE_URL", neighbours.url()),
            ("LIVE_SERVICE_URL", neighbours.url()),
            ("OAUTH_LIVEKIT_PROVIDER_CLIENT_SECRET", "hush"),
        ]);
        let config = ProviderConfig::from_variables(&variables);
        let shell = ServiceConfig::from_variables(&variables, "PORT", 8086, "USE_LIVEKIT_MOCK");
        let config = variables.finish(config).expect("a configuration");
        let live_state: Arc<dyn LiveState> = Arc::new(InProcess::new());
        let shutdown = CancellationToken::new();
        let service =
            provider::start(config, Arc::clone(&live_state), shutdown.clone()).await.expect("a service");
        let router = service.router(&shell);
        tokio::spawn(common::service::serve(listener, router.clone(), shutdown.clone(), Duration::ZERO));
        Self { router, server, neighbours, live_state, _shutdown: shutdown.drop_guard() }
    }

    async fn call(&self, line: &str, who: Option<&TestToken>, body: &Value) -> (u16, Value) {
        let (method, path) = line.split_once(' ').expect("a method and a path");
        let mut request =
            Request::builder().method(method).uri(path).header("content-type", "application/json");
        if let Some(who) = who {
            request = request.header(header::AUTHORIZATION, who.bearer());
        }
        let request = request.body(Body::from(body.to_string())).expect("a request");
        let answer = self.router.clone().oneshot(request).await.expect("an answer");
        let status = answer.status().as_u16();
        let bytes = to_bytes(answer.into_body(), usize::MAX).await.expect("a body");
        (status, serde_json::from_slice(&bytes).expect("JSON"))
    }

    fn speaker(&self) -> TestToken {
        TestIssuer::new()
            .user()
            .customer(self.neighbours.customer)
            .pattern("rooms:speak")
            .id(self.neighbours.speaker)
    }

    async fn join(
        &self,
        line: &str,
        who: Option<&TestToken>,
        body: Value,
    ) -> (Room, UnboundedReceiver<RoomEvent>) {
        let (status, access) = self.call(line, who, &body).await;
        assert_eq!(status, 200, "{access}");
        let (url, token) = (access["livekit_url"].as_str(), access["livekit_token"].as_str());
        let joined = Room::connect(url.expect("a URL"), token.expect("a token"), RoomOptions::default());
        timeout(PATIENCE, joined).await.expect("in time").expect("let in")
    }

    async fn enter_as_speaker(&self) -> (Room, UnboundedReceiver<RoomEvent>) {
        let body = json!({ "event_id": 123_457, "channel_id": 1, "role": "speaker" });
        self.join("POST /rooms/create-or-join", Some(&self.speaker()), body).await
    }

    async fn enter_as_guest(&self) -> (Room, UnboundedReceiver<RoomEvent>) {
        let body = json!({ "event_id": 123_457, "role": "listener", "language": "es-ES" });
        self.join("POST /rooms/join", None, body).await
    }

    /// The room as the list has it, once it is as wanted.
    async fn until(&self, wanted: impl Fn(&Value) -> bool) -> Value {
        let seen = async {
            loop {
                let who = live_service();
                let (status, list) = self.call("GET /rooms?event_id=123457", Some(&who), &Value::Null).await;
                assert_eq!(status, 200, "{list}");
                if wanted(&list["items"][0]) {
                    return list["items"][0].clone();
                }
                sleep(Duration::from_millis(50)).await;
            }
        };
        timeout(PATIENCE, seen).await.expect("in time")
    }
}

fn live_service() -> TestToken {
    TestIssuer::new().service("live-service", &[Permission::AgentsToken, Permission::RoomsManage])
}

/// Tries to publish a microphone. What comes of it is for the server to say.
async fn publish(room: &Room) -> bool {
    let source = NativeAudioSource::new(AudioSourceOptions::default(), 48_000, 1, 100);
    let track = LocalAudioTrack::create_audio_track("microphone", RtcAudioSource::Native(source));
    let options = TrackPublishOptions { source: TrackSource::Microphone, ..TrackPublishOptions::default() };
    let participant = room.local_participant();
    let published = participant.publish_track(LocalTrack::Audio(track), options);
    matches!(timeout(Duration::from_secs(20), published).await, Ok(Ok(_)))
}

async fn send(room: &Room, text: &str) {
    let packet = DataPacket { payload: text.as_bytes().to_vec(), reliable: true, ..DataPacket::default() };
    let sent = timeout(PATIENCE, room.local_participant().publish_data(packet)).await.expect("in time");
    // The client may know already that it may not.
    let _ = sent;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_and_agents_do_in_the_room_what_they_may_and_nothing_else() {
    let platform = Platform::start().await;
    let (guest, _guest_events) = platform.enter_as_guest().await;
    let (speaker, mut heard) = platform.enter_as_speaker().await;
    let metadata: Value = serde_json::from_str(&speaker.metadata()).expect("JSON");
    let customer = platform.neighbours.customer;
    assert_eq!(metadata, json!({ "event_id": 123_457, "channel_id": 1, "customer_id": customer }));

    assert!(publish(&speaker).await, "a speaker publishes");
    assert!(!publish(&guest).await, "a listener does not");
    let ask = json!({ "event_id": 123_457, "channel_id": 1, "agent_type": "asr" });
    let (agent, _agent_events) = platform.join("POST /agents/token", Some(&live_service()), ask).await;
    // Who may send is heard; who may not, and sent before, is not.
    send(&guest, "forged").await;
    send(&speaker, "forged, too").await;
    send(&agent, "a caption").await;
    let caption = async {
        while let Some(event) = heard.recv().await {
            if let RoomEvent::DataReceived { payload, .. } = event {
                return String::from_utf8_lossy(&payload).into_owned();
            }
        }
        "nothing".to_owned()
    };
    assert_eq!(timeout(PATIENCE, caption).await.expect("in time"), "a caption");

    let list = platform.until(|room| room["agents"] == json!(["agent-asr"])).await;
    assert_eq!(list["customer_id"], json!(customer));
    assert_eq!(list["listeners"], json!({ "es-ES": 1 }));
    assert_eq!(list["speakers"], json!([format!("speaker-{}", platform.neighbours.speaker)]));
    for room in [guest, speaker, agent] {
        room.close().await.expect("left");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_server_tells_reaches_the_live_service() {
    let platform = Platform::start().await;
    let (guest, _events) = platform.enter_as_guest().await;
    let identity = guest.local_participant().identity().to_string();
    let joined = platform.neighbours.until_told(|event| event["event"] == "participant_joined").await;
    assert_eq!(joined["identity"], identity);
    assert_eq!(joined["attributes"]["language"], "es-ES");
    assert_eq!((&joined["event_id"], &joined["channel_id"]), (&json!(123_457), &json!(1)));
    guest.close().await.expect("left");
    platform.neighbours.until_told(|event| event["event"] == "participant_left").await;
    let told = platform.neighbours.told();
    assert_eq!(told[0]["event"], "room_started", "{told:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_loses_the_right_is_put_out_within_seconds() {
    let platform = Platform::start().await;
    let (_speaker, mut heard) = platform.enter_as_speaker().await;
    platform.until(|room| room["speakers"].as_array().is_some_and(|all| !all.is_empty())).await;
    platform.neighbours.unassign();
    // As events-service does.
    platform.live_state.delete("event:123457:config").await.expect("forgotten");
    let told = Instant::now();
    platform.live_state.publish("events", "event:123457:UPDATED").await.expect("told");
    let out = async {
        while let Some(event) = heard.recv().await {
            if let RoomEvent::Disconnected { .. } = event {
                return;
            }
        }
    };
    timeout(PATIENCE, out).await.expect("put out");
    assert!(told.elapsed() < Duration::from_secs(10), "{:?}", told.elapsed());
    let body = json!({ "event_id": 123_457, "channel_id": 1, "role": "speaker" });
    let (status, problem) =
        platform.call("POST /rooms/create-or-join", Some(&platform.speaker()), &body).await;
    assert_eq!((status, &problem["code"]), (403, &json!("not_a_speaker")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_server_the_answer_is_503_within_four_seconds() {
    let mut platform = Platform::start().await;
    let body = json!({ "event_id": 123_457, "role": "listener" });
    let (status, _) = platform.call("POST /rooms/join", None, &body).await;
    assert_eq!(status, 200);
    platform.server.stop().await.expect("stopped");
    let asked = Instant::now();
    let (status, problem) = platform.call("POST /rooms/join", None, &body).await;
    assert_eq!((status, &problem["code"]), (503, &json!("livekit_unavailable")));
    assert!(asked.elapsed() < Duration::from_secs(4), "{:?}", asked.elapsed());
    let (status, ready) = platform.call("GET /ready", None, &Value::Null).await;
    assert_eq!((status, &ready["dependencies"]["livekit"]), (503, &json!("not ready")));
    assert_eq!(ready["dependencies"]["events-service"], "ready");

    platform.server.restart().await.expect("started");
    let (status, _) = platform.call("POST /rooms/join", None, &body).await;
    assert_eq!(status, 200);
}
